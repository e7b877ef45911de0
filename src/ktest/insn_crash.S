/* SPDX-License-Identifier: MIT */
/*
 * insn_crash.S - crashes that C cannot write: those that first spoil the
 * registers a report works from. Nothing returns.
 */
#include "insn_trap.h"

	.text

/* RDI: what RBP is at the UD2. */
insn crash_on_frame
	movq	%rdi, %rbp
	ud2

/* RDI: what RSP and RBP are at the UD2; the next push goes there. */
insn crash_on_stack
	movq	%rdi, %rsp
	movq	%rdi, %rbp
	ud2

	.section .note.GNU-stack, "", @progbits
