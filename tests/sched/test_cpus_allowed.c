// SPDX-License-Identifier: MIT
/*
 * test_cpus_allowed.c - a thread goes from one CPU to another: by itself, or at
 * its next wake-up.
 *
 * Linux: kernel/sched/core.c set_cpus_allowed_ptr(), select_task_rq().
 */
#include "sched.h"

#include <cpu/cpumask.h>
#include <cpu/deadline.h>
#include <cpu/irqflags.h>
#include <cpu/stacks.h>
#include <lib/string.h>
#include <smp/smp.h>

#define ALLOWED LINUX_CORE " set_cpus_allowed_ptr()"
#define PLACED	LINUX_CORE " select_task_rq()"
#define ROUNDS	20
#define SOME	8 /* CPUs: a turn of hundreds takes its time */

static struct {
	volatile u32 cpu, woken, wrong, ended;
	volatile bool stop, asleep;
	struct task_struct *task;
} s;

/* Round the CPUs; each is where the thread is then, whole. */
static int go_round(void *unused)
{
	struct task_struct *self = current;
	u64 canary = this_cpu(fixed.stack_canary);
	u32 cpu;

	for (u32 i = 0; i < ROUNDS; i++) {
		for_each_online_cpu (cpu) {
			if (cpu >= SOME)
				break;
			set_cpus_allowed(self, cpu);
			s.wrong += smp_processor_id() != cpu ||
				   current != self || self->cpu != cpu ||
				   this_cpu(fixed.stack_canary) != canary ||
				   irqs_disabled() || preempt_count();
		}
	}
	return 7;
}

TEST(sched, a_thread_can_go_to_each_cpu_by_itself, ALLOWED, .needs = NEEDS_SMP)
{
	struct task_struct *t;

	memset(&s, 0, sizeof(s));
	t = spawn(go_round, NULL, PRIO_NORMAL);
	if (!t)
		return;
	EXPECT_EQ(kthread_stop(t), 7);
	EXPECT_EQ(s.wrong, 0);
}

static int stay_here(void *unused)
{
	set_cpus_allowed(current, smp_processor_id());
	set_cpus_allowed(current, NR_CPUS - 1);
	s.cpu = smp_processor_id();
	return 0;
}

TEST(sched, a_cpu_that_is_not_online_is_not_gone_to, ALLOWED)
{
	struct task_struct *t;

	if (cpu_online(NR_CPUS - 1))
		SKIP(return, "every CPU there can be is online");
	t = kthread_create_on_cpu(stay_here, NULL, 0, PRIO_NORMAL, "stay");
	if (!EXPECT_TRUE(t))
		return;
	EXPECT_EQ(t->wake_cpu, 0);
	s.cpu = ~0u;
	wake_up_process(t);
	EXPECT_EQ(kthread_stop(t), 0);
	EXPECT_EQ(s.cpu, 0);
}

static int sleep_and_say_where(void *unused)
{
	while (!kthread_should_stop()) {
		set_current_state(TASK_INTERRUPTIBLE);
		s.asleep = true;
		if (!kthread_should_stop())
			schedule();
		set_current_state(TASK_RUNNING);
		s.cpu = smp_processor_id();
		s.woken++;
	}
	return 0;
}

static bool is_off_its_cpu(void)
{
	return s.asleep && READ_ONCE(s.task->state) == TASK_INTERRUPTIBLE;
}

static bool begin_sleeper(void)
{
	memset(&s, 0, sizeof(s));
	s.task = spawn(sleep_and_say_where, NULL, PRIO_NORMAL);
	return s.task &&
	       EXPECT_TRUE(WAIT_FOR(is_off_its_cpu(), WAIT_DEFAULT_US));
}

TEST(sched, a_sleeper_is_woken_on_the_cpu_it_was_given, PLACED,
     .needs = NEEDS_SMP)
{
	u32 cpu, n = 0;

	if (!begin_sleeper())
		return;
	for_each_online_cpu (cpu) {
		if (cpu >= SOME)
			break;
		set_cpus_allowed(s.task, cpu);
		EXPECT_EQ(s.woken, n);
		EXPECT_TRUE(wake_up_process(s.task));
		EXPECT_TRUE(WAIT_FOR(s.woken == n + 1, WAIT_DEFAULT_US));
		EXPECT_TRUE(WAIT_FOR(is_off_its_cpu(), WAIT_DEFAULT_US));
		EXPECT_EQ(s.cpu, cpu);
		EXPECT_EQ(s.task->cpu, cpu);
		n++;
	}
	EXPECT_EQ(kthread_stop(s.task), 0);
}

/* Whoever's it was when it was made has it back in the end. */
TEST(sched, a_threads_stack_stays_its_own_on_another_cpu, ALLOWED,
     .needs = NEEDS_SMP)
{
	u32 other = other_cpu();

	if (!begin_sleeper())
		return;
	set_cpus_allowed(s.task, other);
	wake_up_process(s.task);
	EXPECT_TRUE(WAIT_FOR(s.woken == 1, WAIT_DEFAULT_US));
	EXPECT_EQ(stack_of((u64)s.task).cpu, 0);
	EXPECT_EQ(s.cpu, other);
	EXPECT_EQ(kthread_stop(s.task), 0);
	/* The slot that is free again is the boot CPU's. */
	s.task = spawn(sleep_and_say_where, NULL, PRIO_NORMAL);
	if (!s.task)
		return;
	EXPECT_EQ(stack_of((u64)s.task).cpu, 0);
	EXPECT_EQ(kthread_stop(s.task), 0);
}

static void wake_often(void *unused)
{
	while (!s.stop) {
		wake_up_process(s.task);
		cpu_relax();
	}
}

/* Whoever wakes it, and wherever it goes then: it is in one queue, once. */
TEST(sched, a_thread_that_moves_is_woken_by_all_cpus_at_once, PLACED,
     .needs = NEEDS_SMP)
{
	u32 cpu;

	if (!begin_sleeper())
		return;
	for_each_online_cpu (cpu) {
		if (cpu && cpu < SOME)
			EXPECT_EQ(run_on_start(cpu, wake_often, NULL, RUN_US),
				  0);
	}
	for (u32 i = 0; i < ROUNDS; i++) {
		for_each_online_cpu (cpu) {
			u32 before = s.woken;

			if (cpu >= SOME)
				break;
			set_cpus_allowed(s.task, cpu);
			EXPECT_TRUE(WAIT_FOR(s.woken > before + 1,
					     WAIT_DEFAULT_US));
		}
		if (!ktest_ok())
			break;
	}
	s.stop = true;
	for_each_online_cpu (cpu) {
		if (cpu && cpu < SOME)
			EXPECT_EQ(run_on_wait(cpu), 0);
	}
	EXPECT_EQ(kthread_stop(s.task), 0);
}
