/* SPDX-License-Identifier: MIT */
/*
 * floor_work.S - a work queued by a thread on its own CPU, run by the idle
 * kworker, which sleeps again: a wake-up, two switches, two walks through a
 * list. Bound workqueue, nothing else queued. See floor.h, floor_sched.h.
 *
 * Linux: kernel/workqueue.c __queue_work(), worker_thread(),
 * process_one_work().
 */
#include "floor.h"
#include "floor_sched.h"

/* A list: next, previous */
#define NEXT	0
#define PREV	8

/* struct work_struct */
#define W_ENTRY		0
#define W_FUNC		16
#define W_PWQ		24
#define W_FLAGS		32
#define W_COLOR		36
#define PENDING_BIT	0

/* struct workqueue_struct */
#define WQ_DRAINING	0
#define WQ_PWQ		8	/* by CPU */

/* struct pool_workqueue */
#define PWQ_POOL	0
#define PWQ_ACTIVE	8
#define PWQ_MAX		12
#define PWQ_COLOR	16
#define PWQ_FLUSH_COLOR	20	/* flush_workqueue() waits for; -1 */
#define PWQ_IN_FLIGHT	24	/* of each colour */
#define PWQ_INACTIVE	32

/* struct worker_pool */
#define POOL_LOCK	0
#define POOL_RUNNING	4
#define POOL_NR_IDLE	8
#define POOL_WORKLIST	16
#define POOL_IDLE	32
#define POOL_BUSY	48	/* workers in a work, also asleep in it */

/* struct worker */
#define K_ENTRY		0	/* among the idle ones */
#define K_TASK		16
#define K_POOL		24
#define K_CURRENT	32

	.text

floor floor_work
	leaq	workqueue(%rip), %rdi
	leaq	work(%rip), %rsi
	/* on this CPU; once, however often it is queued; none while it drains */
	IRQ_SAVE
	lock btsl $PENDING_BIT, W_FLAGS(%rsi)
	jc	floor_bad
	cmpl	$0, WQ_DRAINING(%rdi)
	jne	floor_bad
	movl	%gs:GS_CPU_NUMBER, %eax
	movq	WQ_PWQ(%rdi, %rax, 8), %r8
	/* where it was last it may still run, and must not run twice at once */
	cmpq	%r8, W_PWQ(%rsi)
	jne	floor_bad
	movq	PWQ_POOL(%r8), %r9
	SPIN_LOCK POOL_LOCK(%r9)
	/* for flush_workqueue(): one more of this colour */
	movl	PWQ_COLOR(%r8), %eax
	movl	%eax, W_COLOR(%rsi)
	incl	PWQ_IN_FLIGHT(%r8, %rax, 4)
	/* max_active */
	movl	PWQ_ACTIVE(%r8), %eax
	cmpl	PWQ_MAX(%r8), %eax
	jae	floor_bad
	incl	PWQ_ACTIVE(%r8)
	/* last in the pool's list */
	leaq	POOL_WORKLIST(%r9), %rax
	movq	PREV(%rax), %rdx
	movq	%rax, W_ENTRY+NEXT(%rsi)
	movq	%rdx, W_ENTRY+PREV(%rsi)
	movq	%rsi, NEXT(%rdx)
	movq	%rsi, PREV(%rax)
	/* nobody is at it: wake the worker that has been idle least */
	cmpl	$0, POOL_RUNNING(%r9)
	jne	floor_bad
	leaq	POOL_IDLE(%r9), %rax
	movq	POOL_IDLE(%r9), %rdx
	cmpq	%rax, %rdx
	je	floor_bad
	movq	K_TASK(%rdx), %rdx
	WAKE_UP
	SPIN_UNLOCK POOL_LOCK(%r9)
	/* local_irq_restore(): it was on, and no interrupt need come first */
	testl	$IF_FLAG, %ecx
	jz	floor_bad
	/* the worker is better than this thread, and nothing forbids it */
	testl	$RESCHED, %gs:GS_SOFTIRQ_PENDING
	jz	floor_bad
	cmpl	$0, %gs:GS_PREEMPT_COUNT
	jne	floor_bad
	SCHEDULE_BEGIN
	SET_ASIDE
	SWITCH
	sti
	ret

/* The worker, which has just been switched to; RBX is its struct. */
worker_thread:
	SPIN_UNLOCK RQ_LOCK+floor_rq(%rip)
	sti
