// SPDX-License-Identifier: MIT
/*
 * Every wire, every way to address this CPU, edge and level; irqbed's own end
 * of a level; and whether the MADT's routing is what irqbed uses.
 *
 * Spec: 82093AA "I/O Redirection Table Registers"; ACPI "Interrupt Source
 *       Override Structure"; SDM 3A "Determining IPI Destination".
 */
#include <acpi/tables.h>
#include <apic/lapic.h>
#include <cpu/irqflags.h>
#include <irq/irq.h>
#include <ktest/ktest.h>
#include <ktest/pin.h>
#include <ktest/raised.h>
#include <trap/traps.h>

#define MODE_RULE "82093AA I/O Redirection Table Registers, Delivery Mode"
#define RIRR_RULE "82093AA I/O Redirection Table Registers, Remote IRR"
#define RTE_RULE  "82093AA I/O Redirection Table Registers"
#define ISO_RULE  "ACPI 6.5 Interrupt Source Override Structure"

static struct pin pin = { .vector = 0x61 };
static enum wire wire;

static void release(struct pin *p)
{
	wire_lower(wire);
}

static bool start(union ioapic_rte rte)
{
	pin.handler = release;
	wire = pin_on_any_wire(&pin, rte);
	return wire < NR_WIRES;
}

/* Pulses of the line, each of them one interrupt that is ended. */
static bool pulses(u32 n)
{
	for (u32 i = 1; i <= n; i++) {
		wire_raise(wire);
		if (!EXPECT_EQ(pin_wait(&pin, i), i) ||
		    !EXPECT_FALSE(pin_remote_irr(&pin)))
			return false;
	}
	return true;
}

static void judge_every_wire(union ioapic_rte rte)
{
	bool any = false;

	pin.handler = release;
	for (wire = 0; wire < NR_WIRES && ktest_ok(); wire++) {
		if (pin_on_wire(&pin, wire, rte)) {
			any = true;
			if (!pulses(3))
				ktest_note("irq %u", wire_irq(wire));
		}
		pins_close();
	}
	if (!any)
		SKIP(return, NO_WIRE);
}

TEST(ioapic, every_wire_interrupts_by_edge, RTE_RULE)
{
	judge_every_wire(PIN_EDGE);
}

TEST(ioapic, every_wire_interrupts_by_level, RTE_RULE)
{
	judge_every_wire(PIN_LEVEL);
}

/* The four ways to say "this CPU", where 8 bits can. */
static void judge_every_address(bool level)
{
	u32 ldr = apic_is_x2apic ? apic_read(APIC_LDR)
				 : apic_read(APIC_LDR) >> 24;

	for (u32 way = 0; way < 4 && ktest_ok(); way++) {
		union ioapic_rte rte = { .level = level };

		if (way & 1)
			rte.delivery_mode = APIC_DM_LOWEST >> 8;
		if (way & 2) {
			rte.dest_logical = 1;
			rte.dest = ldr;
		}
		if (way & 2 && ldr > 0xff)
			continue;
		if (!start(rte))
			SKIP(return, NO_WIRE);
		if (!pulses(2))
			ktest_note("lowest priority %u, logical %u", way & 1,
				   way >> 1);
		pins_close();
	}
}

TEST(ioapic, edge_arrives_by_every_address, MODE_RULE)
{
	judge_every_address(false);
}

TEST(ioapic, level_is_ended_by_every_address, MODE_RULE)
{
	judge_every_address(true);
}

/* The EOI register, or edge and back: whichever this version has. */
TEST(ioapic, gsi_eoi_ends_a_level_before_its_handler, RIRR_RULE)
{
	union ioapic_rte before;

	if (!start(PIN_LEVEL))
		SKIP(return, NO_WIRE);
	local_irq_disable();
	wire_raise(wire);
	wire_lower(wire);
	EXPECT_TRUE(pin_remote_irr(&pin));
	before = gsi_read_rte(pin.gsi);
	before.remote_irr = 0;
	gsi_eoi(pin.gsi);
	EXPECT_EQ(gsi_read_rte(pin.gsi).raw, before.raw);
	local_irq_enable();
	EXPECT_EQ(pin_wait(&pin, 1), 1); /* the APIC had accepted it */
}

TEST(ioapic, reading_an_entry_ends_nothing, RIRR_RULE)
{
	if (!start(PIN_LEVEL))
		SKIP(return, NO_WIRE);
	local_irq_disable();
	wire_raise(wire);
	for (u32 i = 0; i < 3; i++)
		EXPECT_TRUE(pin_remote_irr(&pin));
	local_irq_enable();
	EXPECT_EQ(pin_wait(&pin, 1), 1);
}

static volatile u32 nmis;

static bool on_nmi(struct pt_regs *regs, void *data)
{
	nmis++;
	return true;
}

TEST(ioapic, nmi_mode_masked_is_silent, MODE_RULE, .uses = USES_NMI)
{
	union ioapic_rte rte = { .delivery_mode = APIC_DM_NMI >> 8,
				 .masked = 1 };

	nmis = 0;
	trap_hook(X86_TRAP_NMI, on_nmi, NULL);
	if (!start(rte))
		SKIP(return, NO_WIRE);
	wire_raise(wire);
	pin_settle();
	wire_lower(wire);
	EXPECT_EQ(nmis, 0);
	pin_mask(&pin, false);
	raised_nmis(1);
	wire_raise(wire);
	EXPECT_TRUE(WAIT_FOR(nmis, WAIT_DEFAULT_US));
	pin_settle();
	EXPECT_EQ(nmis, 1);
	EXPECT_EQ(pin.count, 0);
}

/*
 * ISA's own are rising edges; an override says otherwise, or elsewhere. What
 * the SCI is where none says so, the ACPI tables' cases judge.
 */
TEST(ioapic, each_isa_line_is_where_and_what_the_madt_says, ISO_RULE)
{
	const struct acpi_madt *m = &acpi_tables.madt;

	for (u32 irq = 0; irq < 16; irq++) {
		const struct irq_desc *desc = irq_to_desc(irq);
		u32 gsi = irq, flags = 0, is = 0;

		for (u32 i = 0; i < m->nr_overrides; i++) {
			if (m->override[i].irq == irq) {
				gsi = m->override[i].gsi;
				flags = m->override[i].flags;
			}
		}
		is |= desc->wired_level ? ACPI_IRQ_LEVEL : 0;
		is |= desc->wired_low ? ACPI_IRQ_LOW : 0;
		if (irq == acpi_tables.fadt.sci_irq)
			is = flags;
		if (!EXPECT_EQ(desc->gsi, gsi) || !EXPECT_EQ(is, flags))
			ktest_note("irq %u", irq);
	}
}
