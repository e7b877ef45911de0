// SPDX-License-Identifier: MIT
/*
 * test_irq_disable.c - disable_irq() and enable_irq(): they nest, the masking
 * is lazy, and an edge that came meanwhile is replayed.
 *
 * Linux: kernel/irq/manage.c, chip.c, resend.c.
 */
#include "irq.h"

#include <apic/ioapic.h>
#include <apic/lapic.h>
#include <cpu/deadline.h>
#include <ktest/raised.h>

#define DEPTH  "Linux kernel/irq/manage.c, __disable_irq(), __enable_irq()"
#define LAZY   "Linux kernel/irq/chip.c, irq_disable()"
#define RESEND "Linux kernel/irq/resend.c, check_irq_resend()"

static struct irq_probe a, b;

static u32 vector(void)
{
	return irq_to_desc(QUIET_IRQ)->vector;
}

static bool pin_masked(void)
{
	return gsi_read_rte(irq_to_desc(QUIET_IRQ)->gsi).masked;
}

static bool state(u32 bits)
{
	return irq_to_desc(QUIET_IRQ)->state & bits;
}

/* A handler on the quiet line, edge-triggered. 0 if the line is not there. */
static int open_line(u32 flags)
{
	a = b = (struct irq_probe){ .answer = IRQ_HANDLED };
	if (!irq_have_line())
		return 0;
	EXPECT_EQ(request_irq(QUIET_IRQ, irq_probe_handler,
			      flags | IRQF_TRIGGER_RISING, "a", &a),
		  0);
	return 1;
}

#define OPEN_LINE(flags)                                                     \
	do {                                                                 \
		if (!open_line(flags))                                       \
			SKIP(return, "no IOAPIC pin for irq %u", QUIET_IRQ); \
	} while (0)

static void close_line(void)
{
	EXPECT_EQ(free_irq(QUIET_IRQ, &a), 0);
}

/*
 * Send the line's vector and wait until the APIC has dealt with it. While the
 * line is disabled it is noted and raised again by enable_irq().
 */
static void edge(void)
{
	raised_irqs(QUIET_IRQ, !state(IRQD_IRQ_DISABLED));
	EXPECT_EQ(apic_send_self(vector()), 0);
	udelay(20);
	EXPECT_TRUE(WAIT_FOR(!lapic_test(APIC_IRR, vector()) &&
				     !lapic_test(APIC_ISR, vector()),
			     WAIT_DEFAULT_US));
}

TEST(irq, disable_irq_nests, DEPTH, .needs = NEEDS_IOAPIC)
{
	const struct irq_desc *desc = irq_to_desc(QUIET_IRQ);

	OPEN_LINE(0);
	EXPECT_EQ(desc->depth, 0);
	disable_irq(QUIET_IRQ);
	EXPECT_TRUE(state(IRQD_IRQ_DISABLED));
	disable_irq(QUIET_IRQ);
	EXPECT_EQ(desc->depth, 2);
	enable_irq(QUIET_IRQ);
	EXPECT_TRUE(state(IRQD_IRQ_DISABLED));
	enable_irq(QUIET_IRQ);
	EXPECT_FALSE(state(IRQD_IRQ_DISABLED));
	EXPECT_EQ(desc->depth, 0);
	edge();
	EXPECT_EQ(a.calls, 1);
	close_line();
}

TEST(irq, an_enable_too_many_is_ignored, DEPTH, .needs = NEEDS_IOAPIC)
{
	OPEN_LINE(0);
	enable_irq(QUIET_IRQ);
	EXPECT_EQ(irq_to_desc(QUIET_IRQ)->depth, 0);
	disable_irq(QUIET_IRQ);
	EXPECT_TRUE(state(IRQD_IRQ_DISABLED));
	enable_irq(QUIET_IRQ);
	edge();
	EXPECT_EQ(a.calls, 1);
	close_line();
}

/* Masking costs a slow device access that most disables never need. */
TEST(irq, a_disabled_line_is_masked_only_when_it_interrupts, LAZY,
     .needs = NEEDS_IOAPIC)
{
	OPEN_LINE(0);
	disable_irq(QUIET_IRQ);
	EXPECT_FALSE(pin_masked());
	edge();
	EXPECT_TRUE(pin_masked());
	EXPECT_TRUE(state(IRQS_PENDING));
	EXPECT_EQ(a.calls, 0);
	raised_irqs(QUIET_IRQ, 1);
	enable_irq(QUIET_IRQ);
	EXPECT_FALSE(pin_masked());
	close_line();
}