worker_loop:
	movq	K_POOL(%rbx), %rbp
	cli
	SPIN_LOCK POOL_LOCK(%rbp)
	/* something to do, and nobody at it */
	leaq	POOL_WORKLIST(%rbp), %r13
	movq	NEXT(%r13), %r12
	cmpq	%r12, %r13
	je	floor_bad
	cmpl	$0, POOL_RUNNING(%rbp)
	jne	floor_bad
	/* off the idle list, where somebody is left for when this one sleeps */
	movq	K_ENTRY+NEXT(%rbx), %rax
	movq	K_ENTRY+PREV(%rbx), %rdx
	movq	%rax, NEXT(%rdx)
	movq	%rdx, PREV(%rax)
	decl	POOL_NR_IDLE(%rbp)
	jz	floor_bad
	incl	POOL_RUNNING(%rbp)
	/* one that sleeps in a work may sleep in this: it must have it then */
	cmpl	$0, POOL_BUSY(%rbp)
	jne	floor_bad
	incl	POOL_BUSY(%rbp)
	/* process_one_work(): off the list, known to be run by this one */
	movq	W_ENTRY+NEXT(%r12), %rax
	movq	%rax, NEXT(%r13)
	movq	%r13, PREV(%rax)
	movq	%r12, K_CURRENT(%rbx)
	movq	W_PWQ(%r12), %r14		/* the work may be freed */
	movl	W_COLOR(%r12), %r15d
	movq	%r12, %rdi
	/* queued from here on it runs once more */
	lock btrl $PENDING_BIT, W_FLAGS(%r12)
	SPIN_UNLOCK POOL_LOCK(%rbp)
	sti
	call	*W_FUNC(%rdi)
	cli
	SPIN_LOCK POOL_LOCK(%rbp)
	decl	POOL_BUSY(%rbp)
	movq	$0, K_CURRENT(%rbx)
	/* max_active: one may take its place; a flush may wait for this one */
	decl	PWQ_ACTIVE(%r14)
	leaq	PWQ_INACTIVE(%r14), %rax
	cmpq	%rax, NEXT(%rax)
	jne	floor_bad
	decl	PWQ_IN_FLIGHT(%r14, %r15, 4)
	cmpl	%r15d, PWQ_FLUSH_COLOR(%r14)
	je	floor_bad
	/* no more: idle, the first to be woken, and asleep */
	cmpq	NEXT(%r13), %r13
	jne	floor_bad
	decl	POOL_RUNNING(%rbp)
	leaq	POOL_IDLE(%rbp), %rdx
	movq	NEXT(%rdx), %rax
	movq	%rax, K_ENTRY+NEXT(%rbx)
	movq	%rdx, K_ENTRY+PREV(%rbx)
	movq	%rbx, PREV(%rax)
	movq	%rbx, NEXT(%rdx)
	incl	POOL_NR_IDLE(%rbp)
	movq	K_TASK(%rbx), %rdi
	movl	$INTERRUPTIBLE, TASK_STATE(%rdi)
	SPIN_UNLOCK POOL_LOCK(%rbp)
	/* schedule(): not while atomic; IF is 0 still */
	cmpl	$0, %gs:GS_PREEMPT_COUNT
	jne	floor_bad
	SCHEDULE_BEGIN
	LEAVE_IF_ASLEEP
	SWITCH
	sti
	jmp	worker_loop

/* void floor_work_setup(void *stack_top): the worker, asleep */
floor floor_work_setup
	leaq	worker_thread(%rip), %rax
	movq	%rax, -8(%rdi)
	leaq	worker(%rip), %rax
	movq	%rax, -24(%rdi)			/* RBX */
	leaq	-56(%rdi), %rax
	movq	%rax, TASK_SP+worker_task(%rip)
	ret

empty_work:
	incl	floor_work_ran(%rip)
	ret

	.data
	.balign	8
work:
	.quad	0, 0, empty_work, pwq
	.long	0, 0
workqueue:
	.quad	0, pwq
pwq:
	.quad	pool
	.long	0, 256, 0, -1, 0, 0
	.quad	pwq + PWQ_INACTIVE, pwq + PWQ_INACTIVE
pool:
	.long	0, 0
	.quad	2
	.quad	pool + POOL_WORKLIST, pool + POOL_WORKLIST
	.quad	worker, other_worker
	.quad	0
worker:
	.quad	other_worker, pool + POOL_IDLE, worker_task, pool, 0
other_worker:				/* idle, too, for when the other sleeps */
	.quad	pool + POOL_IDLE, worker, 0, pool, 0
worker_task:
	.quad	0, 0, floor_rq, 0
	.long	INTERRUPTIBLE, 1
	.quad	0
floor floor_work_ran
	.long	0

	.section .note.GNU-stack, "", @progbits
