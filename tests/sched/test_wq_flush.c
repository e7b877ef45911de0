// SPDX-License-Identifier: MIT
/*
 * test_wq_flush.c - works waited for, taken back, drained and forbidden.
 * Linux: kernel/workqueue.c.
 */
#include "wq.h"

#include <cpu/cpumask.h>
#include <cpu/deadline.h>
#include <lib/string.h>
#include <smp/smp.h>

static struct item w[6];
static struct completion gate;
static struct workqueue_struct *wq;

/* A queue of one at a time: a has begun and waits, the rest stand behind. */
static bool begin(u32 n)
{
	wq = alloc_workqueue("flush", 0, 1);
	if (!EXPECT_TRUE(wq))
		return false;
	items_init(w, n, wq, &gate);
	EXPECT_EQ(items_queue(w, n), n);
	return EXPECT_TRUE(SLEEP_UNTIL(diary[0]));
}

static int flush_one(void *item)
{
	bool waited = flush_work(work_of(item));

	note('F');
	return waited;
}

TEST(workqueue, flush_work_waits_for_a_work_that_runs,
     LINUX_WQ ", flush_work()")
{
	struct task_struct *t;

	if (!begin(1))
		return;
	t = spawn(flush_one, &w[0], PRIO_NORMAL);
	EXPECT_STREQ(diary, "a");
	complete(&gate);
	if (t)
		EXPECT_EQ(kthread_stop(t), 1);
	EXPECT_STREQ(diary, "aF");
	EXPECT_EQ(w[0].runs, 1);
	EXPECT_FALSE(flush_work(work_of(&w[0]))); /* idle */
	destroy_workqueue(wq);
}

TEST(workqueue, flush_work_waits_for_a_work_that_stands_in_line,
     LINUX_WQ ", flush_work()")
{
	struct task_struct *t;

	if (!begin(3))
		return;
	t = spawn(flush_one, &w[1], PRIO_NORMAL);
	complete(&gate);
	EXPECT_TRUE(SLEEP_UNTIL(diary[1]));
	EXPECT_STREQ(diary, "ab");
	complete(&gate);
	if (t)
		EXPECT_EQ(kthread_stop(t), 1);
	EXPECT_EQ(w[1].runs, 1);
	EXPECT_EQ(w[2].runs, 0); /* not for those behind it */
	complete_all(&gate);
	destroy_workqueue(wq);
	EXPECT_EQ(w[2].runs, 1);
}

TEST(workqueue, a_work_that_was_never_queued_is_not_waited_for,
     LINUX_WQ ", flush_work()")
{
	items_init(w, 1, system_wq, NULL);
	EXPECT_FALSE(flush_work(work_of(&w[0])));
	EXPECT_FALSE(cancel_work_sync(work_of(&w[0])));
	EXPECT_FALSE(cancel_work(work_of(&w[0])));
	EXPECT_FALSE(flush_delayed_work(&w[0].dwork));
	EXPECT_FALSE(cancel_delayed_work_sync(&w[0].dwork));
}

static void flush_next(struct item *item)
{
	flush_work(work_of(item + 1));
	note('F');
}

/* Both are one CPU's: another worker must serve the one waited for. */
TEST(workqueue, a_work_waits_for_another_of_its_queue,
     LINUX_WQ ", flush_work()")
{
	items_init(w, 2, system_wq, NULL);
	w[0].then = flush_next;
	EXPECT_EQ(items_queue(w, 2), 2);
	flush_workqueue(system_wq);
	EXPECT_STREQ(diary, "abF");
}

static int flush_queue(void *unused)
{
	flush_workqueue(wq);
	note('F');
	return 0;
}

