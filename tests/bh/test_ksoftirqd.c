// SPDX-License-Identifier: MIT
/*
 * test_ksoftirqd.c - the thread that serves what no interrupt's exit did: what
 * it is, in which context it serves, and to whom it gives way.
 *
 * Linux: kernel/softirq.c run_ksoftirqd(), __do_softirq().
 */
#include "bh.h"

#include <bh/hrtimer.h>
#include <cpu/cpumask.h>
#include <cpu/deadline.h>
#include <cpu/irqflags.h>
#include <cpu/stacks.h>
#include <lib/format.h>
#include <lib/string.h>
#include <sched/ksoftirqd.h>
#include <sched/kthread.h>
#include <sched/sched.h>
#include <smp/smp.h>

#define KSOFTIRQD LINUX_SOFTIRQ "run_ksoftirqd()"
#define RESCHED	  LINUX_SOFTIRQ "__do_softirq() need_resched()"
#define TURNS	  3
#define RUN_US	  5000000
#define TRIES	  200

enum { THREAD = 0x300 }; /* in the diary */

static struct {
	volatile u32 runs, by_ksoftirqd, turns, again;
	struct task_struct *volatile by;
	enum stack_kind stack;
	struct task_struct *wake;
	u32 wake_in_run;
} s;

static void forget(void)
{
	memset(&s, 0, sizeof(s));
}

static bool sleeps(u32 cpu)
{
	return READ_ONCE(cpu_ksoftirqd(cpu)->state) == TASK_INTERRUPTIBLE;
}

TEST(bh, each_cpu_has_a_ksoftirqd_that_sleeps, LINUX_SOFTIRQ "softirq_threads")
{
	char name[TASK_COMM_LEN];
	u32 cpu;

	for_each_online_cpu (cpu) {
		struct task_struct *t = cpu_ksoftirqd(cpu);

		if (!EXPECT_TRUE(t))
			continue;
		scnprintf(name, sizeof(name), "ksoftirqd/%u", cpu);
		EXPECT_STREQ(t->comm, name);
		EXPECT_EQ(t->cpu, cpu);
		EXPECT_EQ(t->prio, PRIO_KTEST);
		EXPECT_TRUE(WAIT_FOR(sleeps(cpu), WAIT_DEFAULT_US));
	}
}

static void note_who(void)
{
	s.by = current;
	s.stack = stack_of((u64)__builtin_frame_address(0)).kind;
	s.runs++;
}

TEST(bh, ksoftirqd_serves_as_a_thread_with_bh_off, KSOFTIRQD, NO_TICK)
{
	forget();
	bh_open(NET_RX_SOFTIRQ, note_who);
	local_irq_disable();
	raise_softirq(NET_RX_SOFTIRQ);
	yield();
	local_irq_enable();
	if (!EXPECT_EQ(bh_diary.n, 1))
		return;
	EXPECT_EQ(s.by, this_cpu_ksoftirqd());
	EXPECT_EQ(s.stack, STACK_THREAD);
	EXPECT_EQ(bh_diary.entry[0].count, SOFTIRQ_OFFSET);
	EXPECT_TRUE(bh_diary.entry[0].irqs_on);
	EXPECT_FALSE(bh_ksoftirqd_due());
}

/* Who raised it served it himself, before the thread came. */
TEST(bh, ksoftirqd_that_finds_nothing_runs_nothing, KSOFTIRQD, NO_TICK)
{
	u64 runs;

	forget();
	bh_open(NET_RX_SOFTIRQ, note_who);
	runs = this_cpu_ksoftirqd()->nr_switches;
	local_irq_disable();
	raise_softirq(NET_RX_SOFTIRQ);
	do_softirq();
	EXPECT_TRUE(bh_ksoftirqd_due());
	local_irq_enable();
	bh_settle();
	EXPECT_EQ(this_cpu_ksoftirqd()->nr_switches, runs + 1);
	EXPECT_EQ(s.runs, 1);
	EXPECT_NE(s.by, this_cpu_ksoftirqd());
}

TEST(bh, raised_twice_wakes_ksoftirqd_once, LINUX_SOFTIRQ "wakeup_softirqd()",
     NO_TICK)
{
	u64 runs = this_cpu_ksoftirqd()->nr_switches;

	bh_open(NET_RX_SOFTIRQ, NULL);
	bh_open(NET_TX_SOFTIRQ, NULL);
	local_irq_disable();
	raise_softirq(NET_RX_SOFTIRQ);
	raise_softirq(NET_TX_SOFTIRQ);
	raise_softirq(NET_RX_SOFTIRQ);
	yield();
	local_irq_enable();
	BH_EXPECT_ORDER(NET_TX_SOFTIRQ, NET_RX_SOFTIRQ);
	EXPECT_EQ(this_cpu_ksoftirqd()->nr_switches, runs + 1);
}

static void raise_for_ever(void)
{
	s.runs++;
	s.by_ksoftirqd += current == this_cpu_ksoftirqd();
	if (s.again)
		raise_softirq(NET_RX_SOFTIRQ);
}

