/* SPDX-License-Identifier: MIT */
/*
 * floor_sched.h - the floors' scheduler: one run queue, FIFO a priority, and a
 * bit of each that has somebody; who runs is in none. See floor.h.
 *
 * Linux: kernel/sched/core.c try_to_wake_up(), __schedule().
 */
#pragma once

/* clang-format off */
/* A thread */
#define TASK_SP		0
#define TASK_NEXT	8
#define TASK_RQ		16
#define TASK_SWITCHES	24
#define TASK_STATE	32
#define TASK_PRIO	36
#define TASK_ON_RQ	40
#define TASK_SIZE_ASM	48

/* The run queue */
#define RQ_LOCK		0
#define RQ_BITS		4
#define RQ_CURR		8
#define RQ_SWITCHES	16
#define RQ_HEAD		24	/* of NR_PRIOS_ASM */
#define RQ_TAIL		56
#define RQ_SIZE		88
#define NR_PRIOS_ASM	4

#define INTERRUPTIBLE	1
#define TASK_NORMAL_ASM	3

	/*
	 * Make the sleeper in RDX run: its state, its place behind its equals,
	 * and a mark if it is better than who runs. IF=0. RQ in R11; RAX.
	 */
	.macro WAKE_UP
	movq	TASK_RQ(%rdx), %r11
	SPIN_LOCK RQ_LOCK(%r11)
	testl	$TASK_NORMAL_ASM, TASK_STATE(%rdx)	/* awake already? */
	jz	floor_bad
	movl	$0, TASK_STATE(%rdx)
	cmpl	$0, TASK_ON_RQ(%rdx)	/* it runs, or is queued: not asleep */
	jne	floor_bad
	movl	$1, TASK_ON_RQ(%rdx)
	movl	TASK_PRIO(%rdx), %eax
	movq	$0, TASK_NEXT(%rdx)
	btsl	%eax, RQ_BITS(%r11)		/* the first of its prio? */
	jc	floor_bad
	movq	%rdx, RQ_HEAD(%r11, %rax, 8)
	movq	%rdx, RQ_TAIL(%r11, %rax, 8)
	movq	RQ_CURR(%r11), %rdx
	cmpl	%eax, TASK_PRIO(%rdx)
	jbe	floor_bad
	orl	$RESCHED, %gs:GS_SOFTIRQ_PENDING
	SPIN_UNLOCK RQ_LOCK(%r11)
	.endm

	/* __schedule()'s begin: RQ in R11, who runs in RDI. IF=0. */
	.macro SCHEDULE_BEGIN
	leaq	floor_rq(%rip), %r11
	SPIN_LOCK RQ_LOCK(%r11)
	andl	$NOT_RESCHED, %gs:GS_SOFTIRQ_PENDING
	movq	RQ_CURR(%r11), %rdi
	.endm

	/* It was not done: its place is in front of its equals. */
	.macro SET_ASIDE
	movl	TASK_PRIO(%rdi), %eax
	movq	$0, TASK_NEXT(%rdi)
	btsl	%eax, RQ_BITS(%r11)		/* has it equals? */
	jc	floor_bad
	movq	%rdi, RQ_HEAD(%r11, %rax, 8)
	movq	%rdi, RQ_TAIL(%r11, %rax, 8)
	.endm

	/* It asked; was it woken meanwhile? */
	.macro LEAVE_IF_ASLEEP
	cmpl	$0, TASK_STATE(%rdi)
	je	floor_bad
	movl	$0, TASK_ON_RQ(%rdi)
	.endm

	/* The first of the best runs: accounts, stacks, what C keeps. */
	.macro SWITCH
	bsfl	RQ_BITS(%r11), %eax		/* nobody: idle */
	jz	floor_bad
	movq	RQ_HEAD(%r11, %rax, 8), %rsi
	movq	TASK_NEXT(%rsi), %rdx
	movq	%rdx, RQ_HEAD(%r11, %rax, 8)
	testq	%rdx, %rdx
	jnz	floor_bad
	btrl	%eax, RQ_BITS(%r11)
	cmpq	%rsi, %rdi			/* itself */
	je	floor_bad
	movq	%rsi, RQ_CURR(%r11)		/* current */
	incq	RQ_SWITCHES(%r11)
	incq	TASK_SWITCHES(%rsi)
	call	floor_switch_to
	SPIN_UNLOCK RQ_LOCK+floor_rq(%rip)
	.endm
