// SPDX-License-Identifier: MIT
/*
 * How an 8254 is read and written: latches, the read-back command, one byte
 * or both, binary or BCD, and what a count goes through in each mode.
 *
 * Channel 2, which interrupts nobody.
 *
 * Spec: Intel 8254 datasheet, "Read Operations", "Write Operations", "Counter
 *       Latch Command", "Read-Back Command".
 */
#include <asm/io.h>
#include <cpu/irqflags.h>
#include <dev/pit.h>

#include "timers.h"

#define PIT	   .needs = NEEDS_PIT, .uses = USES_PIT
#define LATCH_RULE "8254 Counter Latch Command"
#define BACK_RULE  "8254 Read-Back Command"
#define LONG	   60000 /* 50 ms */
#define READS	   64

static void start(u32 control, u32 count)
{
	timers_use_pit_channel_2();
	outb((inb(PORT_61) & PORT_61_WRITABLE) | PORT_61_GATE2, PORT_61);
	pit_program(2, control, count);
	udelay(5);
}

static u16 read_word(u32 channel)
{
	u8 low = inb(PIT_CH(channel));

	return low | inb(PIT_CH(channel)) << 8;
}

TEST(timers, pit_status_tells_every_mode_and_access, BACK_RULE, PIT)
{
	u8 mask = PIT_STATUS_RW | PIT_STATUS_MODE | PIT_STATUS_BCD;

	for (u32 control = PIT_LSB; control < 0x40 && ktest_ok(); control++) {
		if ((control & PIT_STATUS_MODE) > PIT_MODE_N(5))
			continue; /* 6 and 7 are 2 and 3: which is not said */
		start(control, 0x1212);
		EXPECT_EQ(pit_read_status(2) & mask, control);
	}
}

/* A latch that took effect would be the lower count, just read. */
TEST(timers, pit_second_latch_before_the_read_is_ignored, LATCH_RULE, PIT)
{
	u16 latched;

	start(PIT_LSB_MSB, 0);
	outb(PIT_SELECT(2) | PIT_LATCH, PIT_MODE);
	udelay(400);
	outb(PIT_SELECT(2) | PIT_LATCH, PIT_MODE);
	latched = read_word(2);
	EXPECT_GT((u16)(latched - pit_read_count(2)), 400);
}

/* Latched while the output is low, and again when it has become high. */
TEST(timers, pit_second_status_before_the_read_is_ignored, BACK_RULE, PIT)
{
	u8 latch = PIT_READBACK | PIT_READBACK_NO_COUNT | PIT_READBACK_CH(2);
	u32 tries = 16;
	u64 begin;

	start(PIT_LSB_MSB, 1);
	outb(latch, PIT_MODE);
	do {
		inb(PIT_CH(2));
		begin = rdtsc();
		pit_write_count(2, 1200);
		udelay(3);
		outb(latch, PIT_MODE);
	} while (!pit_within(begin, 1200) && --tries);
	EXPECT_TRUE(WAIT_FOR(inb(PORT_61) & PORT_61_OUT2, WAIT_DEFAULT_US));
	outb(latch, PIT_MODE);
	EXPECT_EQ(inb(PIT_CH(2)) & PIT_STATUS_OUT, 0);
	EXPECT_TRUE(pit_read_status(2) & PIT_STATUS_OUT);
}

TEST(timers, pit_read_back_latches_several_channels_at_once, BACK_RULE, PIT)
{
	u16 a, b;

	timers_use_pit();
	pit_program(0, PIT_LSB_MSB, LONG);
	start(PIT_LSB_MSB, LONG);
	outb(PIT_READBACK | PIT_READBACK_NO_STATUS | PIT_READBACK_CH(0) |
		     PIT_READBACK_CH(2),
	     PIT_MODE);
	udelay(400);
	a = read_word(0);
	b = read_word(2);
	EXPECT_GT((u16)(a - pit_read_count(0)), 400);
	EXPECT_GT((u16)(b - pit_read_count(2)), 400);
}

TEST(timers, pit_status_is_read_before_the_count_latched_with_it, BACK_RULE,
     PIT)
{
	u8 status;
	u16 count;

	start(PIT_LSB_MSB | PIT_MODE_N(2), LONG);
	outb(PIT_READBACK | PIT_READBACK_CH(2), PIT_MODE);
	udelay(400);
	status = inb(PIT_CH(2));
	count = read_word(2);
	EXPECT_EQ(status & (PIT_STATUS_RW | PIT_STATUS_MODE | PIT_STATUS_BCD),
		  PIT_LSB_MSB | PIT_MODE_N(2));
	EXPECT_NE(count, pit_read_count(2));
	EXPECT_LE(count, LONG);
	EXPECT_GE(count, 1);
}

