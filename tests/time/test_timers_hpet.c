// SPDX-License-Identifier: MIT
/*
 * HPET timers as interrupt sources: one-shot and periodic, edge and level,
 * every route. Never early is judged exactly, by the HPET's own counter.
 *
 * Spec: IA-PC HPET Specification 1.0a, "Timer N Configuration and Capabilities
 *       Register", "LegacyReplacement Route Option", "FSB Interrupt Delivery".
 */
#include <dev/pit.h>
#include <dev/rtc.h>
#include <irq/irq.h>
#include <lib/errno.h>

#include "hpet_case.h"

#define ARM_TRIES 64
#define WRAP_NEAR TICKS_OF_US(100000) /* after the moment armed for */

struct stamped hpet_pin;
struct hpet_setup hpet_wants;
static u32 release_at;

/* The GSIs below 32 that have a pin. */
static u32 gsis_with_pin(void)
{
	u32 mask = 0, pin;

	for (u32 gsi = 0; gsi < 32; gsi++)
		mask |= ioapic_of_gsi(gsi, &pin) ? 1u << gsi : 0;
	return mask;
}

/* Edges are rising; a level on a pin of PCI's kind is low. */
static union ioapic_rte rte_for(u32 gsi, bool level)
{
	return (union ioapic_rte){ .level = level,
				   .active_low = level && gsi >= 16 };
}

bool hpet_start(u32 timer, bool level)
{
	int gsi = hpet_pick_gsi(timer, gsis_with_pin());

	timers_use_hpet(timer);
	hpet_pin.ack = NULL;
	hpet_wants = (struct hpet_setup){ .route = HPET_ROUTE_IOAPIC,
					  .gsi = (u8)gsi,
					  .level = level };
	/* An edge of the PIT would be taken for one of ours. */
	if (hpet_on_the_pits_pin())
		SLEEP_FOR(!pit_edge_owed(), WAIT_DEFAULT_US);
	return EXPECT_GE(gsi + 1, 1) &&
	       EXPECT_TRUE(stamped_open(&hpet_pin, (u32)gsi,
					rte_for((u32)gsi, level)));
}

bool hpet_on_the_pits_pin(void)
{
	return hpet_wants.gsi == irq_to_desc(0)->gsi;
}

bool hpet_passed(u32 at)
{
	return (s32)(hpet_readl(HPET_COUNTER) - at) >= 0;
}

/*
 * A one-shot of 32 bits may interrupt where the counter wraps, too ("Timer N
 * Comparator Register", non-periodic mode): let one so near go by. What is
 * armed for far away is not awaited.
 */
static void pass_the_wrap(u64 ticks)
{
	u64 near = WRAP_NEAR + (ticks < TICKS_OF_US(1000000) ? ticks : 0);

	if (hpet_readl(HPET_COUNTER) + near > UINT32_MAX)
		WAIT_FOR(hpet_readl(HPET_COUNTER) <= INT32_MAX,
			 WAIT_DEFAULT_US);
}

void hpet_arm(u32 timer, u64 ticks, bool periodic)
{
	int err = -EAGAIN;

	if (!hpet_wants.wide && !periodic)
		pass_the_wrap(ticks);
	for (u32 tries = 0; err == -EAGAIN && tries < ARM_TRIES; tries++) {
		hpet_timer_stop(timer);
		pin_settle();
		hpet_pin.pin.count = 0;
		err = periodic ? hpet_periodic(timer, &hpet_wants, (u32)ticks)
			       : hpet_oneshot(timer, &hpet_wants,
					      ticks << min(tries / 8, 6u));
	}
	EXPECT_EQ(err, 0);
}

void hpet_one_shot(u32 timer, u64 ticks)
{
	hpet_arm(timer, ticks, false);
}

void hpet_expect_after(u32 n, u32 at)
{
	EXPECT_GE((s32)(hpet_pin.hpet[n] - at) + (1ll << 31), 1ll << 31);
}

