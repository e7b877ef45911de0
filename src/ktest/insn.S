/* SPDX-License-Identifier: MIT */
/*
 * insn.S - instructions to be judged. Each begins at its symbol and takes what
 * it needs from RDI; include/ktest/insn.list.h lists them.
 */
	.text

	.macro insn name
	.balign	16
	.globl	insn_\name
	.hidden	insn_\name
insn_\name:
	.endm

insn ret
	ret
insn ud2
	ud2
	ret

	.section .note.GNU-stack, "", @progbits
