// SPDX-License-Identifier: MIT
/*
 * The timer when something changes while it runs: divider, vector, mode, mask,
 * and whether the CPU lets its interrupt in.
 *
 * Spec: SDM 3A "APIC Timer"; APM 2 "APIC Timer".
 */
#include "lapic_timer.h"

#define TIMER_RULE "SDM 3A APIC Timer"

TEST(lapic, timer_fires_once_and_never_early_at_every_divider, TIMER_RULE)
{
	u32 good = 0;

	if (!timer_begin())
		return;
	for (u32 i = 0; i < NR_DIVIDERS; i++) {
		u32 count = us_to_count(30) * 16 / dividers[i].divisor + 1;
		u64 start;

		apic_write(APIC_TDCR, dividers[i].tdcr);
		start = timer_run(APIC_LVT_TIMER_ONESHOT, count);
		lapic_arrived(&ticks, i + 1);
		if (ticks.count == i + 1 &&
		    ticks.tsc - start >=
			    least_tsc((u64)count * dividers[i].divisor / 16))
			good++;
		else
			ktest_note("divider %u: %u came", dividers[i].divisor,
				   ticks.count - i);
	}
	timer_done();
	EXPECT_EQ(good, NR_DIVIDERS);
}

TEST(lapic, timer_count_of_1_fires_once, TIMER_RULE)
{
	if (!timer_begin())
		return;
	timer_run(APIC_LVT_TIMER_ONESHOT, 1);
	EXPECT_TRUE(lapic_arrived(&ticks, 1));
	udelay(200);
	timer_done();
	EXPECT_EQ(ticks.count, 1);
}

/* Another vector for a running count of usec; what is left of it then. */
static u32 change_vector_of(u32 usec)
{
	u32 left;

	local_irq_disable();
	timer_run(APIC_LVT_TIMER_ONESHOT, us_to_count(usec));
	apic_write(APIC_LVTT, APIC_LVT_TIMER_ONESHOT | VEC_C);
	left = apic_read(APIC_TMCCT);
	local_irq_enable();
	return left;
}

/*
 * The entry says which vector at the moment it ends. A host that stopped us
 * for so long that it had ended decides nothing: another time, and longer.
 */
TEST(lapic, timer_vector_changed_mid_count_arrives_at_the_new_one, TIMER_RULE)
{
	struct arrivals there = { 0 };
	u32 left, tries = 0;

	if (!timer_begin() ||
	    !EXPECT_EQ(irq_claim_vector(VEC_C, lapic_count_arrival, &there), 0))
		return;
	do {
		lapic_flush(); /* what the last time left */
		ticks.count = there.count = 0;
		left = change_vector_of(2000u << tries);
	} while (!left && ++tries < 8);
	EXPECT_NE(left, 0);
	EXPECT_TRUE(lapic_arrived(&there, 1));
	timer_done();
	EXPECT_EQ(there.count, 1);
	EXPECT_EQ(ticks.count, 0);
	irq_release_vector(VEC_C);
}

/* IF=0 until it is pending. */
static void pend_tick(void)
{
	local_irq_disable();
	timer_run(APIC_LVT_TIMER_ONESHOT, us_to_count(20));
	EXPECT_TRUE(WAIT_FOR(lapic_test(APIC_IRR, VEC_A), WAIT_DEFAULT_US));
}

/* The mask is before the IRR: what is pending is not taken back. */
TEST(lapic, timer_pending_is_not_masked_away, "SDM 3A Local Vector Table, Mask")
{
	if (!timer_begin())
		return;
	pend_tick();
	apic_write(APIC_LVTT, APIC_LVT_MASKED | VEC_A);
	local_irq_enable();
	EXPECT_TRUE(lapic_arrived(&ticks, 1));
	timer_done();
	EXPECT_EQ(ticks.count, 1);
}

