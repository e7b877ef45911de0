// SPDX-License-Identifier: MIT
/*
 * The 8254's channel 0 as an interrupt source: modes 0, 2 and 3.
 *
 * Spec: Intel 8254 datasheet, "Mode Definitions", "Read-Back Command".
 */
#include <asm/io.h>
#include <dev/pit.h>
#include <irq/irq.h>

#include "timers.h"

#define PIT .needs = NEEDS_PIT | NEEDS_IOAPIC, .uses = USES_PIT

static struct stamped s;

#define BURST  4
#define BURSTS 16
#define TRIES  16 /* while the host holds this CPU beyond the count's end */

static u64 pit_ns(u64 count)
{
	return ticks_to_ns(count, PIT_HZ);
}

/* Masked: a change of mode may itself be an edge. */
static bool open_masked(void)
{
	union ioapic_rte rte = rte_of_irq(0);

	timers_use_pit();
	rte.masked = 1;
	s.ack = NULL;
	return stamped_open(&s, irq_to_desc(0)->gsi, rte);
}

/*
 * Mode 0 begins low, so nothing of it can be lost or too much: the pin is open
 * before. Modes 2 and 3 begin high: it is opened after.
 */
static u64 start(enum pit_mode mode, u32 count)
{
	u64 now = rdtsc();

	if (mode == PIT_ONE_SHOT)
		pin_mask(&s.pin, false);
	EXPECT_EQ(pit_start(mode, count), 0);
	pin_mask(&s.pin, false);
	return now;
}

TEST(timers, pit_mode_0_interrupts_once_and_never_early,
     "8254 Mode 0: Interrupt on Terminal Count", PIT)
{
	static const u32 counts[] = { 300, 1193, 5966 };

	for (u32 i = 0; i < ARRAY_SIZE(counts); i++) {
		u64 begin;

		if (!EXPECT_TRUE(open_masked()))
			return;
		begin = start(PIT_ONE_SHOT, counts[i]);
		EXPECT_EQ(stamped_wait(&s, 1), 1);
		expect_never_early(&s, begin, pit_ns(counts[i]));
		pins_close();
	}
}

TEST(timers, pit_count_of_zero_stands_for_65536, "8254 Write Operations", PIT)
{
	u64 begin;

	if (!EXPECT_TRUE(open_masked()))
		return;
	begin = start(PIT_ONE_SHOT, 65536);
	EXPECT_EQ(stamped_wait(&s, 1), 1);
	expect_never_early(&s, begin, pit_ns(65536));
}

TEST(timers, pit_mode_0_output_is_low_until_the_count_ends,
     "8254 Mode 0: Interrupt on Terminal Count", PIT)
{
	u32 tries = TRIES, came;
	u64 begin;
	bool high;

	do {
		pins_close();
		if (!EXPECT_TRUE(open_masked()))
			return;
		begin = start(PIT_ONE_SHOT, 65536); /* 55 ms */
		high = pit_output();
		came = pin_wait(&s.pin, 0);
	} while (!pit_within(begin, 65536) && --tries);
	EXPECT_FALSE(high);
	EXPECT_EQ(came, 0);
	start(PIT_ONE_SHOT, 300);
	EXPECT_EQ(stamped_wait(&s, 1), 1);
	EXPECT_TRUE(pit_output());
}

TEST(timers, pit_new_count_in_mode_0_starts_anew,
     "8254 Mode 0: Interrupt on Terminal Count", PIT)
{
	u32 tries = TRIES;
	u64 first, begin;

	do {
		pins_close();
		if (!EXPECT_TRUE(open_masked()))
			return;
		first = start(PIT_ONE_SHOT, 24000);
		begin = start(PIT_ONE_SHOT, 3000);
	} while (!pit_within(first, 24000) && --tries);
	EXPECT_EQ(stamped_wait(&s, 1), 1);
	expect_never_early(&s, begin, pit_ns(3000));
	SLEEP_FOR(s.pin.count > 1, 20000); /* the first's end is 20.1 ms */
	udelay(2000);
	EXPECT_EQ(s.pin.count, 1);
}

/* Its output falls for one clock at the end: the edge is its rise again. */
TEST(timers, pit_mode_4_interrupts_once_and_never_early,
     "8254 Mode 4: Software Triggered Strobe", PIT)
{
	u32 tries = 16;
	u64 begin;

	if (!EXPECT_TRUE(open_masked()))
		return;
	do {
		pin_mask(&s.pin, true);
		s.pin.count = 0;
		begin = rdtsc();
		pit_program(0, PIT_LSB_MSB | PIT_MODE_N(4), 6000);
		pin_mask(&s.pin, false); /* 5 ms, unless the host pauses */
	} while (!pit_within(begin, 6000) && --tries);
	EXPECT_EQ(stamped_wait(&s, 1), 1);
	expect_never_early(&s, begin, pit_ns(6000));
	SLEEP_FOR(s.pin.count > 1, 20000);
	EXPECT_EQ(s.pin.count, 1);
}

