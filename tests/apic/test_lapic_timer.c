// SPDX-License-Identifier: MIT
/*
 * The timer: rate, one-shot, periodic, masked, stopped, switched.
 *
 * How late an interrupt comes is not judged: the host decides. Never early,
 * how many, and the agreement of clocks read together are.
 *
 * Spec: SDM 3A "APIC Timer"; APM 2 "APIC Timer".
 */
#include "lapic_timer.h"

#include <apic/apic_timer.h>
#include <cpu/cpufeature.h>
#include <irq/irqstat.h>
#include <ktest/raised.h>

#define TIMER_RULE "SDM 3A APIC Timer"

#define PPM 1000000

const struct divider dividers[NR_DIVIDERS] = {
	{ 1, APIC_TDR_DIV_1 },	 { 2, APIC_TDR_DIV_2 },
	{ 4, APIC_TDR_DIV_4 },	 { 8, APIC_TDR_DIV_8 },
	{ 16, APIC_TDR_DIV_16 }, { 32, APIC_TDR_DIV_32 },
	{ 64, APIC_TDR_DIV_64 }, { 128, APIC_TDR_DIV_128 },
};

static u32 divider_under_test;

static u64 read_count(void)
{
	return apic_read(APIC_TMCCT);
}

static int start_divided(void)
{
	apic_write(APIC_LVTT, APIC_LVT_MASKED | LOCAL_TIMER_VECTOR);
	apic_write(APIC_TDCR, divider_under_test);
	apic_write(APIC_TMICT, ~0u);
	return 0;
}

static void timer_end(void)
{
	apic_timer_stop();
	apic_write(APIC_TDCR, APIC_TDR_DIV_16);
}

/* The timer's rate by the TSC, both read together. */
static int measure(u32 tdcr, struct clock_rate *rate)
{
	static const struct clock divided = { .name = "divided",
					      .read = read_count,
					      .start = start_divided,
					      .stop = timer_end,
					      .modulus = 1ull << 32,
					      .bits = 32,
					      .down = true,
					      .present = true };

	divider_under_test = tdcr;
	return clock_measure(clock_get(CLOCK_TSC), &divided, 1000, rate);
}

TEST(lapic, timer_divides_by_every_divider, TIMER_RULE)
{
	struct clock_rate ref, rate;

	if (!EXPECT_EQ(measure(APIC_TDR_DIV_1, &ref), 0))
		return;
	for (u32 i = 0; i < NR_DIVIDERS; i++) {
		const struct divider *d = &dividers[i];
		s32 ppm;

		if (!EXPECT_EQ(measure(d->tdcr, &rate), 0))
			return;
		ppm = ppm_error(rate.hz * d->divisor, ref.hz);
		if (!EXPECT_LE(ppm < 0 ? -ppm : ppm,
			       ref.uncertainty_ppm + rate.uncertainty_ppm +
				       EXTRA_PPM))
			ktest_note("divider %u: %llu Hz, undivided %llu Hz",
				   d->divisor, (unsigned long long)rate.hz,
				   (unsigned long long)ref.hz);
	}
}

/* One vector, its arrivals, and the timer's rate by the TSC at divider 16. */
struct arrivals ticks;
static struct clock_rate rate16;

bool timer_begin(void)
{
	ticks = (struct arrivals){ 0 };
	return EXPECT_EQ(measure(APIC_TDR_DIV_16, &rate16), 0) &&
	       EXPECT_EQ(irq_claim_vector(VEC_A, lapic_count_arrival, &ticks),
			 0);
}

void timer_done(void)
{
	timer_end();
	lapic_flush();
	irq_release_vector(VEC_A);
}

/* Start: LVT first, then the count. Returns the TSC from before it ran. */
u64 timer_run(u32 lvtt, u32 count)
{
	u64 tsc;

	apic_write(APIC_LVTT, lvtt | VEC_A);
	tsc = rdtsc_ordered();
	apic_write(APIC_TMICT, count);
	return tsc;
}

u32 us_to_count(u32 us)
{
	return (u32)mul_div_u64(rate16.hz, us, USEC_PER_SEC);
}

/* TSC ticks that count must last at least, as surely as we know the rates. */
u64 least_tsc(u64 count)
{
	u64 tsc = mul_div_u64(count, clock_get(CLOCK_TSC)->freq_hz, rate16.hz);

	return tsc - mul_div_u64(tsc, rate16.uncertainty_ppm + EXTRA_PPM, PPM);
}