/* One byte is the count's low or high half; the other half is zero. */
TEST(timers, pit_one_byte_accesses_make_the_other_byte_zero,
     "8254 Write Operations", PIT)
{
	u8 highest = 0;

	start(PIT_LSB | PIT_MODE_N(2), 200);
	for (u32 i = 0; i < READS; i++) {
		u8 low = inb(PIT_CH(2));

		if (!EXPECT_LE(low, 200) || !EXPECT_GE(low, 1))
			break;
	}
	start(PIT_MSB | PIT_MODE_N(2), 0x0300);
	for (u32 i = 0; i < READS; i++) {
		highest = max(highest, inb(PIT_CH(2)));
		udelay(17);
	}
	EXPECT_LE(highest, 3);
	EXPECT_GE(highest, 1);
}

TEST(timers, pit_unlatched_count_reads_low_byte_then_high,
     "8254 Read Operations", PIT)
{
	u64 flags = local_irq_save();
	u16 count = 0;

	for (u32 tries = 0; tries < 16 && count >> 8 != 0xea; tries++) {
		start(PIT_LSB_MSB | PIT_MODE_N(2), 0xeb00);
		inb(PIT_CH(2));
		inb(PIT_CH(2));
		count = read_word(2);
	}
	local_irq_restore(flags);
	EXPECT_EQ(count >> 8, 0xea);
}

TEST(timers, pit_bcd_counts_in_decades, "8254 Control Word Format, BCD", PIT)
{
	start(PIT_LSB_MSB | PIT_MODE_N(2) | PIT_STATUS_BCD, 0x1000);
	for (u32 i = 0; i < READS && ktest_ok(); i++) {
		u16 count = pit_read_count(2);

		EXPECT_TRUE(bcd_valid(count & 0xff) && bcd_valid(count >> 8));
		EXPECT_LE(count, 0x1000);
		udelay(11);
	}
}

TEST(timers, pit_mode_2_counts_from_n_to_1, "8254 Mode 2: Rate Generator", PIT)
{
	u16 lowest = UINT16_MAX, highest = 0;

	start(PIT_LSB_MSB | PIT_MODE_N(2), 100);
	for (u32 i = 0; i < 4 * READS; i++) {
		u16 count = pit_read_count(2);

		lowest = min(lowest, count);
		highest = max(highest, count);
	}
	EXPECT_GE(lowest, 1);
	EXPECT_LE(highest, 100);
	EXPECT_LT(lowest, highest);
}

TEST(timers, pit_mode_3_counts_by_twos, "8254 Mode 3: Square Wave Mode", PIT)
{
	u16 odd = 0, changes = 0;

	start(PIT_LSB_MSB | PIT_MODE_N(3), 1000);
	for (u32 i = 0, last = 0; i < READS; i++) {
		u16 count = pit_read_count(2);

		odd += count & 1;
		changes += count != last;
		last = count;
		udelay(3);
	}
	EXPECT_EQ(odd, 0);
	EXPECT_GT(changes, READS / 2);
}

/* After terminal count it goes on from FFFFH; the output stays high. */
TEST(timers, pit_mode_0_counts_on_below_zero,
     "8254 Mode 0: Interrupt on Terminal Count", PIT)
{
	start(PIT_LSB_MSB, 300);
	EXPECT_TRUE(WAIT_FOR(pit_read_count(2) > 300, WAIT_DEFAULT_US));
	EXPECT_TRUE(inb(PORT_61) & PORT_61_OUT2);
}

/* Half a new count stops the old one and lowers the output. */
TEST(timers, pit_first_byte_of_a_new_count_stops_mode_0,
     "8254 Mode 0: Interrupt on Terminal Count", PIT)
{
	u16 a, b;

	start(PIT_LSB_MSB, LONG);
	outb(0, PIT_CH(2));
	udelay(5);
	a = pit_read_count(2);
	udelay(400);
	b = pit_read_count(2);
	outb(0, PIT_CH(2));
	EXPECT_EQ(a - b, 0);
}

TEST(timers, pit_control_word_sets_the_output_at_once,
     "8254 Mode Definitions, initial OUT", PIT)
{
	start(PIT_LSB_MSB, 1); /* high */
	for (u32 mode = 0; mode <= 5; mode++) {
		outb(PIT_SELECT(2) | PIT_LSB_MSB | PIT_MODE_N(mode), PIT_MODE);
		if (!EXPECT_EQ(!!(pit_read_status(2) & PIT_STATUS_OUT), !!mode))
			ktest_note("mode %u", mode);
	}
}
