// SPDX-License-Identifier: MIT
/*
 * test_workqueue.c - works: in task context, once, in order, flushed and taken
 * back. Linux: kernel/workqueue.c.
 */
#include <cpu/deadline.h>
#include <cpu/irqflags.h>
#include <ktest/ktest.h>
#include <sched/completion.h>
#include <sched/workqueue.h>

#define WQ "Linux kernel/workqueue.c"

struct note {
	struct work_struct work;
	u32 ran, count;
	bool irqs_on;
	struct task_struct *task;
};

static void take_note(struct work_struct *work)
{
	struct note *n = container_of(work, struct note, work);

	n->ran++;
	n->count = preempt_count();
	n->irqs_on = !irqs_disabled();
	n->task = current;
}

TEST(sched, a_work_runs_once_in_a_kworker, WQ " process_one_work()")
{
	static struct note n;

	n = (struct note){ 0 };
	init_work(&n.work, take_note);
	EXPECT_TRUE(schedule_work(&n.work));
	EXPECT_TRUE(flush_work(&n.work) || n.ran);
	EXPECT_EQ(n.ran, 1);
	EXPECT_EQ(n.count, 0);
	EXPECT_TRUE(n.irqs_on);
	EXPECT_NE(n.task, current);
	EXPECT_FALSE(flush_work(&n.work));
}

static struct completion gate;
static u32 running, most;

static void wait_at_gate(struct work_struct *work)
{
	u32 now = __atomic_add_fetch(&running, 1, __ATOMIC_SEQ_CST);

	most = max(most, now);
	wait_for_completion(&gate);
	__atomic_sub_fetch(&running, 1, __ATOMIC_SEQ_CST);
}

TEST(sched, a_work_that_sleeps_does_not_hold_up_others,
     WQ " wq_worker_sleeping()")
{
	static struct work_struct w[4];

	init_completion(&gate);
	running = most = 0;
	for (u32 i = 0; i < 4; i++) {
		init_work(&w[i], wait_at_gate);
		EXPECT_TRUE(schedule_work(&w[i]));
	}
	EXPECT_TRUE(WAIT_FOR(READ_ONCE(running) == 4, WAIT_DEFAULT_US));
	complete_all(&gate);
	flush_workqueue(system_wq);
	EXPECT_EQ(running, 0);
	EXPECT_EQ(most, 4);
}

TEST(sched, an_ordered_workqueue_runs_one_at_a_time,
     WQ " alloc_ordered_workqueue()")
{
	static struct work_struct w[4];
	struct workqueue_struct *wq = alloc_ordered_workqueue("one", 0);

	if (!EXPECT_TRUE(wq))
		return;
	init_completion(&gate);
	running = most = 0;
	for (u32 i = 0; i < 4; i++) {
		init_work(&w[i], wait_at_gate);
		EXPECT_TRUE(queue_work(wq, &w[i]));
	}
	EXPECT_TRUE(WAIT_FOR(READ_ONCE(running), WAIT_DEFAULT_US));
	msleep(1); /* for another one that must not */
	EXPECT_EQ(running, 1);
	complete_all(&gate);
	destroy_workqueue(wq);
	EXPECT_EQ(running, 0);
	EXPECT_EQ(most, 1);
}

TEST(sched, delayed_work_is_never_early, WQ " queue_delayed_work()")
{
	static struct delayed_work d;
	u64 begin = rdtsc();

	init_delayed_work(&d, wait_at_gate);
	init_completion(&gate);
	complete_all(&gate);
	most = 0;
	EXPECT_TRUE(queue_delayed_work(system_wq, &d, 2));
	EXPECT_FALSE(queue_delayed_work(system_wq, &d, 2));
	EXPECT_TRUE(WAIT_FOR(READ_ONCE(most), WAIT_DEFAULT_US));
	EXPECT_GE(tsc_to_us(rdtsc() - begin), 8000);
	flush_delayed_work(&d);
}

static void again(struct work_struct *work)
{
	struct note *n = container_of(work, struct note, work);

	n->ran++;
	msleep(1);
	schedule_work(work);
}

TEST(sched, cancel_ends_a_work_that_queues_itself, WQ " cancel_work_sync()")
{
	static struct note n;

	n = (struct note){ 0 };
	init_work(&n.work, again);
	schedule_work(&n.work);
	msleep(5);
	cancel_work_sync(&n.work);
	EXPECT_GE(n.ran, 1);
	EXPECT_FALSE(work_pending(&n.work));
	running = n.ran;
	msleep(5);
	EXPECT_EQ(n.ran, running);
}
