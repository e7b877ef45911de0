// SPDX-License-Identifier: MIT
/*
 * test_bh_smp.c - softirqs and tasklets of several CPUs: each CPU serves its
 * own, and a tasklet is never on two at once.
 *
 * Linux: kernel/softirq.c, include/linux/interrupt.h "Tasklets".
 */
#include "bh.h"

#include <bh/hrtimer.h>
#include <bh/tasklet.h>
#include <cpu/cpumask.h>
#include <cpu/deadline.h>
#include <irq/ipi.h>
#include <lib/string.h>
#include <smp/smp.h>

#define TASKLETS "Linux include/linux/interrupt.h, \"Tasklets\""
#define DISABLE	 "Linux include/linux/interrupt.h, tasklet_disable()"
#define KILL	 LINUX_SOFTIRQ "tasklet_kill()"
#define RUN_US	 5000000
#define STAY_US	 20000
#define TIMES	 500

static struct {
	volatile u32 runs, cpu, inside, nested, bad_cpu;
	volatile bool hold, begun, busy, stop;
	u32 stay_us, again;
} s;
static struct tasklet_struct t;

static u32 begin(void)
{
	memset(&s, 0, sizeof(s));
	return cpumask_next(1, &cpu_online_mask);
}

/* Softirq n is the boot CPU's for n = 0; an action by which CPU ran it. */
static void note_cpu(void)
{
	s.cpu = smp_processor_id();
	__atomic_fetch_add(&s.runs, 1, __ATOMIC_SEQ_CST);
}

static void raise_net_rx(void *unused)
{
	raise_softirq(NET_RX_SOFTIRQ);
}

TEST(bh, raised_on_a_cpu_it_runs_on_that_cpu, LINUX_SOFTIRQ "raise_softirq()",
     .needs = NEEDS_SMP)
{
	u32 cpu;

	begin();
	open_softirq(NET_RX_SOFTIRQ, note_cpu);
	for_each_online_cpu (cpu) {
		u64 served = softirq_count_cpu(NET_RX_SOFTIRQ, cpu);
		u32 want = s.runs + 1;

		EXPECT_EQ(
			smp_call_function_single(cpu, raise_net_rx, NULL, true),
			0);
		do_softirq();
		EXPECT_TRUE(WAIT_FOR(s.runs >= want, WAIT_DEFAULT_US));
		EXPECT_EQ(s.runs, want);
		EXPECT_EQ(s.cpu, cpu);
		EXPECT_EQ(softirq_count_cpu(NET_RX_SOFTIRQ, cpu), served + 1);
	}
}

static void hold_bh(void *unused)
{
	local_bh_disable();
	raise_softirq(NET_RX_SOFTIRQ);
	s.busy = true;
	WAIT_FOR(s.stop, WAIT_DEFAULT_US);
	local_bh_enable();
}

TEST(bh, bh_disabled_on_one_cpu_does_not_hold_off_another,
     LINUX_SOFTIRQ "local_bh_disable()", .needs = NEEDS_SMP)
{
	u32 other = begin();

	open_softirq(NET_RX_SOFTIRQ, note_cpu);
	EXPECT_EQ(run_on_start(other, hold_bh, NULL, RUN_US), 0);
	EXPECT_TRUE(WAIT_FOR(s.busy, WAIT_DEFAULT_US));
	raise_softirq(NET_RX_SOFTIRQ);
	do_softirq();
	EXPECT_EQ(s.runs, 1);
	EXPECT_EQ(s.cpu, 0);
	smp_send_reschedule(other); /* an interrupt there runs none either */
	udelay(1000);
	EXPECT_EQ(s.runs, 1);
	s.stop = true;
	EXPECT_EQ(run_on_wait(other), 0);
	EXPECT_EQ(s.runs, 2);
	EXPECT_EQ(s.cpu, other);
}

static void again_and_again(void)
{
	note_cpu();
	if (s.again) {
		s.again--;
		raise_softirq(NET_RX_SOFTIRQ);
	}
}

/* Far beyond ten rounds: an interrupt leaves the rest to the idle loop. */
TEST(bh, an_idle_cpu_does_its_ksoftirqds_work, LINUX_SOFTIRQ "run_ksoftirqd()",
     .needs = NEEDS_SMP)
{
	u32 other = begin();

	s.again = 99;
	open_softirq(NET_RX_SOFTIRQ, again_and_again);
	EXPECT_EQ(smp_call_function_single(other, raise_net_rx, NULL, true), 0);
	EXPECT_TRUE(WAIT_FOR(s.runs == 100, WAIT_DEFAULT_US));
	EXPECT_EQ(s.cpu, other);
	EXPECT_TRUE(WAIT_FOR(!softirq_work_left(other), WAIT_DEFAULT_US));
}

