/* SPDX-License-Identifier: MIT */
/*
 * insn_syscall.S - the instructions that change the privilege level without a
 * gate. include/ktest/insn_syscall.h says what they are for.
 */
#include <asm/msr-index.h>
#include <ktest/insn_delivery.h>

	.macro insn name, text:vararg
	.balign	16, 0xcc
	.globl	insn_sc_\name
	.hidden	insn_sc_\name
insn_sc_\name:
	\text
	.endm

	.macro back name, text:vararg
insn \name, \text
	int	$DL_BACK
	ud2
	.endm

	.text
back target,		.byte 0x90, 0x90
back target_int
back mode,		.byte 0x8d, 0x05, 0, 0, 0, 0
back syscall,		syscall
back lock_syscall,	.byte 0xf0, 0x0f, 0x05
back lcall,		lcall *(%rdi)
back ljmp,		ljmp *(%rdi)
back lretq,		lretq
back sysenter,		sysenter
back in,			inb $0x80, %al
back sysretq,		sysretq
back sysretl,		sysretl
back sysexitq,		.byte 0x48, 0x0f, 0x35
back sysexitl,		.byte 0x0f, 0x35

	.macro read_msr msr, offset
	movl	$\msr, %ecx
	rdmsr
	movl	%eax, \offset(%rdi)
	movl	%edx, \offset + 4(%rdi)
	.endm

	/* For where RSP is the user's, and no IST is to be had. */
insn target_rsp,		movq %rbx, %rsp
	int	$DL_BACK
	.globl	insn_sc_target_rsp_end
	.hidden	insn_sc_target_rsp_end
insn_sc_target_rsp_end:
	ud2

	/* No memory operand by GS between the two, and IF is 0. */
insn swapgs,		swapgs
	read_msr MSR_GS_BASE, 0
	read_msr MSR_KERNEL_GS_BASE, 8
	swapgs
	read_msr MSR_GS_BASE, 16
	read_msr MSR_KERNEL_GS_BASE, 24
	ret

insn leave,		movq %rdi, %rcx
	movq	%rdx, %r11
	movq	%rsi, %rsp
	swapgs
	sysretq

	.section .user.text, "ax"
back u_target,		.byte 0x90, 0x90
back u_mode,		.byte 0x8d, 0x05, 0, 0, 0, 0
back u_syscall,		syscall
back u_lock_syscall,	.byte 0xf0, 0x0f, 0x05
back u_sysretq,		sysretq
back u_sysretl,		sysretl
back u_sysenter,	sysenter
back u_lretl,		lretl
back u_mov_ss_syscall,	.byte 0x8e, 0x17, 0x0f, 0x05
back u_mov_ss_int,	.byte 0x8e, 0x17, 0xcd, DL_INT
back u_mov_ss_int3,	.byte 0x8e, 0x17, 0xcc
back u_sysexitq,	.byte 0x48, 0x0f, 0x35

	.section .note.GNU-stack, "", @progbits
