// SPDX-License-Identifier: MIT
/*
 * What an entry's vector, delivery mode and destination do.
 *
 * Spec: 82093AA "I/O Redirection Table Registers"; SDM 3A "Determining IPI
 *       Destination", "Interrupt, Task, and Processor Priority".
 */
#include <acpi/tables.h>
#include <apic/i8259.h>
#include <asm/desc_defs.h>
#include <asm/irq_vectors.h>
#include <cpu/irqflags.h>
#include <cpu/percpu.h>
#include <cpu/stacks.h>
#include <ktest/arrivals.h>
#include <ktest/pin.h>
#include <ktest/raised.h>
#include <trap/traps.h>

#include "lapic_case.h"

#define MODE_RULE "82093AA I/O Redirection Table Registers, Delivery Mode"
#define DEST_RULE "82093AA I/O Redirection Table Registers, Destination Field"
#define PRIO_RULE "SDM 3A Interrupt, Task, and Processor Priority"

#define WHERE_VECTOR 0x51 /* claimed on every CPU */

static struct pin pin = { .vector = 0x61 };
static enum wire wire;

static bool start(union ioapic_rte rte)
{
	wire = pin_on_any_wire(&pin, rte);
	return wire < NR_WIRES;
}

static void rewrite(union ioapic_rte rte)
{
	rte.vector = pin.vector;
	gsi_write_rte(pin.gsi, rte);
}

/* Interrupts that one pulse of the line makes. */
static u32 pulse(u32 want)
{
	u32 before = pin.count;

	wire_raise(wire);
	pin_wait(&pin, before + want);
	wire_lower(wire);
	return pin.count - before;
}

TEST(ioapic, fixed_delivers_every_device_vector, MODE_RULE)
{
	struct pin one = { .vector = FIRST_EXTERNAL_VECTOR };

	for (; one.vector < FIRST_SYSTEM_VECTOR && ktest_ok(); one.vector++) {
		if (one.vector == IA32_SYSCALL_VECTOR)
			continue;
		wire = pin_on_any_wire(&one, PIN_EDGE);
		if (wire == NR_WIRES)
			SKIP(return, NO_WIRE);
		wire_raise(wire);
		WAIT_FOR(one.count, WAIT_DEFAULT_US);
		if (!EXPECT_EQ(one.count, 1))
			ktest_note("vector 0x%02x", one.vector);
		pins_close();
	}
}

TEST(ioapic, lowest_priority_delivers_once, MODE_RULE)
{
	union ioapic_rte rte = { .delivery_mode = APIC_DM_LOWEST >> 8 };

	if (!start(rte))
		SKIP(return, NO_WIRE);
	EXPECT_EQ(pulse(1), 1);
	EXPECT_TRUE(pin.isr);
}

static struct {
	volatile u32 count;
	enum stack_kind stack;
	bool irqs_off, vector_set;
	u64 flags;
} nmi;

static bool on_nmi(struct pt_regs *regs, void *data)
{
	nmi.stack = stack_of((u64)regs).kind;
	nmi.irqs_off = irqs_disabled();
	nmi.vector_set = lapic_test(APIC_IRR, pin.vector) ||
			 lapic_test(APIC_ISR, pin.vector);
	nmi.flags = regs->flags;
	nmi.count++;
	return true;
}

static const union ioapic_rte nmi_rte = { .delivery_mode = APIC_DM_NMI >> 8 };

static bool start_nmi(void)
{
	nmi.count = 0;
	trap_hook(X86_TRAP_NMI, on_nmi, NULL);
	return start(nmi_rte);
}

/* The vector field is ignored, and neither IRR nor ISR knows of it. */
TEST(ioapic, nmi_mode_arrives_as_nmi_on_its_own_stack, MODE_RULE,
     .uses = USES_NMI)
{
	if (!start_nmi())
		SKIP(return, NO_WIRE);
	wire_raise(wire);
	EXPECT_TRUE(WAIT_FOR(nmi.count, WAIT_DEFAULT_US));
	pin_settle();
	raised_nmis(1);
	EXPECT_EQ(nmi.count, 1);
	EXPECT_EQ(nmi.stack, STACK_IST1 + IST_NMI - 1);
	EXPECT_TRUE(nmi.irqs_off);
	EXPECT_FALSE(nmi.vector_set);
	EXPECT_EQ(pin.count, 0);
}