TEST(workqueue, flush_workqueue_waits_for_what_was_queued_before_alone,
     LINUX_WQ ", flush_workqueue()")
{
	struct completion later;
	struct task_struct *t;

	if (!begin(2))
		return;
	t = spawn(flush_queue, NULL, PRIO_NORMAL);
	items_init(w + 2, 1, wq, &later); /* and a new diary */
	EXPECT_EQ(items_queue(w + 2, 1), 1);
	complete_all(&gate);
	EXPECT_TRUE(SLEEP_UNTIL(diary[2]));
	EXPECT_EQ(w[0].runs + w[1].runs, 2);
	EXPECT_EQ(w[2].runs, 0); /* begun, and it waits */
	if (t)
		EXPECT_EQ(kthread_stop(t), 0);
	complete(&later);
	destroy_workqueue(wq);
	EXPECT_EQ(w[2].runs, 1);
}

/* A kworker comes before the case: it must sleep now and then. */
static void nap(struct item *item)
{
	usleep(50);
}

TEST(workqueue, flush_workqueue_returns_though_a_work_queues_itself,
     LINUX_WQ ", flush_workqueue()")
{
	wq = alloc_workqueue("again", 0, 0);
	if (!EXPECT_TRUE(wq))
		return;
	items_init(w, 1, wq, NULL);
	w[0].again = ~0u;
	w[0].then = nap;
	items_queue(w, 1);
	flush_workqueue(wq);
	EXPECT_GE(w[0].runs, 1);
	EXPECT_TRUE(w[0].again);
	w[0].again = 0;
	destroy_workqueue(wq);
	EXPECT_FALSE(work_pending(work_of(&w[0])));
}

TEST(workqueue, cancel_takes_back_what_has_not_begun,
     LINUX_WQ ", cancel_work_sync()")
{
	if (!begin(4))
		return;
	EXPECT_TRUE(cancel_work_sync(work_of(&w[2])));
	EXPECT_TRUE(cancel_work(work_of(&w[1])));
	EXPECT_FALSE(work_pending(work_of(&w[1])));
	EXPECT_FALSE(cancel_work(work_of(&w[1])));
	EXPECT_FALSE(cancel_work(work_of(&w[0]))); /* it runs */
	EXPECT_STREQ(diary, "a"); /* and has the only place still */
	complete_all(&gate);
	destroy_workqueue(wq);
	EXPECT_STREQ(diary, "ad");
}

/* The place that it had among the active ones is the next one's. */
TEST(workqueue, a_cancelled_work_keeps_nobody_waiting,
     LINUX_WQ ", try_to_grab_pending()")
{
	wq = alloc_workqueue("place", 0, 1);
	if (!EXPECT_TRUE(wq))
		return;
	items_init(w, 3, wq, NULL);
	preempt_disable();
	for (u32 i = 0; i < 3; i++)
		EXPECT_TRUE(queue_work(wq, work_of(&w[i])));
	EXPECT_TRUE(cancel_work(work_of(&w[0]))); /* active, not begun */
	EXPECT_TRUE(cancel_work(work_of(&w[1]))); /* active since */
	preempt_enable();
	destroy_workqueue(wq);
	EXPECT_STREQ(diary, "c");
}

static int cancel_one(void *item)
{
	bool was = cancel_work_sync(work_of(item));

	note('C');
	return was;
}

TEST(workqueue, cancel_work_sync_waits_for_a_run,
     LINUX_WQ ", cancel_work_sync()")
{
	struct task_struct *t;

	if (!begin(1))
		return;
	EXPECT_TRUE(queue_work(wq, work_of(&w[0]))); /* and once more */
	t = spawn(cancel_one, &w[0], PRIO_NORMAL);
	EXPECT_STREQ(diary, "a");
	EXPECT_FALSE(queue_work(wq, work_of(&w[0]))); /* not meanwhile */
	complete_all(&gate);
	if (t)
		EXPECT_EQ(kthread_stop(t), 1);
	EXPECT_STREQ(diary, "aC");
	EXPECT_EQ(w[0].runs, 1);
	EXPECT_TRUE(queue_work(wq, work_of(&w[0]))); /* again it may */
	destroy_workqueue(wq);
	EXPECT_EQ(w[0].runs, 2);
}

