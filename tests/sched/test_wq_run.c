// SPDX-License-Identifier: MIT
/*
 * test_wq_run.c - which work runs where, when, and with how many others.
 *
 * Linux: kernel/workqueue.c, Documentation/core-api/workqueue.rst.
 */
#include "wq.h"

#include <bh/softirq.h>
#include <cpu/cpumask.h>
#include <cpu/deadline.h>
#include <irq/ipi.h>
#include <smp/smp.h>

#define RST "Linux Documentation/core-api/workqueue.rst"

static struct item w[8];
static struct completion gate;

TEST(workqueue, works_begin_in_the_order_they_were_queued,
     LINUX_WQ ", insert_work()")
{
	items_init(w, 8, system_wq, NULL);
	EXPECT_EQ(items_queue(w, 8), 8);
	flush_workqueue(system_wq);
	EXPECT_STREQ(diary, "abcdefgh");
}

TEST(workqueue, a_work_has_a_kworkers_context_and_may_sleep, RST)
{
	items_init(w, 1, system_wq, &gate);
	EXPECT_TRUE(schedule_work(work_of(&w[0])));
	EXPECT_TRUE(SLEEP_UNTIL(w[0].task));
	EXPECT_TRUE(w[0].in_task);
	EXPECT_TRUE(w[0].irqs_on);
	EXPECT_EQ(w[0].task->comm[0], 'k');
	EXPECT_EQ(w[0].task->comm[8], '0'); /* kworker/0:n */
	EXPECT_EQ(w[0].task->state, TASK_UNINTERRUPTIBLE);
	EXPECT_EQ(w[0].runs, 0);
	complete(&gate);
	EXPECT_TRUE(flush_work(work_of(&w[0])) || w[0].runs);
	EXPECT_EQ(w[0].runs, 1);
}

TEST(workqueue, max_active_bounds_how_many_are_begun, RST ", \"max_active\"")
{
	struct workqueue_struct *wq = alloc_workqueue("two", 0, 2);

	if (!EXPECT_TRUE(wq))
		return;
	items_init(w, 5, wq, &gate);
	EXPECT_EQ(items_queue(w, 5), 5);
	EXPECT_TRUE(SLEEP_UNTIL(diary[1]));
	EXPECT_STREQ(diary, "ab");
	complete(&gate);
	EXPECT_TRUE(SLEEP_UNTIL(diary[2]));
	EXPECT_STREQ(diary, "abc");
	complete_all(&gate);
	destroy_workqueue(wq);
	EXPECT_STREQ(diary, "abcde");
}

TEST(workqueue, max_active_of_one_queue_holds_up_no_other,
     RST ", \"max_active\"")
{
	struct workqueue_struct *wq = alloc_workqueue("one", 0, 1);

	if (!EXPECT_TRUE(wq))
		return;
	items_init(w, 3, wq, &gate);
	w[2].wq = system_wq;
	w[2].gate = NULL;
	EXPECT_EQ(items_queue(w, 3), 3);
	EXPECT_TRUE(SLEEP_UNTIL(w[2].runs));
	EXPECT_STREQ(diary, "ac");
	complete_all(&gate);
	destroy_workqueue(wq);
	EXPECT_STREQ(diary, "acb");
}

static void give_way(struct item *item)
{
	yield();
	note((char)(item->letter - 'a' + 'A'));
}

/* While one runs no other of its CPU is begun, not even when it gives way. */
TEST(workqueue, a_work_that_does_not_sleep_is_alone_on_its_cpu,
     RST ", \"concurrency managed\"")
{
	items_init(w, 3, system_wq, NULL);
	for (u32 i = 0; i < 3; i++)
		w[i].then = give_way;
	EXPECT_EQ(items_queue(w, 3), 3);
	flush_workqueue(system_wq);
	EXPECT_STREQ(diary, "aAbBcC");
}

TEST(workqueue, an_ordered_queue_runs_sleepers_one_after_the_other,
     RST ", alloc_ordered_workqueue()")
{
	struct workqueue_struct *wq = alloc_ordered_workqueue("ordered", 0);

	if (!EXPECT_TRUE(wq))
		return;
	items_init(w, 4, wq, &gate);
	EXPECT_EQ(items_queue(w, 4), 4);
	for (u32 i = 0; i < 4; i++) {
		EXPECT_TRUE(SLEEP_UNTIL(diary[i]));
		EXPECT_EQ(diary[i + 1], 0);
		complete(&gate);
	}
	destroy_workqueue(wq);
	EXPECT_STREQ(diary, "abcd");
}