static void on_tasklet(struct tasklet_struct *unused)
{
	if (__atomic_fetch_add(&s.inside, 1, __ATOMIC_SEQ_CST))
		s.nested++;
	s.cpu = smp_processor_id();
	s.begun = true;
	if (s.stay_us)
		udelay(s.stay_us);
	WAIT_FOR(!s.hold, WAIT_DEFAULT_US);
	__atomic_fetch_sub(&s.inside, 1, __ATOMIC_SEQ_CST);
	__atomic_fetch_add(&s.runs, 1, __ATOMIC_SEQ_CST);
}

static void schedule(void *unused)
{
	tasklet_schedule(&t);
}

/* t runs on other, or is about to end there. */
static bool run_there(u32 other)
{
	tasklet_setup(&t, on_tasklet);
	return EXPECT_EQ(smp_call_function_single(other, schedule, NULL, true),
			 0) &&
	       EXPECT_TRUE(WAIT_FOR(s.begun, WAIT_DEFAULT_US));
}

TEST(bh, a_tasklet_scheduled_while_it_runs_elsewhere_runs_again_after, TASKLETS,
     .needs = NEEDS_SMP)
{
	u32 other = begin();

	s.hold = true;
	if (!run_there(other))
		return;
	tasklet_schedule(&t);
	do_softirq(); /* RUN is set: it stays queued here */
	EXPECT_EQ(s.runs, 0);
	EXPECT_EQ(t.state, BIT(TASKLET_STATE_SCHED) | BIT(TASKLET_STATE_RUN));
	s.hold = false;
	EXPECT_TRUE(WAIT_FOR(s.runs >= 1, WAIT_DEFAULT_US));
	bh_settle();
	EXPECT_EQ(s.runs, 2);
	EXPECT_EQ(s.cpu, 0);
	EXPECT_EQ(s.nested, 0);
}

/* SCHED was set: the second one is the first. */
TEST(bh, a_tasklet_queued_elsewhere_is_not_queued_twice, TASKLETS,
     .needs = NEEDS_SMP)
{
	u32 other = begin();

	tasklet_setup(&t, on_tasklet);
	tasklet_disable_nosync(&t);
	EXPECT_EQ(smp_call_function_single(other, schedule, NULL, true), 0);
	tasklet_schedule(&t);
	EXPECT_EQ(local_softirq_pending(), 0);
	tasklet_enable(&t);
	EXPECT_TRUE(WAIT_FOR(s.runs == 1, WAIT_DEFAULT_US));
	EXPECT_EQ(s.cpu, other);
	EXPECT_TRUE(WAIT_FOR(!softirq_work_left(other), WAIT_DEFAULT_US));
	EXPECT_EQ(s.runs, 1);
}

static u32 scheduled;

static void schedule_often(void *unused)
{
	for (u32 i = 0; i < TIMES; i++) {
		__atomic_fetch_add(&scheduled, 1, __ATOMIC_SEQ_CST);
		tasklet_schedule(&t);
		do_softirq();
	}
}

/* Every CPU at it: never two at once, and the last one is not lost. */
TEST(bh, a_tasklet_of_all_cpus_is_on_one_at_a_time, TASKLETS,
     .needs = NEEDS_SMP)
{
	u32 cpu, before;

	begin();
	scheduled = 0;
	tasklet_setup(&t, on_tasklet);
	for_each_online_cpu (cpu) {
		if (cpu && cpu < 8)
			EXPECT_EQ(
				run_on_start(cpu, schedule_often, NULL, RUN_US),
				0);
	}
	schedule_often(NULL);
	for_each_online_cpu (cpu) {
		if (cpu && cpu < 8)
			EXPECT_EQ(run_on_wait(cpu), 0);
	}
	EXPECT_EQ(tasklet_kill(&t), 0);
	EXPECT_EQ(s.nested, 0);
	EXPECT_GE(s.runs, 1);
	EXPECT_LE(s.runs, scheduled);
	before = s.runs;
	tasklet_schedule(&t);
	do_softirq();
	EXPECT_EQ(s.runs, before + 1);
}

TEST(bh, tasklet_disable_waits_for_a_run_on_another_cpu, DISABLE,
     .needs = NEEDS_SMP)
{
	u32 other = begin();

	s.stay_us = STAY_US;
	if (!run_there(other))
		return;
	EXPECT_EQ(tasklet_disable(&t), 0);
	EXPECT_EQ(s.runs, 1);
	tasklet_enable(&t);
}

