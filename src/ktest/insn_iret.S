/* SPDX-License-Identifier: MIT */
/* insn_iret.S - IRET of each operand size. See include/ktest/insn_iret.h. */
#include <ktest/insn_delivery.h>

	.macro insn name
	.balign	16, 0xcc
	.globl	insn_\name
	.hidden	insn_\name
insn_\name:
	.endm

	.text
insn iretq
	iretq
insn iretl
	iretl
insn iretw
	iretw
insn iret_segments
	movl	%eax, %ds
	movl	%ecx, %es
	movl	%edx, %fs
	movl	%esi, %gs
	iretq

/* void (struct iret_frame *): IRETQ there, TF set already */
insn iret_stepped
	movq	%rdi, %rsp
	pushfq
	orl	$0x100, (%rsp)
	popfq
	iretq

	.section .user.text, "ax"
insn iret_u_read_segments
	movl	%ds, %eax
	movl	%es, %ecx
	movl	%fs, %edx
	movl	%gs, %esi
	int	$DL_BACK
	ud2

	.section .note.GNU-stack, "", @progbits
