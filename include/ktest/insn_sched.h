/* SPDX-License-Identifier: MIT */
/* insn_sched.h - what a function that may switch must keep: insn_sched.S. */
#pragma once

#include <lib/types.h>

/* RBX RBP R12 R13 R14 R15, and RFLAGS as fn() found and as it left them. */
struct insn_callee_saved {
	u64 in[6], out[6];
	u64 flags_in, flags_out;
};

/* Load in, call fn, store out. Whatever RFLAGS were, they are put back. */
void insn_sched_call(struct insn_callee_saved *regs, void (*fn)(void));
