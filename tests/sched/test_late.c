// SPDX-License-Identifier: MIT
/*
 * test_late.c - who waits for what does not end says so: for whom, how long.
 *
 * Linux waits for ever. Here the wait is made to be over at once.
 */
#include <bh/hrtimer.h>
#include <bh/late.h>
#include <bh/softirq.h>
#include <bh/tasklet.h>
#include <bh/timer.h>
#include <lib/errno.h>
#include <lib/format.h>
#include <sched/completion.h>

#include "sched.h"

#define LATE "irqbed include/bh/late.h: a wait in vain is said"

static volatile u32 runs;

/* The one warning: who waited, for what, which function that is in. */
static void judge(const char *who, const char *what, const void *object,
		  const void *fn)
{
	char text[128];

	sync_wait_us = WAIT_DEFAULT_US;
	listen_no_more();
	scnprintf(text, sizeof(text),
		  "# warning: %s: %s 0x%016llx, function 0x%016llx, has not "
		  "ended in ", /* 0 ms, or what a host's pause makes of it */
		  who, what, (unsigned long long)(u64)object,
		  (unsigned long long)(u64)fn);
	EXPECT_EQ(heard(text), 1);
	EXPECT_EQ(heard("# warning:"), 1);
}

static void begin(void)
{
	runs = 0;
	sync_wait_us = 0;
	listen();
}

static void waits_for_itself(struct timer_list *timer)
{
	EXPECT_FALSE(timer_delete_sync(timer));
	runs++;
}

TEST(timer_list, a_delete_in_vain_is_said, LATE)
{
	struct timer_list timer;

	timer_setup(&timer, waits_for_itself, 0);
	begin();
	mod_timer(&timer, get_jiffies_64());
	EXPECT_TRUE(WAIT_FOR(runs, WAIT_DEFAULT_US));
	judge("timer_delete_sync()", "timer", &timer,
	      (const void *)waits_for_itself);
	timer_delete_sync(&timer);
}

static enum hrtimer_restart cancels_itself(struct hrtimer *timer)
{
	EXPECT_EQ(hrtimer_cancel(timer), -1);
	runs++;
	return HRTIMER_NORESTART;
}

TEST(hrtimer, a_cancel_in_vain_is_said, LATE)
{
	struct hrtimer timer;

	hrtimer_init(&timer, cancels_itself);
	begin();
	hrtimer_start(&timer, 0, HRTIMER_MODE_REL);
	EXPECT_TRUE(WAIT_FOR(runs, WAIT_DEFAULT_US));
	judge("hrtimer_cancel()", "hrtimer", &timer,
	      (const void *)cancels_itself);
	hrtimer_cancel(&timer);
}

static void disables_itself(struct tasklet_struct *t)
{
	EXPECT_EQ(tasklet_disable(t), -ETIMEDOUT);
	tasklet_enable(t);
	runs++;
}

TEST(bh, a_tasklet_disable_in_vain_is_said, LATE)
{
	struct tasklet_struct t;

	tasklet_setup(&t, disables_itself);
	begin();
	tasklet_schedule(&t);
	do_softirq();
	EXPECT_EQ(runs, 1);
	judge("tasklet_disable()", "tasklet", &t,
	      (const void *)disables_itself);
	EXPECT_EQ(tasklet_kill(&t), 0);
}

static struct completion gate;

static int until_gate(void *unused)
{
	wait_for_completion(&gate);
	return 0;
}

TEST(sched, a_stop_in_vain_is_said, LATE)
{
	struct task_struct *t;

	init_completion(&gate);
	t = spawn(until_gate, NULL, PRIO_NORMAL);
	if (!t)
		return;
	begin();
	EXPECT_EQ(kthread_stop(t), -ETIMEDOUT);
	judge("kthread_stop()", "case", t, (const void *)until_gate);
	complete(&gate);
	EXPECT_EQ(kthread_stop(t), 0);
}
