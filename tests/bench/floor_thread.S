/* SPDX-License-Identifier: MIT */
/*
 * floor_thread.S - a line's interrupt wakes its thread, which runs before the
 * interrupted one goes on, and sleeps again: from the handler's answer to the
 * way back, with both switches. One action, not ONESHOT; the thread is on this
 * CPU and says IRQ_HANDLED, as it did the last time. See floor.h,
 * floor_sched.h.
 *
 * Not in it is what the same interrupt does whose handler needs no thread: the
 * registers, the stack, the controller, the line's own state, the counts. Nor
 * what only ours has: the word that says a thread is in its function, should
 * it crash there; that the interrupted stack is a thread's own.
 *
 * Linux: kernel/irq/handle.c __irq_wake_thread(), spurious.c note_interrupt(),
 * manage.c irq_thread(); kernel/entry/common.c irqentry_exit_cond_resched().
 */
#include "floor.h"
#include "floor_sched.h"

#define IRQ_HANDLED	1
#define IRQ_WAKE_THREAD 2

/* struct irq_desc */
#define D_ACTION	0
#define D_ONESHOT	8	/* the threads that keep it masked */
#define D_ACTIVE	16	/* threads woken and not done */
#define D_HANDLED	20	/* how often one said so; as it was last */
#define D_HANDLED_LAST	24
#define D_WAITERS	32	/* synchronize_irq()'s */
#define DEFERRED	0x80000000

/* struct irqaction */
#define A_THREAD_FN	0
#define A_THREAD	8
#define A_MASK		16	/* its bit of D_ONESHOT; 0: not ONESHOT */
#define A_FLAGS		24
#define A_IRQ		28
#define A_DEV		32
#define RUNTHREAD_BIT	0
#define RUNTHREAD	1
#define AFFINITY	4

/* A thread's own, behind floor_sched.h's */
#define TASK_EXITING	44
#define TASK_STOP	45	/* kthread_stop() waits for it */

	.text

/* The interrupt whose handler says IRQ_HANDLED. */
floor floor_irq_handled
	addl	$HARDIRQ_OFFSET, %gs:GS_PREEMPT_COUNT
	movl	$IRQ_HANDLED, %eax
	cmpl	$IRQ_HANDLED, %eax
	jne	floor_bad
	subl	$HARDIRQ_OFFSET, %gs:GS_PREEMPT_COUNT
	cmpl	$0, %gs:GS_SOFTIRQ_PENDING
	jne	floor_bad
	ret

floor floor_irq_thread
	addl	$HARDIRQ_OFFSET, %gs:GS_PREEMPT_COUNT
	movl	$IRQ_WAKE_THREAD, %eax
	cmpl	$IRQ_HANDLED, %eax
	je	floor_bad
	/* if a thread is asked for, there must be one */
	cmpl	$IRQ_WAKE_THREAD, %eax
	jne	floor_bad
	leaq	desc(%rip), %rdi
	movq	D_ACTION(%rdi), %rsi
	cmpq	$0, A_THREAD_FN(%rsi)
	je	floor_bad
	movq	A_THREAD(%rsi), %rdx
	cmpb	$0, TASK_EXITING(%rdx)		/* crashed */
	jne	floor_bad
	/* once, however often before it runs */
	lock btsl $RUNTHREAD_BIT, A_FLAGS(%rsi)
	jc	floor_bad
	movq	A_MASK(%rsi), %rax
	orq	%rax, D_ONESHOT(%rdi)
	lock incl D_ACTIVE(%rdi)
	WAKE_UP
	/* has a thread handled anything since the last one was asked for? */
	movl	D_HANDLED(%rdi), %eax
	orl	$DEFERRED, %eax
	cmpl	D_HANDLED_LAST(%rdi), %eax
	je	floor_bad
	movl	%eax, D_HANDLED_LAST(%rdi)
	/* irq_exit(): no softirq, but a wake-up */
	subl	$HARDIRQ_OFFSET, %gs:GS_PREEMPT_COUNT
	cmpl	$0, %gs:GS_SOFTIRQ_PENDING
	je	floor_bad
	testl	$NOT_RESCHED, %gs:GS_SOFTIRQ_PENDING
	jnz	floor_bad
	/* may the interrupted thread be set aside? */
	cmpl	$0, %gs:GS_PREEMPT_COUNT
	jne	floor_bad
	testl	$IF_FLAG, interrupted_flags(%rip)
	jz	floor_bad
	SCHEDULE_BEGIN
	SET_ASIDE
	SWITCH
	ret

/* The thread, which has just been switched to; RBX its action, RBP the line. */
irq_thread:
	SPIN_UNLOCK RQ_LOCK+floor_rq(%rip)
	sti
irq_thread_loop:
	/* its line may have gone to another CPU; was it woken for this? */
	testl	$AFFINITY, A_FLAGS(%rbx)
	jnz	floor_bad
	lock btrl $RUNTHREAD_BIT, A_FLAGS(%rbx)
	jnc	floor_bad
	movl	A_IRQ(%rbx), %edi
	movq	A_DEV(%rbx), %rsi
	call	*A_THREAD_FN(%rbx)
	cmpl	$IRQ_HANDLED, %eax
	jne	floor_bad
	lock incl D_HANDLED(%rbp)
	cmpq	$0, A_MASK(%rbx)		/* ONESHOT: unmask the line */
	jne	floor_bad
	/* the last one: is it waited for? */
	lock decl D_ACTIVE(%rbp)
	jnz	floor_bad
	cmpq	$0, D_WAITERS(%rbp)
	jne	floor_bad
	/* asleep, unless meanwhile there is something to do again */
	movq	A_THREAD(%rbx), %rdi
	movl	$INTERRUPTIBLE, %eax
	xchgl	%eax, TASK_STATE(%rdi)
	testl	$(RUNTHREAD | AFFINITY), A_FLAGS(%rbx)
	jnz	floor_bad
	cmpb	$0, TASK_STOP(%rdi)
	jne	floor_bad
	/* schedule(): not while atomic */
	cli
	cmpl	$0, %gs:GS_PREEMPT_COUNT
	jne	floor_bad
	SCHEDULE_BEGIN
	LEAVE_IF_ASLEEP
	SWITCH
	sti
	jmp	irq_thread_loop

/* void floor_irq_thread_setup(void *stack_top): the thread, asleep */
floor floor_irq_thread_setup
	leaq	irq_thread(%rip), %rax
	movq	%rax, -8(%rdi)
	leaq	desc(%rip), %rax
	movq	%rax, -16(%rdi)			/* RBP */
	leaq	action(%rip), %rax
	movq	%rax, -24(%rdi)			/* RBX */
	leaq	-56(%rdi), %rax
	movq	%rax, TASK_SP+task(%rip)
	ret

empty_thread_fn:
	incl	floor_irq_thread_ran(%rip)
	movl	$IRQ_HANDLED, %eax
	ret

	.data
	.balign	8
desc:
	.quad	action, 0
	.long	0, 0, 0, 0
	.quad	0
action:
	.quad	empty_thread_fn, task, 0
	.long	0, 13
	.quad	0
task:
	.quad	0, 0, floor_rq, 0
	.long	INTERRUPTIBLE, 0
	.long	0, 0
interrupted_flags:
	.long	IF_FLAG
floor floor_irq_thread_ran
	.long	0

	.section .note.GNU-stack, "", @progbits