TEST(lapic, timer_one_shot_fires_once_and_never_early, TIMER_RULE)
{
	static const u32 us[] = { 20, 100, 2000 };

	if (!timer_begin())
		return;
	for (u32 i = 0; i < ARRAY_SIZE(us); i++) {
		u32 count = us_to_count(us[i]);
		u64 start = timer_run(APIC_LVT_TIMER_ONESHOT, count);

		EXPECT_TRUE(lapic_arrived(&ticks, i + 1));
		udelay(2 * us[i]);
		EXPECT_EQ(ticks.count, i + 1);
		EXPECT_GE(ticks.tsc - start, least_tsc(count));
	}
	timer_done();
	EXPECT_EQ(ticks.count, ARRAY_SIZE(us));
}

TEST(lapic, timer_one_shot_ends_at_0_and_stays_there, TIMER_RULE)
{
	u32 initial, kept, after;

	if (!timer_begin())
		return;
	initial = us_to_count(50);
	timer_run(APIC_LVT_TIMER_ONESHOT, initial);
	EXPECT_TRUE(lapic_arrived(&ticks, 1));
	EXPECT_TRUE(WAIT_FOR(!apic_read(APIC_TMCCT), WAIT_DEFAULT_US));
	udelay(SETTLE_US);
	after = apic_read(APIC_TMCCT);
	kept = apic_read(APIC_TMICT);
	timer_done();
	EXPECT_EQ(after, 0);
	EXPECT_EQ(kept, initial);
	EXPECT_EQ(ticks.count, 1);
}

#define FEW 5

/* No bound from above on the time it takes: ticks may merge in IRR. */
TEST(lapic, timer_periodic_is_never_faster_than_its_period, TIMER_RULE)
{
	u32 count, came;
	u64 start, elapsed;

	if (!timer_begin())
		return;
	count = us_to_count(100);
	start = timer_run(APIC_LVT_TIMER_PERIODIC, count);
	EXPECT_TRUE(lapic_arrived(&ticks, FEW));
	local_irq_disable();
	came = ticks.count;
	elapsed = rdtsc_ordered() - start;
	local_irq_enable();
	timer_done();
	EXPECT_GE(came, FEW);
	EXPECT_LE(came, elapsed / least_tsc(count));
}

/* Read the count until it was seen to rise FEW times; the highest seen. */
static u32 rises, highest;

static bool watch_count(u32 *last)
{
	u32 now = apic_read(APIC_TMCCT);

	highest = max(highest, now);
	rises += now > *last;
	*last = now;
	return now == 0;
}

/* At its zero the count starts again from the initial one, never above. */
TEST(lapic, timer_periodic_count_reloads, TIMER_RULE)
{
	u32 initial, last;

	if (!timer_begin())
		return;
	rises = highest = 0;
	initial = last = us_to_count(50);
	timer_run(APIC_LVT_MASKED | APIC_LVT_TIMER_PERIODIC, initial);
	EXPECT_TRUE(
		WAIT_FOR((watch_count(&last), rises >= FEW), WAIT_DEFAULT_US));
	timer_done();
	EXPECT_LE(highest, initial);
	EXPECT_GE(rises, FEW);
	EXPECT_EQ(ticks.count, 0);
}

TEST(lapic, timer_one_shot_count_only_falls, TIMER_RULE)
{
	u32 initial, last;

	if (!timer_begin())
		return;
	rises = highest = 0;
	initial = last = us_to_count(300);
	timer_run(APIC_LVT_MASKED | APIC_LVT_TIMER_ONESHOT, initial);
	EXPECT_TRUE(WAIT_FOR(watch_count(&last), WAIT_DEFAULT_US));
	timer_done();
	EXPECT_EQ(rises, 0);
	EXPECT_LE(highest, initial);
	EXPECT_EQ(ticks.count, 0);
}

TEST(lapic, timer_masked_counts_silently, TIMER_RULE)
{
	bool pending;

	if (!timer_begin())
		return;
	timer_run(APIC_LVT_MASKED | APIC_LVT_TIMER_ONESHOT, us_to_count(50));
	EXPECT_TRUE(WAIT_FOR(!apic_read(APIC_TMCCT), WAIT_DEFAULT_US));
	udelay(SETTLE_US);
	pending = lapic_test(APIC_IRR, VEC_A);
	timer_done();
	EXPECT_FALSE(pending);
	EXPECT_EQ(ticks.count, 0);
}

