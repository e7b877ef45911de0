// SPDX-License-Identifier: MIT
/*
 * What LINT0's entry makes of the 8259s' output, in each delivery mode. Only
 * ExtINT asks them for the vector; in the others nobody acknowledges.
 *
 * Spec: SDM 3A "Local Vector Table", Delivery Mode, Mask, Remote IRR.
 */
#include <ktest/raised.h>
#include <trap/traps.h>

#include "lapic_case.h"
#include "pic.h"

#define MODE_RULE "SDM 3A Local Vector Table, Delivery Mode"
#define MASK_RULE "SDM 3A Local Vector Table, Mask"
#define POL_RULE  "SDM 3A Local Vector Table, Interrupt Input Pin Polarity"
#define RIRR_RULE "SDM 3A Local Vector Table, Remote IRR Flag"

#define LINT_US 1000 /* long enough for a wire */

static struct pic_line line;
static struct pin own = { .vector = 0x61 }; /* the entry's vector */
static volatile u32 nmis;
static u32 lvt0_seen;

static bool count_nmi(struct pt_regs *regs, void *data)
{
	nmis++;
	i8259_write_imr(0xffff);
	return true;
}

/* What was pending at LINT0 is no more. */
static void mask_8259(struct pin *pin)
{
	lvt0_seen = apic_read(APIC_LVT0);
	i8259_write_imr(0xffff);
}

/* A wire, with LINT0's entry as given; false: there is none. */
static bool open_with(u32 lvt0)
{
	nmis = lvt0_seen = 0;
	own.handler = mask_8259;
	trap_hook(X86_TRAP_NMI, count_nmi, NULL);
	if ((!pic_wire_open(&line, WIRE_UART, true) &&
	     !pic_wire_open(&line, WIRE_I8042, true)) ||
	    !EXPECT_EQ(pin_claim(&own), 0))
		return false;
	i8259_write_imr((u16)~BIT(line.irq));
	apic_write(APIC_LVT0, lvt0 | own.vector);
	return true;
}

TEST(pic, lint0_in_fixed_mode_delivers_its_own_vector, MODE_RULE)
{
	if (!open_with(APIC_DM_FIXED))
		SKIP(return, NO_WIRE);
	wire_raise(line.wire);
	EXPECT_EQ(pin_wait(&own, 1), 1);
	EXPECT_TRUE(own.isr);
}

TEST(pic, lint0_in_fixed_mode_acknowledges_no_8259, MODE_RULE)
{
	if (!open_with(APIC_DM_FIXED))
		SKIP(return, NO_WIRE);
	wire_raise(line.wire);
	EXPECT_EQ(pin_wait(&own, 1), 1);
	EXPECT_EQ(line.pin.count, 0);
	EXPECT_EQ(i8259_read_irr() & BIT(line.irq), BIT(line.irq));
	EXPECT_EQ(i8259_read_isr(), 0);
}

TEST(pic, lint0_in_fixed_mode_waits_for_the_task_priority,
     "SDM 3A Interrupt, Task, and Processor Priority")
{
	u64 cr8 = read_cr8();

	if (!open_with(APIC_DM_FIXED))
		SKIP(return, NO_WIRE);
	write_cr8(own.vector >> 4);
	wire_raise(line.wire);
	EXPECT_EQ(pin_wait(&own, 0), 0);
	EXPECT_TRUE(lapic_test(APIC_IRR, own.vector));
	write_cr8(cr8);
	EXPECT_EQ(pin_wait(&own, 1), 1);
}

TEST(pic, lint0_level_sets_the_trigger_mode_bit,
     "SDM 3A Local Vector Table, Trigger Mode")
{
	if (!open_with(APIC_DM_FIXED | APIC_LVT_LEVEL_TRIGGER))
		SKIP(return, NO_WIRE);
	wire_raise(line.wire);
	EXPECT_EQ(pin_wait(&own, 1), 1);
	EXPECT_TRUE(own.tmr);
}

TEST(pic, lint0_level_sets_remote_irr_until_its_eoi, RIRR_RULE)
{
	if (!open_with(APIC_DM_FIXED | APIC_LVT_LEVEL_TRIGGER))
		SKIP(return, NO_WIRE);
	wire_raise(line.wire);
	EXPECT_EQ(pin_wait(&own, 1), 1);
	EXPECT_TRUE(lvt0_seen & APIC_LVT_REMOTE_IRR);
	EXPECT_FALSE(apic_read(APIC_LVT0) & APIC_LVT_REMOTE_IRR);
}

