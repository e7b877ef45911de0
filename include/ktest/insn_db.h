/* SPDX-License-Identifier: MIT */
/*
 * insn_db.h - code to step over and to watch: src/ktest/insn_db.S. Of step_*,
 * _at is the first instruction that is stepped.
 */
#pragma once

#define INSN(name)                   \
	void insn_##name(void *arg); \
	extern char insn_##name##_at[]
INSN(step_nops);
extern char insn_step_nops_end[];
INSN(step_cpuid);
INSN(step_in);
INSN(step_rep);
INSN(step_iret);
INSN(step_store);
INSN(step_ud2);
/* Three passes; EXEC breakpoints go to _at. */
INSN(loop3);
/* (RDI): of stores and loads _at is the next instruction. */
INSN(store1);
INSN(store2);
INSN(store4);
INSN(store8);
INSN(load1);
INSN(load8);
INSN(outb);
/* Debug registers, to or from RDI. */
INSN(mov_to_dr0);
INSN(mov_to_dr1);
INSN(mov_to_dr2);
INSN(mov_to_dr3);
INSN(mov_to_dr4);
INSN(mov_to_dr5);
INSN(mov_to_dr6);
INSN(mov_to_dr7);
INSN(mov_from_dr4);
INSN(mov_from_dr5);
#undef INSN
