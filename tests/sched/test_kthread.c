// SPDX-License-Identifier: MIT
/*
 * test_kthread.c - a thread's life: made, woken, told to stop, its stack given
 * to the next one. Linux: kernel/kthread.c.
 */
#include <cpu/cpumask.h>
#include <cpu/deadline.h>
#include <cpu/stacks.h>
#include <ktest/insn_boot.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <sched/wait.h>
#include <smp/smp.h>
#include <trap/catch.h>

#include "sched.h"

TEST(sched, a_thread_stopped_before_its_first_wake_up_never_runs,
     LINUX_KTHREAD ", kthread_stop()")
{
	struct task_struct *t = kthread_create_on_cpu(note_letter, (void *)'x',
						      0, PRIO_NORMAL, "never");

	diary_begin();
	if (EXPECT_TRUE(t))
		EXPECT_EQ(kthread_stop(t), -EINTR);
	EXPECT_STREQ(diary, "");
}

static int until_stopped(void *letter)
{
	u32 rounds = 0;

	while (!kthread_should_stop()) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (!kthread_should_stop())
			schedule();
		set_current_state(TASK_RUNNING);
		rounds++;
		note((char)(uintptr_t)letter);
	}
	return (int)rounds;
}

TEST(sched, kthread_stop_wakes_a_sleeper_and_returns_its_value,
     LINUX_KTHREAD ", kthread_stop()")
{
	struct task_struct *t;

	diary_begin();
	t = spawn(until_stopped, (void *)'s', PRIO_NORMAL);
	if (!t)
		return;
	EXPECT_EQ(t->state, TASK_INTERRUPTIBLE);
	wake_up_process(t);
	EXPECT_STREQ(diary, "s");
	EXPECT_EQ(kthread_stop(t), 2);
	EXPECT_FALSE(kthread_should_stop()); /* a case is no kthread */
}

TEST(sched, a_thread_that_has_ended_keeps_its_value_until_it_is_asked,
     LINUX_KTHREAD ", kthread_stop()")
{
	struct task_struct *t = spawn(note_letter, (void *)'e', PRIO_NORMAL);

	if (!t)
		return;
	EXPECT_EQ(t->state, TASK_DEAD);
	EXPECT_FALSE(wake_up_process(t));
	EXPECT_EQ(kthread_stop(t), 'e');
}

TEST(sched, only_states_of_the_mask_are_woken, LINUX_CORE ", try_to_wake_up()")
{
	struct task_struct *t;

	diary_begin();
	t = spawn(until_stopped, (void *)'s', PRIO_NORMAL);
	if (!t)
		return;
	EXPECT_FALSE(try_to_wake_up(t, TASK_UNINTERRUPTIBLE));
	EXPECT_STREQ(diary, "");
	EXPECT_TRUE(try_to_wake_up(t, TASK_INTERRUPTIBLE));
	EXPECT_STREQ(diary, "s");
	EXPECT_FALSE(wake_up_process(current));
	kthread_stop(t);
}

TEST(sched, no_two_threads_have_one_pid, "Linux kernel/pid.c, alloc_pid()")
{
	u32 pid[8];

	for (u32 i = 0; i < 8; i++) {
		struct task_struct *t =
			spawn(note_letter, (void *)'p', PRIO_NORMAL);

		if (!t)
			return;
		pid[i] = t->pid;
		kthread_stop(t); /* the next one has its stack, not its pid */
		EXPECT_NE(pid[i], 0);
		EXPECT_NE(pid[i], current->pid);
		for (u32 k = 0; k < i; k++)
			EXPECT_NE(pid[i], pid[k]);
	}
}

TEST(sched, a_stack_is_used_again, "irqbed src/sched/kthread.c, take_slot()")
{
	struct task_struct *t = spawn(note_letter, (void *)'1', PRIO_NORMAL);

	for (u32 i = 0; t && i < 3 * NR_THREAD_STACKS; i++) {
		struct task_struct *last = t;

		EXPECT_EQ(kthread_stop(t), '1');
		t = spawn(note_letter, (void *)'1', PRIO_NORMAL);
		EXPECT_EQ(t, last);
	}
	if (t)
		kthread_stop(t);
}

TEST(sched, where_no_stack_is_left_no_thread_is_made,
     "irqbed include/sched/kthread.h, kthread_create_on_cpu()")
{
	struct task_struct *t[NR_THREAD_STACKS + 1];
	u32 n = 0;

	while (n < ARRAY_SIZE(t) &&
	       (t[n] = kthread_create_on_cpu(note_letter, NULL, 0, PRIO_NORMAL,
					     "%u", n)))
		n++;
	EXPECT_GT(n, 8); /* kworkers have some */
	EXPECT_LT(n, NR_THREAD_STACKS);
	for (u32 i = 0; i < n; i++) {
		EXPECT_EQ(stack_of((u64)t[i]).kind, STACK_THREAD);
		EXPECT_EQ(kthread_stop(t[i]), -EINTR);
	}
	t[0] = spawn(note_letter, (void *)'1', PRIO_NORMAL);
	if (t[0])
		EXPECT_EQ(kthread_stop(t[0]), '1');
}

