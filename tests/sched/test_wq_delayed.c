// SPDX-License-Identifier: MIT
/* test_wq_delayed.c - works behind a timer. Linux: kernel/workqueue.c. */
#include "wq.h"

#include <bh/softirq.h>
#include <cpu/cpumask.h>
#include <cpu/deadline.h>
#include <smp/smp.h>

#define FAR	 100000 /* jiffies: not in a case's time */
#define JIFFY_NS ((ktime_t)(NSEC_PER_SEC / HZ))

static struct item w[3];
static struct completion gate;

TEST(workqueue, delayed_works_run_once_each_and_never_early,
     LINUX_WQ ", queue_delayed_work()")
{
	static const u32 delay[3] = { 2, 0, 1 };
	u64 begun;

	items_init(w, 3, system_wq, NULL);
	/* late in a jiffy: the next one begins soon, and that is too early */
	WAIT_FOR(ktime_get() % JIFFY_NS > JIFFY_NS * 7 / 8, WAIT_DEFAULT_US);
	begun = rdtsc();
	local_bh_disable(); /* the host may pause: it is still pending then */
	for (u32 i = 0; i < 3; i++)
		EXPECT_TRUE(
			queue_delayed_work(system_wq, &w[i].dwork, delay[i]));
	EXPECT_TRUE(delayed_work_pending(&w[0].dwork));
	EXPECT_FALSE(queue_delayed_work(system_wq, &w[0].dwork, 0));
	local_bh_enable();
	EXPECT_TRUE(SLEEP_UNTIL(w[0].runs && w[1].runs && w[2].runs));
	EXPECT_EQ(diary[0], 'b'); /* it has no timer */
	EXPECT_EQ(diary[3], 0);
	for (u32 i = 0; i < 3; i++)
		EXPECT_GE(tsc_to_us(w[i].begun - begun),
			  delay[i] * (1000000 / HZ));
}

TEST(workqueue, mod_delayed_work_moves_or_queues,
     LINUX_WQ ", mod_delayed_work()")
{
	u64 begun;

	items_init(w, 2, system_wq, NULL);
	EXPECT_TRUE(queue_delayed_work(system_wq, &w[0].dwork, FAR));
	begun = rdtsc();
	EXPECT_TRUE(mod_delayed_work(system_wq, &w[0].dwork, 1));
	EXPECT_FALSE(mod_delayed_work(system_wq, &w[1].dwork, 0));
	EXPECT_TRUE(SLEEP_UNTIL(w[0].runs && w[1].runs));
	EXPECT_GE(tsc_to_us(w[0].begun - begun), 1000000 / HZ);
	EXPECT_TRUE(queue_delayed_work(system_wq, &w[0].dwork, 1));
	EXPECT_TRUE(mod_delayed_work(system_wq, &w[0].dwork, FAR));
	EXPECT_TRUE(cancel_delayed_work(&w[0].dwork));
	EXPECT_EQ(w[0].runs, 1);
}

TEST(workqueue, a_cancelled_delayed_work_does_not_run,
     LINUX_WQ ", cancel_delayed_work()")
{
	items_init(w, 2, system_wq, NULL);
	EXPECT_FALSE(cancel_delayed_work(&w[0].dwork));
	local_bh_disable();
	EXPECT_TRUE(queue_delayed_work(system_wq, &w[0].dwork, 1));
	EXPECT_TRUE(queue_delayed_work(system_wq, &w[1].dwork, 1));
	EXPECT_TRUE(cancel_delayed_work(&w[0].dwork));
	local_bh_enable();
	EXPECT_FALSE(delayed_work_pending(&w[0].dwork));
	EXPECT_FALSE(cancel_delayed_work_sync(&w[0].dwork));
	EXPECT_TRUE(SLEEP_UNTIL(w[1].runs));
	EXPECT_STREQ(diary, "b");
}

TEST(workqueue, flush_delayed_work_does_not_wait_for_the_time,
     LINUX_WQ ", flush_delayed_work()")
{
	items_init(w, 1, system_wq, NULL);
	EXPECT_TRUE(queue_delayed_work(system_wq, &w[0].dwork, FAR));
	flush_delayed_work(&w[0].dwork);
	EXPECT_EQ(w[0].runs, 1);
	EXPECT_FALSE(delayed_work_pending(&w[0].dwork));
	EXPECT_FALSE(flush_delayed_work(&w[0].dwork));
}

static int cancel_delayed(void *item)
{
	bool was = cancel_delayed_work_sync(&((struct item *)item)->dwork);

	note('C');
	return was;
}

