/* SPDX-License-Identifier: MIT */
/*
 * preempt.h - what this CPU is doing, in one word, laid out as in Linux:
 *
 *	bits 0-7	preempt_disable() depth
 *	bits 8-15	softirq: +SOFTIRQ_OFFSET while one is served,
 *			+SOFTIRQ_DISABLE_OFFSET for each local_bh_disable()
 *	bits 16-19	hardirq depth
 *	bits 20-23	NMI depth
 *
 * The word is pcpu_hot.preempt_count. So bit 8 alone tells serving a softirq
 * from merely keeping softirqs off: in_serving_softirq().
 */
#pragma once

#include <cpu/percpu.h>

/* clang-format off */
#define PREEMPT_BITS		8
#define SOFTIRQ_BITS		8
#define HARDIRQ_BITS		4
#define NMI_BITS		4

#define PREEMPT_SHIFT		0
#define SOFTIRQ_SHIFT		(PREEMPT_SHIFT + PREEMPT_BITS)
#define HARDIRQ_SHIFT		(SOFTIRQ_SHIFT + SOFTIRQ_BITS)
#define NMI_SHIFT		(HARDIRQ_SHIFT + HARDIRQ_BITS)

#define PREEMPT_OFFSET		(1u << PREEMPT_SHIFT)
#define SOFTIRQ_OFFSET		(1u << SOFTIRQ_SHIFT)
#define HARDIRQ_OFFSET		(1u << HARDIRQ_SHIFT)
#define NMI_OFFSET		(1u << NMI_SHIFT)
#define SOFTIRQ_DISABLE_OFFSET	(2 * SOFTIRQ_OFFSET)

#define PREEMPT_MASK		(((1u << PREEMPT_BITS) - 1) << PREEMPT_SHIFT)
#define SOFTIRQ_MASK		(((1u << SOFTIRQ_BITS) - 1) << SOFTIRQ_SHIFT)
#define HARDIRQ_MASK		(((1u << HARDIRQ_BITS) - 1) << HARDIRQ_SHIFT)
#define NMI_MASK		(((1u << NMI_BITS) - 1) << NMI_SHIFT)
/* clang-format on */

/*
 * In the saved CS of a thread that an interrupt has hit: another one is to run
 * first. The CPU ignores these bits; the way back looks at the word anyway.
 */
#define CS_PREEMPT 0x10000

/* The same of what src/lockdep/ saw: the return to IF=1 is to be seen, too. */
#define CS_TRACED 0x20000

static_assert(NMI_MASK == 0x00f00000 && HARDIRQ_MASK == 0x000f0000 &&
		      SOFTIRQ_MASK == 0x0000ff00 && PREEMPT_MASK == 0x000000ff,
	      "Linux: include/linux/preempt.h");

static __always_inline u32 preempt_count(void)
{
	return this_cpu(preempt_count);
}

/* Exact against interrupts on this CPU: each is one instruction. */
static __always_inline void preempt_count_add(u32 n)
{
	this_cpu_add32(preempt_count, n);
}

static __always_inline void preempt_count_sub(u32 n)
{
	this_cpu_add32(preempt_count, -n);
}

/* True: nothing is left of it. */
static __always_inline bool preempt_count_sub_and_test(u32 n)
{
	return this_cpu_sub_and_test32(preempt_count, n);
}

static __always_inline void preempt_count_set(u32 n)
{
	this_cpu(preempt_count) = n;
}

static __always_inline u32 softirq_count(void)
{
	return preempt_count() & SOFTIRQ_MASK;
}

static __always_inline bool in_nmi(void)
{
	return preempt_count() & NMI_MASK;
}

static __always_inline bool in_hardirq(void)
{
	return preempt_count() & HARDIRQ_MASK;
}

static __always_inline bool in_serving_softirq(void)
{
	return preempt_count() & SOFTIRQ_OFFSET;
}

/* Any of them, or softirqs merely kept off. */
static __always_inline bool in_interrupt(void)
{
	return this_cpu_test32(preempt_count,
			       NMI_MASK | HARDIRQ_MASK | SOFTIRQ_MASK);
}

static __always_inline bool in_task(void)
{
	return !(preempt_count() & (NMI_MASK | HARDIRQ_MASK | SOFTIRQ_OFFSET));
}
