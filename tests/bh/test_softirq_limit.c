// SPDX-License-Identifier: MIT
/*
 * test_softirq_limit.c - how long softirqs may keep the CPU, and how a task
 * keeps them off.
 *
 * Linux: kernel/softirq.c MAX_SOFTIRQ_RESTART, MAX_SOFTIRQ_TIME,
 *        __local_bh_enable_ip().
 */
#include "bh.h"

#include <cpu/deadline.h>
#include <cpu/irqflags.h>
#include <sched/sched.h>

#define TEN	  10 /* Linux's, not whatever ours says */
#define RESTART	  LINUX_SOFTIRQ "MAX_SOFTIRQ_RESTART"
#define BH_ENABLE LINUX_SOFTIRQ "__local_bh_enable_ip()"

static u32 again; /* how often the action is still to raise itself */

static void raise_again(void)
{
	if (again) {
		again--;
		raise_softirq(NET_TX_SOFTIRQ);
	}
}

static void raise_net_tx(void)
{
	raise_softirq(NET_TX_SOFTIRQ);
}

/* Fewer rounds only if the same clock shows that the time was up. */
static bool rounds_are_legal(u32 rounds, u64 tsc_began)
{
	return rounds == TEN ||
	       (rounds && rounds < TEN &&
		tsc_to_us(rdtsc() - tsc_began) >= MAX_SOFTIRQ_TIME_US);
}

TEST(bh, ten_rounds_then_the_rest_is_ksoftirqds, RESTART, NO_TICK)
{
	u64 began = rdtsc();
	u32 rounds;

	again = 1000;
	bh_open(NET_TX_SOFTIRQ, raise_again);
	EXPECT_TRUE(bh_hardirq_then_off(raise_net_tx));
	rounds = bh_count(NET_TX_SOFTIRQ);
	if (!EXPECT_TRUE(rounds_are_legal(rounds, began)))
		ktest_note("rounds=%u", rounds);
	EXPECT_EQ(local_softirq_pending(), BIT(NET_TX_SOFTIRQ));
	EXPECT_TRUE(bh_ksoftirqd_due());
	EXPECT_EQ(softirq_count(), 0);
	again = 0;
	local_irq_enable();
	EXPECT_TRUE(bh_let_ksoftirqd());
	EXPECT_EQ(bh_count(NET_TX_SOFTIRQ), rounds + 1);
	EXPECT_FALSE(bh_ksoftirqd_due());
	EXPECT_EQ(local_softirq_pending(), 0);
}

/* Nine re-raises are ten rounds: nothing is left over. */
TEST(bh, ten_rounds_are_not_too_many, RESTART, NO_TICK)
{
	u64 began = rdtsc();

	again = TEN - 1;
	bh_open(NET_TX_SOFTIRQ, raise_again);
	EXPECT_TRUE(bh_hardirq_then_off(raise_net_tx));
	EXPECT_TRUE(rounds_are_legal(bh_count(NET_TX_SOFTIRQ), began));
	if (bh_count(NET_TX_SOFTIRQ) == TEN) {
		EXPECT_FALSE(bh_ksoftirqd_due());
		EXPECT_EQ(local_softirq_pending(), 0);
	}
	again = 0;
	local_irq_enable();
	bh_settle();
}

static void linger(void)
{
	udelay(MAX_SOFTIRQ_TIME_US + 100);
	raise_again();
}

TEST(bh, two_milliseconds_end_it_after_one_round,
     LINUX_SOFTIRQ "MAX_SOFTIRQ_TIME", NO_TICK)
{
	again = 3;
	bh_open(NET_TX_SOFTIRQ, linger);
	EXPECT_TRUE(bh_hardirq_then_off(raise_net_tx));
	EXPECT_EQ(bh_count(NET_TX_SOFTIRQ), 1);
	EXPECT_TRUE(bh_ksoftirqd_due());
	again = 0;
	bh_open(NET_TX_SOFTIRQ, NULL);
	local_irq_enable();
	EXPECT_TRUE(bh_let_ksoftirqd());
	EXPECT_EQ(bh_count(NET_TX_SOFTIRQ), 2);
}

/* What of it another interrupt's exit serves, ksoftirqd finds done. */
TEST(bh, ksoftirqd_serves_until_nothing_is_left,
     LINUX_SOFTIRQ "run_ksoftirqd()", NO_TICK)
{
	again = 34;
	bh_open(NET_TX_SOFTIRQ, raise_again);
	EXPECT_TRUE(bh_hardirq_then_off(raise_net_tx));
	EXPECT_TRUE(bh_ksoftirqd_due());
	EXPECT_GE(again, 34 - TEN);
	local_irq_enable();
	EXPECT_TRUE(bh_let_ksoftirqd());
	EXPECT_EQ(bh_count(NET_TX_SOFTIRQ), 35);
	EXPECT_EQ(again, 0);
	EXPECT_FALSE(bh_ksoftirqd_due());
	EXPECT_EQ(local_softirq_pending(), 0);
}

