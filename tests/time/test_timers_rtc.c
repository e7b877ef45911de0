// SPDX-License-Identifier: MIT
/*
 * The MC146818A's periodic, alarm and update-ended interrupts, and register C
 * that holds the line until it is read.
 *
 * Spec: Motorola MC146818A datasheet, "Interrupts", "Register C".
 */
#include <dev/rtc.h>
#include <irq/irq.h>

#include "timers.h"

#define RTC .needs = NEEDS_RTC | NEEDS_IOAPIC, .uses = USES_RTC

static struct stamped s;
static u8 flags[STAMPS], again[STAMPS];

/* A second read shows what the first cleared. */
static void read_flags(struct stamped *st)
{
	u32 n = (st->pin.count - 1) % STAMPS;

	flags[n] = rtc_read_flags();
	again[n] = rtc_read_flags();
}

bool rtc_open(struct stamped *st, void (*ack)(struct stamped *))
{
	timers_use_rtc();
	rtc_stop();
	st->ack = ack;
	return EXPECT_TRUE(
		stamped_open(st, irq_to_desc(8)->gsi, rte_of_irq(8)));
}

static bool start(void (*ack)(struct stamped *))
{
	return rtc_open(&s, ack);
}

/* The divider runs freely: the first period is as short as it happens to be. */
void expect_rtc_rate(struct stamped *st, u32 rs, u32 count)
{
	u64 period = 1000000000ull / RTC_RATE_HZ(rs), elapsed;
	u64 begin = rdtsc();

	EXPECT_EQ(rtc_periodic_start((u8)rs), 0);
	SLEEP_FOR(st->pin.count >= count, WAIT_DEFAULT_US);
	rtc_stop();
	elapsed = tsc_ns(rdtsc() - begin);
	EXPECT_GE(st->pin.count, count);
	EXPECT_LE(st->pin.count, (elapsed + slack_ns(elapsed)) / period + 1);
	if (st->pin.count > 1)
		EXPECT_GE(tsc_ns(st->tsc[1] - begin) + slack_ns(period),
			  period);
	if (!ktest_ok())
		ktest_note("rate selector %u, %u Hz", rs, RTC_RATE_HZ(rs));
}

TEST(timers, rtc_periodic_rates_are_never_early,
     "MC146818A Periodic Interrupt Selection", RTC)
{
	for (u32 rs = RTC_RATE_MIN; rs <= 11 && ktest_ok(); rs++) {
		if (!start(read_flags))
			return;
		expect_rtc_rate(&s, rs, 3);
		pins_close();
	}
}

/* Selectors 1 and 2 are 256 and 128 Hz of a 32 kHz time base; 0 is none. */
TEST(timers, rtc_three_lowest_rate_selectors,
     "MC146818A Periodic Interrupt Selection", RTC)
{
	static const u16 hz[] = { 0, 256, 128 };

	for (u32 rs = 0; rs < ARRAY_SIZE(hz) && ktest_ok(); rs++) {
		u64 begin;

		if (!start(read_flags))
			return;
		cmos_write(RTC_A_DV_32KHZ | (u8)rs, RTC_REG_A);
		begin = rdtsc();
		cmos_write(cmos_read(RTC_REG_B) | RTC_B_PIE, RTC_REG_B);
		SLEEP_FOR(s.pin.count >= 3, hz[rs] ? WAIT_DEFAULT_US : 30000);
		rtc_stop();
		if (!hz[rs]) {
			EXPECT_EQ(s.pin.count, 0);
		} else if (EXPECT_GE(s.pin.count, 3)) {
			u64 due = 2 * NSEC_PER_SEC / hz[rs];

			EXPECT_GE(tsc_ns(s.tsc[2] - begin) + slack_ns(due),
				  due);
		}
		pins_close();
	}
}