TEST(workqueue, a_pending_work_is_not_queued_twice, LINUX_WQ ", queue_work()")
{
	items_init(w, 1, system_wq, &gate);
	preempt_disable();
	EXPECT_TRUE(schedule_work(work_of(&w[0])));
	EXPECT_TRUE(work_pending(work_of(&w[0])));
	EXPECT_FALSE(schedule_work(work_of(&w[0])));
	preempt_enable();
	EXPECT_TRUE(SLEEP_UNTIL(diary[0]));
	EXPECT_FALSE(work_pending(work_of(&w[0]))); /* it has begun */
	complete(&gate);
	flush_workqueue(system_wq);
	EXPECT_EQ(w[0].runs, 1);
}

TEST(workqueue, a_work_queues_itself, LINUX_WQ ", process_one_work()")
{
	items_init(w, 2, system_wq, NULL);
	w[0].again = 3;
	EXPECT_EQ(items_queue(w, 2), 2);
	EXPECT_TRUE(SLEEP_UNTIL(w[0].runs == 4));
	EXPECT_STREQ(diary, "abaaa"); /* behind those that wait */
	EXPECT_EQ(w[0].overlaps, 0);
}

/* It sleeps, another worker is there: the second run waits for the first. */
TEST(workqueue, a_work_queued_while_it_sleeps_runs_again_only_after,
     RST ", \"Non-reentrance Conditions\"")
{
	items_init(w, 2, system_wq, &gate);
	w[1].gate = NULL;
	EXPECT_TRUE(schedule_work(work_of(&w[0])));
	EXPECT_TRUE(SLEEP_UNTIL(diary[0]));
	EXPECT_TRUE(schedule_work(work_of(&w[0])));
	EXPECT_TRUE(schedule_work(work_of(&w[1])));
	EXPECT_TRUE(SLEEP_UNTIL(w[1].runs));
	EXPECT_STREQ(diary, "ab");
	EXPECT_TRUE(work_pending(work_of(&w[0])));
	complete(&gate);
	EXPECT_TRUE(SLEEP_UNTIL(diary[2]));
	EXPECT_STREQ(diary, "aba");
	complete(&gate);
	flush_workqueue(system_wq);
	EXPECT_EQ(w[0].runs, 2);
	EXPECT_EQ(w[0].overlaps, 0);
}

TEST(workqueue, an_unbound_work_queued_while_it_sleeps_runs_again_only_after,
     RST ", \"Non-reentrance Conditions\"")
{
	items_init(w, 1, system_unbound_wq, &gate);
	EXPECT_EQ(items_queue(w, 1), 1);
	EXPECT_TRUE(SLEEP_UNTIL(diary[0]));
	EXPECT_EQ(items_queue(w, 1), 1);
	usleep(500);
	EXPECT_STREQ(diary, "a");
	complete_all(&gate);
	EXPECT_TRUE(SLEEP_UNTIL(w[0].runs == 2));
	EXPECT_EQ(w[0].overlaps, 0);
}

/* More sleep than there are workers; next time the same ones serve. */
TEST(workqueue, workers_are_made_for_sleepers_and_used_again,
     LINUX_WQ ", manage_workers()")
{
	u32 workers = 0;

	for (u32 turn = 0; turn < 2; turn++) {
		items_init(w, 6, system_wq, &gate);
		EXPECT_EQ(items_queue(w, 6), 6);
		EXPECT_TRUE(SLEEP_UNTIL(diary[5]));
		EXPECT_GE(nr_workers(0), 6);
		if (turn)
			EXPECT_EQ(nr_workers(0), workers);
		workers = nr_workers(0);
		for (u32 i = 1; i < 6; i++)
			EXPECT_NE(w[i].task, w[i - 1].task);
		complete_all(&gate);
		flush_workqueue(system_wq);
		EXPECT_TRUE(SLEEP_UNTIL(nr_idle_workers(0) == workers));
	}
}

static void queue_w0(void *unused)
{
	note('h');
	queue_work(system_wq, work_of(&w[0]));
	note('H');
}

