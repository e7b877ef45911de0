// SPDX-License-Identifier: MIT
/*
 * test_leak.c - a softirq, a timer or a work that returns with another
 * preempt_count than it began with: named, counted, and put right.
 *
 * Linux: kernel/softirq.c handle_softirqs(), kernel/time/timer.c
 * call_timer_fn(), kernel/workqueue.c process_one_work().
 */
#include <bh/softirq.h>
#include <bh/timer.h>
#include <cpu/deadline.h>
#include <cpu/irqflags.h>
#include <lib/format.h>
#include <sched/completion.h>
#include <sched/workqueue.h>

#include "sched.h"

#define LEAKS_SOFTIRQ "Linux kernel/softirq.c, handle_softirqs()"
#define LEAKS_TIMER   "Linux kernel/time/timer.c, call_timer_fn()"
#define LEAKS_WORK    LINUX_WQ ", process_one_work()"

static volatile u32 runs;

static void leak(void)
{
	runs++;
	preempt_count_add(PREEMPT_OFFSET);
}

static void leak_bh(void)
{
	runs++;
	preempt_count_add(SOFTIRQ_DISABLE_OFFSET);
}

static void do_nothing(void)
{
	runs++;
}

static void raise(void *mask)
{
	for (u32 nr = 0; nr < NR_SOFTIRQS; nr++) {
		if ((u64)mask & BIT(nr))
			raise_softirq_irqoff(nr);
	}
}

/* "huh, ..." of nr, whose action is fn, with these counts. */
static u32 huhs(u32 nr, void (*fn)(void), u32 before, u32 after)
{
	char text[160];

	scnprintf(text, sizeof(text),
		  "# huh, entered softirq %u %s 0x%016llx with preempt_count "
		  "%08x, exited with %08x?",
		  nr, softirq_name(nr), (unsigned long long)(u64)fn, before,
		  after);
	return heard(text);
}

/* One round, in which first leaks, perhaps with others behind it. */
static void leak_in_one_round(void (*fn)(void), bool others, u32 count)
{
	u64 mask = BIT(NET_TX_SOFTIRQ) |
		   (others ? BIT(NET_RX_SOFTIRQ) | BIT(RCU_SOFTIRQ) : 0);

	open_softirq(NET_TX_SOFTIRQ, fn);
	open_softirq(NET_RX_SOFTIRQ, do_nothing);
	open_softirq(RCU_SOFTIRQ, leak);
	listen();
	EXPECT_TRUE(sched_interrupt(raise, (void *)mask));
	EXPECT_EQ(preempt_count(), 0);
	listen_no_more();
	for (u32 nr = 0; nr < NR_SOFTIRQS; nr++) {
		if (mask & BIT(nr))
			open_softirq(nr, NULL);
	}
	EXPECT_EQ(huhs(NET_TX_SOFTIRQ, fn, SOFTIRQ_OFFSET, count), 1);
	EXPECT_EQ(heard("# huh,"), 1 + others);
}

TEST(bh, a_softirq_that_leaks_preempt_count_is_named, LEAKS_SOFTIRQ)
{
	runs = 0;
	leak_in_one_round(leak, false, SOFTIRQ_OFFSET + PREEMPT_OFFSET);
	leak_in_one_round(leak_bh, false,
			  SOFTIRQ_OFFSET + SOFTIRQ_DISABLE_OFFSET);
	EXPECT_EQ(runs, 2);
	ktest_means_bugs(2);
}

/* Each is judged by what it does itself, not by the one before it. */
TEST(bh, of_several_softirqs_each_that_leaks_is_named, LEAKS_SOFTIRQ)
{
	runs = 0;
	leak_in_one_round(leak, true, SOFTIRQ_OFFSET + PREEMPT_OFFSET);
	EXPECT_EQ(runs, 3);
	EXPECT_EQ(heard("# huh, entered softirq 9 RCU "), 1);
	ktest_means_bugs(2);
}

