// SPDX-License-Identifier: MIT
/*
 * test_irq_storm.c - sources that do not stop, and interrupts that nobody
 * wants: told by name, and the machine goes on.
 *
 * A stuck line is a real wire that the case holds high. With stress a storm is
 * Linux's 100,000 interrupts.
 */
#include "irq.h"

#include <apic/lapic.h>
#include <console/printk.h>
#include <cpu/cpumask.h>
#include <cpu/deadline.h>
#include <dev/pit.h>
#include <ktest/insn_irq.h>
#include <ktest/pin.h>
#include <ktest/raised.h>

#define NOBODY "Linux kernel/irq/spurious.c, note_interrupt()"
#define STRAY  "Linux arch/x86/kernel/irq.c, common_interrupt()"
#define LEVEL  "Linux kernel/irq/chip.c, handle_fasteoi_irq()"
#define RESEND "Linux kernel/irq/resend.c, check_irq_resend()"

#define STORM_US 20000000 /* 100,000 on a slow host */

static struct irq_probe a, b;
static enum wire wire;
static u32 irq; /* the wire's */

static void lower(void)
{
	wire_lower(wire);
}

static bool take_wire(void)
{
	u32 pin;

	a = (struct irq_probe){ .answer = IRQ_HANDLED, .then = lower };
	b = a;
	for (wire = 0; wire < NR_WIRES; wire++) {
		if (wire_take(wire))
			break;
	}
	if (wire == NR_WIRES)
		return false;
	irq = wire_irq(wire);
	return ioapic_of_gsi(irq_to_desc(irq)->gsi, &pin);
}

static u32 storm_size(void)
{
	return ktest_stress() ? 100000 : 1001;
}

/* Level-triggered, with handler a, which lets the line go. */
static bool open_wire(u32 flags)
{
	irq_spurious_window = storm_size();
	irq_spurious_gap_us = STORM_US; /* a host that pauses us is no reason */
	return take_wire() &&
	       EXPECT_EQ(request_irq(irq, irq_probe_handler,
				     flags | IRQF_TRIGGER_HIGH, "a", &a),
			 0);
}

#define OPEN_WIRE(flags)                       \
	do {                                   \
		if (!open_wire(flags))         \
			SKIP(return, NO_WIRE); \
	} while (0)

static bool state(u32 bits)
{
	return READ_ONCE(irq_to_desc(irq)->state) & bits;
}

/* Interrupts of the line from now on, and no other vector held back. */
static void expect_calls(u32 calls)
{
	EXPECT_TRUE(WAIT_FOR(READ_ONCE(a.calls) >= calls, WAIT_DEFAULT_US));
	pin_settle();
	EXPECT_EQ(a.calls, calls);
	EXPECT_EQ(lapic_highest(APIC_ISR), -1);
}

/* Nobody handles and the line stays: hold it until it is disabled. */
static u32 storm(void)
{
	u32 n = storm_size();

	a.then = NULL;
	a.answer = IRQ_NONE;
	raised_irqs(irq, n);
	wire_raise(wire);
	EXPECT_TRUE(WAIT_FOR(state(IRQS_SPURIOUS_DISABLED), STORM_US));
	expect_calls(n);
	return n;
}

TEST(irq, a_stuck_line_is_disabled_and_others_go_on, NOBODY,
     .needs = NEEDS_IOAPIC, .deadline_ms = 30000)
{
	struct irq_probe other = { .answer = IRQ_HANDLED };
	const struct irq_desc *desc;

	OPEN_WIRE(0);
	storm();
	desc = irq_to_desc(irq);
	EXPECT_EQ(desc->depth, 1);
	EXPECT_TRUE(gsi_read_rte(desc->gsi).masked);
	EXPECT_EQ(irq_claim_vector(VECTOR_LOW, irq_probe_handler, &other), 0);
	EXPECT_TRUE(irq_raise(VECTOR_LOW, &other));
	EXPECT_EQ(free_irq(irq, &a), 0);
}

TEST(irq, a_line_comes_back_after_its_storm, NOBODY, .needs = NEEDS_IOAPIC,
     .deadline_ms = 30000)
{
	u32 n;

	OPEN_WIRE(0);
	n = storm();
	a.then = lower;
	a.answer = IRQ_HANDLED;
	raised_irqs(irq, 2);
	wire_lower(wire); /* the console, on the same line, may have done so */
	wire_raise(wire);
	enable_irq(irq); /* still stuck: the handler lets it go at last */
	expect_calls(n + 1);
	EXPECT_FALSE(state(~0u));
	wire_raise(wire);
	expect_calls(n + 2);
	EXPECT_EQ(free_irq(irq, &a), 0);
}