TEST(ioapic, nmi_mode_comes_once_an_edge, MODE_RULE, .uses = USES_NMI)
{
	if (!start_nmi())
		SKIP(return, NO_WIRE);
	for (u32 n = 1; n <= 8 && ktest_ok(); n++) {
		raised_nmis(1);
		wire_raise(wire);
		EXPECT_TRUE(WAIT_FOR(nmi.count >= n, WAIT_DEFAULT_US));
		wire_lower(wire);
		EXPECT_EQ(nmi.count, n);
	}
}

TEST(ioapic, nmi_mode_ignores_if_and_the_task_priority, MODE_RULE,
     .uses = USES_NMI)
{
	u64 cr8 = read_cr8();

	if (!start_nmi())
		SKIP(return, NO_WIRE);
	local_irq_disable();
	write_cr8(15);
	raised_nmis(1);
	wire_raise(wire);
	EXPECT_TRUE(WAIT_FOR(nmi.count, WAIT_DEFAULT_US));
	write_cr8(cr8);
	local_irq_enable();
	EXPECT_EQ(nmi.count, 1);
	EXPECT_FALSE(nmi.flags & X86_EFLAGS_IF);
}

static const union ioapic_rte extint_rte = {
	.delivery_mode = APIC_DM_EXTINT >> 8,
};
static u16 isr_8259;

static void end_at_8259(struct pin *p)
{
	isr_8259 = i8259_read_isr();
	i8259_eoi(p->vector - ISA_IRQ_VECTOR_BASE);
}

/*
 * The line goes to the 8259 too. The I/O APIC says ExtINT, the CPU asks the
 * 8259 for the vector. Returns the IRQ, or -1: no wire.
 */
static int extint(struct pin *p)
{
	u16 imr = i8259_read_imr();
	u32 irq;

	if (!start(extint_rte))
		return -1;
	irq = wire_irq(wire);
	p->vector = ISA_IRQ_VECTOR(irq);
	p->handler = end_at_8259;
	EXPECT_EQ(pin_claim(p), 0);
	i8259_write_imr(imr & ~BIT(irq));
	wire_raise(wire);
	pin_wait(p, 1);
	wire_lower(wire);
	i8259_write_imr(imr);
	return (int)irq;
}

TEST(ioapic, extint_mode_takes_the_vector_from_the_8259, MODE_RULE,
     .needs = NEEDS_PIC)
{
	struct pin by_8259 = { 0 };
	int irq = extint(&by_8259);

	if (irq < 0)
		SKIP(return, NO_WIRE);
	EXPECT_EQ(by_8259.count, 1);
	EXPECT_EQ(pin.count, 0); /* the entry's vector is ignored */
	EXPECT_EQ(isr_8259, BIT(irq));
}

TEST(ioapic, extint_mode_bypasses_irr_and_isr,
     "SDM 3A Interrupt Handling with the Pentium 4 and Intel Xeon Processors",
     .needs = NEEDS_PIC)
{
	struct pin by_8259 = { 0 };

	if (extint(&by_8259) < 0)
		SKIP(return, NO_WIRE);
	EXPECT_EQ(by_8259.count, 1);
	EXPECT_FALSE(by_8259.isr);
}

TEST(ioapic, physical_destination_selects_by_id, DEST_RULE)
{
	union ioapic_rte rte = { .dest = this_cpu(apic_id) };

	if (!start(rte))
		SKIP(return, NO_WIRE);
	EXPECT_EQ(pulse(1), 1);
	EXPECT_EQ(pulse(1), 1);
}

/* An ID of no CPU, nor of an I/O APIC on the old bus. */
static u32 absent_id(void)
{
	const struct acpi_madt *m = &acpi_tables.madt;
	u32 id = 0xef;

	for (u32 tries = 0; tries < 0x80; tries++) {
		bool used = id == this_cpu(apic_id);

		for (u32 i = 0; i < m->nr_cpus; i++)
			used |= m->cpu[i].apic_id == id;
		if (!used)
			return id;
		id--;
	}
	return 0;
}

