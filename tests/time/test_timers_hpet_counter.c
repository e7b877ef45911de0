// SPDX-License-Identifier: MIT
/*
 * The HPET's main counter: halted, written, run through its wraps; and what
 * timers make of it.
 *
 * It is a clock of the machine too, but nothing else reads it while a case
 * runs that uses the HPET; afterwards it goes on from where it would be.
 *
 * Spec: IA-PC HPET Specification 1.0a, "General Configuration Register",
 *       "Main Counter Value Register", "Timer N Comparator Register".
 */
#include "hpet_case.h"

#define COUNTER_RULE "HPET Main Counter Value Register"
#define ENABLE_RULE  "HPET General Configuration Register, Overall Enable"
#define CMP_RULE     "HPET Timer N Comparator Register"
#define WIDE_ONLY    "timer 0 does not compare 64 bits"

/* Beyond every value the counter can have reached by itself. */
#define FAR 0x123456789a000000ull

static struct {
	bool set;
	u64 found, tsc; /* the counter and the TSC, when it was first set */
} moved;

static void halt(void)
{
	hpet_writel(hpet_readl(HPET_CFG) & ~HPET_CFG_ENABLE, HPET_CFG);
}

static void run_from(u64 value, bool run)
{
	hpet_writel((u32)value, HPET_COUNTER);
	hpet_writel((u32)(value >> 32), HPET_COUNTER + 4);
	if (run)
		hpet_writel(hpet_readl(HPET_CFG) | HPET_CFG_ENABLE, HPET_CFG);
}

static void set_counter(u64 value, bool run)
{
	halt();
	if (!moved.set) {
		moved.found = hpet_counter64();
		moved.tsc = rdtsc();
	}
	moved.set = true;
	run_from(value, run);
}

void hpet_put_counter_back(void)
{
	u64 passed;

	if (!moved.set)
		return;
	halt();
	passed = hpet_ns_to_ticks(tsc_ns(rdtsc() - moved.tsc));
	run_from(moved.found + passed, true);
	moved.set = false;
}

static u64 far(void)
{
	return hpet_counter_is_64bit() ? FAR : (u32)FAR;
}

TEST(timers, hpet_halted_counter_stands_still_where_it_was_set, COUNTER_RULE,
     HPET)
{
	set_counter(far() + 0x123, false);
	udelay(20);
	EXPECT_EQ(hpet_counter64(), far() + 0x123);
	set_counter(far(), false);
	EXPECT_EQ(hpet_counter64(), far());
}

TEST(timers, hpet_counter_goes_on_from_the_value_it_was_set_to, COUNTER_RULE,
     HPET)
{
	u64 begin = rdtsc(), value, ns;

	set_counter(far(), true);
	udelay(200);
	value = hpet_counter64() - far();
	ns = tsc_ns(rdtsc() - begin);
	EXPECT_GE(value + 64, hpet_ns_to_ticks(190000));
	EXPECT_LE(value, hpet_ns_to_ticks(ns + slack_ns(ns)));
}

TEST(timers, hpet_counter_carries_into_its_high_half, COUNTER_RULE, HPET)
{
	if (!hpet_counter_is_64bit())
		SKIP(return, "the counter has 32 bits");
	set_counter(0x5ffffffffull - 500, true);
	EXPECT_TRUE(
		WAIT_FOR(hpet_counter64() >= 0x600000000ull, WAIT_DEFAULT_US));
	EXPECT_EQ(hpet_readl(HPET_COUNTER + 4), 6);
}

/* Timer 0, 64 bits wide, to match at 'to' while the counter starts at from. */
static bool cross(u64 from, u64 to)
{
	if (!hpet_timer_is_wide(0))
		SKIP(return false, WIDE_ONLY);
	if (!hpet_start(0, false))
		return false;
	hpet_wants.wide = true;
	hpet_one_shot(0, TICKS_OF_US(1000000));
	set_counter(from, false);
	hpet_writel((u32)(to >> 32), HPET_Tn_CMP(0) + 4);
	hpet_writel((u32)to, HPET_Tn_CMP(0));
	pin_settle();
	hpet_pin.pin.count = 0;
	hpet_writel(hpet_readl(HPET_CFG) | HPET_CFG_ENABLE, HPET_CFG);
	return true;
}

TEST(timers, hpet_64_bit_one_shot_crosses_the_halves, CMP_RULE, HPET)
{
	if (!cross(0x5fffff000ull, 0x600004000ull))
		return;
	EXPECT_EQ(stamped_wait(&hpet_pin, 1), 1);
	hpet_expect_after(0, 0x4000);
}

TEST(timers, hpet_64_bit_one_shot_crosses_the_end, CMP_RULE, HPET)
{
	if (!cross(0xfffffffffffff000ull, 0x4000))
		return;
	EXPECT_EQ(stamped_wait(&hpet_pin, 1), 1);
	hpet_expect_after(0, 0x4000);
}

/* The counter never equals it: not before a wrap of centuries. */
TEST(timers, hpet_comparator_in_the_past_is_silent, CMP_RULE, HPET)
{
	if (!cross(FAR, FAR - 0x10000))
		return;
	SLEEP_FOR(hpet_pin.pin.count, 20000);
	EXPECT_EQ(pin_wait(&hpet_pin.pin, 0), 0);
}

TEST(timers, hpet_halted_block_interrupts_when_it_runs_again, ENABLE_RULE, HPET)
{
	u32 at;

	if (!hpet_start(0, false))
		return;
	hpet_one_shot(0, TICKS_OF_US(500000));
	at = (u32)hpet_comparator(0);
	set_counter((hpet_counter64() & ~0xffffffffull) | (at - 10000), false);
	udelay(300);
	EXPECT_EQ(pin_wait(&hpet_pin.pin, 0), 0);
	hpet_writel(hpet_readl(HPET_CFG) | HPET_CFG_ENABLE, HPET_CFG);
	EXPECT_EQ(stamped_wait(&hpet_pin, 1), 1);
	hpet_expect_after(0, at);
}