/* The mask at the moment of expiry decides: nothing is kept for later. */
TEST(lapic, timer_unmasked_after_its_end_fires_nothing, TIMER_RULE)
{
	if (!timer_begin())
		return;
	timer_run(APIC_LVT_MASKED | APIC_LVT_TIMER_ONESHOT, us_to_count(50));
	EXPECT_TRUE(WAIT_FOR(!apic_read(APIC_TMCCT), WAIT_DEFAULT_US));
	udelay(SETTLE_US);
	apic_write(APIC_LVTT, APIC_LVT_TIMER_ONESHOT | VEC_A);
	udelay(200);
	timer_done();
	EXPECT_EQ(ticks.count, 0);
}

/* Unmasked in time it fires, at the time it would have. */
TEST(lapic, timer_unmasked_before_its_end_fires, TIMER_RULE)
{
	u32 count;
	u64 start;

	if (!timer_begin())
		return;
	count = us_to_count(1000);
	local_irq_disable();
	start = timer_run(APIC_LVT_MASKED | APIC_LVT_TIMER_ONESHOT, count);
	apic_write(APIC_LVTT, APIC_LVT_TIMER_ONESHOT | VEC_A);
	local_irq_enable();
	/* A host that stopped us for so long decides nothing. */
	if (rdtsc() - start > least_tsc(count) / 2 && !ticks.count)
		ktest_note("the host held this CPU for half the time");
	else
		EXPECT_TRUE(lapic_arrived(&ticks, 1));
	timer_done();
	EXPECT_LE(ticks.count, 1);
	if (ticks.count)
		EXPECT_GE(ticks.tsc - start, least_tsc(count));
}

TEST(lapic, timer_initial_count_0_stops_it, TIMER_RULE)
{
	u32 count, now;
	u64 start, took;

	if (!timer_begin())
		return;
	local_irq_disable();
	count = us_to_count(5000);
	start = timer_run(APIC_LVT_TIMER_ONESHOT, count);
	apic_write(APIC_TMICT, 0);
	took = rdtsc() - start;
	now = apic_read(APIC_TMCCT);
	local_irq_enable();
	udelay(6000);
	timer_done();
	EXPECT_EQ(now, 0);
	/* A host that stopped us for so long decides nothing. */
	if (took <= least_tsc(count) / 2)
		EXPECT_EQ(ticks.count, 0);
	else
		ktest_note("the host held this CPU for half the time");
}

TEST(lapic, timer_initial_count_0_stops_a_periodic_one, TIMER_RULE)
{
	u32 came;

	if (!timer_begin())
		return;
	timer_run(APIC_LVT_TIMER_PERIODIC, us_to_count(100));
	EXPECT_TRUE(lapic_arrived(&ticks, 2));
	apic_write(APIC_TMICT, 0);
	lapic_flush(); /* the last one may have been on its way */
	came = ticks.count;
	udelay(500);
	timer_done();
	EXPECT_GE(came, 2);
	EXPECT_EQ(ticks.count, came);
}

TEST(lapic, timer_restarts_from_a_new_initial_count, TIMER_RULE)
{
	u32 before, after;

	if (!timer_begin())
		return;
	timer_run(APIC_LVT_MASKED | APIC_LVT_TIMER_ONESHOT, 1u << 20);
	before = apic_read(APIC_TMCCT);
	timer_run(APIC_LVT_MASKED | APIC_LVT_TIMER_ONESHOT, 1u << 30);
	after = apic_read(APIC_TMCCT);
	timer_done();
	EXPECT_LE(before, 1u << 20);
	EXPECT_LE(after, 1u << 30);
	EXPECT_GT(after, 1u << 29);
}

TEST(lapic, timer_switched_to_one_shot_fires_once_more, TIMER_RULE)
{
	u32 came;

	if (!timer_begin())
		return;
	timer_run(APIC_LVT_TIMER_PERIODIC, us_to_count(100));
	EXPECT_TRUE(lapic_arrived(&ticks, 2));
	apic_write(APIC_TMICT, 0);
	lapic_flush();
	came = ticks.count;
	timer_run(APIC_LVT_TIMER_ONESHOT, us_to_count(100));
	EXPECT_TRUE(lapic_arrived(&ticks, came + 1));
	udelay(500);
	timer_done();
	EXPECT_EQ(ticks.count, came + 1);
}

