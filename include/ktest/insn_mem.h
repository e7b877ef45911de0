/* SPDX-License-Identifier: MIT */
/*
 * insn_mem.h - accesses to be refused: src/ktest/insn_mem.S. RDI: address.
 * With _ac RFLAGS.AC is set meanwhile; _at is the access.
 */
#pragma once

#define INSN(name)                   \
	void insn_##name(void *arg); \
	extern char insn_##name##_at[]
INSN(mem_read);
INSN(mem_write);
INSN(mem_fetch);
INSN(mem_read_ac);
INSN(mem_write_ac);
INSN(mem_read8_ac);
INSN(mem_fetch_ac);
INSN(mem_write8);
INSN(mem_read8);
INSN(mem_call);
/* A RET whose word was overwritten by RDI. */
INSN(mem_return_to);
#undef INSN