TEST(workqueue, an_interrupt_queues_a_work_that_runs_behind_it,
     LINUX_WQ ", queue_work()")
{
	items_init(w, 1, system_wq, NULL);
	EXPECT_TRUE(sched_interrupt(queue_w0, NULL));
	note('x');
	EXPECT_STREQ(diary, "hHax");
}

static void queue_by_softirq(void)
{
	queue_w0(NULL);
}

static void raise_net_rx(void *unused)
{
	raise_softirq_irqoff(NET_RX_SOFTIRQ);
}

TEST(workqueue, a_softirq_queues_a_work_that_runs_behind_it,
     LINUX_WQ ", queue_work()")
{
	softirq_action_t before = softirq_action(NET_RX_SOFTIRQ);

	items_init(w, 1, system_wq, NULL);
	open_softirq(NET_RX_SOFTIRQ, queue_by_softirq);
	EXPECT_TRUE(sched_interrupt(raise_net_rx, NULL));
	open_softirq(NET_RX_SOFTIRQ, before);
	note('x');
	EXPECT_STREQ(diary, "hHax");
}

TEST(workqueue, work_busy_says_whether_it_waits_and_whether_it_runs,
     LINUX_WQ ", work_busy()")
{
	struct workqueue_struct *wq = alloc_workqueue("busy", 0, 1);

	if (!EXPECT_TRUE(wq))
		return;
	items_init(w, 2, wq, &gate);
	EXPECT_EQ(work_busy(work_of(&w[0])), 0);
	EXPECT_EQ(items_queue(w, 2), 2);
	EXPECT_TRUE(SLEEP_UNTIL(diary[0]));
	EXPECT_EQ(work_busy(work_of(&w[0])), WORK_BUSY_RUNNING);
	EXPECT_EQ(work_busy(work_of(&w[1])), WORK_BUSY_PENDING);
	EXPECT_TRUE(queue_work(wq, work_of(&w[0])));
	EXPECT_EQ(work_busy(work_of(&w[0])),
		  WORK_BUSY_PENDING | WORK_BUSY_RUNNING);
	complete_all(&gate);
	destroy_workqueue(wq);
	EXPECT_EQ(work_busy(work_of(&w[0])), 0);
	EXPECT_STREQ(diary, "aba");
}

static void queue_here(void *item)
{
	struct item *i = item;

	queue_work(i->wq, work_of(i));
}

TEST(workqueue, a_bound_work_runs_on_the_cpu_that_queued_it, RST ", \"bound\"",
     .needs = NEEDS_SMP)
{
	u32 cpu;

	for_each_online_cpu (cpu) {
		items_init(w, 2, system_wq, NULL);
		EXPECT_EQ(
			smp_call_function_single(cpu, queue_here, &w[0], true),
			0);
		EXPECT_TRUE(queue_work_on(cpu, system_wq, work_of(&w[1])));
		EXPECT_TRUE(SLEEP_UNTIL(w[0].runs && w[1].runs));
		EXPECT_EQ(w[0].cpu, cpu);
		EXPECT_EQ(w[1].cpu, cpu);
	}
	EXPECT_FALSE(queue_work_on(NR_CPUS, system_wq, work_of(&w[0])));
	EXPECT_FALSE(work_pending(work_of(&w[0])));
}

/* Whichever worker was idle, and wherever: not where nobody else can run. */
TEST(workqueue, an_unbound_work_runs_where_a_cpu_is_idle,
     RST ", \"WQ_UNBOUND\"", .needs = NEEDS_SMP)
{
	for (u32 turn = 0; turn < 3; turn++) {
		bool ran;

		items_init(w, 1, system_unbound_wq, NULL);
		preempt_disable();
		queue_work(system_unbound_wq, work_of(&w[0]));
		ran = WAIT_FOR(READ_ONCE(w[0].runs), WAIT_DEFAULT_US);
		preempt_enable();
		EXPECT_TRUE(ran);
		EXPECT_NE(w[0].cpu, 0);
		flush_work(work_of(&w[0]));
	}
}

