/* SPDX-License-Identifier: MIT */
/*
 * insn_mpx.S - bounds of MPX, for CPL 0 and 3: include/ktest/insn_mpx.h. In
 * bytes, since not every assembler has them.
 */
#include <ktest/insn_delivery.h>

	.macro sym name
	.globl	\name
	.hidden	\name
\name:
	.endm

	/* BND0 becomes RDX to RDX; then RAX is held against it. */
	.macro check name, bytes:vararg
	.balign	16, 0xcc
	sym	\name
	.byte	0xf3, 0x0f, 0x1b, 0x02		/* bndmk (%rdx), %bnd0 */
	sym	\name\()_at
	.byte	\bytes
	int	$DL_BACK
	.endm

	.macro table name, bytes:vararg
	.balign	16, 0xcc
	sym	\name
	.byte	\bytes
	int	$DL_BACK
	.endm

	.macro all prefix
check \prefix\()_bndcl, 0xf3, 0x0f, 0x1a, 0x00	/* bndcl (%rax), %bnd0 */
check \prefix\()_bndcu, 0xf2, 0x0f, 0x1a, 0x00	/* bndcu (%rax), %bnd0 */
check \prefix\()_bndcn, 0xf2, 0x0f, 0x1b, 0x00	/* bndcn (%rax), %bnd0 */
table \prefix\()_bndldx, 0x0f, 0x1a, 0x04, 0x08	/* (%rax,%rcx), %bnd0 */
table \prefix\()_bndstx, 0x0f, 0x1b, 0x04, 0x08	/* %bnd0, (%rax,%rcx) */
	.endm

	.text
	all	insn_mpx
	.balign	16
sym insn_mpx_xsave				/* RDI: the image */
	movl	$0x18, %eax
	xorl	%edx, %edx
	xsave	(%rdi)
	ret
sym insn_mpx_xrstor
	movl	$0x18, %eax
	xorl	%edx, %edx
	xrstor	(%rdi)
	ret

	.section .user.text, "ax"
	all	uf_mpx

	.section .note.GNU-stack, "", @progbits