/* Of two who cancel neither lets it be queued while the other one waits. */
TEST(workqueue, two_cancel_a_work_that_queues_itself,
     LINUX_WQ ", cancel_work_sync()")
{
	struct task_struct *t[2];

	if (!begin(1))
		return;
	w[0].again = 1000; /* from its second run on */
	EXPECT_TRUE(queue_work(wq, work_of(&w[0])));
	t[0] = spawn(cancel_one, &w[0], PRIO_NORMAL);
	t[1] = spawn(cancel_one, &w[0], PRIO_NORMAL);
	complete_all(&gate);
	EXPECT_EQ((t[0] ? kthread_stop(t[0]) : 0) +
			  (t[1] ? kthread_stop(t[1]) : 0),
		  1);
	EXPECT_EQ(w[0].runs, 1);
	EXPECT_FALSE(work_pending(work_of(&w[0])));
	EXPECT_EQ(work_busy(work_of(&w[0])), 0);
	destroy_workqueue(wq);
}

TEST(workqueue, who_waits_for_a_work_that_is_cancelled_goes_on,
     LINUX_WQ ", insert_wq_barrier()")
{
	struct task_struct *t[2];

	if (!begin(2))
		return;
	t[0] = spawn(flush_one, &w[1], PRIO_NORMAL);
	t[1] = spawn(flush_one, &w[1], PRIO_NORMAL);
	EXPECT_STREQ(diary, "a");
	EXPECT_TRUE(cancel_work(work_of(&w[1])));
	complete_all(&gate);
	for (u32 i = 0; i < 2; i++) {
		if (t[i])
			EXPECT_EQ(kthread_stop(t[i]), 1);
	}
	EXPECT_EQ(w[1].runs, 0);
	EXPECT_TRUE(queue_work(wq, work_of(&w[1]))); /* there is a place */
	EXPECT_TRUE(SLEEP_UNTIL(w[1].runs));
	destroy_workqueue(wq);
}

TEST(workqueue, a_disabled_work_is_not_queued_until_it_is_enabled_as_often,
     LINUX_WQ ", disable_work_sync()")
{
	if (!begin(2))
		return;
	EXPECT_TRUE(disable_work(work_of(&w[1]))); /* it was pending */
	EXPECT_FALSE(disable_work(work_of(&w[1])));
	EXPECT_FALSE(queue_work(wq, work_of(&w[1])));
	EXPECT_FALSE(enable_work(work_of(&w[1])));
	EXPECT_FALSE(queue_work(wq, work_of(&w[1])));
	EXPECT_TRUE(enable_work(work_of(&w[1])));
	EXPECT_TRUE(queue_work(wq, work_of(&w[1])));
	complete_all(&gate);
	EXPECT_FALSE(disable_work_sync(work_of(&w[0]))); /* waits */
	EXPECT_EQ(w[0].runs, 1);
	EXPECT_TRUE(enable_work(work_of(&w[0])));
	destroy_workqueue(wq);
	EXPECT_STREQ(diary, "ab");
}

static void queue_the_next(struct item *item)
{
	if (item < &w[3])
		note(queue_work(wq, work_of(item + 1)) ? '+' : '-');
}

static int drain(void *unused)
{
	drain_workqueue(wq);
	note('D');
	return 0;
}