TEST(workqueue, max_active_is_each_cpus, RST ", \"max_active\"",
     .needs = NEEDS_SMP)
{
	struct workqueue_struct *wq = alloc_workqueue("each", 0, 1);

	if (!EXPECT_TRUE(wq))
		return;
	items_init(w, 4, wq, &gate);
	for (u32 i = 0; i < 4; i++)
		EXPECT_TRUE(queue_work_on(i / 2 ? other_cpu() : 0, wq,
					  work_of(&w[i])));
	EXPECT_TRUE(SLEEP_UNTIL(w[0].task && w[2].task));
	EXPECT_EQ(w[1].task, NULL);
	EXPECT_EQ(w[3].task, NULL);
	complete_all(&gate);
	destroy_workqueue(wq);
	for (u32 i = 0; i < 4; i++)
		EXPECT_EQ(w[i].runs, 1);
}

/* Begun there and asleep: queued here, it runs there once more, after that. */
TEST(workqueue, a_work_that_runs_elsewhere_is_queued_there,
     RST ", \"Non-reentrance Conditions\"", .needs = NEEDS_SMP)
{
	u32 cpu = other_cpu();

	items_init(w, 1, system_wq, &gate);
	EXPECT_TRUE(queue_work_on(cpu, system_wq, work_of(&w[0])));
	EXPECT_TRUE(SLEEP_UNTIL(w[0].task));
	EXPECT_TRUE(queue_work_on(0, system_wq, work_of(&w[0])));
	usleep(500);
	EXPECT_STREQ(diary, "a");
	complete_all(&gate);
	EXPECT_TRUE(SLEEP_UNTIL(w[0].runs == 2));
	EXPECT_EQ(w[0].cpu, cpu);
	EXPECT_EQ(w[0].overlaps, 0);
	flush_work(work_of(&w[0])); /* counted while it still ran */
	EXPECT_TRUE(queue_work_on(0, system_wq, work_of(&w[0])));
	EXPECT_TRUE(SLEEP_UNTIL(w[0].runs == 3));
	EXPECT_EQ(w[0].cpu, 0);
}

static u32 queued, times;

static void queue_often(void *unused)
{
	for (u32 i = 0; i < times; i++) {
		u32 n = i % 4;

		if (queue_work(w[n].wq, work_of(&w[n])))
			__atomic_fetch_add(&queued, 1, __ATOMIC_SEQ_CST);
	}
}

static u32 all_runs(void)
{
	u32 n = 0;

	for (u32 i = 0; i < 4; i++)
		n += READ_ONCE(w[i].runs);
	return n;
}

/* Each queueing that was taken is one run, and no two of a work meet. */
TEST(workqueue, works_that_all_cpus_queue_run_once_each_time,
     RST ", \"Non-reentrance Conditions\"")
{
	u32 cpu, started = 0;

	items_init(w, 4, system_wq, NULL);
	w[1].wq = w[2].wq = system_unbound_wq;
	queued = 0;
	times = ktest_stress() ? 10000 : 100;
	for_each_online_cpu (cpu) {
		if (cpu && started < 3)
			started +=
				!run_on_start(cpu, queue_often, NULL, RUN_US);
	}
	queue_often(NULL);
	for (cpu = 1; started; cpu++) {
		if (cpu_online(cpu))
			started -= !run_on_wait(cpu);
	}
	EXPECT_TRUE(SLEEP_UNTIL(all_runs() == queued));
	EXPECT_GE(queued, 4);
	for (u32 i = 0; i < 4; i++) {
		EXPECT_EQ(w[i].overlaps, 0);
		EXPECT_FALSE(work_pending(work_of(&w[i])));
	}
}

static void queue_better(struct item *item)
{
	queue_work(w[1].wq, work_of(&w[1]));
	note('A');
}

/* Its worker sets the others aside; they do not wait for each other. */
TEST(workqueue, highpri_works_run_before_all_others, RST ", \"WQ_HIGHPRI\"")
{
	struct workqueue_struct *high = alloc_workqueue("high", WQ_HIGHPRI, 0);

	if (!EXPECT_TRUE(high))
		return;
	items_init(w, 3, system_wq, NULL);
	w[0].then = queue_better;
	w[1].wq = high;
	EXPECT_EQ(items_queue(w, 1), 1);
	flush_workqueue(system_wq);
	EXPECT_STREQ(diary, "abA");
	EXPECT_EQ(items_queue(w + 1, 2), 2);
	flush_workqueue(system_wq);
	EXPECT_STREQ(diary, "abAbc");
	EXPECT_EQ(w[1].task->prio, PRIO_HIGH);
	EXPECT_EQ(w[2].task->prio, PRIO_NORMAL);
	destroy_workqueue(high);
}
