/* SPDX-License-Identifier: MIT */
/*
 * syscall.S - SYSCALL's way in, which is no gate, and SYSRET's way out.
 *
 * SYSCALL switches neither GS nor the stack: until both are ours only what has
 * an IST stack and trusts no GS base may happen, which is NMI, #DB, #DF, #MC.
 * SYSCALL_MASK keeps IF, TF and AC off from the first instruction on.
 *
 * Spec: SDM 2B "SYSCALL", "SYSRET", "SWAPGS"; APM 3 the same.
 */
#include <asm/desc_defs.h>
#include <asm/trapnr.h>
#include <cpu/percpu.h>

#include "calling.h"

	.text

	.balign	16
SYM_START entry_SYSCALL_64
	swapgs
SYM_START entry_SYSCALL_64_own_gs
	movq	%rsp, %gs:GS_USER_SP
	movq	%gs:GS_TSS, %rsp
	movq	TSS_SP0(%rsp), %rsp
SYM_START entry_SYSCALL_64_safe_stack
	pushq	$__USER_DS		/* the frame that a gate would push */
	pushq	%gs:GS_USER_SP
	pushq	%r11
	pushq	$__USER_CS
	pushq	%rcx
	pushq	$0
	pushq	$TRAP_SYSCALL
	PUSH_REGS
	movq	%rsp, %rdi
	call	do_syscall_64
	testb	%al, %al
	jz	return_from_event	/* IRETQ takes what SYSRET cannot */

	/* RCX is RIP and R11 RFLAGS in regs: do_syscall_64() has seen to it. */
syscall_return_via_sysret:
	cli
	POP_REGS_AND_STUB
	movq	PT_SP - PT_IP(%rsp), %rsp
SYM_START entry_SYSRETQ_unsafe_stack
	swapgs
SYM_START entry_SYSRETQ
	sysretq

/* void enter_user_sysret(const struct pt_regs *regs): enter_user()'s twin. */
SYM_START enter_user_sysret
	movq	%rdi, %rsp
	jmp	syscall_return_via_sysret

/* From compatibility mode, where AMD's SYSCALL is valid: -ENOSYS, no more. */
	.balign	16
SYM_START entry_SYSCALL32_ignore
	movl	$-38, %eax
	sysretl

	.section .note.GNU-stack, "", @progbits
