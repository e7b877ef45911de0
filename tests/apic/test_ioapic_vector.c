// SPDX-License-Identifier: MIT
/*
 * An entry's vector: every legal one, through TMR and Remote IRR; illegal
 * ones; one that is rewritten; one that two pins share.
 *
 * Spec: 82093AA "I/O Redirection Table Registers"; SDM 3A "Interrupt
 *       Acceptance for Fixed Interrupts", "Valid Interrupt Vectors".
 */
#include "lapic_case.h"

#include <cpu/percpu.h>
#include <ktest/pin.h>
#include <trap/traps.h>

#define VECTOR_RULE "82093AA I/O Redirection Table Registers, Interrupt Vector"
#define RIRR_RULE   "82093AA I/O Redirection Table Registers, Remote IRR"
#define TMR_RULE    "SDM 3A Interrupt Acceptance for Fixed Interrupts"

static struct pin pin = { .vector = VEC_B }, other = { .vector = VEC_C };
static enum wire wire;

static bool start(void (*handler)(struct pin *), union ioapic_rte rte)
{
	pin.handler = handler;
	wire = pin_on_any_wire(&pin, rte);
	return wire < NR_WIRES;
}

static void rewrite(struct pin *p, u32 vector)
{
	p->rte.vector = vector;
	gsi_write_rte(p->gsi, p->rte);
}

static bool tmr_seen, rirr_seen;

static void serve_level(u32 vector)
{
	tmr_seen = lapic_test(APIC_TMR, vector);
	rirr_seen = pin_remote_irr(&pin);
	wire_lower(wire);
	scratch_serve(vector);
}

/* One level interrupt of vector; false, with a note, at the first flaw. */
static bool level_of(u32 vector)
{
	bool served, ended;

	tmr_seen = rirr_seen = false;
	rewrite(&pin, vector);
	wire_raise(wire);
	served =
		WAIT_FOR(READ_ONCE(scratch_log.count[vector]), WAIT_DEFAULT_US);
	ended = WAIT_FOR(!pin_remote_irr(&pin), WAIT_DEFAULT_US);
	if (served && tmr_seen && rirr_seen && ended &&
	    scratch_log.count[vector] == 1)
		return true;
	ktest_note("vector 0x%02x: served=%d tmr=%d rirr=%d ended=%d", vector,
		   served, tmr_seen, rirr_seen, ended);
	return false;
}

TEST(ioapic, level_goes_through_tmr_at_every_vector, TMR_RULE,
     .uses = USES_APIC_TIMER)
{
	u32 good = 0;

	if (!start(NULL, PIN_LEVEL))
		SKIP(return, NO_WIRE);
	if (!EXPECT_EQ(scratch_begin(serve_level), 0))
		return;
	for (u32 v = FIRST_APIC_VECTOR; v < NR_VECTORS && level_of(v); v++)
		good++;
	scratch_end();
	EXPECT_EQ(good, NR_VECTORS - FIRST_APIC_VECTOR);
	EXPECT_EQ(scratch_log.n, NR_VECTORS - FIRST_APIC_VECTOR);
}

static void release(struct pin *p)
{
	wire_lower(wire);
}

TEST(ioapic, an_edge_clears_the_tmr_bit_that_a_level_set, TMR_RULE)
{
	if (!start(release, PIN_LEVEL))
		SKIP(return, NO_WIRE);
	wire_raise(wire);
	EXPECT_EQ(pin_wait(&pin, 1), 1);
	EXPECT_TRUE(lapic_test(APIC_TMR, pin.vector));
	pin.rte.level = 0;
	gsi_write_rte(pin.gsi, pin.rte);
	wire_raise(wire);
	EXPECT_EQ(pin_wait(&pin, 2), 2);
	EXPECT_FALSE(lapic_test(APIC_TMR, pin.vector));
}

/* An exception nobody else raises, without an error code. */
#define ILLEGAL_VECTOR X86_TRAP_SPURIOUS

static u32 delivered;

static bool absorb(struct pt_regs *regs, void *data)
{
	WRITE_ONCE(delivered, delivered + 1);
	apic_eoi();
	return true;
}

/* An edge through an entry of vector 15; the errors logged. */
static bool send_illegal(u32 *esr)
{
	u32 lvterr = apic_read(APIC_LVTERR);

	if (!start(NULL, PIN_EDGE))
		return false;
	delivered = 0;
	trap_hook(ILLEGAL_VECTOR, absorb, NULL);
	apic_write(APIC_LVTERR, APIC_LVT_MASKED | ERROR_APIC_VECTOR);
	lapic_esr();
	rewrite(&pin, ILLEGAL_VECTOR);
	wire_raise(wire);
	pin_settle();
	*esr = lapic_esr();
	rewrite(&pin, pin.vector);
	apic_write(APIC_LVTERR, lvterr);
	trap_hook(ILLEGAL_VECTOR, NULL, NULL);
	return true;
}

TEST(ioapic, an_illegal_vector_in_an_entry_is_not_delivered,
     "SDM 3A Valid Interrupt Vectors")
{
	u32 esr;

	if (!send_illegal(&esr))
		SKIP(return, NO_WIRE);
	EXPECT_EQ(delivered, 0);
	EXPECT_FALSE(lapic_test(APIC_IRR, ILLEGAL_VECTOR));
}

