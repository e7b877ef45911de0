// SPDX-License-Identifier: MIT
/*
 * What takes seconds: run with the option `stress` only.
 *
 * Spec: Motorola MC146818A datasheet, "Periodic Interrupt Selection", "Alarm
 *       Interrupt".
 */
#include <dev/rtc.h>

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
