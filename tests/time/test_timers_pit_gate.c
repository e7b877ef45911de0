// SPDX-License-Identifier: MIT
/*
 * The 8254's modes where a gate can be had: channel 2, whose gate and output
 * are bits of port 61H. Channel 0's gate is tied high, so nothing ever
 * triggers its modes 1 and 5.
 *
 * Whoever waits for a moment of a count of 50 ms may miss it asleep: such
 * cases begin anew until they were in time.
 *
 * Spec: Intel 8254 datasheet, "Mode Definitions", "Gate Pin Operations
 *       Summary"; port 61H: ICH datasheets, "NMI Status and Control Register".
 */
#include <asm/io.h>
#include <dev/pit.h>
#include <irq/irq.h>

#include "timers.h"

#define PIT	  .needs = NEEDS_PIT, .uses = USES_PIT
#define GATE_RULE "8254 Gate Pin Operations Summary"
#define LONG	  60000 /* 50 ms */
#define TRIES	  16

static void gate(bool high)
{
	outb((inb(PORT_61) & PORT_61_WRITABLE & ~PORT_61_GATE2) |
		     (high ? PORT_61_GATE2 : 0),
	     PORT_61);
}

static bool out2(void)
{
	return inb(PORT_61) & PORT_61_OUT2;
}

/* Channel 2, and what is left of a new count once it was loaded. */
static void start(u32 mode, u32 count, bool gate_high)
{
	timers_use_pit_channel_2();
	gate(gate_high);
	pit_program(2, PIT_LSB_MSB | PIT_MODE_N(mode), count);
	udelay(5);
}

/* The gate's rise has loaded the count on return; when it began. */
static u64 trigger(void)
{
	u64 now = rdtsc();

	gate(false);
	udelay(3);
	gate(true);
	udelay(3);
	return now;
}

/* Its level for as long as count runs after the gate rose: seen in time. */
static bool level_while_counting(u32 mode)
{
	bool level = false;
	u64 begin;
	u32 tries = TRIES;

	do {
		begin = rdtsc();
		start(mode, LONG, mode == 4);
		if (mode != 4)
			begin = trigger();
		level = out2();
	} while (!pit_within(begin, LONG) && --tries);
	EXPECT_NE(tries, 0);
	return level;
}

TEST(timers, pit_mode_1_is_low_from_its_trigger_to_the_end,
     "8254 Mode 1: Hardware Retriggerable One-Shot", PIT)
{
	u64 begin;

	EXPECT_FALSE(level_while_counting(1));
	begin = trigger();
	EXPECT_TRUE(WAIT_FOR(out2(), WAIT_DEFAULT_US));
	EXPECT_FALSE(pit_within(begin, LONG));
}

TEST(timers, pit_mode_1_is_high_and_waits_for_its_trigger,
     "8254 Mode 1: Hardware Retriggerable One-Shot", PIT)
{
	start(1, 0xf000, false); /* 51 ms: a host's pause does not end it */
	EXPECT_TRUE(out2());
	udelay(1500);
	EXPECT_TRUE(out2());
}

TEST(timers, pit_strobe_is_high_while_it_counts,
     "8254 Mode 4: Software Triggered Strobe; 8254 Mode 5: Hardware Triggered "
     "Strobe",
     PIT)
{
	EXPECT_TRUE(level_while_counting(4));
	EXPECT_TRUE(level_while_counting(5));
}

TEST(timers, pit_mode_2_is_high_but_for_one_clock,
     "8254 Mode 2: Rate Generator", PIT)
{
	u32 low = 0;

	start(2, LONG, true);
	for (u32 i = 0; i < 64; i++)
		low += !out2();
	EXPECT_LE(low, 8); /* 1 of 60,000; a host that pauses meets it again */
}

/* Another counter's control word and counts, while this one runs. */
TEST(timers, pit_counters_do_not_disturb_each_other, "8254 Write Operations",
     PIT)
{
	u32 tries = TRIES;
	u16 before, after;
	u64 begin;
	u8 status;

	timers_use_pit();
	do {
		begin = rdtsc();
		start(0, LONG, true);
		before = pit_read_count(2);
		pit_program(0, PIT_LSB_MSB | PIT_MODE_N(2), 700);
		pit_program(0, PIT_LSB | PIT_MODE_N(0), 7);
		after = pit_read_count(2);
		status = pit_read_status(2);
	} while (!pit_within(begin, LONG) && --tries);
	EXPECT_LE(after, before);
	EXPECT_GT(after, 0);
	EXPECT_EQ(status & (PIT_STATUS_RW | PIT_STATUS_MODE), PIT_LSB_MSB);
}

static u32 stopped_by_gate(u32 mode)
{
	u16 a, b;

	start(mode, LONG, true);
	gate(false);
	udelay(5);
	a = pit_read_count(2);
	udelay(500);
	b = pit_read_count(2);
	return (u16)(a - b);
}