TEST(bh, tasklet_disable_nosync_does_not_wait, DISABLE, .needs = NEEDS_SMP)
{
	u32 other = begin();

	s.hold = true;
	if (!run_there(other))
		return;
	tasklet_disable_nosync(&t);
	EXPECT_EQ(s.runs, 0);
	s.hold = false;
	EXPECT_EQ(tasklet_disable(&t), 0);
	EXPECT_EQ(s.runs, 1);
	tasklet_enable(&t);
	tasklet_enable(&t);
}

TEST(bh, tasklet_kill_waits_for_a_run_on_another_cpu, KILL, .needs = NEEDS_SMP)
{
	u32 other = begin();

	s.stay_us = STAY_US;
	if (!run_there(other))
		return;
	EXPECT_EQ(tasklet_kill(&t), 0);
	EXPECT_EQ(s.runs, 1);
	EXPECT_EQ(t.state, 0);
}

/* Longer than who kills it waits; no tick of its own that would serve it. */
static void schedule_and_be_busy(void *unused)
{
	hrtimers_suspend();
	tasklet_schedule(&t);
	s.busy = true;
	WAIT_FOR(s.stop, 2 * WAIT_DEFAULT_US);
	hrtimers_resume();
}

/* Its task does not give way: only an interrupt there can serve it. */
TEST(bh, tasklet_kill_has_a_busy_cpu_run_what_it_queued, KILL,
     .needs = NEEDS_SMP)
{
	u32 other = begin();

	tasklet_setup(&t, on_tasklet);
	EXPECT_EQ(run_on_start(other, schedule_and_be_busy, NULL, RUN_US), 0);
	EXPECT_TRUE(WAIT_FOR(s.busy, WAIT_DEFAULT_US));
	EXPECT_EQ(tasklet_kill(&t), 0);
	EXPECT_EQ(s.runs, 1);
	EXPECT_EQ(s.cpu, other);
	s.stop = true;
	EXPECT_EQ(run_on_wait(other), 0);
	EXPECT_EQ(t.state, 0);
}

static void wait_for_run(void *unused)
{
	WAIT_FOR(s.runs, WAIT_DEFAULT_US);
}

/* Raised by a task, it is ksoftirqd's; and a CPU that waits would be idle. */
TEST(bh, who_waits_for_another_cpu_does_its_ksoftirqds_work,
     LINUX_SOFTIRQ "run_ksoftirqd()", .needs = NEEDS_SMP)
{
	u32 other = begin();

	open_softirq(NET_RX_SOFTIRQ, note_cpu);
	raise_softirq(NET_RX_SOFTIRQ);
	EXPECT_EQ(run_on(other, wait_for_run, NULL, RUN_US), 0);
	EXPECT_EQ(s.runs, 1);
	EXPECT_EQ(s.cpu, 0);
}

static int killed;

static void kill_it(void *unused)
{
	killed = tasklet_kill(&t);
}

/* The boot CPU waits for the one that waits for its tasklet. */
TEST(bh, tasklet_kill_from_another_cpu_is_served_by_who_waits_for_it, KILL,
     .needs = NEEDS_SMP)
{
	u32 other = begin();

	tasklet_setup(&t, on_tasklet);
	tasklet_schedule(&t);
	EXPECT_EQ(run_on(other, kill_it, NULL, RUN_US), 0);
	EXPECT_EQ(killed, 0);
	EXPECT_EQ(s.runs, 1);
	EXPECT_EQ(s.cpu, 0);
}

static void discard(void *unused)
{
	softirq_discard_pending();
}

/* As the runner does for a case whose tasklets are gone. */
TEST(bh, what_another_cpu_has_queued_is_seen_and_discarded,
     "irqbed include/bh/softirq.h, softirq_work_left()", .needs = NEEDS_SMP)
{
	u32 other = begin();

	tasklet_setup(&t, on_tasklet);
	tasklet_disable_nosync(&t);
	EXPECT_FALSE(softirq_work_left(other));
	EXPECT_EQ(smp_call_function_single(other, schedule, NULL, true), 0);
	EXPECT_TRUE(softirq_work_left(other));
	EXPECT_EQ(smp_call_function_single(other, discard, NULL, true), 0);
	EXPECT_TRUE(WAIT_FOR(!softirq_work_left(other), WAIT_DEFAULT_US));
	tasklet_enable(&t);
	udelay(1000);
	EXPECT_EQ(s.runs, 0);
}
