// SPDX-License-Identifier: MIT
/*
 * The ACPI PM timer's overflow: TMR_STS, set when the top bit changes, and the
 * SCI, a level for as long as it is set and enabled.
 *
 * 24 bits overflow every 2.3 s, so one most likely waits already when a run
 * comes here: these cases leave it, the last but one clears it.
 *
 * Spec: ACPI Specification, "Power Management Timer", "PM1 Status Registers",
 *       "PM1 Enable Registers", "SCI Interrupt".
 */
#include <acpi/tables.h>
#include <asm/io.h>
#include <irq/irq.h>
#include <ktest/raised.h>
#include <time/pmtimer.h>

#include "timers.h"

#define PM	 .needs = NEEDS_PMTIMER | NEEDS_IOAPIC
#define STS_RULE "ACPI 6.5 PM1 Status Registers, TMR_STS"
#define SLOW	 "takes more than 2 s: runs with stress"
#define TMR	 BIT(0) /* TMR_STS and TMR_EN */
#define SCI_EN	 BIT(0) /* of PM1 control */

static struct stamped s;
static u16 status, enable; /* ports; 0: not open */
static u16 enabled;	   /* PM1 enable as found */
static bool switched;	   /* from legacy to ACPI mode, by us */
static u32 sci, calm_at, calls[2];

void pm1_close(void)
{
	if (!status)
		return;
	outw(0, enable);
	free_irq(sci, &calls[0]);
	free_irq(sci, &calls[1]);
	if (switched)
		outb(acpi_tables.fadt.acpi_disable,
		     (u16)acpi_tables.fadt.smi_cmd);
	outw(enabled, enable);
	switched = false;
	status = 0;
}

/* The source falls silent, and its status stays for the next case. */
static void calm(struct stamped *st)
{
	if (st->pin.count >= calm_at)
		outw(0, enable);
}

/* In legacy mode events are SMIs: the firmware's business. */
static bool acpi_mode(void)
{
	const struct acpi_fadt *f = &acpi_tables.fadt;
	u16 control = (u16)f->pm1a_control.address;

	if (inw(control) & SCI_EN)
		return true;
	if (!f->smi_cmd || !f->acpi_enable)
		return false;
	outb(f->acpi_enable, (u16)f->smi_cmd);
	switched = true;
	return WAIT_FOR(inw(control) & SCI_EN, WAIT_DEFAULT_US);
}

/* An overflow waits, as found or after its time. */
static bool overflowed(void)
{
	if (inw(status) & TMR)
		return true;
	if (pmtimer_clock.bits != 24)
		SKIP(return false, "a 32-bit timer overflows every 10 minutes");
	if (!ktest_stress())
		SKIP(return false, SLOW);
	return EXPECT_TRUE(SLEEP_FOR(inw(status) & TMR, 2 * WAIT_DEFAULT_US));
}

/* PM1 taken, nothing enabled; the SCI's line and its entry. */
static bool start(union ioapic_rte *rte)
{
	const struct acpi_fadt *f = &acpi_tables.fadt;
	u16 flags;

	if (acpi_sci(&acpi_tables, &sci, &flags))
		SKIP(return false, "the FADT declares no SCI");
	if (f->pm1a_event.space != ACPI_SPACE_IO || f->pm1_event_len < 4)
		SKIP(return false, "PM1 is not in I/O ports");
	*rte = (union ioapic_rte){ .level = !!(flags & ACPI_IRQ_LEVEL),
				   .active_low = !!(flags & ACPI_IRQ_LOW) };
	status = (u16)f->pm1a_event.address;
	enable = status + f->pm1_event_len / 2;
	enabled = inw(enable);
	outw(0, enable);
	calls[0] = calls[1] = 0;
	s.ack = calm;
	return EXPECT_TRUE(acpi_mode());
}

TEST(timers, pmtimer_overflow_is_an_sci_until_it_is_cleared,
     "ACPI 6.5 SCI Interrupt", PM)
{
	union ioapic_rte rte;

	if (!start(&rte) || !overflowed() ||
	    !EXPECT_TRUE(stamped_open(&s, sci, rte)))
		return;
	EXPECT_EQ(pin_wait(&s.pin, 0), 0); /* not enabled */
	calm_at = 3;
	outw(TMR, enable);
	EXPECT_EQ(stamped_wait(&s, 3), 3);
	EXPECT_TRUE(s.pin.tmr);
	EXPECT_EQ(inw(status) & TMR, TMR);
}

static irqreturn_t not_mine(int irq, void *dev)
{
	calls[0]++;
	return IRQ_NONE;
}

static irqreturn_t mine(int irq, void *dev)
{
	calls[1]++;
	outw(0, enable);
	return IRQ_HANDLED;
}

/* The SCI's ISA number, if it is an override of one. */
static u32 sci_irq(void)
{
	for (u32 irq = 0; irq < NR_LEGACY_IRQS; irq++) {
		if (irq_to_desc(irq)->gsi == sci)
			return irq;
	}
	return sci;
}

TEST(timers, pmtimer_sci_is_shared_by_two_handlers, "ACPI 6.5 SCI Interrupt",
     PM)
{
	union ioapic_rte rte;

	if (!start(&rte) || !overflowed())
		return;
	sci = sci_irq();
	EXPECT_EQ(request_irq(sci, not_mine, IRQF_SHARED, "first", &calls[0]),
		  0);
	EXPECT_EQ(request_irq(sci, mine, IRQF_SHARED, "second", &calls[1]), 0);
	raised_irqs(sci, 1);
	outw(TMR, enable);
	EXPECT_TRUE(WAIT_FOR(calls[1], WAIT_DEFAULT_US));
	pin_settle();
	EXPECT_EQ(calls[0], 1);
	EXPECT_EQ(calls[1], 1);
}

TEST(timers, pmtimer_status_is_cleared_by_writing_1, STS_RULE, PM)
{
	union ioapic_rte rte;

	if (!start(&rte) || !overflowed() ||
	    !EXPECT_TRUE(stamped_open(&s, sci, rte)))
		return;
	outw(0, status);
	EXPECT_EQ(inw(status) & TMR, TMR);
	outw(TMR, status);
	EXPECT_EQ(inw(status) & TMR, 0);
	outw(TMR, enable);
	EXPECT_EQ(pin_wait(&s.pin, 0), 0);
}

static bool top_bit(void)
{
	return pmtimer_clock.read() >> 23 & 1;
}

TEST(timers, pmtimer_overflow_raises_the_sci, STS_RULE, PM)
{
	union ioapic_rte rte;
	bool top;

	if (!start(&rte))
		return;
	if (pmtimer_clock.bits != 24)
		SKIP(return, "a 32-bit timer overflows every 10 minutes");
	if (!ktest_stress())
		SKIP(return, SLOW);
	EXPECT_TRUE(stamped_open(&s, sci, rte));
	calm_at = 1;
	top = top_bit();
	outw(TMR, status);
	outw(TMR, enable);
	EXPECT_EQ(inw(status) & TMR, 0);
	SLEEP_FOR(s.pin.count, 2 * WAIT_DEFAULT_US);
	EXPECT_NE(top_bit(), top);
	pin_settle();
	EXPECT_EQ(s.pin.count, 1);
}