/* Since Linux 6.4 ("let ksoftirqd do its job" reverted). */
TEST(bh, an_interrupt_serves_although_ksoftirqd_is_due,
     LINUX_SOFTIRQ "invoke_softirq()", NO_TICK)
{
	u32 rounds;

	again = 10;
	bh_open(NET_TX_SOFTIRQ, raise_again);
	EXPECT_TRUE(bh_hardirq_then_off(raise_net_tx));
	EXPECT_TRUE(bh_ksoftirqd_due());
	rounds = bh_count(NET_TX_SOFTIRQ);
	again = 0;
	EXPECT_TRUE(bh_hardirq_then_off(NULL));
	EXPECT_EQ(bh_count(NET_TX_SOFTIRQ), rounds + 1);
	EXPECT_EQ(local_softirq_pending(), 0);
	local_irq_enable();
	bh_settle();
	EXPECT_EQ(bh_count(NET_TX_SOFTIRQ), rounds + 1);
}

TEST(bh, local_bh_disable_nests, BH_ENABLE)
{
	bh_open(NET_TX_SOFTIRQ, NULL);
	local_bh_disable();
	local_bh_disable();
	EXPECT_EQ(softirq_count(), 2 * SOFTIRQ_DISABLE_OFFSET);
	EXPECT_FALSE(in_serving_softirq());
	raise_softirq(NET_TX_SOFTIRQ);
	EXPECT_EQ(bh_diary.n, 0);
	local_bh_enable();
	EXPECT_EQ(bh_diary.n, 0);
	EXPECT_EQ(softirq_count(), SOFTIRQ_DISABLE_OFFSET);
	local_bh_enable();
	BH_EXPECT_ORDER(NET_TX_SOFTIRQ);
	EXPECT_EQ(softirq_count(), 0);
}

/* Raised where the last enable will look: nobody has to wake ksoftirqd. */
TEST(bh, raise_with_bh_disabled_does_not_wake_ksoftirqd,
     LINUX_SOFTIRQ "raise_softirq_irqoff()", NO_TICK)
{
	bool woken;

	bh_open(NET_TX_SOFTIRQ, NULL);
	local_bh_disable();
	raise_softirq(NET_TX_SOFTIRQ);
	woken = bh_ksoftirqd_due();
	local_bh_enable();
	EXPECT_FALSE(woken);
	EXPECT_EQ(bh_count(NET_TX_SOFTIRQ), 1);
}

TEST(bh, an_interrupt_does_not_run_what_bh_disable_holds, BH_ENABLE)
{
	u32 held;

	bh_open(NET_TX_SOFTIRQ, NULL);
	local_bh_disable();
	EXPECT_TRUE(bh_hardirq(raise_net_tx));
	held = bh_count(NET_TX_SOFTIRQ);
	EXPECT_EQ(local_softirq_pending(), BIT(NET_TX_SOFTIRQ));
	local_bh_enable();
	EXPECT_EQ(held, 0);
	BH_EXPECT_ORDER(BH_HARDIRQ, NET_TX_SOFTIRQ);
	EXPECT_EQ(bh_diary.entry[0].count,
		  HARDIRQ_OFFSET + SOFTIRQ_DISABLE_OFFSET);
}

static void raise_and_toggle_bh(void)
{
	raise_softirq(RCU_SOFTIRQ);
	local_bh_disable();
	local_bh_enable();
	bh_write(BH_HARDIRQ_END);
}

TEST(bh, local_bh_enable_in_a_softirq_runs_nothing, BH_ENABLE)
{
	bh_open(NET_TX_SOFTIRQ, raise_and_toggle_bh);
	bh_open(RCU_SOFTIRQ, NULL);
	EXPECT_TRUE(bh_hardirq(raise_net_tx));
	bh_settle();
	BH_EXPECT_ORDER(BH_HARDIRQ, NET_TX_SOFTIRQ, BH_HARDIRQ_END,
			RCU_SOFTIRQ);
	EXPECT_EQ(softirq_count(), 0);
}

TEST(bh, ksoftirqd_waits_while_bh_is_disabled, LINUX_SOFTIRQ "run_ksoftirqd()")
{
	u64 switches;

	bh_open(NET_TX_SOFTIRQ, NULL);
	local_irq_disable();
	raise_softirq(NET_TX_SOFTIRQ);
	local_bh_disable();
	local_irq_enable();
	switches = nr_context_switches(0);
	EXPECT_TRUE(bh_hardirq(NULL)); /* its exit does not switch either */
	udelay(2 * SCHED_SLICE_US);
	EXPECT_EQ(nr_context_switches(0), switches);
	EXPECT_EQ(bh_count(NET_TX_SOFTIRQ), 0);
	local_bh_enable();
	BH_EXPECT_ORDER(BH_HARDIRQ, NET_TX_SOFTIRQ);
}