/* At most one interrupt a period, each in or after its own. */
static void judge_burst(enum pit_mode mode)
{
	u64 begin, elapsed;

	s.pin.count = 0;
	if (!EXPECT_TRUE(open_masked()))
		return;
	begin = start(mode, 1193);
	SLEEP_FOR(s.pin.count >= BURST, WAIT_DEFAULT_US);
	pin_mask(&s.pin, true);
	elapsed = tsc_ns(rdtsc() - begin);
	EXPECT_GE(s.pin.count, BURST);
	EXPECT_LE(s.pin.count, (elapsed + slack_ns(elapsed)) / pit_ns(1193));
	expect_never_early(&s, begin, pit_ns(1193));
	pins_close();
}

/* Many short bursts: a host that pauses hides what is wrong in some only. */
static void judge_periodic(enum pit_mode mode)
{
	for (u32 n = 0; n < BURSTS && ktest_ok(); n++)
		judge_burst(mode);
}

TEST(timers, pit_mode_2_interrupts_once_a_period_and_never_early,
     "8254 Mode 2: Rate Generator", PIT)
{
	judge_periodic(PIT_RATE);
}

TEST(timers, pit_mode_3_interrupts_once_a_period_and_never_early,
     "8254 Mode 3: Square Wave Mode", PIT)
{
	judge_periodic(PIT_SQUARE_WAVE);
}

/* Half the period high, half low: both are there to be seen. */
TEST(timers, pit_mode_3_output_is_a_square_wave,
     "8254 Mode 3: Square Wave Mode", PIT)
{
	timers_use_pit();
	EXPECT_EQ(pit_start(PIT_SQUARE_WAVE, 600), 0);
	EXPECT_TRUE(WAIT_FOR(pit_output(), WAIT_DEFAULT_US));
	EXPECT_TRUE(WAIT_FOR(!pit_output(), WAIT_DEFAULT_US));
	EXPECT_TRUE(WAIT_FOR(pit_output(), WAIT_DEFAULT_US));
}

TEST(timers, pit_read_back_tells_mode_and_access, "8254 Read-Back Command", PIT)
{
	static const enum pit_mode modes[] = { PIT_ONE_SHOT, PIT_RATE,
					       PIT_SQUARE_WAVE };

	timers_use_pit();
	for (u32 i = 0; i < ARRAY_SIZE(modes); i++) {
		EXPECT_EQ(pit_start(modes[i], 50000), 0);
		EXPECT_EQ(pit_read_status(0) &
				  (PIT_STATUS_RW | PIT_STATUS_MODE |
				   PIT_STATUS_BCD),
			  PIT_LSB_MSB | PIT_MODE_N(modes[i]));
		EXPECT_TRUE(
			WAIT_FOR(!(pit_read_status(0) & PIT_STATUS_NULL_COUNT),
				 WAIT_DEFAULT_US));
	}
}

TEST(timers, pit_counts_down, "8254 Counter Latch Command", PIT)
{
	u16 count, last = 60000;
	u64 begin = rdtsc();

	timers_use_pit();
	EXPECT_EQ(pit_start(PIT_ONE_SHOT, 60000), 0);
	for (u32 i = 0; i < 16; i++) {
		udelay(5);
		count = pit_read_count(0);
		if (pit_within(begin, 60000)) /* beyond, it counts from FFFFH */
			EXPECT_LT(count, last);
		last = count;
	}
}

TEST(timers, pit_latched_count_stands_still, "8254 Counter Latch Command", PIT)
{
	u16 latched, later;
	u32 tries = TRIES;
	u64 begin;

	timers_use_pit();
	do {
		begin = rdtsc();
		EXPECT_EQ(pit_start(PIT_ONE_SHOT, 60000), 0);
		outb(PIT_SELECT(0) | PIT_LATCH, PIT_MODE);
		udelay(200); /* 238 counts */
		latched = inb(PIT_CH(0));
		latched |= inb(PIT_CH(0)) << 8;
		later = pit_read_count(0);
	} while (!pit_within(begin, 60000) && --tries);
	EXPECT_GE(latched - later, 230);
}
