// SPDX-License-Identifier: MIT
/*
 * test_tasklet.c - how often, where, in which order and when not.
 *
 * Linux: include/linux/interrupt.h "Tasklets --- multithreaded analogue of
 *        BHs"; kernel/softirq.c tasklet_action_common().
 */
#include "bh.h"

#include <bh/late.h>
#include <bh/tasklet.h>
#include <cpu/deadline.h>
#include <lib/errno.h>

#define TASKLETS "Linux include/linux/interrupt.h, \"Tasklets\""
#define SCHED	 BIT(TASKLET_STATE_SCHED)
#define RUN	 BIT(TASKLET_STATE_RUN)

static void note_run(struct tasklet_struct *t)
{
	bh_write(BH_TASKLET + (u32)t->data);
}

#define TASKLET(name, nr) \
	struct tasklet_struct name = { .callback = note_run, .data = (nr) }

static struct tasklet_struct shared; /* for the handlers below */
static u32 again;

static void serve(void)
{
	local_bh_disable();
	local_bh_enable();
}

TEST(bh, tasklet_scheduled_twice_runs_once, TASKLETS)
{
	TASKLET(t, 0);

	local_bh_disable(); /* or the next tick may run it */
	tasklet_schedule(&t);
	tasklet_schedule(&t);
	EXPECT_EQ(bh_diary.n, 0);
	local_bh_enable();
	BH_EXPECT_ORDER(BH_TASKLET);
	tasklet_schedule(&t);
	serve();
	EXPECT_EQ(bh_diary.n, 2);
}

static void schedule_shared(void)
{
	tasklet_schedule(&shared);
}

TEST(bh, tasklet_of_a_hardirq_runs_in_softirq_context, TASKLETS)
{
	tasklet_setup(&shared, note_run);
	EXPECT_TRUE(bh_hardirq(schedule_shared));
	BH_EXPECT_ORDER(BH_HARDIRQ, BH_TASKLET);
	EXPECT_EQ(bh_diary.entry[1].count, SOFTIRQ_OFFSET);
	EXPECT_TRUE(bh_diary.entry[1].irqs_on);
}

TEST(bh, tasklets_run_in_the_order_scheduled, TASKLETS)
{
	TASKLET(a, 1);
	TASKLET(b, 2);
	TASKLET(c, 3);

	local_bh_disable(); /* or the next tick may run the first */
	tasklet_schedule(&b);
	tasklet_schedule(&a);
	tasklet_schedule(&c);
	tasklet_schedule(&b);
	local_bh_enable();
	BH_EXPECT_ORDER(BH_TASKLET + 2, BH_TASKLET + 1, BH_TASKLET + 3);
}

TEST(bh, hi_tasklets_run_before_normal_ones, TASKLETS)
{
	TASKLET(normal, 1);
	TASKLET(hi, 2);
	u64 count_hi = softirq_count_of(HI_SOFTIRQ);
	u64 count = softirq_count_of(TASKLET_SOFTIRQ);

	local_bh_disable();
	tasklet_schedule(&normal);
	tasklet_hi_schedule(&hi);
	local_bh_enable();
	BH_EXPECT_ORDER(BH_TASKLET + 2, BH_TASKLET + 1);
	EXPECT_EQ(softirq_count_of(HI_SOFTIRQ), count_hi + 1);
	EXPECT_EQ(softirq_count_of(TASKLET_SOFTIRQ), count + 1);
}

/* One SCHED bit: it is on one list or the other, not on both. */
TEST(bh, tasklet_on_both_lists_runs_once, TASKLETS)
{
	TASKLET(t, 0);

	local_bh_disable();
	tasklet_schedule(&t);
	tasklet_hi_schedule(&t);
	EXPECT_EQ(local_softirq_pending(), BIT(TASKLET_SOFTIRQ));
	local_bh_enable();
	BH_EXPECT_ORDER(BH_TASKLET);
}

static u64 state_inside;

static void note_state(struct tasklet_struct *t)
{
	state_inside = t->state;
}

TEST(bh, tasklet_state_bits, TASKLETS)
{
	struct tasklet_struct t;

	tasklet_setup(&t, note_state);
	EXPECT_EQ(t.state, 0);
	EXPECT_EQ(t.count, 0);
	local_bh_disable();
	tasklet_schedule(&t);
	EXPECT_EQ(t.state, SCHED);
	local_bh_enable();
	EXPECT_EQ(state_inside, RUN);
	EXPECT_EQ(t.state, 0);
}

static void run_again(struct tasklet_struct *t)
{
	note_run(t);
	if (again) {
		again--;
		tasklet_schedule(t);
	}
}