TEST(ioapic, destination_of_no_apic_interrupts_nobody, DEST_RULE)
{
	union ioapic_rte rte = { .dest = absent_id() };

	if (!rte.dest)
		SKIP(return, "every APIC ID is taken");
	if (!start(rte))
		SKIP(return, NO_WIRE);
	EXPECT_EQ(pulse(0), 0);
	EXPECT_FALSE(lapic_test(APIC_IRR, pin.vector));
	rte.dest = this_cpu(apic_id);
	rewrite(rte);
	EXPECT_EQ(pulse(1), 1); /* and the pin is none the worse for it */
}

/* What an APIC has accepted is not taken back. */
TEST(ioapic, rewritten_destination_holds_from_the_next_edge, DEST_RULE)
{
	union ioapic_rte rte = { .dest = absent_id() };

	if (!rte.dest)
		SKIP(return, "every APIC ID is taken");
	if (!start(PIN_EDGE))
		SKIP(return, NO_WIRE);
	local_irq_disable();
	wire_raise(wire);
	rewrite(rte);
	local_irq_enable();
	EXPECT_EQ(pin_wait(&pin, 1), 1);
	wire_lower(wire);
	EXPECT_EQ(pulse(0), 0);
	rte.dest = this_cpu(apic_id);
	rewrite(rte);
	EXPECT_EQ(pulse(1), 1);
}

static bool start_everywhere(void)
{
	return start(PIN_EDGE) && arrivals_open(WHERE_VECTOR);
}

static void end_everywhere(void)
{
	arrivals_close();
	pins_close();
}

/* A pulse comes once at each CPU of who, and nowhere else. */
static void judge_where(union ioapic_rte rte, const struct cpumask *who)
{
	rte.vector = WHERE_VECTOR;
	gsi_write_rte(pin.gsi, rte);
	wire_raise(wire);
	if (!arrivals_expect(who))
		ktest_note("destination 0x%02x", (u32)rte.dest);
	wire_lower(wire);
}

/* This CPU is of it, or is not; which others are, their LDRs say. */
static void judge_logical(u32 dest, bool here)
{
	struct cpumask who = logical_dest(dest);
	union ioapic_rte rte = { .dest_logical = 1, .dest = (u8)dest };

	EXPECT_EQ(cpumask_test_cpu(smp_processor_id(), &who), here);
	judge_where(rte, &who);
}

TEST(ioapic, destination_ff_is_everybody, DEST_RULE, .needs = NEEDS_XAPIC)
{
	if (!start_everywhere())
		SKIP(return, NO_WIRE);
	judge_where((union ioapic_rte){ .dest = 0xff }, &cpu_online_mask);
	end_everywhere();
}

#define LOGICAL_RULE "SDM 3A Determining IPI Destination, Logical Destination"

TEST(ioapic, logical_flat_destination_selects_by_ldr_bit, LOGICAL_RULE,
     .needs = NEEDS_XAPIC)
{
	if (!start_everywhere())
		SKIP(return, NO_WIRE);
	logical_model_begin(APIC_DFR_FLAT, 0x01);
	judge_logical(0x01, true);
	judge_logical(0x81, true); /* another's bit beside ours */
	judge_logical(0xfe, false);
	judge_logical(0, false);
	logical_model_end();
	end_everywhere();
}

TEST(ioapic, logical_cluster_destination_selects_cluster_and_bit, LOGICAL_RULE,
     .needs = NEEDS_XAPIC)
{
	static const struct {
		u8 dest, here;
	} rows[] = { { 0x52, 1 }, { 0x53, 1 }, { 0x51, 0 }, { 0x42, 0 },
		     { 0x5f, 1 }, { 0x50, 0 }, { 0xff, 1 } };

	if (!start_everywhere())
		SKIP(return, NO_WIRE);
	logical_model_begin(APIC_DFR_CLUSTER, 0x52); /* cluster 5, bit 1 */
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		judge_logical(rows[i].dest, rows[i].here);
	logical_model_end();
	end_everywhere();
}