TEST(lapic, timer_pending_outlives_a_new_count, TIMER_RULE)
{
	if (!timer_begin())
		return;
	pend_tick();
	apic_write(APIC_TMICT, 0);
	EXPECT_TRUE(lapic_test(APIC_IRR, VEC_A));
	local_irq_enable();
	EXPECT_TRUE(lapic_arrived(&ticks, 1));
	timer_done();
	EXPECT_EQ(ticks.count, 1);
}

TEST(lapic, timer_held_by_the_tpr_comes_once_it_falls,
     "SDM 3A Interrupt, Task, and Processor Priority")
{
	u32 held;

	if (!timer_begin())
		return;
	apic_write(APIC_TASKPRI, VEC_A & 0xf0);
	timer_run(APIC_LVT_TIMER_ONESHOT, us_to_count(20));
	EXPECT_TRUE(WAIT_FOR(lapic_test(APIC_IRR, VEC_A), WAIT_DEFAULT_US));
	udelay(SETTLE_US);
	held = ticks.count;
	apic_write(APIC_TASKPRI, 0);
	EXPECT_TRUE(lapic_arrived(&ticks, 1));
	timer_done();
	EXPECT_EQ(held, 0);
	EXPECT_EQ(ticks.count, 1);
}

/* One bit in IRR: of many that nobody let in, one is left. */
TEST(lapic, timer_ticks_merge_while_interrupts_are_off,
     "SDM 3A Interrupt Acceptance for Fixed Interrupts")
{
	if (!timer_begin())
		return;
	local_irq_disable();
	timer_run(APIC_LVT_TIMER_PERIODIC, us_to_count(50));
	udelay(500);
	EXPECT_TRUE(WAIT_FOR(lapic_test(APIC_IRR, VEC_A), WAIT_DEFAULT_US));
	apic_write(APIC_TMICT, 0);
	udelay(SETTLE_US);
	local_irq_enable();
	EXPECT_TRUE(lapic_arrived(&ticks, 1));
	timer_done();
	EXPECT_EQ(ticks.count, 1);
}

/*
 * Switched while it counts: whether it goes on is left open, but what comes
 * is a whole count apart.
 */
TEST(lapic, timer_switched_to_periodic_mid_count_is_never_early, TIMER_RULE)
{
	u32 count, came;
	u64 start, elapsed;

	if (!timer_begin())
		return;
	count = us_to_count(200);
	start = timer_run(APIC_LVT_TIMER_ONESHOT, count);
	apic_write(APIC_LVTT, APIC_LVT_TIMER_PERIODIC | VEC_A);
	udelay(1000);
	local_irq_disable();
	came = ticks.count;
	elapsed = rdtsc_ordered() - start;
	local_irq_enable();
	timer_done();
	EXPECT_LE(came, elapsed / least_tsc(count));
}

TEST(lapic, timer_periodic_unmasked_fires_from_then_on, TIMER_RULE)
{
	u32 silent;

	if (!timer_begin())
		return;
	timer_run(APIC_LVT_MASKED | APIC_LVT_TIMER_PERIODIC, us_to_count(50));
	udelay(300);
	silent = ticks.count;
	apic_write(APIC_LVTT, APIC_LVT_TIMER_PERIODIC | VEC_A);
	EXPECT_TRUE(lapic_arrived(&ticks, 3));
	timer_done();
	EXPECT_EQ(silent, 0);
	EXPECT_GE(ticks.count, 3);
}

TEST(lapic, timer_initial_count_reads_back_while_it_counts, TIMER_RULE)
{
	u32 now, later;

	if (!timer_begin())
		return;
	timer_run(APIC_LVT_MASKED | APIC_LVT_TIMER_ONESHOT, 0x40000000);
	now = apic_read(APIC_TMCCT);
	udelay(20);
	later = apic_read(APIC_TMCCT);
	EXPECT_EQ(apic_read(APIC_TMICT), 0x40000000);
	timer_done();
	EXPECT_LE(now, 0x40000000);
	EXPECT_LT(later, now);
}