TEST(timers, pit_gate_low_stops_the_count, GATE_RULE, PIT)
{
	static const u8 modes[] = { 0, 2, 3, 4 };

	for (u32 i = 0; i < ARRAY_SIZE(modes); i++) {
		if (!EXPECT_EQ(stopped_by_gate(modes[i]), 0))
			ktest_note("mode %u", modes[i]);
	}
}

TEST(timers, pit_gate_low_holds_modes_2_and_3_high, GATE_RULE, PIT)
{
	start(3, 1200, true);
	EXPECT_TRUE(WAIT_FOR(!out2(), WAIT_DEFAULT_US));
	gate(false);
	EXPECT_TRUE(out2());
	udelay(2500); /* twice the count */
	EXPECT_TRUE(out2());
	start(2, 1200, false);
	EXPECT_TRUE(out2());
}

/* The rise reloads modes 2 and 3 and triggers 1 and 5; 0 and 4 go on. */
TEST(timers, pit_gate_rise_loads_the_count_anew, GATE_RULE, PIT)
{
	static const u8 modes[] = { 1, 2, 3, 5 };

	for (u32 i = 0; i < ARRAY_SIZE(modes); i++) {
		u32 tries = TRIES;
		u64 begin;
		u16 left;

		do {
			start(modes[i], LONG, false);
			trigger();
			udelay(3000); /* 3579 counts */
			begin = trigger();
			left = pit_read_count(2);
		} while (!pit_within(begin, 1000) && --tries);
		if (!EXPECT_GT(left, LONG - 2100) || !EXPECT_LE(left, LONG))
			ktest_note("mode %u", modes[i]);
	}
}

/* Written meanwhile, a count is for the next trigger or the next period. */
TEST(timers, pit_new_count_lets_the_old_one_end,
     "8254 Mode Definitions, modes 1, 2, 3 and 5", PIT)
{
	static const u8 modes[] = { 1, 2, 3, 5 };

	for (u32 i = 0; i < ARRAY_SIZE(modes); i++) {
		u32 tries = TRIES;
		u64 begin;
		u16 left;

		do {
			start(modes[i], LONG, false);
			begin = trigger();
			pit_write_count(2, 1000);
			udelay(5);
			left = pit_read_count(2);
		} while (!pit_within(begin, LONG / 2 - 1000) && --tries);
		if (!EXPECT_GT(left, 1000))
			ktest_note("mode %u", modes[i]);
	}
}

/* Modes 1 and 5 load at their trigger, however long the count waits. */
TEST(timers, pit_count_is_null_until_it_is_loaded,
     "8254 Read-Back Command, Null Count", PIT)
{
	start(1, 600, false);
	EXPECT_EQ(pit_read_status(2) & PIT_STATUS_NULL_COUNT,
		  PIT_STATUS_NULL_COUNT);
	trigger();
	EXPECT_TRUE(WAIT_FOR(!(pit_read_status(2) & PIT_STATUS_NULL_COUNT),
			     WAIT_DEFAULT_US));
}

TEST(timers, pit_port_61_and_read_back_show_the_same_output,
     "8254 Read-Back Command", PIT)
{
	u32 tries = TRIES, levels;
	u64 begin;

	do {
		begin = rdtsc();
		start(0, LONG, true);
		levels = out2();
		levels |= pit_read_status(2) & PIT_STATUS_OUT;
	} while (!pit_within(begin, LONG) && --tries);
	EXPECT_EQ(levels, 0);
	start(0, 1, true);
	EXPECT_TRUE(out2());
	EXPECT_TRUE(pit_read_status(2) & PIT_STATUS_OUT);
}

/* No gate, no trigger: channel 0 has nothing to say in these modes. */
TEST(timers, pit_modes_1_and_5_of_channel_0_are_never_triggered, GATE_RULE,
     .needs = NEEDS_PIT | NEEDS_IOAPIC, .uses = USES_PIT)
{
	static struct stamped s;
	union ioapic_rte rte = rte_of_irq(0);

	rte.masked = 1;
	timers_use_pit();
	EXPECT_TRUE(stamped_open(&s, irq_to_desc(0)->gsi, rte));
	for (u32 mode = 1; mode <= 5; mode += 4) {
		pit_program(0, PIT_LSB_MSB | PIT_MODE_N(mode), 12000);
		udelay(5);
		pin_mask(&s.pin, false);
		SLEEP_FOR(s.pin.count, 30000); /* it would end at 10 ms */
		if (!EXPECT_EQ(pin_wait(&s.pin, 0), 0))
			ktest_note("mode %u", mode);
		pin_mask(&s.pin, true);
		s.pin.count = 0;
	}
}
