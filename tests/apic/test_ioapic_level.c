// SPDX-License-Identifier: MIT
/*
 * Level-triggered pins: Remote IRR, the EOI that clears it, and the mask.
 *
 * Spec: 82093AA "I/O Redirection Table Registers": "Remote IRR"; ICH
 *       datasheets, "EOI Register"; SDM 3A "Signaling Interrupt Servicing
 *       Completion", "Directed EOI with x2APIC Extension".
 */
#include <apic/lapic.h>
#include <asm/io.h>
#include <cpu/irqflags.h>
#include <ktest/ktest.h>
#include <ktest/pin.h>

#define RIRR_RULE  "82093AA I/O Redirection Table Registers, Remote IRR"
#define LEVEL_RULE "82093AA I/O Redirection Table Registers, Trigger Mode"
#define MASK_RULE  "82093AA I/O Redirection Table Registers, Interrupt Mask"
#define POL_RULE   "82093AA I/O Redirection Table Registers, Input Polarity"
#define EOI_RULE   "ICH datasheet, EOI Register"

static struct pin pin = { .vector = 0x61 };
static enum wire wire;
static u32 release_at; /* the interrupt whose handler lets the line go */
static bool rirr_in_handler;

static bool start(void (*handler)(struct pin *), union ioapic_rte rte)
{
	pin.handler = handler;
	release_at = 1;
	rirr_in_handler = false;
	wire = pin_on_any_wire(&pin, rte);
	return wire < NR_WIRES;
}

/* As every driver does, or it would never end. */
static void release(struct pin *p)
{
	rirr_in_handler = pin_remote_irr(p);
	if (p->count >= release_at)
		wire_lower(wire);
}

TEST(ioapic, level_removed_in_the_handler_interrupts_once, LEVEL_RULE)
{
	if (!start(release, PIN_LEVEL))
		SKIP(return, NO_WIRE);
	EXPECT_EQ(pin_wait(&pin, 0), 0);
	wire_raise(wire);
	EXPECT_EQ(pin_wait(&pin, 1), 1);
	EXPECT_TRUE(pin.isr);
	EXPECT_TRUE(pin.tmr);
}

TEST(ioapic, level_still_held_at_eoi_interrupts_again, LEVEL_RULE)
{
	if (!start(release, PIN_LEVEL))
		SKIP(return, NO_WIRE);
	release_at = 5;
	wire_raise(wire);
	EXPECT_EQ(pin_wait(&pin, 5), 5);
}

TEST(ioapic, level_sets_remote_irr_when_the_apic_accepts, RIRR_RULE)
{
	if (!start(release, PIN_LEVEL))
		SKIP(return, NO_WIRE);
	local_irq_disable();
	EXPECT_FALSE(pin_remote_irr(&pin));
	wire_raise(wire);
	EXPECT_TRUE(WAIT_FOR(pin_remote_irr(&pin), WAIT_DEFAULT_US));
	EXPECT_TRUE(lapic_test(APIC_IRR, pin.vector));
	local_irq_enable();
	EXPECT_EQ(pin_wait(&pin, 1), 1);
	EXPECT_TRUE(rirr_in_handler);
}

TEST(ioapic, eoi_of_the_apic_clears_remote_irr, RIRR_RULE)
{
	if (!start(release, PIN_LEVEL))
		SKIP(return, NO_WIRE);
	wire_raise(wire);
	EXPECT_EQ(pin_wait(&pin, 1), 1);
	EXPECT_TRUE(rirr_in_handler);
	EXPECT_TRUE(WAIT_FOR(!pin_remote_irr(&pin), WAIT_DEFAULT_US));
}

TEST(ioapic, level_withdrawn_before_the_handler_runs_comes_once, LEVEL_RULE)
{
	if (!start(NULL, PIN_LEVEL))
		SKIP(return, NO_WIRE);
	local_irq_disable();
	wire_raise(wire);
	wire_lower(wire);
	local_irq_enable();
	EXPECT_EQ(pin_wait(&pin, 1), 1);
	EXPECT_FALSE(pin_remote_irr(&pin));
}

static void toggle(struct pin *p)
{
	wire_lower(wire);
	if (p->count == 1)
		wire_raise(wire);
}

/* While Remote IRR is set nothing is sent; at the EOI the line counts. */
TEST(ioapic, level_raised_again_in_the_handler_comes_after_the_eoi, RIRR_RULE)
{
	if (!start(toggle, PIN_LEVEL))
		SKIP(return, NO_WIRE);
	wire_raise(wire);
	EXPECT_EQ(pin_wait(&pin, 2), 2);
}

