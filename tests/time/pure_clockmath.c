// SPDX-License-Identifier: MIT
/*
 * The arithmetic of clocks and of the old chips' formats. Runs on the machine
 * and on the host: no hardware is touched.
 *
 * Values were worked out by hand or follow from the manuals named in
 * time/clockmath.h; none was taken from the code's own output.
 */
#include <asm/div64.h>
#include <console/uart.h>
#include <ktest/ktest.h>
#include <lib/errno.h>
#include <time/clockmath.h>

#define MATH "irqbed include/time/clockmath.h"
#define RTC  "MC146818A Time, Calendar, and Alarm Locations"

TEST(clockmath, multiply_keeps_all_128_bits, "SDM 2B MUL")
{
	struct u128 square = mul_u64_u64(UINT64_MAX, UINT64_MAX);
	struct u128 plain = mul_u64_u64(3, 5);

	EXPECT_EQ(square.hi, UINT64_MAX - 1); /* (2^64 - 1)^2 */
	EXPECT_EQ(square.lo, 1);
	EXPECT_EQ(plain.hi, 0);
	EXPECT_EQ(plain.lo, 15);
}

TEST(clockmath, scaling_survives_a_wide_product, MATH)
{
	u64 big = UINT64_MAX;

	EXPECT_EQ(mul_div_u64(7, 3, 2), 10);
	EXPECT_EQ(mul_div_u64_up(7, 3, 2), 11);
	EXPECT_EQ(mul_div_u64_up(6, 3, 2), 9);
	EXPECT_EQ(mul_div_u64(big, big, big), big);
	EXPECT_EQ(mul_div_u64_up(big, big, big), big);
	EXPECT_EQ(mul_div_u64(big, 1000000, 2000000), big / 2);
	EXPECT_EQ(mul_div_u64(0, big, 1), 0);
}

/* One step below and at the edge where DIV would raise #DE. */
TEST(clockmath, scaling_saturates_instead_of_faulting, MATH)
{
	EXPECT_EQ(mul_div_u64(1ull << 63, 2, 1), UINT64_MAX);
	EXPECT_EQ(mul_div_u64(1ull << 63, 2, 2), 1ull << 63);
	EXPECT_EQ(mul_div_u64(UINT64_MAX, 2, 1), UINT64_MAX);
	EXPECT_EQ(mul_div_u64(5, 5, 0), UINT64_MAX);
	EXPECT_EQ(mul_div_u64(0, 0, 0), UINT64_MAX);
	/* The product is 2^65 - 1: half of it, 2^64 - 1/2, cannot round up. */
	EXPECT_EQ(mul_div_u64(253921, 145295143558111, 2), UINT64_MAX);
	EXPECT_EQ(mul_div_u64_up(253921, 145295143558111, 2), UINT64_MAX);
}

TEST(clockmath, delta_of_an_up_counter_wraps, MATH)
{
	EXPECT_EQ(wrap_delta(10, 25, 1 << 24, false), 15);
	EXPECT_EQ(wrap_delta(0xfffff0, 0x10, 1 << 24, false), 0x20);
	EXPECT_EQ(wrap_delta(0xffffffff, 0, 1ull << 32, false), 1);
	EXPECT_EQ(wrap_delta(UINT64_MAX, 1, 0, false), 2);
	EXPECT_EQ(wrap_delta(5, 5, 1 << 16, false), 0);
	EXPECT_EQ(wrap_delta(6, 5, 1 << 16, false), 0xffff);
	EXPECT_EQ(wrap_delta(998, 1, 1000, false), 3); /* no power of two */
}

/* The PIT reads 65536 as 0; the APIC timer's turn is its initial count + 1. */
TEST(clockmath, delta_of_a_down_counter_wraps, MATH)
{
	EXPECT_EQ(wrap_delta(25, 10, 0x10000, true), 15);
	EXPECT_EQ(wrap_delta(0, 0xffff, 0x10000, true), 1);
	EXPECT_EQ(wrap_delta(5, 0xfffb, 0x10000, true), 10);
	EXPECT_EQ(wrap_delta(1, 1000, 1001, true), 2);
	EXPECT_EQ(wrap_delta(1, UINT64_MAX, 0, true), 2);
}

TEST(clockmath, ticks_and_nanoseconds_convert, MATH)
{
	EXPECT_EQ(ticks_to_ns(3579545, 3579545), NSEC_PER_SEC);
	EXPECT_EQ(ticks_to_ns(1, 3579545), 279); /* 279.365 */
	EXPECT_EQ(ns_to_ticks(279, 3579545), 1); /* never shorter than asked */
	EXPECT_EQ(ns_to_ticks(280, 3579545), 2);
	EXPECT_EQ(ns_to_ticks(0, 3579545), 0);
	EXPECT_EQ(ticks_to_ns(5, 0), UINT64_MAX);
	/* A year of a 4 GHz TSC: the product needs 87 bits. */
	EXPECT_EQ(ticks_to_ns(31536000ull * 4000000000, 4000000000),
		  31536000ull * NSEC_PER_SEC);
}

