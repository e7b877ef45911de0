// SPDX-License-Identifier: MIT
/*
 * What takes seconds: run with the option `stress` only.
 *
 * Spec: Motorola MC146818A datasheet, "Periodic Interrupt Selection", "Alarm
 *       Interrupt"; ACPI Specification, "Power Management Timer".
 */
#include <acpi/tables.h>
#include <asm/io.h>
#include <dev/rtc.h>
#include <time/pmtimer.h>

#include "timers.h"

#define SLOW "takes more than 2 s: runs with stress"
#define RTC  .needs = NEEDS_RTC | NEEDS_IOAPIC, .uses = USES_RTC

static struct stamped s;
static u8 flags[STAMPS];

static void read_flags(struct stamped *st)
{
	flags[(st->pin.count - 1) % STAMPS] = rtc_read_flags();
}

TEST(timers, rtc_slowest_periodic_rates_are_never_early,
     "MC146818A Periodic Interrupt Selection", RTC)
{
	if (!ktest_stress())
		SKIP(return, SLOW);
	for (u32 rs = 12; rs <= RTC_RATE_MAX && ktest_ok(); rs++) {
		if (!rtc_open(&s, read_flags))
			return;
		expect_rtc_rate(&s, rs, 2);
		pins_close();
	}
}

TEST(timers, rtc_alarm_of_dont_care_bytes_comes_every_second,
     "MC146818A Alarm Interrupt, don't care codes", RTC)
{
	if (!ktest_stress())
		SKIP(return, SLOW);
	if (!rtc_open(&s, read_flags))
		return;
	EXPECT_EQ(rtc_alarm_every_second(), 0);
	EXPECT_EQ(stamped_wait(&s, 2), 2);
	rtc_stop();
	EXPECT_TRUE(flags[0] & RTC_C_AF);
	EXPECT_TRUE(flags[1] & RTC_C_AF);
}

/* clang-format off */
#define PM1_TMR_STS	0x0001
#define PM1_SCI_EN	0x0001
/* clang-format on */

static u16 sci_port; /* PM1a event block: status, then enable */

static void clear_overflow(struct stamped *st)
{
	outw(PM1_TMR_STS, sci_port);
}

TEST(timers, pmtimer_overflow_raises_the_sci, "ACPI 6.5 PM1 Status Registers",
     .needs = NEEDS_PMTIMER | NEEDS_IOAPIC)
{
	const struct acpi_fadt *fadt = &acpi_tables.fadt;
	u16 line, enable, enabled;
	u32 gsi;

	if (pmtimer_clock.bits != 24)
		SKIP(return, "a 32-bit timer overflows every 10 minutes");
	if (acpi_sci(&acpi_tables, &gsi, &line) ||
	    !(inw((u16)fadt->pm1a_control.address) & PM1_SCI_EN))
		SKIP(return, "the SCI belongs to the firmware");
	if (!ktest_stress())
		SKIP(return, SLOW);
	s.ack = clear_overflow;
	sci_port = (u16)fadt->pm1a_event.address;
	enable = sci_port + fadt->pm1_event_len / 2;
	enabled = inw(enable);
	outw(0, enable);
	outw(PM1_TMR_STS, sci_port);
	EXPECT_TRUE(stamped_open(
		&s, gsi,
		(union ioapic_rte){ .level = !!(line & ACPI_IRQ_LEVEL),
				    .active_low = !!(line & ACPI_IRQ_LOW) }));
	outw(PM1_TMR_STS, enable);
	SLEEP_FOR(s.pin.count, 2 * WAIT_DEFAULT_US);
	pin_settle();
	EXPECT_EQ(s.pin.count, 1);
	outw(enabled, enable);
}