TEST(workqueue, drain_runs_what_works_queue_and_refuses_others,
     LINUX_WQ ", drain_workqueue()")
{
	struct task_struct *t;

	wq = alloc_workqueue("drain", 0, 0);
	if (!EXPECT_TRUE(wq))
		return;
	items_init(w, 5, wq, NULL);
	init_completion(&gate);
	w[0].gate = &gate;
	for (u32 i = 0; i < 4; i++)
		w[i].then = queue_the_next;
	EXPECT_EQ(items_queue(w, 1), 1);
	t = spawn(drain, NULL, PRIO_NORMAL);
	EXPECT_FALSE(queue_work(wq, work_of(&w[4])));
	EXPECT_FALSE(work_pending(work_of(&w[4])));
	complete(&gate);
	if (t)
		EXPECT_EQ(kthread_stop(t), 0);
	EXPECT_STREQ(diary, "a+b+c+dD");
	EXPECT_TRUE(queue_work(wq, work_of(&w[4]))); /* it is open again */
	destroy_workqueue(wq);
	EXPECT_EQ(w[4].runs, 1);
}

/* Its memory may be given away, or filled, as soon as its function has it. */
static void forget_itself(struct work_struct *work)
{
	memset(container_of(work, struct item, dwork.work), 0xa5,
	       sizeof(struct item));
	note('f');
}

TEST(workqueue, a_works_memory_is_its_functions,
     LINUX_WQ ", process_one_work()")
{
	wq = alloc_workqueue("free", 0, 1);
	if (!EXPECT_TRUE(wq))
		return;
	items_init(w, 3, wq, NULL);
	init_work(work_of(&w[1]), forget_itself);
	EXPECT_EQ(items_queue(w, 3), 3);
	destroy_workqueue(wq);
	EXPECT_STREQ(diary, "afc");
}

/* What a work remembers of a queue must not be looked at once that is gone. */
TEST(workqueue, a_work_outlives_the_queue_it_was_on,
     LINUX_WQ ", destroy_workqueue()")
{
	items_init(w, 2, NULL, NULL);
	for (u32 turn = 0; turn < 4; turn++) {
		u32 cpu = turn & 1 ? other_cpu() : 0;

		wq = alloc_workqueue("turn", turn & 2 ? WQ_UNBOUND : 0, 1);
		if (!EXPECT_TRUE(wq))
			return;
		EXPECT_TRUE(queue_work_on(cpu_online(cpu) ? cpu : 0, wq,
					  work_of(&w[0])));
		destroy_workqueue(wq);
		EXPECT_EQ(w[0].runs, turn + 1);
		EXPECT_FALSE(flush_work(work_of(&w[0])));
		EXPECT_FALSE(cancel_work_sync(work_of(&w[0])));
		EXPECT_EQ(work_busy(work_of(&w[0])), 0);
	}
}

TEST(workqueue, destroyed_queues_leave_room_for_others,
     "irqbed src/sched/workqueue.c, take_slot()")
{
	for (u32 i = 0; i < 200 && ktest_ok(); i++) {
		wq = alloc_workqueue("room", 0, 0);
		if (EXPECT_TRUE(wq))
			destroy_workqueue(wq);
	}
}

static u32 cancelled, taken;

static void queue_and_cancel(void *unused)
{
	for (u32 i = 0; i < 200; i++) {
		if (queue_work(system_wq, work_of(&w[0])))
			__atomic_fetch_add(&taken, 1, __ATOMIC_SEQ_CST);
		if (cancel_work(work_of(&w[0])))
			__atomic_fetch_add(&cancelled, 1, __ATOMIC_SEQ_CST);
	}
}

/* Queued is either run or taken back, by one of them. */
TEST(workqueue, what_cpus_queue_and_cancel_at_once_adds_up,
     LINUX_WQ ", try_to_grab_pending()", .needs = NEEDS_SMP)
{
	items_init(w, 1, system_wq, NULL);
	cancelled = taken = 0;
	EXPECT_EQ(run_on_start(other_cpu(), queue_and_cancel, NULL, RUN_US), 0);
	queue_and_cancel(NULL);
	EXPECT_EQ(run_on_wait(other_cpu()), 0);
	flush_work(work_of(&w[0]));
	cancel_work_sync(work_of(&w[0]));
	EXPECT_EQ(w[0].runs + cancelled, taken);
	EXPECT_EQ(w[0].overlaps, 0);
}