TEST(timers, rtc_register_c_tells_the_cause_and_clears, "MC146818A Register C",
     RTC)
{
	if (!start(read_flags))
		return;
	EXPECT_EQ(rtc_periodic_start(6), 0);
	EXPECT_GE(stamped_wait(&s, 1), 1);
	rtc_stop();
	EXPECT_EQ(flags[0] & (RTC_C_IRQF | RTC_C_PF), RTC_C_IRQF | RTC_C_PF);
	EXPECT_EQ(flags[0] & 0x0f, 0);
	EXPECT_EQ(again[0] & (RTC_C_IRQF | RTC_C_PF), 0);
}

/* The line stays asserted: an edge-triggered pin sees no other. */
TEST(timers, rtc_interrupts_no_more_before_register_c_is_read,
     "MC146818A Interrupts", RTC)
{
	if (irq_to_desc(8)->level)
		SKIP(return, "IRQ 8 is level-triggered here");
	if (!start(NULL))
		return;
	EXPECT_EQ(rtc_periodic_start(6), 0);
	EXPECT_EQ(stamped_wait(&s, 1), 1);
	/* Hundreds of periods: a host may sleep through some of them. */
	SLEEP_FOR(s.pin.count > 1, 300000);
	if (!EXPECT_EQ(s.pin.count, 1))
		return;
	EXPECT_TRUE(rtc_read_flags() & RTC_C_PF);
	EXPECT_EQ(stamped_wait(&s, 2), 2);
}

TEST(timers, rtc_flag_without_its_enable_is_silent, "MC146818A Interrupts", RTC)
{
	u8 c = 0;

	if (!start(read_flags))
		return;
	EXPECT_EQ(rtc_periodic_start(6), 0);
	EXPECT_GE(stamped_wait(&s, 1), 1);
	cmos_write(cmos_read(RTC_REG_B) & ~RTC_B_PIE, RTC_REG_B);
	rtc_read_flags();
	s.pin.count = 0;
	EXPECT_TRUE(
		SLEEP_FOR((c = rtc_read_flags()) & RTC_C_PF, WAIT_DEFAULT_US));
	EXPECT_EQ(c & RTC_C_IRQF, 0);
	EXPECT_EQ(pin_wait(&s.pin, 0), 0);
}

u64 rtc_second_began;

/* Half a second on average, asleep. */
TEST(timers, rtc_update_ended_interrupts_at_the_next_second,
     "MC146818A Update-Ended Interrupt", RTC)
{
	if (!start(read_flags))
		return;
	EXPECT_EQ(rtc_update_start(), 0);
	EXPECT_EQ(stamped_wait(&s, 1), 1);
	rtc_stop();
	rtc_second_began = s.tsc[0];
	EXPECT_EQ(flags[0] & (RTC_C_IRQF | RTC_C_UF), RTC_C_IRQF | RTC_C_UF);
	EXPECT_EQ(again[0] & (RTC_C_IRQF | RTC_C_UF), 0);
	EXPECT_EQ(cmos_read(RTC_REG_A) & RTC_A_UIP, 0);
}

/* The next second, unless it could be passing while the alarm is written. */
static u32 alarm_in(void)
{
	return tsc_ns(rdtsc() - rtc_second_began) < 500000000 ? 1 : 2;
}

TEST(timers, rtc_alarm_interrupts_at_its_second, "MC146818A Alarm Interrupt",
     RTC)
{
	struct rtc_time before, after;
	u32 seconds = alarm_in();

	if (!start(read_flags))
		return;
	EXPECT_EQ(rtc_read_time(&before), 0);
	EXPECT_EQ(rtc_alarm_start(seconds), 0);
	EXPECT_EQ(stamped_wait(&s, 1), 1);
	rtc_stop();
	EXPECT_EQ(rtc_read_time(&after), 0);
	EXPECT_EQ(flags[0] & (RTC_C_IRQF | RTC_C_AF), RTC_C_IRQF | RTC_C_AF);
	EXPECT_GE(rtc_time_seconds(&after) - rtc_time_seconds(&before),
		  seconds);
}

/* Bits 5:0 became the alarm's day in chipsets that have one. */
TEST(timers, rtc_register_d_says_that_its_contents_are_valid,
     "MC146818A Register D", RTC)
{
	timers_use_rtc();
	EXPECT_EQ(cmos_read(RTC_REG_D) & 0xc0, RTC_D_VRT);
}