TEST(irq, a_line_stuck_when_it_is_freed_is_silent, NOBODY,
     .needs = NEEDS_IOAPIC, .deadline_ms = 30000)
{
	u32 n;

	OPEN_WIRE(0);
	n = storm();
	EXPECT_EQ(free_irq(irq, &a), 0);
	expect_calls(n);
	wire_lower(wire);
	wire_raise(wire);
	expect_calls(n);
}

TEST(irq, a_line_asserted_before_it_is_enabled_interrupts_then, LEVEL,
     .needs = NEEDS_IOAPIC)
{
	OPEN_WIRE(IRQF_NO_AUTOEN);
	wire_raise(wire);
	expect_calls(0);
	raised_irqs(irq, 1);
	enable_irq(irq);
	expect_calls(1);
	EXPECT_EQ(free_irq(irq, &a), 0);
}

/* It is the wire that brings it back, no replay. */
TEST(irq, a_level_asserted_while_disabled_interrupts_when_enabled, RESEND,
     .needs = NEEDS_IOAPIC)
{
	OPEN_WIRE(0);
	disable_irq(irq);
	wire_raise(wire);
	EXPECT_TRUE(WAIT_FOR(state(IRQD_IRQ_MASKED), WAIT_DEFAULT_US));
	expect_calls(0);
	raised_irqs(irq, 1);
	enable_irq(irq);
	expect_calls(1);
	EXPECT_FALSE(state(~0u));
	disable_irq(irq);
	wire_raise(wire);
	EXPECT_TRUE(WAIT_FOR(state(IRQD_IRQ_MASKED), WAIT_DEFAULT_US));
	wire_lower(wire);
	enable_irq(irq);
	expect_calls(1);
	EXPECT_EQ(free_irq(irq, &a), 0);
}

TEST(irq, one_of_two_sharers_is_enough_to_care, NOBODY, .needs = NEEDS_IOAPIC)
{
	OPEN_WIRE(IRQF_SHARED);
	a.then = NULL;
	a.answer = IRQ_NONE;
	EXPECT_EQ(request_irq(irq, irq_probe_handler, IRQF_SHARED, "b", &b), 0);
	for (u32 i = 1; i <= 10; i++) {
		raised_irqs(irq, 1);
		wire_raise(wire);
		expect_calls(i);
	}
	EXPECT_EQ(b.calls, a.calls);
	EXPECT_EQ(irq_to_desc(irq)->irqs_unhandled, 0);
	EXPECT_EQ(free_irq(irq, &a), 0);
	EXPECT_EQ(free_irq(irq, &b), 0);
}

/* A level would come again for ever: its pin is masked, an edge's is not. */
TEST(irq, a_pin_with_nobodys_vector_is_a_stray, STRAY, .needs = NEEDS_IOAPIC)
{
	for (u32 level = 0; level < 2; level++) {
		union ioapic_rte rte = { .level = level, .vector = VECTOR_LOW };
		u64 before = stray_count();
		u32 gsi;

		if (!take_wire())
			SKIP(return, NO_WIRE);
		gsi = irq_to_desc(irq)->gsi;
		rte.dest = this_cpu(apic_id);
		gsi_write_rte(gsi, rte);
		raised_strays(1);
		wire_raise(wire);
		EXPECT_TRUE(WAIT_FOR(stray_count() != before, WAIT_DEFAULT_US));
		pin_settle();
		EXPECT_EQ(stray_count() - before, 1);
		EXPECT_EQ(stray_last(), VECTOR_LOW);
		EXPECT_EQ(gsi_read_rte(gsi).masked, level);
		EXPECT_EQ(lapic_highest(APIC_ISR), -1);
		gsi_write_rte(gsi, (union ioapic_rte){ .masked = 1 });
		pins_close();
	}
}

static u32 lines;
static void (*line_done)(void);

static void count_line(void)
{
	lines++;
	if (line_done)
		line_done();
}

u32 irq_lines_of(void (*fn)(void))
{
	lines = 0;
	line_done = printk_done_hook;
	printk_done_hook = count_line;
	fn();
	printk_done_hook = line_done;
	return lines;
}