TEST(timers, hpet_one_shot_interrupts_once_and_never_early,
     "HPET Timer N Comparator Register", HPET)
{
	static const u32 us[] = { 50, 500, 3000 };

	for (u32 timer = 0; timer < hpet_timers() && ktest_ok(); timer++) {
		for (u32 i = 0; i < ARRAY_SIZE(us) && ktest_ok(); i++) {
			if (!hpet_start(timer, false))
				return;
			hpet_one_shot(timer, TICKS_OF_US(us[i]));
			EXPECT_EQ(stamped_wait(&hpet_pin, 1), 1);
			hpet_expect_after(0, (u32)hpet_comparator(timer));
			pins_close();
			hpet_timer_stop(timer);
		}
	}
}

/* The watchdog's way, each case anew: it must not trust what does not stand. */
TEST(timers, hpet_one_shot_once_more_is_never_early,
     "HPET Timer N Comparator Register", HPET)
{
	u64 ticks = TICKS_OF_US(500);
	int err = -EAGAIN;
	u32 from = 0;

	if (!hpet_start(0, false))
		return;
	hpet_one_shot(0, TICKS_OF_US(50));
	EXPECT_EQ(stamped_wait(&hpet_pin, 1), 1);
	for (u32 tries = 0; err == -EAGAIN && tries < ARM_TRIES; tries++) {
		pass_the_wrap(ticks);
		hpet_pin.pin.count = 0;
		from = hpet_readl(HPET_COUNTER);
		err = hpet_oneshot_again(0, ticks);
	}
	EXPECT_EQ(err, 0);
	EXPECT_EQ(stamped_wait(&hpet_pin, 1), 1);
	hpet_expect_after(0, from + (u32)ticks);
	hpet_writel(hpet_readl(HPET_Tn_CFG(0)) & ~HPET_TN_ENABLE,
		    HPET_Tn_CFG(0));
	EXPECT_EQ(hpet_oneshot_again(0, ticks), -ENOENT);
	pins_close();
	hpet_timer_stop(0);
	EXPECT_EQ(hpet_oneshot_again(0, ticks), -ENOENT);
}

TEST(timers, hpet_64_bit_one_shot_is_never_early,
     "HPET Timer N Comparator Register", HPET)
{
	bool any = false;

	for (u32 timer = 0; timer < hpet_timers() && ktest_ok(); timer++) {
		if (!hpet_timer_is_wide(timer))
			continue;
		any = true;
		if (!hpet_start(timer, false))
			return;
		hpet_wants.wide = true;
		hpet_one_shot(timer, TICKS_OF_US(500));
		EXPECT_EQ(stamped_wait(&hpet_pin, 1), 1);
		hpet_expect_after(0, (u32)hpet_comparator(timer));
		pins_close();
		hpet_timer_stop(timer);
	}
	if (!any)
		SKIP(return, "no timer compares 64 bits");
}

/* A 64-bit comparator looks at the high half too. */
TEST(timers, hpet_64_bit_one_shot_waits_for_the_high_half,
     "HPET Timer N Comparator Register", HPET)
{
	if (!hpet_timer_is_wide(0))
		SKIP(return, "timer 0 does not compare 64 bits");
	if (!hpet_start(0, false))
		return;
	hpet_wants.wide = true;
	hpet_one_shot(0, (1ull << 32) + TICKS_OF_US(200));
	udelay(400); /* the low halves have met */
	EXPECT_EQ(pin_wait(&hpet_pin.pin, 0), 0);
}

int hpet_periodic_timer(void)
{
	struct hpet_timer_info info;

	for (u32 timer = 0; timer < hpet_timers(); timer++) {
		if (!hpet_timer_info(timer, &info) && info.periodic_cap)
			return (int)timer;
	}
	return -1;
}

