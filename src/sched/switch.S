/* SPDX-License-Identifier: MIT */
/*
 * switch.S - from one thread's stack to another's.
 *
 * Linux: arch/x86/entry/entry_64.S __switch_to_asm, ret_from_fork.
 */
#include <cpu/percpu.h>

	.text
/*
 * void switch_to(u64 *save_sp, u64 sp)
 *
 * What C keeps across a call goes on the old stack, and comes from the new; so
 * does the canary, which a thread takes along to another CPU.
 */
	.balign	16
	.globl	switch_to
	.hidden	switch_to
	.type	switch_to, @function
switch_to:
	pushq	%rbp
	pushq	%rbx
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	pushq	%gs:GS_CANARY
	movq	%rsp, (%rdi)
	movq	%rsi, %rsp
	popq	%gs:GS_CANARY
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbx
	popq	%rbp
	ret

/* A new thread's first instruction: RBX is its function, R12 its argument. */
	.balign	16
	.globl	ret_from_fork
	.hidden	ret_from_fork
	.type	ret_from_fork, @function
ret_from_fork:
	call	schedule_tail
	movq	%r12, %rdi
	xorl	%ebp, %ebp
	call	*%rbx
	ud2				/* a thread's function never returns */

	.section .note.GNU-stack, "", @progbits
