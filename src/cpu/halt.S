/* SPDX-License-Identifier: MIT */
/* halt.S - an NMI or SMI ends HLT: sleep again. */
	.text
	.globl	halt_forever
	.hidden	halt_forever
halt_forever:
	cli
1:	hlt
	jmp	1b

	.section .note.GNU-stack, "", @progbits
