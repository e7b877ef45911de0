/* SPDX-License-Identifier: MIT */
/*
 * floor_sched.S - the run queue of the floors, the thread that calls them, and
 * the switch.
 */
#include "floor.h"
#include "floor_sched.h"

	.text

/* From RDI to RSI: the stack, and what a call must keep. */
floor floor_switch_to
	pushq	%rbp
	pushq	%rbx
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	movq	%rsp, TASK_SP(%rdi)
	movq	TASK_SP(%rsi), %rsp
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbx
	popq	%rbp
	ret

	.data
floor floor_rq
	.long	0, 0
	.quad	floor_main, 0
	.fill	2 * NR_PRIOS_ASM, 8, 0

floor floor_main
	.quad	0, 0, floor_rq, 0
	.long	0, 2		/* state; prio, as "ktest" */
	.quad	0

	.section .note.GNU-stack, "", @progbits