/* The case has seen the thread at work, and seen it again after a slice. */
static bool took_turns(u32 *seen)
{
	if (s.by_ksoftirqd != *seen)
		s.turns++;
	*seen = s.by_ksoftirqd;
	return s.turns >= TURNS;
}

/* It never ends, and the case never sleeps: both go on, a slice each. */
TEST(bh, ksoftirqd_and_the_case_take_turns, KSOFTIRQD)
{
	u32 seen = 0;

	forget();
	s.again = 1;
	open_softirq(NET_RX_SOFTIRQ, raise_for_ever);
	raise_softirq(NET_RX_SOFTIRQ);
	EXPECT_TRUE(WAIT_FOR(took_turns(&seen), WAIT_DEFAULT_US));
	s.again = 0;
	bh_settle();
	EXPECT_EQ(local_softirq_pending(), 0);
	EXPECT_FALSE(bh_ksoftirqd_due());
}

static int write_diary(void *unused)
{
	bh_write(THREAD);
	return 0;
}

/* Its first run wakes the thread, and each but the last raises it again. */
static void wake_and_raise(void)
{
	if (++s.runs == s.wake_in_run)
		wake_up_process(s.wake);
	if (s.runs < TURNS)
		raise_softirq(NET_RX_SOFTIRQ);
}

static bool begin_waking(u32 in_run, enum sched_prio prio)
{
	forget();
	s.wake = kthread_create_on_cpu(write_diary, NULL, 0, prio, "diary");
	s.wake_in_run = in_run;
	bh_open(NET_RX_SOFTIRQ, wake_and_raise);
	return EXPECT_TRUE(s.wake);
}

/* A kworker or an irq thread: not behind ten rounds. */
static void judge_preempted(enum sched_prio prio)
{
	if (!begin_waking(2, prio))
		return;
	bh_diary.n = 0;
	local_irq_disable();
	raise_softirq(NET_RX_SOFTIRQ);
	yield();
	local_irq_enable();
	bh_settle();
	BH_EXPECT_ORDER(NET_RX_SOFTIRQ, NET_RX_SOFTIRQ, THREAD, NET_RX_SOFTIRQ);
	EXPECT_EQ(kthread_stop(s.wake), 0);
}

TEST(bh, ksoftirqd_gives_way_to_a_kworkers_prio_between_rounds, RESCHED,
     NO_TICK)
{
	judge_preempted(PRIO_NORMAL);
}

TEST(bh, ksoftirqd_gives_way_to_an_irq_threads_prio_between_rounds, RESCHED,
     NO_TICK)
{
	judge_preempted(PRIO_IRQ_THREAD);
}

static void raise_net_rx(void)
{
	raise_softirq(NET_RX_SOFTIRQ);
}

/* The exit's round ends, the thread runs, ksoftirqd does the rest behind it. */
TEST(bh, a_thread_that_waits_ends_an_exits_rounds, RESCHED, NO_TICK)
{
	if (!begin_waking(1, PRIO_NORMAL))
		return;
	EXPECT_TRUE(bh_hardirq(raise_net_rx));
	bh_settle();
	BH_EXPECT_ORDER(BH_HARDIRQ, NET_RX_SOFTIRQ, THREAD, NET_RX_SOFTIRQ,
			NET_RX_SOFTIRQ);
	EXPECT_EQ(kthread_stop(s.wake), 0);
}

static void raise_there(void *unused)
{
	hrtimers_suspend();
	local_irq_disable();
	raise_softirq(NET_RX_SOFTIRQ);
	yield();
	local_irq_enable();
	hrtimers_resume();
}

TEST(bh, ksoftirqd_of_another_cpu_serves_what_a_task_raised_there, KSOFTIRQD,
     .needs = NEEDS_SMP)
{
	u32 other = cpumask_next(1, &cpu_online_mask);

	forget();
	open_softirq(NET_RX_SOFTIRQ, note_who);
	EXPECT_EQ(run_on(other, raise_there, NULL, RUN_US), 0);
	EXPECT_EQ(s.runs, 1);
	EXPECT_EQ(s.by, cpu_ksoftirqd(other));
}

static void raise_and_leave(void *unused)
{
	raise_softirq(NET_RX_SOFTIRQ);
}

/* From the moment that nothing else runs there. */
TEST(bh, nothing_raised_on_an_idle_cpu_is_left, KSOFTIRQD, .needs = NEEDS_SMP)
{
	u32 other = cpumask_next(1, &cpu_online_mask);

	forget();
	open_softirq(NET_RX_SOFTIRQ, note_who);
	for (u32 n = 1; n <= TRIES && ktest_ok(); n++) {
		EXPECT_EQ(run_on(other, raise_and_leave, NULL, RUN_US), 0);
		EXPECT_TRUE(WAIT_FOR(s.runs == n, WAIT_DEFAULT_US));
	}
	EXPECT_TRUE(WAIT_FOR(sleeps(other), WAIT_DEFAULT_US));
}
