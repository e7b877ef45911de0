/* SPDX-License-Identifier: MIT */
/*
 * switch.S - from one thread's stack to another's.
 *
 * Linux: arch/x86/entry/entry_64.S __switch_to_asm, ret_from_fork.
 */
#include <cpu/percpu.h>

	.text
/*
 * From the stack that is left at (RDI) to that at RSI: see switch_to() in
 * internal.h. What belongs to the thread goes along: its frame pointer, its
 * guarded function (trap/catch.h) and, to another CPU, its canary.
 */
	.balign	16
	.globl	__switch_to
	.hidden	__switch_to
	.type	__switch_to, @function
__switch_to:
	pushq	%rbp
	pushq	%gs:GS_CATCH_TOP
	pushq	%gs:GS_CANARY
	movq	%rsp, (%rdi)
	movq	%rsi, %rsp
	popq	%gs:GS_CANARY
	popq	%gs:GS_CATCH_TOP
	popq	%rbp
	ret

/* A new thread's first instruction: its function and argument are pushed. */
	.balign	16
	.globl	ret_from_fork
	.hidden	ret_from_fork
	.type	ret_from_fork, @function
ret_from_fork:
	call	schedule_tail
	popq	%rax
	popq	%rdi
	xorl	%ebp, %ebp
	call	*%rax
	ud2				/* a thread's function never returns */

/* Where a thread that was broken off while it slept goes on: break_off.c. */
	.balign	16
	.globl	ret_broken_off
	.hidden	ret_broken_off
	.type	ret_broken_off, @function
ret_broken_off:
	call	schedule_tail
	call	sched_end_in_guard
	ud2

	.section .note.GNU-stack, "", @progbits
