/* SPDX-License-Identifier: MIT */
/* insn_de.S - divisions that fault, and instructions that interrupt. */
#include "insn_trap.h"

	.text

	.macro divide name op divisor
insn \name
	movq	(%rdi), %rax
	movq	8(%rdi), %rdx
	movq	16(%rdi), %rcx
at \name
	\op	\divisor
	movq	%rax, (%rdi)
	movq	%rdx, 8(%rdi)
	ret
	.endm

divide div8,   divb,  %cl
divide div16,  divw,  %cx
divide div32,  divl,  %ecx
divide div64,  divq,  %rcx
divide idiv8,  idivb, %cl
divide idiv16, idivw, %cx
divide idiv32, idivl, %ecx
divide idiv64, idivq, %rcx

	.macro interrupt name, list:vararg
insn \name
	.byte	\list
at \name
	ret
	.endm

interrupt int3,     0xcc
interrupt int_3,    0xcd, 0x03
interrupt int_4,    0xcd, 0x04
interrupt int_1,    0xcd, 0x01
interrupt icebp,    0xf1
interrupt int_0x81, 0xcd, 0x81
interrupt into,     0xce
/* BOUND where EVEX would begin: its second byte's bit 2 must be 1, and is 0. */
interrupt bound,    0x62, 0x00, 0x00, 0x00

/* BND0's lower bound becomes *RDI; 0 is below it. */
insn bndcl
	.byte	0xf3, 0x0f, 0x1b, 0x07		/* bndmk (%rdi), %bnd0 */
	xorl	%eax, %eax
at bndcl
	.byte	0xf3, 0x0f, 0x1a, 0x00		/* bndcl (%rax), %bnd0 */
	ret

	.section .note.GNU-stack, "", @progbits