TEST(irq, an_edge_while_disabled_is_replayed_once, RESEND,
     .needs = NEEDS_IOAPIC)
{
	u64 before = kstat_irqs(QUIET_IRQ);

	OPEN_LINE(0);
	disable_irq(QUIET_IRQ);
	edge();
	edge(); /* merges with the first, as in the IRR */
	EXPECT_EQ(a.calls, 0);
	raised_irqs(QUIET_IRQ, 1);
	enable_irq(QUIET_IRQ);
	EXPECT_TRUE(WAIT_FOR(READ_ONCE(a.calls), WAIT_DEFAULT_US));
	udelay(20);
	EXPECT_EQ(a.calls, 1);
	EXPECT_EQ(kstat_irqs(QUIET_IRQ) - before, 1);
	EXPECT_FALSE(state(IRQS_PENDING | IRQS_REPLAY));
	edge();
	EXPECT_EQ(a.calls, 2);
	close_line();
}

TEST(irq, nothing_is_replayed_that_did_not_come, RESEND, .needs = NEEDS_IOAPIC)
{
	OPEN_LINE(0);
	disable_irq(QUIET_IRQ);
	enable_irq(QUIET_IRQ);
	udelay(20);
	EXPECT_EQ(a.calls, 0);
	close_line();
}

TEST(irq, a_second_handler_does_not_enable_a_disabled_line, DEPTH,
     .needs = NEEDS_IOAPIC)
{
	OPEN_LINE(IRQF_SHARED);
	disable_irq(QUIET_IRQ);
	EXPECT_EQ(
		request_irq(QUIET_IRQ, irq_probe_handler, IRQF_SHARED, "b", &b),
		0);
	EXPECT_EQ(irq_to_desc(QUIET_IRQ)->depth, 1);
	edge();
	EXPECT_EQ(a.calls + b.calls, 0);
	close_line();
	EXPECT_TRUE(state(IRQD_IRQ_DISABLED));
	EXPECT_EQ(free_irq(QUIET_IRQ, &b), 0);
}

/* Depth belongs to the chain: a new one begins enabled. */
TEST(irq, a_line_freed_while_disabled_comes_back_enabled, DEPTH,
     .needs = NEEDS_IOAPIC)
{
	OPEN_LINE(0);
	disable_irq(QUIET_IRQ);
	edge();
	close_line();
	OPEN_LINE(0);
	EXPECT_EQ(irq_to_desc(QUIET_IRQ)->depth, 0);
	udelay(20);
	EXPECT_EQ(a.calls, 0); /* what came before is not ours */
	edge();
	EXPECT_EQ(a.calls, 1);
	close_line();
}

TEST(irq, a_line_without_autoenable_waits_for_enable_irq,
     "Linux include/linux/interrupt.h, IRQF_NO_AUTOEN", .needs = NEEDS_IOAPIC)
{
	OPEN_LINE(IRQF_NO_AUTOEN);
	EXPECT_TRUE(pin_masked());
	EXPECT_EQ(irq_to_desc(QUIET_IRQ)->depth, 1);
	enable_irq(QUIET_IRQ);
	EXPECT_FALSE(pin_masked());
	edge();
	EXPECT_EQ(a.calls, 1);
	close_line();
}

static void disable_myself(void)
{
	disable_irq_nosync(QUIET_IRQ);
}

TEST(irq, a_handler_may_disable_its_own_line, DEPTH, .needs = NEEDS_IOAPIC)
{
	OPEN_LINE(0);
	a.then = disable_myself;
	edge();
	EXPECT_EQ(a.calls, 1);
	EXPECT_EQ(irq_to_desc(QUIET_IRQ)->depth, 1);
	edge();
	EXPECT_EQ(a.calls, 1);
	a.then = NULL;
	raised_irqs(QUIET_IRQ, 1);
	enable_irq(QUIET_IRQ);
	EXPECT_TRUE(WAIT_FOR(READ_ONCE(a.calls) == 2, WAIT_DEFAULT_US));
	close_line();
}