static struct pin other = { .vector = 0x71 };
static bool rirr_after_other;

static void nest(struct pin *p)
{
	apic_send_self(other.vector);
	local_irq_enable();
	WAIT_FOR(other.count, WAIT_DEFAULT_US);
	local_irq_disable();
	rirr_after_other = pin_remote_irr(p);
	wire_lower(wire);
}

TEST(ioapic, eoi_of_another_vector_keeps_remote_irr, RIRR_RULE)
{
	if (!start(nest, PIN_LEVEL))
		SKIP(return, NO_WIRE);
	EXPECT_EQ(pin_claim(&other), 0);
	rirr_after_other = false;
	wire_raise(wire);
	EXPECT_EQ(pin_wait(&pin, 1), 1);
	EXPECT_EQ(other.count, 1);
	EXPECT_TRUE(rirr_after_other);
}

static const struct ioapic *with_eoi_register(const struct pin *p)
{
	u32 n;
	const struct ioapic *io = ioapic_of_gsi(p->gsi, &n);

	return io->version >= 0x20 ? io : NULL;
}

#define NO_EOI_REGISTER "I/O APICs before version 0x20 have no EOI register"

TEST(ioapic, eoi_register_clears_remote_irr, EOI_RULE)
{
	const struct ioapic *io;

	if (!start(NULL, PIN_LEVEL))
		SKIP(return, NO_WIRE);
	io = with_eoi_register(&pin);
	if (!io)
		SKIP(return, NO_EOI_REGISTER);
	local_irq_disable();
	wire_raise(wire);
	wire_lower(wire);
	EXPECT_TRUE(pin_remote_irr(&pin));
	writel(pin.vector + 1, io->base + IOAPIC_EOI);
	EXPECT_TRUE(pin_remote_irr(&pin)); /* not its vector */
	writel(pin.vector, io->base + IOAPIC_EOI);
	EXPECT_FALSE(pin_remote_irr(&pin));
	local_irq_enable();
	EXPECT_EQ(pin_wait(&pin, 1), 1); /* the APIC had accepted it */
}

TEST(ioapic, eoi_register_lets_a_held_line_interrupt_again, EOI_RULE)
{
	const struct ioapic *io;

	if (!start(release, PIN_LEVEL))
		SKIP(return, NO_WIRE);
	io = with_eoi_register(&pin);
	if (!io)
		SKIP(return, NO_EOI_REGISTER);
	local_irq_disable();
	wire_raise(wire);
	EXPECT_TRUE(pin_remote_irr(&pin));
	writel(pin.vector, io->base + IOAPIC_EOI);
	EXPECT_TRUE(WAIT_FOR(pin_remote_irr(&pin), WAIT_DEFAULT_US));
	local_irq_enable();
	EXPECT_EQ(pin_wait(&pin, 1), 1); /* both merged in the APIC's IRR */
}

TEST(ioapic, suppressed_broadcast_leaves_remote_irr_to_the_eoi_register,
     "SDM 3A Directed EOI with x2APIC Extension")
{
	const struct ioapic *io;
	u32 svr = apic_read(APIC_SPIV);

	if (!(apic_read(APIC_LVR) & APIC_LVR_DIRECTED_EOI))
		SKIP(return, "this APIC cannot suppress EOI broadcasts");
	if (!start(release, PIN_LEVEL))
		SKIP(return, NO_WIRE);
	io = with_eoi_register(&pin);
	if (!io)
		SKIP(return, NO_EOI_REGISTER);
	apic_write(APIC_SPIV, svr | APIC_SPIV_DIRECTED_EOI);
	wire_raise(wire);
	EXPECT_EQ(pin_wait(&pin, 1), 1);
	EXPECT_TRUE(pin_remote_irr(&pin));
	writel(pin.vector, io->base + IOAPIC_EOI);
	EXPECT_TRUE(WAIT_FOR(!pin_remote_irr(&pin), WAIT_DEFAULT_US));
	apic_write(APIC_SPIV, svr);
	EXPECT_EQ(pin_wait(&pin, 1), 1);
}

TEST(ioapic, masked_level_is_held_and_comes_on_unmask, MASK_RULE)
{
	if (!start(release, PIN_LEVEL))
		SKIP(return, NO_WIRE);
	pin_mask(&pin, true);
	wire_raise(wire);
	EXPECT_EQ(pin_wait(&pin, 0), 0);
	EXPECT_FALSE(pin_remote_irr(&pin));
	pin_mask(&pin, false);
	EXPECT_EQ(pin_wait(&pin, 1), 1);
}