TEST(timers, hpet_periodic_interrupts_once_a_period_and_never_early,
     "HPET Timer N Configuration and Capabilities, Periodic", HPET)
{
	u32 period = (u32)TICKS_OF_US(1000), elapsed, first;
	int timer = hpet_periodic_timer();

	if (timer < 0)
		SKIP(return, "no timer is periodic");
	if (!hpet_start((u32)timer, false))
		return;
	hpet_arm((u32)timer, period, true);
	first = (u32)hpet_comparator((u32)timer);
	SLEEP_FOR(hpet_pin.pin.count >= 8, WAIT_DEFAULT_US);
	pin_mask(&hpet_pin.pin, true);
	elapsed = hpet_readl(HPET_COUNTER) - (first - period);
	if (!EXPECT_GE(hpet_pin.pin.count, 8))
		return;
	EXPECT_LE(hpet_pin.pin.count, elapsed / period);
	for (u32 k = 0; k < 8 && ktest_ok(); k++)
		hpet_expect_after(k, first + k * period);
}

TEST(timers, hpet_stopped_timer_is_silent,
     "HPET Timer N Configuration and Capabilities, Interrupt Enable", HPET)
{
	u32 tries = ARM_TRIES, cfg;

	if (!hpet_start(0, false))
		return;
	do {
		hpet_one_shot(0, TICKS_OF_US(200));
		cfg = hpet_readl(HPET_Tn_CFG(0));
		hpet_writel(cfg & ~HPET_TN_ENABLE, HPET_Tn_CFG(0));
	} while (hpet_passed((u32)hpet_comparator(0)) && --tries);
	EXPECT_TRUE(WAIT_FOR(hpet_passed((u32)hpet_comparator(0)),
			     WAIT_DEFAULT_US));
	EXPECT_EQ(pin_wait(&hpet_pin.pin, 0), 0);
}

static void release(struct stamped *st)
{
	if (st->pin.count >= release_at)
		hpet_clear_status(0);
}

/* Status is the level: it stays, and interrupts, until it is written 1. */
TEST(timers, hpet_level_interrupts_until_its_status_is_cleared,
     "HPET General Interrupt Status Register", HPET)
{
	if (!hpet_start(0, true))
		return;
	if (hpet_on_the_pits_pin())
		SKIP(return, PIT_PIN_ONLY);
	release_at = 3;
	hpet_pin.ack = release;
	hpet_one_shot(0, TICKS_OF_US(200));
	EXPECT_EQ(stamped_wait(&hpet_pin, 3), 3);
	EXPECT_FALSE(hpet_status(0));
}

TEST(timers, hpet_masked_level_is_held_in_the_status,
     "HPET General Interrupt Status Register", HPET)
{
	if (!hpet_start(0, true))
		return;
	if (hpet_on_the_pits_pin())
		SKIP(return, PIT_PIN_ONLY);
	release_at = 1;
	hpet_pin.ack = release;
	pin_mask(&hpet_pin.pin, true);
	hpet_one_shot(0, TICKS_OF_US(100));
	EXPECT_TRUE(WAIT_FOR(hpet_status(0), WAIT_DEFAULT_US));
	EXPECT_EQ(pin_wait(&hpet_pin.pin, 0), 0);
	pin_mask(&hpet_pin.pin, false);
	EXPECT_EQ(stamped_wait(&hpet_pin, 1), 1);
}

TEST(timers, hpet_every_declared_route_arrives_at_its_pin,
     "HPET Timer N Configuration and Capabilities, Interrupt Route", HPET)
{
	struct hpet_timer_info info;

	for (u32 timer = 0; timer < hpet_timers() && ktest_ok(); timer++) {
		hpet_timer_info(timer, &info);
		info.route_cap &= gsis_with_pin();
		EXPECT_NE(info.route_cap, 0);
		for (u32 gsi = 0; gsi < 32 && ktest_ok(); gsi++) {
			if (!(info.route_cap & BIT(gsi)) ||
			    !hpet_start(timer, false))
				continue;
			pins_close();
			EXPECT_TRUE(
				stamped_open(&hpet_pin, gsi, rte_for(gsi, 0)));
			hpet_wants.gsi = (u8)gsi;
			hpet_one_shot(timer, 5000);
			if (!EXPECT_EQ(pin_wait(&hpet_pin.pin, 1), 1))
				ktest_note("timer %u, gsi %u", timer, gsi);
			pins_close();
			hpet_timer_stop(timer);
		}
	}
}

