// SPDX-License-Identifier: MIT
/*
 * rtc.c - the MC146818A's three interrupts.
 *
 * Read:    rtc_periodic_start(), rtc_alarm_start().
 * Uses:    time/rtc.h for CMOS access and the date.
 * Context: one user at a time; rtc_read_flags() any.
 * Spec:    Motorola MC146818A datasheet, "Interrupts", "Periodic Interrupt
 *          Selection", "Alarm Interrupt".
 */
#include <dev/rtc.h>

#include <lib/errno.h>

#define RTC_B_ALL_IRQS (RTC_B_PIE | RTC_B_AIE | RTC_B_UIE)
#define DAY_SECONDS    86400

bool rtc_present(void)
{
	return rtc_clock.present;
}

int rtc_probe(void)
{
	if (!rtc_present())
		return -ENODEV;
	rtc_stop();
	return 0;
}

u8 rtc_read_flags(void)
{
	return cmos_read(RTC_REG_C);
}

/* Old flags go first: one left over would hold the line and hide an edge. */
static int enable(u8 irq)
{
	rtc_read_flags();
	cmos_write(cmos_read(RTC_REG_B) | irq, RTC_REG_B);
	return 0;
}

int rtc_periodic_start(u8 rate_selector)
{
	u8 a = cmos_read(RTC_REG_A);

	if (!rtc_present())
		return -ENODEV;
	if (rate_selector < RTC_RATE_MIN || rate_selector > RTC_RATE_MAX)
		return -EINVAL;
	cmos_write((a & RTC_A_DV) | rate_selector, RTC_REG_A);
	return enable(RTC_B_PIE);
}

int rtc_update_start(void)
{
	return rtc_present() ? enable(RTC_B_UIE) : -ENODEV;
}

static void write_alarm(u8 second, u8 minute, u8 hour)
{
	cmos_write(second, RTC_SECONDS_ALARM);
	cmos_write(minute, RTC_MINUTES_ALARM);
	cmos_write(hour, RTC_HOURS_ALARM);
}

int rtc_alarm_start(u32 seconds)
{
	u8 b = cmos_read(RTC_REG_B);
	bool bcd = !(b & RTC_B_DM_BINARY);
	struct rtc_time now;
	u32 at;
	u8 second, minute;
	int err;

	if (!rtc_present())
		return -ENODEV;
	if (seconds < 1 || seconds > 3599)
		return -EINVAL;
	err = rtc_read_time(&now);
	if (err)
		return err;
	at = (rtc_time_seconds(&now) + seconds) % DAY_SECONDS;
	second = at % 60;
	minute = at / 60 % 60;
	write_alarm(bcd ? bin_to_bcd(second) : second,
		    bcd ? bin_to_bcd(minute) : minute,
		    rtc_hour_raw(at / 3600, bcd, !(b & RTC_B_24H)));
	return enable(RTC_B_AIE);
}

int rtc_alarm_every_second(void)
{
	if (!rtc_present())
		return -ENODEV;
	write_alarm(RTC_ALARM_ANY, RTC_ALARM_ANY, RTC_ALARM_ANY);
	return enable(RTC_B_AIE);
}

void rtc_stop(void)
{
	if (!rtc_present())
		return;
	cmos_write(cmos_read(RTC_REG_B) & ~RTC_B_ALL_IRQS, RTC_REG_B);
	rtc_read_flags();
}

void rtc_save(struct rtc_state *s)
{
	s->a = cmos_read(RTC_REG_A) & ~RTC_A_UIP;
	s->b = cmos_read(RTC_REG_B);
	s->alarm[0] = cmos_read(RTC_SECONDS_ALARM);
	s->alarm[1] = cmos_read(RTC_MINUTES_ALARM);
	s->alarm[2] = cmos_read(RTC_HOURS_ALARM);
}

void rtc_restore(const struct rtc_state *s)
{
	if (!rtc_present())
		return;
	rtc_stop();
	cmos_write(s->a, RTC_REG_A);
	write_alarm(s->alarm[0], s->alarm[1], s->alarm[2]);
	cmos_write(s->b, RTC_REG_B);
	rtc_read_flags();
}