TEST(sched, a_name_is_cut_to_fifteen_letters,
     "Linux include/linux/sched.h, TASK_COMM_LEN")
{
	struct task_struct *t = kthread_create_on_cpu(
		note_letter, NULL, 0, PRIO_NORMAL, "irq/%u-longdevice", 1234);

	if (!EXPECT_TRUE(t))
		return;
	EXPECT_STREQ(t->comm, "irq/1234-longde");
	EXPECT_EQ(kthread_stop(t), -EINTR);
}

TEST(sched, a_cpu_that_is_not_online_gets_no_thread,
     "irqbed include/sched/kthread.h, kthread_create_on_cpu()")
{
	EXPECT_EQ(kthread_create_on_cpu(note_letter, NULL, NR_CPUS, PRIO_NORMAL,
					"x"),
		  NULL);
	EXPECT_EQ(
		kthread_create_on_cpu(note_letter, NULL, ~0u, PRIO_NORMAL, "x"),
		NULL);
}

static struct trap overflow;
static u64 own_top;

static int overflow_stack(void *unused)
{
	u64 bottom = stack_top(current->cpu,
			       STACK_THREAD + stack_of((u64)current).thread) -
		     STACK_SIZE;

	own_top = current->stack_top;
	overflow = catch_trap(insn_boot_push_there, (void *)bottom);
	return 7;
}

/* A page that is not there, and no stack to say so on: #DF, which names it. */
TEST(sched, a_thread_that_overflows_its_stack_meets_a_guard_page,
     "SDM 3A Interrupt 8")
{
	struct task_struct *t = spawn(overflow_stack, NULL, PRIO_NORMAL);

	if (!t)
		return;
	EXPECT_TRAP(overflow, X86_TRAP_DF);
	EXPECT_EQ(overflow.stack, STACK_IST1);
	EXPECT_EQ(stack_of(overflow.cr2).kind, STACK_THREAD);
	EXPECT_TRUE(stack_of(overflow.cr2).guard);
	EXPECT_EQ(stack_of(overflow.cr2).thread, stack_of(own_top).thread);
	EXPECT_EQ(kthread_stop(t), 7); /* and the thread goes on */
}

static int who_am_i(void *cpu)
{
	*(volatile u32 *)cpu = smp_processor_id();
	return 0;
}

TEST(sched, every_cpu_runs_threads_of_its_own,
     LINUX_KTHREAD ", kthread_create_on_cpu()", .needs = NEEDS_SMP)
{
	u32 cpu;

	for_each_online_cpu (cpu) {
		volatile u32 ran_on = ~0u;
		struct task_struct *t =
			spawn_on(cpu, who_am_i, (void *)&ran_on, PRIO_NORMAL);

		if (!t)
			return;
		EXPECT_TRUE(WAIT_FOR(ran_on != ~0u, WAIT_DEFAULT_US));
		EXPECT_EQ(kthread_stop(t), 0);
		EXPECT_EQ(ran_on, cpu);
		EXPECT_EQ(stack_of((u64)t).cpu, cpu);
	}
}

#define SIDE_BY_SIDE 4 /* more than the host has CPUs would wait for it */

static int wait_for_all(void *here)
{
	u32 *n = here;

	__atomic_fetch_add(n, 1, __ATOMIC_SEQ_CST);
	return WAIT_FOR(READ_ONCE(*n) >=
				min(num_online_cpus(), (u32)SIDE_BY_SIDE),
			WAIT_DEFAULT_US);
}

TEST(sched, threads_of_several_cpus_run_side_by_side, LINUX_CORE,
     .needs = NEEDS_SMP)
{
	struct task_struct *t[SIDE_BY_SIDE];
	u32 cpu, n = 0, here = 0;

	for_each_online_cpu (cpu) {
		if (cpu && n < SIDE_BY_SIDE - 1)
			t[n++] =
				spawn_on(cpu, wait_for_all, &here, PRIO_NORMAL);
	}
	EXPECT_EQ(wait_for_all(&here), 1);
	while (n--) {
		if (t[n])
			EXPECT_EQ(kthread_stop(t[n]), 1);
	}
}

/* Woken there, it runs here: on its own CPU. */
TEST(sched, another_cpu_wakes_a_thread_of_this_one,
     LINUX_CORE ", ttwu_queue_wakelist()", .needs = NEEDS_SMP)
{
	struct task_struct *t;

	diary_begin();
	t = spawn(until_stopped, (void *)'s', PRIO_NORMAL);
	if (!t)
		return;
	EXPECT_EQ(run_on(other_cpu(), wake_task, t, RUN_US), 0);
	EXPECT_TRUE(WAIT_FOR(READ_ONCE(diary[0]), WAIT_DEFAULT_US));
	EXPECT_STREQ(diary, "s");
	EXPECT_EQ(t->cpu, 0);
	EXPECT_EQ(kthread_stop(t), 2);
}