TEST(ioapic, an_illegal_vector_in_an_entry_is_logged_as_received,
     "SDM 3A Error Handling")
{
	u32 esr;

	if (!send_illegal(&esr))
		SKIP(return, NO_WIRE);
	EXPECT_EQ(esr & APIC_ESR_RECVILL, APIC_ESR_RECVILL);
}

/* What an APIC has accepted keeps the vector it came with. */
TEST(ioapic, rewritten_vector_holds_from_the_next_edge, VECTOR_RULE)
{
	if (!start(NULL, PIN_EDGE))
		SKIP(return, NO_WIRE);
	other.handler = NULL;
	EXPECT_EQ(pin_claim(&other), 0);
	local_irq_disable();
	wire_raise(wire);
	rewrite(&pin, other.vector);
	local_irq_enable();
	EXPECT_EQ(pin_wait(&pin, 1), 1);
	EXPECT_EQ(other.count, 0);
	wire_lower(wire);
	wire_raise(wire);
	EXPECT_EQ(pin_wait(&other, 1), 1);
	EXPECT_EQ(pin.count, 1);
}

static bool rirr_inside;

static void rewrite_destination(struct pin *p)
{
	p->rte.dest = this_cpu(apic_id) ^ 0x55;
	p->rte.masked = 1;
	gsi_write_rte(p->gsi, p->rte);
	rirr_inside = pin_remote_irr(p);
	wire_lower(wire);
}

/* The broadcast names a vector: where the entry points by then is all one. */
TEST(ioapic, eoi_ends_an_entry_whose_destination_was_rewritten, RIRR_RULE)
{
	if (!start(rewrite_destination, PIN_LEVEL))
		SKIP(return, NO_WIRE);
	rirr_inside = false;
	wire_raise(wire);
	EXPECT_EQ(pin_wait(&pin, 1), 1);
	EXPECT_TRUE(rirr_inside);
	EXPECT_FALSE(pin_remote_irr(&pin));
}

/* Both pins level, the second wire's vector as given. False: no two wires. */
static bool two_levels(void (*on_first)(struct pin *),
		       void (*on_second)(struct pin *))
{
	pin.handler = on_first;
	other.handler = on_second;
	return pin_on_wire(&pin, WIRE_UART, PIN_LEVEL) &&
	       pin_on_wire(&other, WIRE_I8042, PIN_LEVEL);
}

#define NEED_BOTH .needs = NEEDS_UART | NEEDS_I8042

static bool outer_rirr, inner_rirr;

static void let_the_other_in(struct pin *p)
{
	wire_raise(WIRE_I8042);
	local_irq_enable();
	WAIT_FOR(other.count, WAIT_DEFAULT_US);
	local_irq_disable();
	outer_rirr = pin_remote_irr(p);
	inner_rirr = pin_remote_irr(&other);
	wire_lower(WIRE_UART);
}

static void lower_the_other(struct pin *p)
{
	wire_lower(WIRE_I8042);
}

TEST(ioapic, of_two_nested_levels_each_eoi_ends_its_own, RIRR_RULE, NEED_BOTH)
{
	if (!two_levels(let_the_other_in, lower_the_other))
		SKIP(return, NO_WIRE);
	outer_rirr = inner_rirr = false;
	wire_raise(WIRE_UART);
	EXPECT_EQ(pin_wait(&pin, 1), 1);
	EXPECT_EQ(other.count, 1);
	EXPECT_TRUE(outer_rirr);
	EXPECT_FALSE(inner_rirr);
	EXPECT_FALSE(pin_remote_irr(&pin));
}

static void lower_both(struct pin *p)
{
	outer_rirr = pin_remote_irr(&pin);
	inner_rirr = pin_remote_irr(&other);
	wire_lower(WIRE_UART);
	wire_lower(WIRE_I8042);
}

TEST(ioapic, one_eoi_ends_all_entries_of_its_vector, RIRR_RULE, NEED_BOTH)
{
	if (!two_levels(lower_both, NULL))
		SKIP(return, NO_WIRE);
	rewrite(&other, pin.vector);
	local_irq_disable();
	wire_raise(WIRE_UART);
	wire_raise(WIRE_I8042);
	local_irq_enable();
	EXPECT_EQ(pin_wait(&pin, 1), 1);
	EXPECT_EQ(other.count, 0);
	EXPECT_TRUE(outer_rirr && inner_rirr);
	EXPECT_FALSE(pin_remote_irr(&pin) || pin_remote_irr(&other));
}

TEST(ioapic, a_mask_stops_its_own_pin_only, VECTOR_RULE, NEED_BOTH)
{
	if (!two_levels(NULL, lower_the_other))
		SKIP(return, NO_WIRE);
	pin_mask(&pin, true);
	wire_raise(WIRE_UART);
	wire_raise(WIRE_I8042);
	EXPECT_EQ(pin_wait(&other, 1), 1);
	EXPECT_EQ(pin.count, 0);
}
