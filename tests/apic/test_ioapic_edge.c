// SPDX-License-Identifier: MIT
/*
 * Edge-triggered pins: one interrupt an edge, none for a level, and what the
 * mask bit loses.
 *
 * Spec: 82093AA "I/O Redirection Table Registers": "Edge-sensitive interrupts
 *       signaled on a masked interrupt pin are ignored".
 */
#include <apic/lapic.h>
#include <cpu/irqflags.h>
#include <dev/pit.h>
#include <irq/irq.h>
#include <ktest/ktest.h>
#include <ktest/pin.h>

#define TRIGGER_RULE "82093AA I/O Redirection Table Registers, Trigger Mode"
#define MASK_RULE    "82093AA I/O Redirection Table Registers, Interrupt Mask"
#define POL_RULE     "82093AA I/O Redirection Table Registers, Input Polarity"

static struct pin pin = { .vector = 0x61 };
static enum wire wire;

static bool start(void (*handler)(struct pin *), union ioapic_rte rte)
{
	pin.handler = handler;
	wire = pin_on_any_wire(&pin, rte);
	return wire < NR_WIRES;
}

TEST(ioapic, edge_interrupts_once_while_the_line_stays_high, TRIGGER_RULE)
{
	if (!start(NULL, PIN_EDGE))
		SKIP(return, NO_WIRE);
	EXPECT_EQ(pin_wait(&pin, 0), 0);
	wire_raise(wire);
	EXPECT_EQ(pin_wait(&pin, 1), 1);
	EXPECT_TRUE(pin.isr);
	EXPECT_TRUE(pin.irqs_off);
}

TEST(ioapic, edge_away_from_active_is_silent, TRIGGER_RULE)
{
	if (!start(NULL, PIN_EDGE))
		SKIP(return, NO_WIRE);
	wire_raise(wire);
	EXPECT_EQ(pin_wait(&pin, 1), 1);
	wire_lower(wire);
	EXPECT_EQ(pin_wait(&pin, 1), 1);
}

TEST(ioapic, every_edge_interrupts_once, TRIGGER_RULE)
{
	if (!start(NULL, PIN_EDGE))
		SKIP(return, NO_WIRE);
	for (u32 n = 1; n <= 16 && ktest_ok(); n++) {
		wire_raise(wire);
		EXPECT_EQ(pin_wait(&pin, n), n);
		wire_lower(wire);
	}
}

/* The APIC's TMR tells its EOI whether to broadcast: not for an edge. */
TEST(ioapic, edge_clears_the_trigger_mode_bit_in_the_apic,
     "SDM 3A Interrupt Acceptance for Fixed Interrupts")
{
	if (!start(NULL, PIN_EDGE))
		SKIP(return, NO_WIRE);
	wire_raise(wire);
	EXPECT_EQ(pin_wait(&pin, 1), 1);
	EXPECT_FALSE(pin.tmr);
}

TEST(ioapic, edges_while_one_is_pending_collapse,
     "SDM 3A Interrupt Acceptance for Fixed Interrupts")
{
	if (!start(NULL, PIN_EDGE))
		SKIP(return, NO_WIRE);
	local_irq_disable();
	for (u32 n = 0; n < 3; n++) {
		wire_raise(wire);
		wire_lower(wire);
	}
	EXPECT_EQ(pin.count, 0);
	local_irq_enable();
	EXPECT_EQ(pin_wait(&pin, 1), 1);
}

static void pulse_twice(struct pin *p)
{
	if (p->count > 1)
		return;
	for (u32 n = 0; n < 2; n++) {
		wire_lower(wire);
		wire_raise(wire);
	}
}

/* ISR holds one, IRR one more, further ones merge with that. */
TEST(ioapic, edges_while_one_is_in_service_are_one_more,
     "SDM 3A Interrupt Acceptance for Fixed Interrupts")
{
	if (!start(pulse_twice, PIN_EDGE))
		SKIP(return, NO_WIRE);
	wire_raise(wire);
	EXPECT_EQ(pin_wait(&pin, 2), 2);
}

TEST(ioapic, masked_edge_is_lost, MASK_RULE)
{
	if (!start(NULL, PIN_EDGE))
		SKIP(return, NO_WIRE);
	pin_mask(&pin, true);
	wire_raise(wire);
	EXPECT_EQ(pin_wait(&pin, 0), 0);
	wire_lower(wire);
	pin_mask(&pin, false);
	EXPECT_EQ(pin_wait(&pin, 0), 0);
	wire_raise(wire);
	EXPECT_EQ(pin_wait(&pin, 1), 1);
}

/* Neither does a line that is high when the mask is cleared make an edge. */
TEST(ioapic, masked_edge_is_lost_though_the_line_stays_high, MASK_RULE)
{
	if (!start(NULL, PIN_EDGE))
		SKIP(return, NO_WIRE);
	pin_mask(&pin, true);
	wire_raise(wire);
	pin_mask(&pin, false);
	EXPECT_EQ(pin_wait(&pin, 0), 0);
	wire_lower(wire);
	EXPECT_EQ(pin_wait(&pin, 0), 0);
	wire_raise(wire);
	EXPECT_EQ(pin_wait(&pin, 1), 1);
}

TEST(ioapic, mask_keeps_what_the_apic_accepted_before, MASK_RULE)
{
	if (!start(NULL, PIN_EDGE))
		SKIP(return, NO_WIRE);
	local_irq_disable();
	wire_raise(wire);
	pin_mask(&pin, true);
	local_irq_enable();
	EXPECT_EQ(pin_wait(&pin, 1), 1);
}

TEST(ioapic, active_low_edge_is_the_falling_one, POL_RULE)
{
	if (!start(NULL, PIN_EDGE))
		SKIP(return, NO_WIRE);
	pin_mask(&pin, true);
	wire_raise(wire);
	pin.rte.active_low = 1;
	gsi_write_rte(pin.gsi, pin.rte);
	EXPECT_EQ(pin_wait(&pin, 0), 0);
	wire_lower(wire);
	if (!EXPECT_EQ(pin_wait(&pin, 1), 1))
		return;
	wire_raise(wire);
	EXPECT_EQ(pin_wait(&pin, 1), 1);
}

/* IRQ 0 arrives where the override says, and nowhere else. */
TEST(ioapic, irq_0_arrives_at_its_override_only,
     "ACPI 6.5 Interrupt Source Override Structure", .needs = NEEDS_PIT,
     .uses = USES_PIT)
{
	static struct pin there = { .vector = 0x62 };
	struct pit_state saved;

	if (irq_to_desc(0)->gsi == 0)
		SKIP(return, "the MADT does not override IRQ 0");
	pin.handler = NULL;
	pit_save(&saved);
	EXPECT_EQ(pin_open(&pin, 0, PIN_EDGE), 0);
	EXPECT_TRUE(pin_on_irq(&there, 0, PIN_EDGE));
	pit_start(PIT_ONE_SHOT, 100);
	EXPECT_EQ(pin_wait(&there, 1), 1);
	EXPECT_EQ(pin_wait(&pin, 0), 0);
	pins_close();
	pit_restore(&saved);
}