TEST(ioapic, level_withdrawn_while_masked_never_comes, MASK_RULE)
{
	if (!start(release, PIN_LEVEL))
		SKIP(return, NO_WIRE);
	pin_mask(&pin, true);
	wire_raise(wire);
	wire_lower(wire);
	pin_mask(&pin, false);
	EXPECT_EQ(pin_wait(&pin, 0), 0);
	wire_raise(wire);
	EXPECT_EQ(pin_wait(&pin, 1), 1);
}

static void mask_it(struct pin *p)
{
	pin_mask(p, true);
}

/* Linux's IRQF_ONESHOT: masked in the handler, unmasked by the thread. */
TEST(ioapic, level_masked_in_the_handler_comes_again_on_unmask, MASK_RULE)
{
	if (!start(mask_it, PIN_LEVEL))
		SKIP(return, NO_WIRE);
	wire_raise(wire);
	EXPECT_EQ(pin_wait(&pin, 1), 1);
	EXPECT_TRUE(WAIT_FOR(!pin_remote_irr(&pin), WAIT_DEFAULT_US));
	pin.handler = release;
	pin_mask(&pin, false);
	EXPECT_EQ(pin_wait(&pin, 2), 2);
}

static bool pending_after_unmask;

static void mask_and_unmask(struct pin *p)
{
	pin_mask(p, true);
	pin_mask(p, false);
	pin_settle();
	if (p->count == 1)
		pending_after_unmask = lapic_test(APIC_IRR, p->vector);
	else
		wire_lower(wire);
}

/* Remote IRR is still set: unmasking must not send a second message. */
TEST(ioapic, unmask_in_the_handler_waits_for_the_eoi, RIRR_RULE)
{
	if (!start(mask_and_unmask, PIN_LEVEL))
		SKIP(return, NO_WIRE);
	pending_after_unmask = false;
	wire_raise(wire);
	EXPECT_EQ(pin_wait(&pin, 2), 2);
	EXPECT_FALSE(pending_after_unmask);
}

TEST(ioapic, mask_after_acceptance_keeps_the_interrupt, MASK_RULE)
{
	if (!start(release, PIN_LEVEL))
		SKIP(return, NO_WIRE);
	local_irq_disable();
	wire_raise(wire);
	pin_mask(&pin, true);
	EXPECT_TRUE(pin_remote_irr(&pin));
	local_irq_enable();
	EXPECT_EQ(pin_wait(&pin, 1), 1);
	EXPECT_FALSE(pin_remote_irr(&pin)); /* the EOI reaches a masked pin */
}

static void rewrite_vector(struct pin *p)
{
	p->rte.vector = other.vector;
	gsi_write_rte(p->gsi, p->rte);
}

static void release_other(struct pin *p)
{
	wire_lower(wire);
}

/* An EOI finds its entry by the vector: the rewritten one is not found. */
TEST(ioapic, eoi_misses_an_entry_whose_vector_was_rewritten, EOI_RULE)
{
	if (!start(rewrite_vector, PIN_LEVEL))
		SKIP(return, NO_WIRE);
	other.handler = release_other;
	EXPECT_EQ(pin_claim(&other), 0);
	wire_raise(wire);
	EXPECT_EQ(pin_wait(&pin, 1), 1);
	EXPECT_EQ(other.count, 0);
	EXPECT_TRUE(pin_remote_irr(&pin));
	gsi_eoi(pin.gsi); /* names the new vector */
	EXPECT_EQ(pin_wait(&other, 1), 1);
	EXPECT_EQ(pin.count, 1);
	other.handler = NULL;
}

/* What counts is the line, not when it rose. */
TEST(ioapic, level_high_before_the_pin_was_programmed_interrupts, LEVEL_RULE)
{
	if (!start(release, PIN_EDGE))
		SKIP(return, NO_WIRE);
	pin_mask(&pin, true);
	wire_raise(wire);
	pin.rte.level = 1;
	gsi_write_rte(pin.gsi, pin.rte);
	EXPECT_EQ(pin_wait(&pin, 1), 1);
}

TEST(ioapic, active_low_level_is_the_low_line, POL_RULE)
{
	if (!start(mask_it, PIN_EDGE))
		SKIP(return, NO_WIRE);
	pin_mask(&pin, true);
	wire_raise(wire);
	pin.rte.level = pin.rte.active_low = 1;
	gsi_write_rte(pin.gsi, pin.rte);
	if (!EXPECT_EQ(pin_wait(&pin, 0), 0))
		return;
	wire_lower(wire);
	EXPECT_EQ(pin_wait(&pin, 1), 1);
}
