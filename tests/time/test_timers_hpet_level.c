// SPDX-License-Identifier: MIT
/*
 * The HPET's status bits, levels that timers share, and a periodic timer's
 * accumulator.
 *
 * Spec: IA-PC HPET Specification 1.0a, "General Interrupt Status Register",
 *       "Timer N Comparator Register", "Periodic Mode".
 */
#include <irq/irq.h>

#include "hpet_case.h"

#define STATUS_RULE   "HPET General Interrupt Status Register"
#define PERIODIC_RULE "HPET Timer N Comparator Register, Periodic Mode"
#define NOT_PERIODIC  "no timer is periodic"
#define ONE_TIMER     "there is no timer 1"

static u32 clear_at[2]; /* the interrupt whose handler clears timer n */

static void clear_when_told(struct stamped *st)
{
	for (u32 n = 0; n < ARRAY_SIZE(clear_at); n++) {
		if (clear_at[n] && st->pin.count >= clear_at[n])
			hpet_clear_status(n);
	}
}

/* Timer 0's level, masked, and its status soon set. */
static bool start_level(void)
{
	if (!hpet_start(0, true))
		return false;
	if (hpet_on_the_pits_pin())
		SKIP(return false, PIT_PIN_ONLY);
	pin_mask(&hpet_pin.pin, true);
	hpet_pin.ack = clear_when_told;
	clear_at[0] = 1;
	clear_at[1] = 0;
	hpet_one_shot(0, TICKS_OF_US(100));
	return true;
}

static bool set(u32 timer)
{
	return WAIT_FOR(hpet_status(timer), WAIT_DEFAULT_US);
}

TEST(timers, hpet_status_is_cleared_by_its_own_1_only, STATUS_RULE, HPET)
{
	if (!start_level())
		return;
	EXPECT_TRUE(set(0));
	hpet_writel(0, HPET_STATUS);
	EXPECT_TRUE(hpet_status(0));
	hpet_writel(~1u, HPET_STATUS);
	EXPECT_TRUE(hpet_status(0));
	hpet_clear_status(0);
	EXPECT_FALSE(hpet_status(0));
}

/* It operates and sets its status, and interrupts once it may. */
TEST(timers, hpet_timer_not_enabled_sets_its_status_all_the_same,
     "HPET Timer N Configuration and Capabilities, Interrupt Enable", HPET)
{
	u32 cfg, at, tries = 16;

	if (!start_level())
		return;
	hpet_one_shot(0, TICKS_OF_US(500000));
	cfg = hpet_readl(HPET_Tn_CFG(0));
	hpet_writel(cfg & ~HPET_TN_ENABLE, HPET_Tn_CFG(0));
	do {
		at = hpet_readl(HPET_COUNTER) + (u32)TICKS_OF_US(300);
		hpet_writel(at, HPET_Tn_CMP(0));
	} while (hpet_passed(at) && --tries);
	pin_mask(&hpet_pin.pin, false);
	EXPECT_TRUE(set(0));
	EXPECT_EQ(pin_wait(&hpet_pin.pin, 0), 0);
	hpet_writel(cfg | HPET_TN_ENABLE, HPET_Tn_CFG(0));
	EXPECT_EQ(stamped_wait(&hpet_pin, 1), 1);
}

/* Both on one pin: it is low again when both are cleared, not before. */
TEST(timers, hpet_level_line_is_shared_by_two_timers, STATUS_RULE, HPET)
{
	struct hpet_timer_info info;

	if (hpet_timers() < 2)
		SKIP(return, ONE_TIMER);
	if (!start_level())
		return;
	hpet_timer_info(1, &info);
	if (!(info.route_cap & BIT(hpet_wants.gsi)))
		SKIP(return, "timers 0 and 1 have no pin in common");
	timers_use_hpet(1);
	EXPECT_TRUE(set(0));
	hpet_one_shot(1, TICKS_OF_US(100));
	EXPECT_TRUE(hpet_status(0));
	EXPECT_TRUE(set(1));
	clear_at[1] = 3;
	pin_mask(&hpet_pin.pin, false);
	EXPECT_EQ(stamped_wait(&hpet_pin, 3), 3);
}

static void clear_periodic(struct stamped *st)
{
	hpet_clear_status((u32)hpet_periodic_timer());
}

