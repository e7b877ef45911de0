/* SPDX-License-Identifier: MIT */
/*
 * insn_flags.S - what moves RFLAGS or returns far, at CPL 0 and 3: include/
 * ktest/insn_flags.h. What comes through ends in INT DL_BACK.
 */
#include <ktest/insn_delivery.h>

	.macro one label, insn:vararg
	.balign	16, 0xcc
	.globl	\label
	.hidden	\label
\label:
	\insn
	int	$DL_BACK
	.endm

	.macro both name, insn:vararg
	.text
	one	insn_flags_\name, \insn
	.section .user.text, "ax"
	one	uf_flags_\name, \insn
	.endm

both pushfq,		pushfq
both pushfw,		pushfw
both popfw,		popfw
both lretq_16,		lretq $16
both sti,		.byte 0xfb, 0x90, 0x90	/* sti; nop; nop */

	.section .note.GNU-stack, "", @progbits