TEST(lapic, timer_switched_to_periodic_fires_again_and_again, TIMER_RULE)
{
	if (!timer_begin())
		return;
	timer_run(APIC_LVT_TIMER_ONESHOT, us_to_count(50));
	EXPECT_TRUE(lapic_arrived(&ticks, 1));
	timer_run(APIC_LVT_TIMER_PERIODIC, us_to_count(50));
	EXPECT_TRUE(lapic_arrived(&ticks, 1 + FEW));
	timer_done();
	EXPECT_GE(ticks.count, 1 + FEW);
}

#define TRIES 16 /* while the host holds this CPU for half the time */

/*
 * Switched while it counts: whether it goes on or is disarmed is left open,
 * but a one-shot it is from then on.
 */
TEST(lapic, timer_switched_mid_count_fires_once_at_most, TIMER_RULE)
{
	u32 tries = TRIES, count;
	bool late;
	u64 start;

	do {
		if (!timer_begin())
			return;
		count = us_to_count(1000);
		local_irq_disable();
		start = timer_run(APIC_LVT_TIMER_PERIODIC, count);
		apic_write(APIC_LVTT, APIC_LVT_TIMER_ONESHOT | VEC_A);
		late = rdtsc() - start > least_tsc(count) / 2;
		local_irq_enable();
		udelay(4000);
		timer_done();
	} while (late && --tries);
	EXPECT_LE(ticks.count, 1);
}

/* The disable masks the entry, and the enable leaves it so. */
TEST(lapic, timer_is_silent_while_software_disabled,
     "SDM 3A Local APIC State After It Has Been Software Disabled")
{
	u32 svr = apic_read(APIC_SPIV), tries = TRIES, count;
	bool masked, late;
	u64 start;

	do {
		if (!timer_begin())
			return;
		count = us_to_count(200);
		local_irq_disable();
		start = timer_run(APIC_LVT_TIMER_ONESHOT, count);
		apic_write(APIC_SPIV, svr & ~APIC_SPIV_APIC_ENABLED);
		late = rdtsc() - start > least_tsc(count) / 2;
		local_irq_enable();
		udelay(1000);
		apic_write(APIC_SPIV, svr);
		masked = apic_read(APIC_LVTT) & APIC_LVT_MASKED;
		lapic_flush();
		timer_done();
	} while (late && --tries);
	EXPECT_TRUE(masked);
	EXPECT_EQ(ticks.count, 0);
}

static u32 handled;

static void count_handled(void)
{
	WRITE_ONCE(handled, handled + 1);
}

/*
 * The microseconds of apic_timer_start(), by the TSC; and by the count itself,
 * as a busy host makes half of them late enough.
 */
TEST(lapic, timer_started_in_microseconds_is_never_early, TIMER_RULE)
{
	u64 begin, us;

	handled = 0;
	apic_timer_set_handler(count_handled);
	begin = rdtsc_ordered();
	raised_vectors(LOCAL_TIMER_VECTOR, 1);
	EXPECT_EQ(apic_timer_start(TIMER_ONESHOT, 4000), 0);
	EXPECT_GE(apic_read(APIC_TMICT),
		  mul_div_u64(apic_timer_clock.freq_hz, 4000, USEC_PER_SEC));
	EXPECT_TRUE(WAIT_FOR(READ_ONCE(handled), WAIT_DEFAULT_US));
	us = tsc_to_us(rdtsc_ordered() - begin);
	apic_timer_stop();
	apic_timer_set_handler(NULL);
	EXPECT_GE(us + 10, 4000); /* two calibrations: well under 0.25 % */
}

/* irqbed's own timer: LOC and the event handler, once each. */
TEST(lapic, timer_event_is_counted_and_handled_once, TIMER_RULE)
{
	u64 loc = this_irq_stat()->apic_timer_irqs;

	handled = 0;
	apic_timer_set_handler(count_handled);
	raised_vectors(LOCAL_TIMER_VECTOR, 1);
	EXPECT_EQ(apic_timer_start(TIMER_ONESHOT, 100), 0);
	EXPECT_TRUE(WAIT_FOR(READ_ONCE(handled), WAIT_DEFAULT_US));
	udelay(300);
	apic_timer_stop();
	apic_timer_set_handler(NULL);
	EXPECT_EQ(handled, 1);
	EXPECT_EQ(this_irq_stat()->apic_timer_irqs, loc + 1);
}
