// SPDX-License-Identifier: MIT
/*
 * test_irq_flow.c - the flow handlers: an event while its handler runs, the
 * order of EOI and handler, and answers that make no sense.
 *
 * Linux: kernel/irq/chip.c, spurious.c.
 */
#include "irq.h"

#include <apic/ioapic.h>
#include <apic/lapic.h>
#include <cpu/deadline.h>
#include <cpu/irqflags.h>
#include <cpu/preempt.h>
#include <ktest/raised.h>
#include <lib/errno.h>
#include <lib/string.h>

#define EDGE	 "Linux kernel/irq/chip.c, handle_edge_irq()"
#define FASTEOI	 "Linux kernel/irq/chip.c, handle_fasteoi_irq()"
#define LEVEL	 "Linux kernel/irq/chip.c, handle_level_irq()"
#define SPURIOUS "Linux kernel/irq/spurious.c, note_interrupt()"

static struct irq_probe a;

static struct {
	u32 depth_max, depth;
	bool isr, masked, pending;
} saw;

static u32 vector(void)
{
	return irq_to_desc(QUIET_IRQ)->vector;
}

static bool pin_masked(void)
{
	return gsi_read_rte(irq_to_desc(QUIET_IRQ)->gsi).masked;
}

static bool open_line(u32 flags, void (*then)(void))
{
	a = (struct irq_probe){ .answer = IRQ_HANDLED, .then = then };
	memset(&saw, 0, sizeof(saw));
	return irq_have_line() &&
	       EXPECT_EQ(request_irq(QUIET_IRQ, irq_probe_handler, flags, "a",
				     &a),
			 0);
}

#define OPEN_LINE(flags, then)                                               \
	do {                                                                 \
		if (!open_line(flags, then))                                 \
			SKIP(return, "no IOAPIC pin for irq %u", QUIET_IRQ); \
	} while (0)

static void look(void)
{
	saw.isr = lapic_test(APIC_ISR, vector());
	saw.masked = pin_masked();
}

TEST(irq, an_edge_is_ended_before_its_handler_runs, EDGE, .needs = NEEDS_IOAPIC)
{
	OPEN_LINE(IRQF_TRIGGER_RISING, look);
	EXPECT_TRUE(irq_raise(vector(), &a));
	EXPECT_FALSE(saw.isr);
	EXPECT_FALSE(saw.masked);
	EXPECT_EQ(free_irq(QUIET_IRQ, &a), 0);
}

TEST(irq, a_level_is_ended_after_its_handler_ran, FASTEOI,
     .needs = NEEDS_IOAPIC)
{
	OPEN_LINE(IRQF_TRIGGER_HIGH, look);
	raised_mismatches(1); /* an IPI is an edge */
	EXPECT_TRUE(irq_raise(vector(), &a));
	EXPECT_TRUE(saw.isr);
	EXPECT_FALSE(saw.masked);
	EXPECT_FALSE(lapic_test(APIC_ISR, vector()));
	EXPECT_EQ(free_irq(QUIET_IRQ, &a), 0);
}

TEST(irq, handle_level_irq_masks_and_ends_before_its_handler_runs, LEVEL,
     .needs = NEEDS_IOAPIC)
{
	EXPECT_EQ(irq_set_handler(QUIET_IRQ, handle_level_irq), 0);
	OPEN_LINE(IRQF_TRIGGER_HIGH, look);
	EXPECT_EQ(irq_set_handler(QUIET_IRQ, handle_edge_irq), -EBUSY);
	EXPECT_TRUE(irq_raise(vector(), &a));
	EXPECT_FALSE(saw.isr);
	EXPECT_TRUE(saw.masked);
	EXPECT_FALSE(pin_masked());
	EXPECT_EQ(free_irq(QUIET_IRQ, &a), 0);
}

TEST(irq, a_flow_handler_ends_with_the_lines_last_handler, LEVEL,
     .needs = NEEDS_IOAPIC)
{
	OPEN_LINE(IRQF_TRIGGER_RISING, look);
	EXPECT_EQ(irq_to_desc(QUIET_IRQ)->handle_irq, handle_edge_irq);
	EXPECT_EQ(free_irq(QUIET_IRQ, &a), 0);
	OPEN_LINE(IRQF_TRIGGER_HIGH, look);
	EXPECT_EQ(irq_to_desc(QUIET_IRQ)->handle_irq, handle_fasteoi_irq);
	EXPECT_EQ(free_irq(QUIET_IRQ, &a), 0);
}

