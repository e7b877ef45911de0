/* SPDX-License-Identifier: MIT */
/*
 * insn_de.h - divisions and software interrupts, src/ktest/insn_de.S. The
 * divisions take RAX, RDX and the divisor from a struct division and put RAX
 * and RDX back there.
 */
#pragma once

#include <lib/types.h>

struct division {
	u64 ax, dx, by;
};

#define INSN(name)                   \
	void insn_##name(void *arg); \
	extern char insn_##name##_at[]
INSN(div8);
INSN(div16);
INSN(div32);
INSN(div64);
INSN(idiv8);
INSN(idiv16);
INSN(idiv32);
INSN(idiv64);
/* Traps: _at is where they return to. */
INSN(int3);
INSN(int_3);
INSN(int_4);
INSN(int_1);
INSN(icebp);
INSN(int_0x81);
INSN(into);
INSN(bound);
INSN(bndcl);
#undef INSN
