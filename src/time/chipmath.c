// SPDX-License-Identifier: MIT
/*
 * chipmath.c - the number formats of the PC's old chips: BCD and dates of the
 * MC146818A, counts of the 8254. Pure.
 *
 * Spec: Motorola MC146818A datasheet, "Time, Calendar, and Alarm Locations";
 *       Intel 8254 datasheet, "Mode Definitions".
 */
#include <time/clockmath.h>

#include <lib/errno.h>

#define RTC_PM 0x80 /* hour byte, 12-hour mode */

bool bcd_valid(u8 bcd)
{
	return (bcd & 0x0f) <= 9 && bcd >> 4 <= 9;
}

u8 bcd_to_bin(u8 bcd)
{
	return (bcd >> 4) * 10 + (bcd & 0x0f);
}

u8 bin_to_bcd(u8 bin)
{
	return (u8)(bin / 10 << 4 | bin % 10);
}

/* Every fourth year is one, through all of 2000..2099. */
static bool leap(u16 year)
{
	return year % 4 == 0;
}

static u8 days_in_month(u8 month, u16 year)
{
	static const u8 days[] = { 31, 28, 31, 30, 31, 30,
				   31, 31, 30, 31, 30, 31 };

	return days[month - 1] + (month == 2 && leap(year));
}

bool rtc_time_valid(const struct rtc_time *t)
{
	return t->year >= 2000 && t->year <= 2099 && t->month >= 1 &&
	       t->month <= 12 && t->day >= 1 &&
	       t->day <= days_in_month(t->month, t->year) && t->hour < 24 &&
	       t->minute < 60 && t->second < 60;
}

u32 rtc_time_seconds(const struct rtc_time *t)
{
	u32 years = t->year - 2000u;
	u32 days = years * 365 + (years + 3) / 4 + t->day - 1;

	for (u8 month = 1; month < t->month; month++)
		days += days_in_month(month, t->year);
	return ((days * 24 + t->hour) * 60 + t->minute) * 60 + t->second;
}

/* A 12-hour clock has no hour 0: 12 AM is 0, 12 PM is 12. */
static u8 hour_of(u8 shown, bool twelve, bool pm)
{
	if (!twelve)
		return shown;
	if (shown < 1 || shown > 12)
		return 24; /* rtc_time_valid() refuses it */
	return shown % 12 + (pm ? 12 : 0);
}

int rtc_decode(const struct rtc_raw *raw, bool bcd, bool twelve,
	       struct rtc_time *t)
{
	u8 byte[6] = { raw->second, raw->minute, raw->hour,
		       raw->day,    raw->month,	 raw->year };

	if (twelve)
		byte[2] &= ~RTC_PM;
	for (size_t i = 0; bcd && i < ARRAY_SIZE(byte); i++) {
		if (!bcd_valid(byte[i]))
			return -EINVAL;
		byte[i] = bcd_to_bin(byte[i]);
	}
	*t = (struct rtc_time){
		.second = byte[0],
		.minute = byte[1],
		.hour = hour_of(byte[2], twelve, raw->hour & RTC_PM),
		.day = byte[3],
		.month = byte[4],
		.year = 2000 + byte[5],
	};
	return rtc_time_valid(t) ? 0 : -EINVAL;
}

u8 rtc_hour_raw(u8 hour, bool bcd, bool twelve)
{
	u8 shown = twelve ? (hour + 11) % 12 + 1 : hour;
	u8 pm = twelve && hour >= 12 ? RTC_PM : 0;

	return (bcd ? bin_to_bcd(shown) : shown) | pm;
}

int pit_count(u64 ns, u32 min_count)
{
	u64 half = NSEC_PER_SEC / PIT_HZ / 2;
	u64 count;

	if (ns > NSEC_PER_SEC) /* far too long; keeps ns + half from wrapping */
		return -ERANGE;
	count = mul_div_u64(ns + half, PIT_HZ, NSEC_PER_SEC);
	if (count < min_count || count > 0x10000)
		return -ERANGE;
	return (int)count;
}
