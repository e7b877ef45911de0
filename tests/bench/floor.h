/* SPDX-License-Identifier: MIT */
/*
 * floor.h - the least that a bottom half can cost: what the floors share.
 *
 * A floor is one straight line that does what Linux's semantics demand in the
 * case that is measured, in the fewest instructions we know, and nothing else:
 * no call but through pointers that the semantics have, no frames, no trace
 * points. A branch in it is a condition that must be looked at; what would
 * follow it is left out, and ends at floor_bad. What it does it does really:
 * lists are linked, locks taken, stacks switched, the function is called and
 * counted, and preempt_count and softirq_pending are struct pcpu_hot's own.
 *
 * A CPU's own data lies at a fixed offset in GS; the floors' lies at one from
 * RIP, which is as long a line.
 */
#pragma once

/* struct pcpu_hot; test_bench_bh.c compares them with the real ones. */
#define GS_CPU_NUMBER	   56
#define GS_PREEMPT_COUNT   64
#define GS_SOFTIRQ_PENDING 68

#ifdef __ASSEMBLER__
/* cpu/preempt.h */
#define SOFTIRQ_OFFSET 0x100
#define HARDIRQ_OFFSET 0x10000
#define IN_INTERRUPT   0x00ffff00 /* NMI, hardirq and softirq */
#define RESCHED	       0x80000000
#define NOT_RESCHED    0x7fffffff
#define IF_FLAG	       0x200

/* clang-format off */
	.macro floor name
	.balign	16
	.globl	\name
	.hidden	\name
\name:
	.endm

	/* raise_softirq_irqoff() */
	.macro RAISE nr
	orl	$(1 << \nr), %gs:GS_SOFTIRQ_PENDING
	testl	$IN_INTERRUPT, %gs:GS_PREEMPT_COUNT	/* else: ksoftirqd */
	jz	floor_bad
	.endm

	/* local_irq_save(), _restore(); flags in RCX. It was off. */
	.macro IRQ_SAVE
	pushfq
	popq	%rcx
	cli
	.endm

	.macro IRQ_RESTORE_OFF
	testl	$IF_FLAG, %ecx
	jnz	floor_bad
	.endm

	.macro SPIN_LOCK word			/* a raw spinlock, free */
	lock btsl $0, \word
	jc	floor_bad
	.endm

	.macro SPIN_UNLOCK word
	movl	$0, \word
	.endm
	/*
	 * irq_exit() behind handlers that raised a softirq, to the call of its
	 * action: RBX the bits to serve, RBP when it began (the low half of the
	 * TSC; two milliseconds are less). In \table, 8 bytes each, the counts
	 * of /proc/softirqs, then the actions.
	 */
	.macro SOFTIRQS_BEGIN table
	subl	$HARDIRQ_OFFSET, %gs:GS_PREEMPT_COUNT
	cmpl	$0, %gs:GS_SOFTIRQ_PENDING
	je	floor_bad
	testl	$IN_INTERRUPT, %gs:GS_PREEMPT_COUNT	/* nested: not now */
	jnz	floor_bad
	pushq	%rbx
	pushq	%rbp
	movl	%gs:GS_SOFTIRQ_PENDING, %ebx
	andl	$NOT_RESCHED, %ebx			/* none: a wake-up */
	jz	floor_bad
	rdtsc
	movl	%eax, %ebp
	addl	$SOFTIRQ_OFFSET, %gs:GS_PREEMPT_COUNT
	andl	$RESCHED, %gs:GS_SOFTIRQ_PENDING
	sti
	bsfl	%ebx, %eax				/* the lowest first */
	leaq	\table(%rip), %rdx
	incq	(%rdx, %rax, 8)
	btrl	%eax, %ebx
	.endm

	/* Behind it: none left of this round, none raised meanwhile. */
	.macro SOFTIRQS_END
	testl	%ebx, %ebx
	jnz	floor_bad
	cli
	subl	$SOFTIRQ_OFFSET, %gs:GS_PREEMPT_COUNT
	cmpl	$0, %gs:GS_SOFTIRQ_PENDING		/* or a wake-up */
	jne	floor_bad
	popq	%rbp
	popq	%rbx
	.endm
#endif