/* Without remapping 8 bits reach cluster 0 only: 16 bits are the members. */
TEST(ioapic, logical_x2apic_destination_selects_by_ldr_bit,
     "SDM 3A Logical Destination Mode in x2APIC Mode", .needs = NEEDS_X2APIC)
{
	u32 ldr = apic_read(APIC_LDR);

	if (ldr > 0xff)
		SKIP(return, "an entry's 8 bits cannot name LDR 0x%x", ldr);
	if (!start_everywhere())
		SKIP(return, NO_WIRE);
	judge_logical(ldr, true);
	judge_logical(ldr | 0x7f, true);
	judge_logical(~ldr & 0x7f, false);
	end_everywhere();
}

static u32 order[4];
static volatile u32 served;

static void note_order(struct pin *p)
{
	if (served < ARRAY_SIZE(order))
		order[served++] = p->vector;
}

/* Both lines raised with IF=0; vector a on the first wire, b on the second. */
static bool two_pins(u32 a, u32 b)
{
	struct pin first = { .vector = a, .handler = note_order };
	struct pin second = { .vector = b, .handler = note_order };

	served = 0;
	if (!pin_on_wire(&first, WIRE_UART, PIN_EDGE) ||
	    !pin_on_wire(&second, WIRE_I8042, PIN_EDGE)) {
		pins_close();
		return false;
	}
	local_irq_disable();
	wire_raise(WIRE_UART);
	wire_raise(WIRE_I8042);
	local_irq_enable();
	EXPECT_EQ(pin_wait(&first, 1), 1);
	EXPECT_EQ(pin_wait(&second, 1), 1);
	pins_close();
	return true;
}

TEST(ioapic, of_two_pending_pins_the_higher_vector_comes_first, PRIO_RULE,
     .needs = NEEDS_UART | NEEDS_I8042)
{
	static const u8 pairs[][2] = {
		{ 0x61, 0x71 }, { 0x71, 0x61 }, { 0x62, 0x61 }, { 0x61, 0x62 }
	};

	for (u32 i = 0; i < ARRAY_SIZE(pairs); i++) {
		u32 higher = max(pairs[i][0], pairs[i][1]);
		u32 lower = min(pairs[i][0], pairs[i][1]);

		if (!two_pins(pairs[i][0], pairs[i][1]))
			SKIP(return, NO_WIRE);
		EXPECT_EQ(order[0], higher);
		EXPECT_EQ(order[1], lower);
	}
}

TEST(ioapic, two_pins_with_one_vector_merge_while_pending,
     "SDM 3A Interrupt Acceptance for Fixed Interrupts",
     .needs = NEEDS_UART | NEEDS_I8042)
{
	struct pin second = { .vector = 0x71 };
	union ioapic_rte rte;

	if (!pin_on_wire(&pin, WIRE_UART, PIN_EDGE) ||
	    !pin_on_wire(&second, WIRE_I8042, PIN_EDGE))
		SKIP(return, NO_WIRE);
	rte = second.rte;
	rte.vector = pin.vector;
	gsi_write_rte(second.gsi, rte);
	local_irq_disable();
	wire_raise(WIRE_UART);
	wire_raise(WIRE_I8042);
	local_irq_enable();
	EXPECT_EQ(pin_wait(&pin, 1), 1);
	EXPECT_EQ(second.count, 0);
}

TEST(ioapic, task_priority_holds_a_pin_back, PRIO_RULE)
{
	u64 cr8 = read_cr8();

	if (!start(PIN_EDGE))
		SKIP(return, NO_WIRE);
	write_cr8(pin.vector >> 4);
	wire_raise(wire);
	pin_settle();
	EXPECT_EQ(pin.count, 0);
	EXPECT_TRUE(lapic_test(APIC_IRR, pin.vector));
	write_cr8((pin.vector >> 4) - 1);
	EXPECT_EQ(pin_wait(&pin, 1), 1);
	write_cr8(cr8);
}

TEST(ioapic, delivery_status_is_idle_once_accepted,
     "82093AA I/O Redirection Table Registers, Delivery Status")
{
	if (!start(PIN_EDGE))
		SKIP(return, NO_WIRE);
	wire_raise(wire);
	EXPECT_EQ(pin_wait(&pin, 1), 1);
	EXPECT_EQ(gsi_read_rte(pin.gsi).delivery_status, 0);
}