#define LEGACY_RULE "HPET LegacyReplacement Route Option"

static bool legacy(u32 timer, u32 irq)
{
	if (!(hpet_readl(HPET_CAP) & HPET_CAP_LEG_RT))
		SKIP(return false, "no legacy replacement");
	timers_use_hpet(timer);
	hpet_pin.ack = NULL;
	hpet_wants = (struct hpet_setup){ .route = HPET_ROUTE_LEGACY };
	return EXPECT_TRUE(
		stamped_open(&hpet_pin, irq_to_desc(irq)->gsi, PIN_EDGE));
}

TEST(timers, hpet_timer_0_replaces_the_pit, LEGACY_RULE, HPET)
{
	if (!legacy(0, 0))
		return;
	hpet_one_shot(0, TICKS_OF_US(200));
	EXPECT_EQ(stamped_wait(&hpet_pin, 1), 1);
	hpet_expect_after(0, (u32)hpet_comparator(0));
}

TEST(timers, hpet_timer_1_replaces_the_rtc, LEGACY_RULE,
     .needs = NEEDS_HPET | NEEDS_IOAPIC, .uses = USES_HPET | USES_RTC)
{
	if (hpet_timers() < 2)
		SKIP(return, "there is no timer 1");
	if (!legacy(1, 8))
		return;
	hpet_one_shot(1, TICKS_OF_US(200));
	EXPECT_EQ(stamped_wait(&hpet_pin, 1), 1);
	hpet_expect_after(0, (u32)hpet_comparator(1));
}

TEST(timers, hpet_legacy_replacement_cuts_the_pit_off, LEGACY_RULE,
     .needs = NEEDS_HPET | NEEDS_IOAPIC | NEEDS_PIT,
     .uses = USES_HPET | USES_PIT)
{
	if (!legacy(0, 0))
		return;
	timers_use_pit();
	hpet_one_shot(0, INT32_MAX);
	pit_start(PIT_ONE_SHOT, 300);
	EXPECT_TRUE(WAIT_FOR(pit_output(), WAIT_DEFAULT_US));
	EXPECT_EQ(pin_wait(&hpet_pin.pin, 0), 0);
	/* And back: connecting a high line may itself be an edge. */
	hpet_timer_stop(0);
	pit_start(PIT_ONE_SHOT, 65536);
	pin_settle();
	hpet_pin.pin.count = 0;
	pit_start(PIT_ONE_SHOT, 300);
	EXPECT_EQ(stamped_wait(&hpet_pin, 1), 1);
}

/* Its flag comes; its line leads nowhere, until the option ends. */
TEST(timers, hpet_legacy_replacement_cuts_the_rtc_off, LEGACY_RULE,
     .needs = NEEDS_HPET | NEEDS_IOAPIC | NEEDS_RTC,
     .uses = USES_HPET | USES_RTC)
{
	if (hpet_timers() < 2)
		SKIP(return, "there is no timer 1");
	if (!legacy(1, 8))
		return;
	timers_use_rtc();
	hpet_one_shot(1, INT32_MAX);
	EXPECT_EQ(rtc_periodic_start(6), 0);
	EXPECT_TRUE(WAIT_FOR(rtc_read_flags() & RTC_C_PF, WAIT_DEFAULT_US));
	EXPECT_EQ(pin_wait(&hpet_pin.pin, 0), 0);
	rtc_stop();
	hpet_timer_stop(1);
	EXPECT_EQ(pin_wait(&hpet_pin.pin, 0), 0);
	EXPECT_EQ(rtc_periodic_start(6), 0);
	EXPECT_GE(stamped_wait(&hpet_pin, 1), 1);
	rtc_stop();
}
