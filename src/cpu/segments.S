/* SPDX-License-Identifier: MIT */
/*
 * segments.S - reload every segment register but GS, whose base is per CPU.
 *
 * DS, ES and FS hold NULL, as in Linux: 64-bit mode ignores them, and an IRETQ
 * to CPL 3 would clear any selector of ours from them anyway.
 */
#include <asm/desc_defs.h>

	.text
	.globl	reload_segments
	.hidden	reload_segments
reload_segments:
	popq	%rax			/* return address, then a far return */
	pushq	$__KERNEL_CS
	pushq	%rax
	movl	$__KERNEL_DS, %eax
	movl	%eax, %ss
	xorl	%eax, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %fs
	lretq

	.section .note.GNU-stack, "", @progbits
