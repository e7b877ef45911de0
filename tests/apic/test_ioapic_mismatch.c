// SPDX-License-Identifier: MIT
/*
 * A level interrupt that the APIC took for an edge. Some chips do that by
 * themselves; here an IPI of the same vector, which is an edge, clears the
 * TMR bit of one that is pending. The EOI is then not broadcast.
 *
 * Linux: arch/x86/kernel/apic/io_apic.c, ioapic_ack_level().
 */
#include <apic/lapic.h>
#include <cpu/irqflags.h>
#include <irq/irq.h>
#include <ktest/ktest.h>
#include <ktest/pin.h>
#include <ktest/raised.h>

#define MIS_RULE "Linux arch/x86/kernel/apic/io_apic.c, ioapic_ack_level()"

static volatile u32 calls;
static enum wire wire;

static irqreturn_t quiet(int irq, void *dev)
{
	wire_lower(wire);
	calls++;
	return IRQ_HANDLED;
}

/* The wire's line, requested as level. NULL: there is none. */
static const struct irq_desc *open_line(void)
{
	calls = 0;
	for (wire = 0; wire < NR_WIRES; wire++) {
		if (wire_take(wire))
			break;
	}
	if (wire == NR_WIRES ||
	    !EXPECT_EQ(request_irq(wire_irq(wire), quiet, IRQF_TRIGGER_HIGH,
				   "mismatch", (void *)&calls),
		       0))
		return NULL;
	return irq_to_desc(wire_irq(wire));
}

/* Raise the line; with_ipi: the same vector comes as an edge on top of it. */
static void raise_line(u32 vector, bool with_ipi)
{
	u32 before = calls;

	local_irq_disable();
	wire_raise(wire);
	EXPECT_TRUE(WAIT_FOR(lapic_test(APIC_TMR, vector), WAIT_DEFAULT_US));
	if (with_ipi) {
		apic_send_self(vector);
		EXPECT_TRUE(WAIT_FOR(!lapic_test(APIC_TMR, vector),
				     WAIT_DEFAULT_US));
	}
	local_irq_enable();
	EXPECT_TRUE(WAIT_FOR(calls > before, WAIT_DEFAULT_US));
	pin_settle();
	EXPECT_EQ(calls, before + 1);
	raised_irqs(wire_irq(wire), 1);
}

TEST(ioapic, a_level_that_came_as_an_edge_is_ended_at_its_pin, MIS_RULE)
{
	const struct irq_desc *desc = open_line();
	u64 before = irq_mis_count();

	if (!desc)
		SKIP(return, NO_WIRE);
	raised_mismatches(1);
	raise_line(desc->vector, true);
	EXPECT_EQ(irq_mis_count(), before + 1);
	EXPECT_FALSE(gsi_read_rte(desc->gsi).remote_irr);
	raise_line(desc->vector, false); /* the line lives */
	EXPECT_EQ(free_irq(desc->irq, (void *)&calls), 0);
}

TEST(ioapic, a_level_that_came_as_a_level_is_no_mismatch, MIS_RULE)
{
	const struct irq_desc *desc = open_line();
	u64 before = irq_mis_count();

	if (!desc)
		SKIP(return, NO_WIRE);
	raise_line(desc->vector, false);
	raise_line(desc->vector, false);
	EXPECT_EQ(irq_mis_count(), before);
	EXPECT_EQ(free_irq(desc->irq, (void *)&calls), 0);
}