/* What the interrupted task keeps is not the action's. */
TEST(bh, a_softirq_that_hits_preemption_off_leaks_nothing, LEAKS_SOFTIRQ)
{
	runs = 0;
	open_softirq(NET_TX_SOFTIRQ, do_nothing);
	preempt_disable();
	EXPECT_TRUE(sched_interrupt(raise, (void *)BIT(NET_TX_SOFTIRQ)));
	EXPECT_EQ(runs, 1);
	EXPECT_EQ(preempt_count(), PREEMPT_OFFSET);
	preempt_enable();
	open_softirq(NET_TX_SOFTIRQ, NULL);
}

static void leaking_timer(struct timer_list *timer)
{
	leak();
}

TEST(timer_list, a_timer_that_leaks_preempt_count_is_named, LEAKS_TIMER)
{
	struct timer_list timer;
	char text[96];

	runs = 0;
	scnprintf(text, sizeof(text),
		  "# timer: 0x%016llx preempt leak: %08x -> %08x",
		  (unsigned long long)(u64)leaking_timer, SOFTIRQ_OFFSET,
		  SOFTIRQ_OFFSET + PREEMPT_OFFSET);
	timer_setup(&timer, leaking_timer, 0);
	listen();
	mod_timer(&timer, get_jiffies_64());
	EXPECT_TRUE(WAIT_FOR(runs, WAIT_DEFAULT_US));
	timer_delete_sync(&timer);
	listen_no_more();
	EXPECT_EQ(preempt_count(), 0);
	EXPECT_EQ(heard(text), 1);
	EXPECT_EQ(heard("# huh,"), 0);
	ktest_means_bugs(1);
}

static void leaking_work(struct work_struct *work)
{
	leak();
}

static void quiet_work(struct work_struct *work)
{
	runs++;
}

TEST(workqueue, a_work_that_leaks_preempt_count_is_named, LEAKS_WORK)
{
	struct work_struct work;
	char text[96];

	runs = 0;
	scnprintf(text, sizeof(text),
		  "preempt=0x%08x irqs_disabled()=0 "
		  "workfn=0x%016llx",
		  PREEMPT_OFFSET, (unsigned long long)(u64)leaking_work);
	init_work(&work, leaking_work);
	listen();
	EXPECT_TRUE(schedule_work(&work));
	flush_work(&work);
	listen_no_more();
	EXPECT_EQ(heard("# BUG: workqueue leaked atomic"), 1);
	EXPECT_EQ(heard(text), 1);
	init_work(&work, quiet_work); /* its kworker still sleeps and wakes */
	EXPECT_TRUE(schedule_work(&work));
	flush_work(&work);
	EXPECT_EQ(runs, 2);
	ktest_means_bugs(1);
}

static struct completion gate;
static volatile bool second_ran;

static void long_work(struct work_struct *work)
{
	runs++;
	wait_for_completion(&gate);
}

static void second_work(struct work_struct *work)
{
	second_ran = true;
}

/*
 * The first one's memory was given back while it ran, and is another work now:
 * nothing keeps that from running beside it.
 */
TEST(workqueue, a_work_where_a_running_one_lay_does_not_wait_for_it,
     LINUX_WQ ", find_worker_executing_work()")
{
	static struct work_struct work;

	runs = 0;
	second_ran = false;
	init_completion(&gate);
	init_work(&work, long_work);
	EXPECT_TRUE(schedule_work(&work));
	EXPECT_TRUE(WAIT_FOR((usleep(100), runs), WAIT_DEFAULT_US));
	init_work(&work, second_work);
	EXPECT_EQ(work_busy(&work), 0);
	EXPECT_TRUE(schedule_work(&work));
	EXPECT_TRUE(WAIT_FOR((usleep(100), second_ran), WAIT_DEFAULT_US));
	EXPECT_FALSE(flush_work(&work));
	complete(&gate);
	flush_workqueue(system_wq);
}
