/* SPDX-License-Identifier: MIT */
/* segments.S - reload every segment register but GS, whose base is per CPU. */
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
	movl	%eax, %ds
	movl	%eax, %es
	xorl	%eax, %eax
	movl	%eax, %fs
	lretq

	.section .note.GNU-stack, "", @progbits