/* The first that can be periodic, running; -1: it was said why not. */
static int start_periodic(bool level, u32 period)
{
	int timer = hpet_periodic_timer();

	if (timer < 0)
		SKIP(return -1, NOT_PERIODIC);
	if (!hpet_start((u32)timer, level))
		return -1;
	if (level && hpet_on_the_pits_pin())
		SKIP(return -1, PIT_PIN_ONLY);
	if (level)
		hpet_pin.ack = clear_periodic;
	hpet_arm((u32)timer, period, true);
	return timer;
}

/* *cmp is a match to come: an emulator may be late to move the last one on. */
static bool ahead(u32 timer, u32 period, u32 *cmp)
{
	*cmp = hpet_readl(HPET_Tn_CMP(timer));
	return *cmp - hpet_readl(HPET_COUNTER) <= period;
}

TEST(timers, hpet_periodic_comparator_moves_on_by_its_period, PERIODIC_RULE,
     HPET)
{
	u32 period = (u32)TICKS_OF_US(500), cmp;
	int timer = start_periodic(false, period);

	if (timer < 0)
		return;
	EXPECT_GE(stamped_wait(&hpet_pin, 3), 3);
	EXPECT_TRUE(WAIT_FOR(ahead((u32)timer, period, &cmp), WAIT_DEFAULT_US));
	EXPECT_EQ((cmp - (u32)hpet_comparator((u32)timer)) % period, 0);
}

/* Without Value Set the write is the period, and the next match stays. */
TEST(timers, hpet_period_written_later_counts_from_the_next_match,
     PERIODIC_RULE, HPET)
{
	u32 later = (u32)TICKS_OF_US(3000), tries = 16, first;
	int timer;

	do { /* in time for the first match */
		pins_close();
		timer = start_periodic(false, (u32)TICKS_OF_US(20000));
		if (timer < 0)
			return;
		first = (u32)hpet_comparator((u32)timer);
		hpet_writel(later, HPET_Tn_CMP(timer));
	} while (hpet_passed(first) && --tries);
	EXPECT_GE(stamped_wait(&hpet_pin, 3), 3);
	for (u32 k = 0; k < 3; k++)
		hpet_expect_after(k, first + k * later);
	EXPECT_EQ((hpet_readl(HPET_Tn_CMP(timer)) - first) % later, 0);
}

TEST(timers, hpet_periodic_level_comes_again_when_cleared, PERIODIC_RULE, HPET)
{
	u32 period = (u32)TICKS_OF_US(1000), first, elapsed;
	int timer = start_periodic(true, period);

	if (timer < 0)
		return;
	first = (u32)hpet_comparator((u32)timer);
	SLEEP_FOR(hpet_pin.pin.count >= 4, WAIT_DEFAULT_US);
	pin_mask(&hpet_pin.pin, true);
	elapsed = hpet_readl(HPET_COUNTER) - (first - period);
	EXPECT_GE(hpet_pin.pin.count, 4);
	EXPECT_LE(hpet_pin.pin.count, elapsed / period);
	for (u32 k = 0; k < 4 && ktest_ok(); k++)
		hpet_expect_after(k, first + k * period);
}

/* Replacement is the business of timers 0 and 1: the others keep their pin. */
TEST(timers, hpet_timer_2_keeps_its_pin_in_legacy_replacement,
     "HPET LegacyReplacement Route Option", HPET)
{
	if (!(hpet_readl(HPET_CAP) & HPET_CAP_LEG_RT))
		SKIP(return, "no legacy replacement");
	if (hpet_timers() < 3)
		SKIP(return, "there is no timer 2");
	timers_use_hpet(0);
	timers_use_hpet(2); /* as it is without legacy replacement */
	hpet_wants = (struct hpet_setup){ .route = HPET_ROUTE_LEGACY };
	hpet_arm(0, INT32_MAX, false);
	if (!hpet_start(2, false))
		return;
	hpet_one_shot(2, TICKS_OF_US(200));
	EXPECT_EQ(hpet_readl(HPET_CFG) & HPET_CFG_LEGACY, HPET_CFG_LEGACY);
	EXPECT_EQ(stamped_wait(&hpet_pin, 1), 1);
	hpet_expect_after(0, (u32)hpet_comparator(2));
}