TEST(clockmath, ppm_has_sign_and_limits, MATH)
{
	EXPECT_EQ(ppm_error(1000001, 1000000), 1);
	EXPECT_TRUE(ppm_error(999999, 1000000) == -1);
	EXPECT_EQ(ppm_error(42, 42), 0);
	EXPECT_EQ(ppm_error(1000000, 1), INT32_MAX);
	EXPECT_TRUE(ppm_error(0, 1000) == -1000000);
	EXPECT_EQ(ppm_error(1, 0), INT32_MAX);
	EXPECT_EQ(ppm_of(1, 1000000), 1);
	EXPECT_EQ(ppm_of(1, 3000000), 1); /* rounded up */
	EXPECT_EQ(ppm_of(0, 7), 0);
	EXPECT_EQ(ppm_of(UINT64_MAX, 1), UINT32_MAX);
}

TEST(clockmath, rate_carries_its_uncertainty, MATH)
{
	struct clock_rate r;

	/* 10 ms of 100 MHz against 30,000,000 ticks, brackets 2 x 3000. */
	EXPECT_EQ(rate_compute(100000000, 1000000, 30000000, 6000, &r), 0);
	EXPECT_EQ(r.hz, 3000000000ull);
	/* (3000 + 1) / 30e6 = 100.03 -> 101 ppm; 1 / 1e6 = 1 ppm. */
	EXPECT_EQ(r.uncertainty_ppm, 102);
	EXPECT_EQ(r.ref_ticks, 1000000);
	EXPECT_EQ(r.subject_ticks, 30000000);
	EXPECT_TRUE(rate_compute(100000000, 0, 5, 1, &r) == -ERANGE);
	EXPECT_TRUE(rate_compute(100000000, 5, 0, 1, &r) == -ERANGE);
}

static struct clock_rate rate(u64 hz, u32 ppm)
{
	return (struct clock_rate){ .hz = hz, .uncertainty_ppm = ppm };
}

TEST(clockmath, agreeing_windows_give_their_sum, MATH)
{
	struct clock_rate win[RATE_WINDOWS] = { rate(1000000, 60),
						rate(1000100, 60),
						rate(1000050, 60) };
	struct clock_rate sum = rate(1000050, 20);
	struct clock_rate got = rate_choose(win, &sum);

	EXPECT_EQ(got.hz, 1000050);
	EXPECT_EQ(got.uncertainty_ppm, 20);
	EXPECT_EQ(got.spread_ppm, 100);
}

/* One window lost a wrap of the reference: it must not count, wherever. */
TEST(clockmath, spoilt_window_is_left_out, MATH)
{
	struct clock_rate sum = rate(1500000, 1);

	for (int bad = 0; bad < RATE_WINDOWS; bad++) {
		struct clock_rate win[RATE_WINDOWS] = { rate(1000000, 50),
							rate(1000010, 50),
							rate(1000020, 50) };
		struct clock_rate got;

		win[(bad + 1) % RATE_WINDOWS].uncertainty_ppm = 40;
		win[bad] = rate(8000000, 5);
		got = rate_choose(win, &sum);
		EXPECT_EQ(got.uncertainty_ppm, 40);
		EXPECT_LE(got.hz, 1000020);
		EXPECT_GE(got.hz, 1000000);
	}
}

TEST(clockmath, bcd_converts_both_ways, RTC)
{
	for (u32 n = 0; n < 100; n++) {
		u8 bcd = bin_to_bcd(n);

		if (!EXPECT_TRUE(bcd_valid(bcd)))
			return;
		EXPECT_EQ(bcd_to_bin(bcd), n);
	}
	EXPECT_EQ(bin_to_bcd(59), 0x59);
	EXPECT_FALSE(bcd_valid(0x5a));
	EXPECT_FALSE(bcd_valid(0xa5));
}

TEST(clockmath, seconds_count_leap_years, RTC)
{
	struct rtc_time t = { .year = 2000, .month = 1, .day = 1 };

	EXPECT_EQ(rtc_time_seconds(&t), 0);
	t.month = 3; /* 2000 is a leap year: 31 + 29 days */
	EXPECT_EQ(rtc_time_seconds(&t), 60 * 86400);
	t.year = 2001;
	t.month = 1;
	EXPECT_EQ(rtc_time_seconds(&t), 366 * 86400);
	/* Unix time 1767225600, which is 946684800 later than 2000. */
	t.year = 2026;
	EXPECT_EQ(rtc_time_seconds(&t), 1767225600 - 946684800);
	t = (struct rtc_time){ 2099, 12, 31, 23, 59, 59 };
	EXPECT_EQ(rtc_time_seconds(&t), 4102444799ull - 946684800);
}

