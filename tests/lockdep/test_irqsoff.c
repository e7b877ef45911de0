// SPDX-License-Identifier: MIT
/*
 * test_irqsoff.c - the longest time with interrupts, or softirqs, off: its
 * length, its CPU, and the two places where it began and ended.
 *
 * What else keeps interrupts off may be longer, on a host that pauses: then
 * the section is made again.
 *
 * Linux: kernel/trace/trace_irqsoff.c.
 */
#include "lockdep.h"

#include <bh/softirq.h>
#include <cpu/cpumask.h>
#include <cpu/deadline.h>
#include <cpu/irqflags.h>
#include <entry/idt.h>
#include <irq/irq.h>
#include <lib/compiler.h>

SUITE(irqsoff, .setup = lockdep_open, .teardown = lockdep_close);

#define HOLD_US 300
#define TRIES	20

/* Functions in the order they are written in: [fn, next) is fn's code. */
static __noinline void hold_irqs(void)
{
	local_irq_disable();
	udelay(HOLD_US);
	local_irq_enable();
}

static __noinline void hold_irqs_nested(void)
{
	u64 flags;

	local_irq_disable();
	udelay(HOLD_US / 2);
	flags = local_irq_save();
	local_irq_restore(flags);
	udelay(HOLD_US / 2);
	local_irq_enable();
}

static __noinline void hold_irqs_twice(void)
{
	local_irq_disable();
	udelay(HOLD_US / 2);
	local_irq_enable();
	local_irq_disable();
	udelay(HOLD_US);
	local_irq_enable();
}

static __noinline void hold_softirqs(void)
{
	local_bh_disable();
	udelay(HOLD_US);
	local_bh_enable();
	barrier(); /* or it would be a jump, and return to our caller */
}

static __noinline void hold_softirqs_nested(void)
{
	local_bh_disable();
	udelay(HOLD_US / 2);
	local_bh_disable();
	local_bh_enable();
	udelay(HOLD_US / 2);
	local_bh_enable();
	barrier();
}

static __noinline void after_all(void)
{
	barrier();
}

static struct irqsoff longest_of(void (*fn)(void), enum irqsoff_kind kind)
{
	static const struct irqsoff none;
	struct irqsoff before = irqsoff_exchange(kind, &none), got;

	fn();
	got = irqsoff_exchange(kind, &before);
	if (got.tsc > before.tsc)
		irqsoff_exchange(kind, &got);
	return got;
}

static bool within(u64 ip, void (*fn)(void), void (*next)(void))
{
	return ip > (u64)fn && ip < (u64)next;
}

/* fn's is the longest; it began and ended in fn, in this order. */
static struct irqsoff judge(void (*fn)(void), void (*next)(void),
			    enum irqsoff_kind kind)
{
	struct irqsoff got = longest_of(fn, kind);

	for (u32 i = 0; i < TRIES && !within(got.from, fn, next); i++)
		got = longest_of(fn, kind);
	EXPECT_GE(got.tsc, us_to_tsc(HOLD_US));
	EXPECT_TRUE(within(got.from, fn, next));
	EXPECT_TRUE(within(got.to, fn, next));
	EXPECT_LT(got.from, got.to);
	return got;
}

TEST(irqsoff, the_longest_section_is_found_with_both_addresses, IRQSOFF)
{
	judge(hold_irqs, hold_irqs_nested, IRQSOFF_HARDIRQ);
}

TEST(irqsoff, what_nests_inside_does_not_divide_it, IRQSOFF)
{
	judge(hold_irqs_nested, hold_irqs_twice, IRQSOFF_HARDIRQ);
}

TEST(irqsoff, of_two_sections_the_longer_one_is_kept, IRQSOFF)
{
	struct irqsoff one =
		judge(hold_irqs, hold_irqs_nested, IRQSOFF_HARDIRQ);
	u64 first_pair = one.to - (u64)hold_irqs, from = 0;

	/* The second pair of the function is the longer one, as a rule. */
	for (u32 i = 0; i < TRIES && from <= first_pair; i++)
		from = judge(hold_irqs_twice, hold_softirqs, IRQSOFF_HARDIRQ)
			       .from -
		       (u64)hold_irqs_twice;
	EXPECT_GT(from, first_pair);
}

TEST(irqsoff, a_shorter_one_changes_nothing, IRQSOFF)
{
	struct irqsoff long_ago = { .tsc = ~0ull, .from = 1, .to = 2 };
	struct irqsoff before = irqsoff_exchange(IRQSOFF_HARDIRQ, &long_ago);
	struct irqsoff got;

	hold_irqs();
	got = irqsoff_exchange(IRQSOFF_HARDIRQ, &before);
	EXPECT_EQ(got.tsc, ~0ull);
	EXPECT_EQ(got.from, 1);
	EXPECT_EQ(got.to, 2);
}

TEST(irqsoff, the_longest_bh_off_section_is_found_with_both_addresses, IRQSOFF)
{
	judge(hold_softirqs, hold_softirqs_nested, IRQSOFF_SOFTIRQ);
}

TEST(irqsoff, a_bh_section_inside_another_does_not_divide_it, IRQSOFF)
{
	judge(hold_softirqs_nested, after_all, IRQSOFF_SOFTIRQ);
}

static void delay(void)
{
	udelay(HOLD_US);
}

/* It begins with the handler's entry, and ends at the return. */
TEST(irqsoff, an_interrupts_handler_is_a_section_too, IRQSOFF)
{
	struct irqsoff got;

	if (!ld_claim(delay))
		return;
	got = longest_of(ld_interrupt, IRQSOFF_HARDIRQ);
	EXPECT_GE(got.tsc, us_to_tsc(HOLD_US));
	EXPECT_EQ(got.from, common_interrupt);
	EXPECT_EQ(got.to, return_from_event);
}

static void ends_unseen(void)
{
	local_irq_disable();
	native_irq_enable();
	udelay(HOLD_US * 10);
	local_irq_disable();
	local_irq_enable();
}

/* As by IRETQ or POPF. What comes then begins by itself. */
TEST(irqsoff, a_section_whose_end_was_not_seen_has_no_length, IRQSOFF)
{
	struct irqsoff got = longest_of(ends_unseen, IRQSOFF_HARDIRQ);

	for (u32 i = 0; i < TRIES && got.tsc >= us_to_tsc(HOLD_US); i++)
		got = longest_of(ends_unseen, IRQSOFF_HARDIRQ);
	EXPECT_LT(got.tsc, us_to_tsc(HOLD_US));
}

static void hold_there(void *got)
{
	*(struct irqsoff *)got =
		judge(hold_irqs, hold_irqs_nested, IRQSOFF_HARDIRQ);
}

TEST(irqsoff, each_cpu_has_its_own_and_the_longest_of_all_is_known, IRQSOFF,
     .needs = NEEDS_SMP)
{
	u32 cpu = cpumask_next(1, &cpu_online_mask);
	struct irqsoff got = { 0 };

	if (!ld_on(cpu, hold_there, &got))
		return;
	EXPECT_GE(irqsoff_longest(IRQSOFF_HARDIRQ, cpu).tsc, got.tsc);
	EXPECT_EQ(irqsoff_longest(IRQSOFF_HARDIRQ, cpu).cpu, cpu);
	EXPECT_GE(irqsoff_longest_of_all(IRQSOFF_HARDIRQ).tsc, got.tsc);
}
