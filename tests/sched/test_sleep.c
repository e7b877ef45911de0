// SPDX-License-Identifier: MIT
/*
 * test_sleep.c - sleeping for a time: never too short, by the TSC; how long it
 * may be too long no case can say. Linux: kernel/time/sleep_timeout.c.
 */
#include <bh/timer.h>
#include <cpu/deadline.h>
#include <sched/wait.h>

#include "sched.h"

#define SLEEP "Linux kernel/time/sleep_timeout.c"

TEST(sched, sleeps_of_any_length_are_never_early, SLEEP ", usleep_range()")
{
	static const u32 usec[] = { 0, 1, 2, 10, 99, 100, 333, 1500 };

	for (u32 i = 0; i < ARRAY_SIZE(usec); i++) {
		u64 begun = rdtsc();

		usleep(usec[i]);
		EXPECT_GE(tsc_to_us(rdtsc() - begun), usec[i]);
		EXPECT_EQ(current->state, TASK_RUNNING);
	}
}

static int sleep_for(void *usec)
{
	usleep((u64)usec);
	note("0123456789"[(u64)usec / 1000]);
	return 0;
}

TEST(sched, sleepers_wake_in_the_order_of_their_times, SLEEP ", msleep()")
{
	static const u32 usec[3] = { 3000, 1000, 2000 };
	struct task_struct *t[3];

	diary_begin();
	for (u32 i = 0; i < 3; i++) {
		t[i] = spawn(sleep_for, (void *)(u64)usec[i], PRIO_NORMAL);
		if (!t[i])
			return;
	}
	EXPECT_STREQ(diary, "");
	for (u32 i = 0; i < 3; i++)
		kthread_stop(t[i]);
	EXPECT_EQ(diary[3], 0);
}

static struct task_struct *sleeper;

static enum hrtimer_restart wake_sleeper(struct hrtimer *timer)
{
	wake_up_process(sleeper);
	return HRTIMER_NORESTART;
}

TEST(sched, schedule_timeout_returns_what_is_left_when_woken,
     SLEEP ", schedule_timeout()")
{
	struct hrtimer timer;
	ktime_t begun, slept;
	u64 left;

	sleeper = current;
	hrtimer_init(&timer, wake_sleeper);
	begun = ktime_get();
	set_current_state(TASK_UNINTERRUPTIBLE);
	hrtimer_start(&timer, 400 * NSEC_PER_USEC, HRTIMER_MODE_REL);
	left = schedule_timeout(RUN_US);
	slept = ktime_get() - begun;
	EXPECT_EQ(current->state, TASK_RUNNING);
	EXPECT_GT(left, 0);
	EXPECT_LE(left, RUN_US);
	/* what was slept and what is left are the whole, and no less */
	EXPECT_GE(left * NSEC_PER_USEC + (u64)slept, RUN_US * NSEC_PER_USEC);
	EXPECT_FALSE(hrtimer_active(&timer));
}

TEST(sched, max_schedule_timeout_is_no_timeout, SLEEP ", schedule_timeout()")
{
	static const u64 usec[] = { MAX_SCHEDULE_TIMEOUT,
				    MAX_SCHEDULE_TIMEOUT - 1,
				    MAX_SCHEDULE_TIMEOUT / NSEC_PER_USEC };
	struct hrtimer timer;

	sleeper = current;
	hrtimer_init(&timer, wake_sleeper);
	for (u32 i = 0; i < ARRAY_SIZE(usec); i++) {
		ktime_t begun = ktime_get();

		set_current_state(TASK_UNINTERRUPTIBLE);
		hrtimer_start(&timer, 200 * NSEC_PER_USEC, HRTIMER_MODE_REL);
		EXPECT_GT(schedule_timeout(usec[i]), RUN_US);
		EXPECT_GE(ktime_get() - begun, 200 * NSEC_PER_USEC);
	}
}

TEST(sched, schedule_timeout_of_a_running_thread_does_not_sleep,
     SLEEP ", schedule_timeout()")
{
	u64 switches = current->nr_switches;

	EXPECT_GT(schedule_timeout(RUN_US), 0);
	EXPECT_EQ(current->nr_switches, switches);
}

TEST(sched, milliseconds_as_jiffies_are_rounded_up,
     "Linux include/linux/jiffies.h, msecs_to_jiffies()")
{
	EXPECT_EQ(msecs_to_jiffies(0), 0);
	EXPECT_EQ(msecs_to_jiffies(1), 1);
	EXPECT_EQ(msecs_to_jiffies(1000 / HZ), 1);
	EXPECT_EQ(msecs_to_jiffies(1000 / HZ + 1), 2);
	EXPECT_EQ(msecs_to_jiffies(1000), HZ);
	EXPECT_EQ(msecs_to_jiffies(3600000), 3600 * HZ);
}

/* A jiffy is what the TSC says it is, and never goes back. */
TEST(sched, jiffies_follow_the_clock, "Linux include/linux/jiffies.h, jiffies")
{
	ktime_t before, after;
	u64 last = get_jiffies_64();

	for (u32 i = 0; i < 1000; i++) {
		u64 now;

		before = ktime_get();
		now = get_jiffies_64();
		after = ktime_get();
		if (!EXPECT_GE(now, (u64)before / (NSEC_PER_SEC / HZ)) ||
		    !EXPECT_LE(now, (u64)after / (NSEC_PER_SEC / HZ)) ||
		    !EXPECT_GE(now, last))
			return;
		last = now;
	}
}