TEST(clockmath, impossible_dates_are_refused, RTC)
{
	struct rtc_time good = { 2028, 2, 29, 23, 59, 59 }, t = good;

	EXPECT_TRUE(rtc_time_valid(&good));
	t.year = 2027;
	EXPECT_FALSE(rtc_time_valid(&t));
	t = good;
	t.month = 0;
	EXPECT_FALSE(rtc_time_valid(&t));
	t.month = 13;
	EXPECT_FALSE(rtc_time_valid(&t));
	t = good;
	t.day = 0;
	EXPECT_FALSE(rtc_time_valid(&t));
	t = good;
	t.hour = 24;
	EXPECT_FALSE(rtc_time_valid(&t));
	t = good;
	t.second = 60;
	EXPECT_FALSE(rtc_time_valid(&t));
}

TEST(clockmath, rtc_registers_decode_in_all_formats, RTC)
{
	struct rtc_raw bcd = { 0x58, 0x59, 0x23, 0x31, 0x12, 0x26 };
	struct rtc_raw binary = { 58, 59, 0x80 | 11, 31, 12, 26 };
	struct rtc_time t;

	EXPECT_EQ(rtc_decode(&bcd, true, false, &t), 0);
	EXPECT_EQ(t.hour, 23);
	EXPECT_EQ(t.minute, 59);
	EXPECT_EQ(t.second, 58);
	EXPECT_EQ(t.year, 2026);
	EXPECT_EQ(rtc_decode(&binary, false, true, &t), 0); /* 11 PM */
	EXPECT_EQ(t.hour, 23);
	EXPECT_EQ(t.month, 12);
	bcd.minute = 0x5a;
	EXPECT_TRUE(rtc_decode(&bcd, true, false, &t) == -EINVAL);
	binary.hour = 0; /* a 12-hour clock shows 12, never 0 */
	EXPECT_TRUE(rtc_decode(&binary, false, true, &t) == -EINVAL);
	binary.hour = 13;
	EXPECT_TRUE(rtc_decode(&binary, false, true, &t) == -EINVAL);
}

/* What the alarm is given must read back as the hour that was meant. */
TEST(clockmath, every_hour_survives_the_chips_formats, RTC)
{
	for (u32 i = 0; i < 24 * 4; i++) {
		bool is_bcd = i & 1, twelve = i & 2;
		u8 day = is_bcd ? 0x15 : 15;
		struct rtc_raw raw = { 0, 0, 0, day, 6, 26 };
		struct rtc_time t;

		raw.year = is_bcd ? 0x26 : 26;
		raw.hour = rtc_hour_raw(i / 4, is_bcd, twelve);
		if (!EXPECT_EQ(rtc_decode(&raw, is_bcd, twelve, &t), 0))
			return;
		EXPECT_EQ(t.hour, i / 4);
	}
	EXPECT_EQ(rtc_hour_raw(0, true, true), 0x12);
	EXPECT_EQ(rtc_hour_raw(12, true, true), 0x92);
	EXPECT_EQ(rtc_hour_raw(22, true, true), 0x90);
}

TEST(clockmath, hpet_period_becomes_hertz, "HPET General Capabilities")
{
	EXPECT_EQ(period_fs_to_hz(10000000), 100000000);
	EXPECT_EQ(period_fs_to_hz(69841279), 14318180); /* 14318179.66 */
	EXPECT_EQ(period_fs_to_hz(100000000), 10000000);
	EXPECT_EQ(period_fs_to_hz(1), FSEC_PER_SEC);
	EXPECT_EQ(period_fs_to_hz(0), UINT64_MAX);
}

TEST(clockmath, pit_counts_are_nearest_and_bounded, "8254 Mode Definitions")
{
	EXPECT_EQ(pit_count(1000000, 2), 1193);	  /* 1193.182 */
	EXPECT_EQ(pit_count(10000000, 2), 11932); /* 11931.82 */
	EXPECT_EQ(pit_count(54925401, 2), 0x10000);
	EXPECT_EQ(pit_count(839, 1), 1);
	EXPECT_TRUE(pit_count(839, 2) == -ERANGE);
	EXPECT_TRUE(pit_count(0, 1) == -ERANGE);
	EXPECT_TRUE(pit_count(55000000, 2) == -ERANGE);
	EXPECT_TRUE(pit_count(UINT64_MAX, 1) == -ERANGE);
}

TEST(clockmath, uart_divisors_match_the_datasheet,
     "PC16550D Programmable Baud Generator")
{
	EXPECT_EQ(uart_divisor(115200), 1);
	EXPECT_EQ(uart_divisor(9600), 12);
	EXPECT_EQ(uart_divisor(50), 2304);
	EXPECT_EQ(uart_divisor(56000), 2); /* 2.86 % off, in the table */
	EXPECT_EQ(uart_divisor(0), 0);
	EXPECT_EQ(uart_divisor(230400), 0);
	EXPECT_EQ(uart_divisor(100000), 0);
	EXPECT_EQ(uart_divisor(1), 0);
}
