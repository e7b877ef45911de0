/* SPDX-License-Identifier: MIT */
/*
 * clockmath.h - the arithmetic of clocks: scaling without overflow, wrap,
 * parts per million, BCD, dates, divisors. Pure, any context, never faults:
 * results that do not fit saturate, division by zero gives the maximum.
 */
#pragma once

#include <lib/compiler.h>

#define NSEC_PER_SEC  1000000000ull
#define NSEC_PER_USEC 1000ull
#define USEC_PER_SEC  1000000ull
#define FSEC_PER_SEC  1000000000000000ull

/* a * b / c rounded down, or rounded up. Saturates at UINT64_MAX. */
u64 mul_div_u64(u64 a, u64 b, u64 c);
u64 mul_div_u64_up(u64 a, u64 b, u64 c);

/*
 * Ticks from reading a to the later reading b of a counter with the given
 * number of values (0: all of 2^64), counting up or down. Right as long as
 * less than one whole turn lies between the two.
 */
u64 wrap_delta(u64 a, u64 b, u64 modulus, bool down);

/* Ticks of a clock of hz as nanoseconds (rounded down), and back (up). */
u64 ticks_to_ns(u64 ticks, u64 hz);
u64 ns_to_ticks(u64 ns, u64 hz);

/* (got - want) / want in parts per million, saturated to the s32 range. */
s32 ppm_error(u64 got, u64 want);

/* part / whole in parts per million, rounded up, saturated at UINT32_MAX. */
u32 ppm_of(u64 part, u64 whole);

/* Two readings of one pair of clocks taken together. */
struct clock_sample {
	u64 before, after; /* subject, around the reading of ref */
	u64 ref;
};

/* What was measured between two samples. */
struct clock_rate {
	u64 hz;		     /* the subject's rate by the reference's */
	u32 uncertainty_ppm; /* the true rate is within hz +/- this */
	u32 spread_ppm;	     /* largest minus smallest window */
	u64 ref_ticks;
	u64 subject_ticks;
	u64 bracket_ticks; /* subject ticks across both end samples */
};

/*
 * The rate of a subject that made subject_ticks while a reference of ref_hz
 * made ref_ticks, each window end known to within half its bracket, each
 * counter to within one tick. Returns 0, or -ERANGE: nothing was counted.
 */
int rate_compute(u64 ref_hz, u64 ref_ticks, u64 subject_ticks, u64 bracket_sum,
		 struct clock_rate *out);

#define RATE_WINDOWS 3

/*
 * Choose from windows measured back to back: their sum if all agree within
 * their uncertainties (longest baseline, smallest error), else the better of
 * the two that are closest to each other, so that one window spoilt by a
 * stall or a lost wrap does not count.
 */
struct clock_rate rate_choose(const struct clock_rate win[RATE_WINDOWS],
			      const struct clock_rate *sum);

/* Packed BCD. bcd_valid(): both digits are 0..9. */
bool bcd_valid(u8 bcd);
u8 bcd_to_bin(u8 bcd);
u8 bin_to_bcd(u8 bin); /* bin <= 99 */

/* A date and time as the RTC keeps them, in binary, 24 hours. */
struct rtc_time {
	u16 year; /* 2000..2099 */
	u8 month; /* 1..12 */
	u8 day;	  /* 1..31 */
	u8 hour, minute, second;
};

bool rtc_time_valid(const struct rtc_time *t);

/* Seconds since 2000-01-01 00:00:00 of a valid t. */
u32 rtc_time_seconds(const struct rtc_time *t);

/* The same as the chip's registers hold it. */
struct rtc_raw {
	u8 second, minute, hour, day, month, year;
};

/*
 * Decode raw. bcd: DM = 0 in register B; twelve: 24/12 = 0, bit 7 of the hour
 * is PM. Returns 0, or -EINVAL if that is no date.
 */
int rtc_decode(const struct rtc_raw *raw, bool bcd, bool twelve,
	       struct rtc_time *t);

/* For the alarm: hour 0..23 as the chip's byte. */
u8 rtc_hour_raw(u8 hour, bool bcd, bool twelve);

/* Hz of a counter whose tick lasts fs femtoseconds, rounded to nearest. */
u64 period_fs_to_hz(u64 fs);

#define PIT_HZ 1193182u /* 14.31818 MHz / 12 */

/*
 * The 8254 count nearest to ns nanoseconds: 1..65536 (65536 is written as 0).
 * Returns -ERANGE if it would be less than min_count or more than 65536. The
 * datasheet's minimum is 1 in mode 0, 2 in modes 2 and 3.
 */
int pit_count(u64 ns, u32 min_count);