/* The handler lets interrupts in: the same line must not nest in itself. */
static void again_with_if_1(void)
{
	saw.depth++;
	saw.depth_max = max(saw.depth_max, saw.depth);
	if (a.calls == 1) {
		apic_send_self(vector()); /* merges into the one in progress */
		local_irq_enable();
		udelay(50);
		local_irq_disable();
		saw.pending = irq_to_desc(QUIET_IRQ)->state & IRQS_PENDING;
		saw.masked = pin_masked();
	}
	saw.depth--;
}

TEST(irq, an_edge_in_progress_is_masked_and_run_after, EDGE,
     .needs = NEEDS_IOAPIC)
{
	OPEN_LINE(IRQF_TRIGGER_RISING, again_with_if_1);
	EXPECT_TRUE(irq_raise(vector(), &a));
	EXPECT_TRUE(WAIT_FOR(READ_ONCE(a.calls) == 2, WAIT_DEFAULT_US));
	EXPECT_TRUE(saw.pending);
	EXPECT_TRUE(saw.masked);
	EXPECT_EQ(saw.depth_max, 1);
	EXPECT_FALSE(pin_masked());
	EXPECT_EQ(irq_to_desc(QUIET_IRQ)->state, 0);
	EXPECT_EQ(preempt_count(), 0);
	EXPECT_EQ(free_irq(QUIET_IRQ, &a), 0);
}

TEST(irq, answers_that_mean_nothing_are_not_handled, SPURIOUS,
     .needs = NEEDS_IOAPIC)
{
	OPEN_LINE(IRQF_TRIGGER_RISING, NULL);
	a.answer = (irqreturn_t)7;
	EXPECT_TRUE(irq_raise(vector(), &a));
	EXPECT_EQ(irq_to_desc(QUIET_IRQ)->irqs_unhandled, 0);
	a.answer = IRQ_NONE;
	EXPECT_TRUE(irq_raise(vector(), &a));
	EXPECT_EQ(irq_to_desc(QUIET_IRQ)->irqs_unhandled, 1);
	EXPECT_EQ(free_irq(QUIET_IRQ, &a), 0);
}

/* A stray one now and then is no storm: Linux's HZ/10. */
TEST(irq, unhandled_ones_far_apart_do_not_add_up, SPURIOUS,
     .needs = NEEDS_IOAPIC)
{
	struct irq_desc *desc = irq_to_desc(QUIET_IRQ);

	OPEN_LINE(IRQF_TRIGGER_RISING, NULL);
	a.answer = IRQ_NONE;
	for (u32 i = 0; i < 3; i++) {
		EXPECT_TRUE(irq_raise(vector(), &a));
		desc->last_unhandled -= us_to_tsc(200000);
	}
	EXPECT_EQ(desc->irqs_unhandled, 1);
	EXPECT_EQ(free_irq(QUIET_IRQ, &a), 0);
}

TEST(irq, opposed_triggers_are_refused,
     "Linux include/linux/interrupt.h, IRQF_TRIGGER_MASK",
     .needs = NEEDS_IOAPIC)
{
	static const struct {
		u32 flag;
		bool level, low;
	} rows[] = {
		{ IRQF_TRIGGER_RISING, false, false },
		{ IRQF_TRIGGER_FALLING, false, true },
		{ IRQF_TRIGGER_HIGH, true, false },
		{ IRQF_TRIGGER_LOW, true, true },
	};
	union ioapic_rte rte;

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		OPEN_LINE(rows[i].flag | IRQF_NO_AUTOEN, NULL);
		rte = gsi_read_rte(irq_to_desc(QUIET_IRQ)->gsi);
		EXPECT_EQ(rte.level, rows[i].level);
		EXPECT_EQ(rte.active_low, rows[i].low);
		EXPECT_EQ(free_irq(QUIET_IRQ, &a), 0);
	}
	EXPECT_EQ(request_irq(QUIET_IRQ, irq_probe_handler,
			      IRQF_TRIGGER_RISING | IRQF_TRIGGER_HIGH, "a", &a),
		  -EINVAL);
}

TEST(irq, affinity_to_a_cpu_that_is_not_there_is_refused,
     "Linux kernel/irq/manage.c, irq_set_affinity()", .needs = NEEDS_IOAPIC)
{
	EXPECT_EQ(irq_set_affinity(QUIET_IRQ, smp_processor_id()), 0);
	EXPECT_EQ(irq_set_affinity(QUIET_IRQ, NR_CPUS - 1), -EINVAL);
	EXPECT_EQ(irq_set_affinity(NR_IRQS, smp_processor_id()), -EINVAL);
}