TEST(workqueue, cancel_delayed_work_sync_waits_for_a_run,
     LINUX_WQ ", cancel_delayed_work_sync()")
{
	struct task_struct *t;

	items_init(w, 1, system_wq, &gate);
	EXPECT_TRUE(queue_delayed_work(system_wq, &w[0].dwork, 0));
	EXPECT_TRUE(SLEEP_UNTIL(diary[0]));
	EXPECT_TRUE(queue_delayed_work(system_wq, &w[0].dwork, FAR));
	t = spawn(cancel_delayed, &w[0], PRIO_NORMAL);
	EXPECT_STREQ(diary, "a");
	EXPECT_FALSE(delayed_work_pending(&w[0].dwork));
	EXPECT_FALSE(queue_delayed_work(system_wq, &w[0].dwork, 0));
	EXPECT_FALSE(mod_delayed_work(system_wq, &w[0].dwork, 0));
	EXPECT_FALSE(delayed_work_pending(&w[0].dwork));
	complete(&gate);
	if (t)
		EXPECT_EQ(kthread_stop(t), 1);
	EXPECT_STREQ(diary, "aC");
}

/* A kworker comes before the case: it must sleep now and then. */
static void queue_itself(struct item *item)
{
	usleep(50);
	queue_delayed_work(item->wq, &item->dwork, 0);
}

TEST(workqueue, cancel_ends_a_delayed_work_that_queues_itself,
     LINUX_WQ ", cancel_delayed_work_sync()")
{
	u32 runs;

	items_init(w, 1, system_unbound_wq, NULL);
	w[0].then = queue_itself;
	w[0].letter = 0;
	queue_itself(&w[0]);
	EXPECT_TRUE(SLEEP_UNTIL(READ_ONCE(w[0].runs) > 3));
	cancel_delayed_work_sync(&w[0].dwork);
	runs = w[0].runs;
	EXPECT_EQ(work_busy(work_of(&w[0])), 0);
	usleep(500);
	EXPECT_EQ(w[0].runs, runs);
}

static void change_by_irq(void *unused)
{
	note(mod_delayed_work(system_wq, &w[0].dwork, FAR) ? 'm' : '-');
	note(cancel_delayed_work(&w[0].dwork) ? 'c' : '-');
	note(mod_delayed_work(system_wq, &w[0].dwork, 0) ? '-' : 'q');
}

TEST(workqueue, an_interrupt_moves_and_cancels_a_delayed_work,
     LINUX_WQ ", mod_delayed_work_on()")
{
	items_init(w, 1, system_wq, NULL);
	EXPECT_TRUE(queue_delayed_work(system_wq, &w[0].dwork, FAR));
	EXPECT_TRUE(sched_interrupt(change_by_irq, NULL));
	flush_work(work_of(&w[0]));
	EXPECT_STREQ(diary, "mcqa");
}

TEST(workqueue, a_delayed_work_runs_on_the_cpu_it_was_queued_for,
     LINUX_WQ ", queue_delayed_work_on()", .needs = NEEDS_SMP)
{
	items_init(w, 2, system_wq, NULL);
	EXPECT_TRUE(
		queue_delayed_work_on(other_cpu(), system_wq, &w[0].dwork, 1));
	EXPECT_TRUE(
		queue_delayed_work_on(other_cpu(), system_wq, &w[1].dwork, 0));
	EXPECT_FALSE(queue_delayed_work_on(NR_CPUS, system_wq, &w[1].dwork, 0));
	EXPECT_TRUE(SLEEP_UNTIL(w[0].runs && w[1].runs));
	EXPECT_EQ(w[0].cpu, other_cpu());
	EXPECT_EQ(w[1].cpu, other_cpu());
}

static void move_often(void *unused)
{
	for (u32 i = 0; i < 300; i++)
		mod_delayed_work(system_wq, &w[0].dwork, i % 4 ? FAR : 0);
}

/* Two pull at it: it is pending once, or has run, and is whole. */
TEST(workqueue, cpus_that_move_one_delayed_work_at_once_queue_it_once,
     LINUX_WQ ", try_to_grab_pending()", .needs = NEEDS_SMP)
{
	items_init(w, 1, system_wq, NULL);
	EXPECT_EQ(run_on_start(other_cpu(), move_often, NULL, RUN_US), 0);
	move_often(NULL);
	EXPECT_EQ(run_on_wait(other_cpu()), 0);
	EXPECT_TRUE(mod_delayed_work(system_wq, &w[0].dwork, FAR));
	EXPECT_TRUE(cancel_delayed_work_sync(&w[0].dwork));
	EXPECT_FALSE(cancel_delayed_work_sync(&w[0].dwork));
	EXPECT_EQ(w[0].overlaps, 0);
	EXPECT_EQ(w[0].inside, 0);
	EXPECT_EQ(work_busy(work_of(&w[0])), 0);
}
