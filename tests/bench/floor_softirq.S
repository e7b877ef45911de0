/* SPDX-License-Identifier: MIT */
/*
 * floor_softirq.S - a softirq raised by a handler and run at the interrupt's
 * end; a tasklet scheduled and run so. See floor.h.
 *
 * floor_irq is what an interrupt does that raises nothing: what the other two
 * take more is the bottom half.
 *
 * Linux: kernel/softirq.c.
 */
#include "floor.h"

#define NR_SOFTIRQS	10
#define NET_RX_SOFTIRQ	3
#define TASKLET_SOFTIRQ 6

	.text

floor floor_bad
	ud2

floor floor_irq
	addl	$HARDIRQ_OFFSET, %gs:GS_PREEMPT_COUNT
	subl	$HARDIRQ_OFFSET, %gs:GS_PREEMPT_COUNT
	cmpl	$0, %gs:GS_SOFTIRQ_PENDING
	jne	floor_bad
	ret

floor floor_softirq
	addl	$HARDIRQ_OFFSET, %gs:GS_PREEMPT_COUNT
	RAISE	NET_RX_SOFTIRQ
	SOFTIRQS_BEGIN softirqs
	call	*8 * NR_SOFTIRQS(%rdx, %rax, 8)
	SOFTIRQS_END
	ret

empty_softirq:
	incl	floor_softirq_ran(%rip)
	ret

/* struct tasklet_struct's, and the bits of its state */
#define T_NEXT	   0
#define T_STATE	   8
#define T_COUNT	   16
#define T_CALLBACK 24
#define SCHED_BIT  0
#define RUN_BIT	   1

floor floor_tasklet
	addl	$HARDIRQ_OFFSET, %gs:GS_PREEMPT_COUNT
	/* tasklet_schedule(): once, however often it is called */
	leaq	tasklet(%rip), %rdi
	lock btsq $SCHED_BIT, T_STATE(%rdi)
	jc	floor_bad
	/* on this CPU's list, last; NEXT is its first word */
	IRQ_SAVE
	movq	$0, T_NEXT(%rdi)
	movq	tasklet_tail(%rip), %rax
	movq	%rdi, (%rax)
	movq	%rdi, tasklet_tail(%rip)
	RAISE	TASKLET_SOFTIRQ
	IRQ_RESTORE_OFF
	SOFTIRQS_BEGIN tasklet_softirqs
	call	*8 * NR_SOFTIRQS(%rdx, %rax, 8)
	SOFTIRQS_END
	ret

/* tasklet_action() */
floor_tasklet_action:
	/* the whole list, and none is left */
	pushq	%rbx
	cli
	movq	tasklet_head(%rip), %rbx
	leaq	tasklet_head(%rip), %rax
	movq	$0, (%rax)
	movq	%rax, tasklet_tail(%rip)
	sti
	/* the next one is read first: this one may queue itself again */
	movq	%rbx, %rdi
	movq	T_NEXT(%rbx), %rbx
	/* not on two CPUs; not while it is disabled */
	lock btsq $RUN_BIT, T_STATE(%rdi)
	jc	floor_bad
	cmpl	$0, T_COUNT(%rdi)
	jne	floor_bad
	/* before the call: what schedules it from here on is a run more */
	lock btrq $SCHED_BIT, T_STATE(%rdi)
	pushq	%rdi
	call	*T_CALLBACK(%rdi)
	popq	%rdi
	lock btrq $RUN_BIT, T_STATE(%rdi)
	testq	%rbx, %rbx			/* more of them? */
	jnz	floor_bad
	popq	%rbx
	ret

empty_tasklet:
	incl	floor_tasklet_ran(%rip)
	ret

	.data
	.balign	8
softirqs:
	.fill	NR_SOFTIRQS, 8, 0
	.fill	NET_RX_SOFTIRQ, 8, 0
	.quad	empty_softirq
	.fill	NR_SOFTIRQS - NET_RX_SOFTIRQ - 1, 8, 0
tasklet_softirqs:
	.fill	NR_SOFTIRQS, 8, 0
	.fill	TASKLET_SOFTIRQ, 8, 0
	.quad	floor_tasklet_action
	.fill	NR_SOFTIRQS - TASKLET_SOFTIRQ - 1, 8, 0
tasklet:
	.quad	0, 0, 0, empty_tasklet
tasklet_head:
	.quad	0
tasklet_tail:
	.quad	tasklet_head
floor floor_softirq_ran
	.long	0
floor floor_tasklet_ran
	.long	0

	.section .note.GNU-stack, "", @progbits