static void strays(void)
{
	u32 n = storm_size();

	raised_strays(n);
	while (n--)
		insn_irq_raise(VECTOR_HIGH);
}

TEST(irq, strays_are_all_counted_and_few_are_named, STRAY)
{
	EXPECT_EQ(irq_lines_of(strays), 8);
}

static void nonsense(void)
{
	soft_raise(100);
}

TEST(irq, nonsense_is_named_a_few_times,
     "Linux kernel/irq/spurious.c, report_bad_irq()")
{
	a = (struct irq_probe){ .answer = (irqreturn_t)8 };
	if (!soft_line())
		return;
	EXPECT_EQ(request_irq(soft.irq, irq_probe_handler, 0, "a", &a), 0);
	EXPECT_LE(irq_lines_of(nonsense), 8);
	EXPECT_EQ(a.calls, 100);
	EXPECT_EQ(irq_to_desc(soft.irq)->irqs_unhandled, 0);
}

TEST(irq, a_freed_lines_vector_is_a_stray_by_its_number, STRAY)
{
	struct irq_desc *desc = soft_line();

	a = (struct irq_probe){ .answer = IRQ_HANDLED };
	if (!desc)
		return;
	EXPECT_EQ(request_irq(soft.irq, irq_probe_handler, 0, "a", &a), 0);
	EXPECT_EQ(free_irq(soft.irq, &a), 0);
	raised_strays(1);
	insn_irq_raise(desc->vector);
	EXPECT_EQ(stray_last(), desc->vector);
	EXPECT_EQ(a.calls, 0);
}

#define PIT_FAST  24 /* of its clocks: 20 us */
#define PIT_EDGES 100

/*
 * Run the PIT at full speed until some came; the case's own loop goes on. With
 * hundreds of CPUs an emulator that asks each APIC about each edge does nothing
 * else any more, and nobody can stop the PIT.
 */
static u64 pit_storm(void)
{
	struct pit_state pit;
	u64 turns = 0;

	pit_save(&pit);
	EXPECT_EQ(request_irq(0, irq_probe_handler, 0, "pit", &a), 0);
	EXPECT_EQ(pit_start(PIT_RATE, PIT_FAST * (1 + nr_cpu_ids / 16)), 0);
	WAIT_FOR((turns++, READ_ONCE(a.calls) >= PIT_EDGES), STORM_US);
	gsi_set_mask(irq_to_desc(0)->gsi, true);
	pin_settle();
	EXPECT_EQ(free_irq(0, &a), 0);
	pit_restore(&pit);
	raised_irqs(0, a.calls);
	return turns;
}

TEST(irq, a_fast_edge_lets_the_interrupted_go_on, STRAY,
     .needs = NEEDS_IOAPIC | NEEDS_PIT, .uses = USES_PIT, .deadline_ms = 30000)
{
	a = (struct irq_probe){ .answer = IRQ_HANDLED };
	EXPECT_GT(pit_storm(), PIT_EDGES / 8);
	EXPECT_GE(a.calls, PIT_EDGES);
	EXPECT_EQ(lapic_highest(APIC_ISR), -1);
}

/* The next edge when the last was counted: a slow host makes them no fewer. */
TEST(irq, a_fast_edge_nobody_handles_is_disabled, NOBODY, .needs = NEEDS_IOAPIC,
     .deadline_ms = 30000)
{
	if (!take_wire())
		SKIP(return, NO_WIRE);
	a = (struct irq_probe){ .answer = IRQ_NONE };
	irq_spurious_window = 1001;
	irq_spurious_gap_us = STORM_US;
	EXPECT_EQ(request_irq(irq, irq_probe_handler, IRQF_TRIGGER_RISING, "a",
			      &a),
		  0);
	for (u32 n = 1; n <= 1001 && ktest_ok(); n++) {
		EXPECT_FALSE(state(IRQS_SPURIOUS_DISABLED));
		wire_raise(wire);
		EXPECT_TRUE(WAIT_FOR(READ_ONCE(a.calls) >= n, WAIT_DEFAULT_US));
		wire_lower(wire);
	}
	EXPECT_TRUE(state(IRQS_SPURIOUS_DISABLED));
	wire_raise(wire);
	raised_irqs(irq, 1001);
	expect_calls(1001);
	EXPECT_EQ(free_irq(irq, &a), 0);
}