/* SCHED is cleared before the callback, so its own call is not lost. */
TEST(bh, tasklet_reschedules_itself, TASKLETS)
{
	struct tasklet_struct t;

	again = 3;
	tasklet_setup(&t, run_again);
	tasklet_schedule(&t);
	serve();
	bh_settle();
	EXPECT_EQ(bh_count(BH_TASKLET), 4);
	EXPECT_EQ(t.state, 0);
}

static void schedule_me_by_hardirq(struct tasklet_struct *t)
{
	note_run(t);
	if (again) {
		again--;
		bh_hardirq(schedule_shared);
		bh_write(BH_HARDIRQ_END);
	}
}

TEST(bh, tasklet_scheduled_while_it_runs_runs_again_after, TASKLETS)
{
	again = 1;
	tasklet_setup(&shared, schedule_me_by_hardirq);
	tasklet_schedule(&shared);
	serve();
	bh_settle();
	BH_EXPECT_ORDER(BH_TASKLET, BH_HARDIRQ, BH_HARDIRQ_END, BH_TASKLET);
}

TEST(bh, disabled_tasklet_waits_for_the_last_enable, TASKLETS)
{
	TASKLET(t, 0);

	tasklet_disable_nosync(&t);
	EXPECT_EQ(tasklet_disable(&t), 0);
	EXPECT_EQ(t.count, 2);
	tasklet_schedule(&t);
	serve();
	EXPECT_EQ(bh_diary.n, 0);
	EXPECT_EQ(t.state, SCHED);
	tasklet_enable(&t);
	serve();
	EXPECT_EQ(bh_diary.n, 0);
	local_bh_disable(); /* or the next tick may run it */
	tasklet_enable(&t);
	EXPECT_EQ(bh_diary.n, 0);
	local_bh_enable();
	BH_EXPECT_ORDER(BH_TASKLET);
}

/* It stays raised: the limit passes it to ksoftirqd, and it is not lost. */
TEST(bh, disabled_tasklet_keeps_its_softirq_pending, TASKLETS, NO_TICK)
{
	TASKLET(t, 0);

	tasklet_disable_nosync(&t);
	tasklet_schedule(&t);
	serve();
	EXPECT_EQ(local_softirq_pending(), BIT(TASKLET_SOFTIRQ));
	EXPECT_TRUE(bh_ksoftirqd_due());
	tasklet_enable(&t);
	EXPECT_TRUE(bh_let_ksoftirqd());
	BH_EXPECT_ORDER(BH_TASKLET);
	EXPECT_EQ(local_softirq_pending(), 0);
}

TEST(bh, disabled_tasklet_does_not_hold_up_others, TASKLETS)
{
	TASKLET(held, 1);
	TASKLET(free, 2);

	tasklet_disable_nosync(&held);
	tasklet_schedule(&held);
	tasklet_schedule(&free);
	serve();
	BH_EXPECT_ORDER(BH_TASKLET + 2);
	tasklet_enable(&held);
	serve();
	BH_EXPECT_ORDER(BH_TASKLET + 2, BH_TASKLET + 1);
}

TEST(bh, tasklet_kill_waits_for_the_scheduled_run, TASKLETS)
{
	TASKLET(t, 0);

	tasklet_schedule(&t);
	EXPECT_EQ(tasklet_kill(&t), 0);
	BH_EXPECT_ORDER(BH_TASKLET);
	EXPECT_EQ(t.state, 0);
	EXPECT_EQ(tasklet_kill(&t), 0);
	EXPECT_EQ(bh_diary.n, 1);
	tasklet_schedule(&t);
	serve();
	EXPECT_EQ(bh_diary.n, 2);
}

TEST(bh, tasklet_kill_waits_until_it_stops_rescheduling, TASKLETS)
{
	struct tasklet_struct t;

	again = 25;
	tasklet_setup(&t, run_again);
	tasklet_schedule(&t);
	EXPECT_EQ(tasklet_kill(&t), 0);
	EXPECT_EQ(bh_count(BH_TASKLET), 26);
	EXPECT_EQ(t.state, 0);
	EXPECT_EQ(local_softirq_pending(), 0);
}

/*
 * Linux waits for ever: its caller's mistake. Ours has a deadline, here made
 * to be over at once.
 */
TEST(bh, tasklet_kill_gives_up_on_one_that_never_ends,
     "irqbed include/bh/tasklet.h, tasklet_kill()")
{
	struct tasklet_struct t;
	int err;

	again = ~0u;
	tasklet_setup(&t, run_again);
	tasklet_schedule(&t);
	sync_wait_us = 0;
	err = tasklet_kill(&t);
	sync_wait_us = WAIT_DEFAULT_US;
	EXPECT_EQ(err, -ETIMEDOUT);
	again = 0;
	EXPECT_EQ(tasklet_kill(&t), 0);
	EXPECT_EQ(t.state, 0);
}