TEST(pic, lint0_in_nmi_mode_delivers_one_nmi, MODE_RULE, .uses = USES_NMI)
{
	if (!open_with(APIC_DM_NMI))
		SKIP(return, NO_WIRE);
	raised_nmis(1);
	wire_raise(line.wire);
	EXPECT_TRUE(WAIT_FOR(nmis, WAIT_DEFAULT_US));
	pin_settle();
	EXPECT_EQ(nmis, 1);
	EXPECT_EQ(own.count, 0);
	EXPECT_EQ(line.pin.count, 0);
}

/* The entry's vector is not looked at. */
TEST(pic, lint0_in_extint_mode_takes_the_8259s_vector, MODE_RULE)
{
	if (!open_with(APIC_DM_EXTINT))
		SKIP(return, NO_WIRE);
	wire_raise(line.wire);
	EXPECT_EQ(pin_wait(&line.pin, 1), 1);
	EXPECT_EQ(own.count, 0);
}

TEST(pic, lint0_masked_is_silent_in_every_mode, MASK_RULE, .uses = USES_NMI)
{
	static const u16 modes[] = { APIC_DM_FIXED, APIC_DM_NMI,
				     APIC_DM_EXTINT };

	if (!open_with(APIC_LVT_MASKED))
		SKIP(return, NO_WIRE);
	for (u32 i = 0; i < ARRAY_SIZE(modes); i++) {
		apic_write(APIC_LVT0, APIC_LVT_MASKED | modes[i] | own.vector);
		wire_raise(line.wire);
		EXPECT_EQ(pin_wait(&own, 0), 0);
		EXPECT_EQ(line.pin.count, 0);
		EXPECT_EQ(nmis, 0);
		wire_lower(line.wire);
	}
}

static void mask_lint0(struct pin *pin)
{
	apic_write(APIC_LVT0, APIC_LVT_MASKED);
}

/* Inverted, the level at which nothing is asked is the active one. */
TEST(pic, lint0_active_low_interrupts_while_the_8259_asks_nothing, POL_RULE)
{
	if (!open_with(APIC_LVT_MASKED))
		SKIP(return, NO_WIRE);
	own.handler = mask_lint0;
	apic_write(APIC_LVT0, APIC_DM_FIXED | APIC_LVT_LEVEL_TRIGGER |
				      APIC_LVT_POLARITY_LOW | own.vector);
	EXPECT_TRUE(WAIT_FOR(own.count, LINT_US));
}

TEST(pic, lint0_active_low_takes_the_edge_at_which_the_8259_lets_go, POL_RULE)
{
	if (!open_with(APIC_LVT_MASKED))
		SKIP(return, NO_WIRE);
	own.handler = NULL;
	apic_write(APIC_LVT0,
		   APIC_DM_FIXED | APIC_LVT_POLARITY_LOW | own.vector);
	pin_settle();
	own.count = 0; /* the inversion may have made an edge */
	wire_raise(line.wire);
	EXPECT_EQ(pin_wait(&own, 0), 0);
	i8259_write_imr(0xffff);
	WAIT_FOR(own.count, LINT_US);
	EXPECT_EQ(own.count, 1);
}

static volatile u32 by_intr;
static u16 isr_by_intr;

/* No APIC to ask or to end: the 8259 alone. */
static void serve_intr(void)
{
	by_intr++;
	isr_by_intr = i8259_read_isr();
	i8259_eoi(line.irq);
	wire_lower(line.wire);
}

/* Through a scratch IDT: irqbed's own path would ask the APIC. */
TEST(pic, a_line_interrupts_a_cpu_whose_apic_is_off,
     "SDM 3A Enabling or Disabling the Local APIC",
     .uses = USES_NMI | USES_APIC_TIMER)
{
	if (!mode_can_change())
		return;
	if (!open_with(APIC_LVT_MASKED))
		SKIP(return, NO_WIRE);
	if (!EXPECT_EQ(scratch_begin(scratch_serve), 0))
		return;
	lapic_scratch_hook = serve_intr;
	by_intr = 0;
	mode_begin();
	mode_set(MODE_OFF);
	local_irq_enable();
	wire_raise(line.wire);
	WAIT_FOR(by_intr, WAIT_DEFAULT_US);
	pin_settle();
	local_irq_disable();
	i8259_write_imr(0xffff);
	mode_end();
	scratch_end();
	EXPECT_EQ(by_intr, 1);
	EXPECT_EQ(isr_by_intr, BIT(line.irq));
}
