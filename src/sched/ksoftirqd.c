// SPDX-License-Identifier: MIT
/*
 * ksoftirqd.c - softirqs as a thread: what a task raised, and what ten rounds
 * or 2 ms left, run here, in turns with the CPU's other threads.
 *
 * Linux: kernel/softirq.c run_ksoftirqd(), kernel/smpboot.c
 *        smpboot_thread_fn().
 */
#include <sched/ksoftirqd.h>

#include <bh/softirq.h>
#include <cpu/cpumask.h>
#include <lib/errno.h>
#include <sched/kthread.h>
#include <trap/catch.h>

#include "internal.h"

static DEFINE_PER_CPU(struct task_struct *, ksoftirqd);

struct task_struct *cpu_ksoftirqd(u32 cpu)
{
	return READ_ONCE(*per_cpu_ptr(&ksoftirqd, cpu));
}

/* IF=0, any context but NMI. */
static void wakeup_softirqd(void)
{
	struct task_struct *task = this_cpu_ksoftirqd();

	if (task)
		wake_up_process(task);
}

static void serve(void *unused)
{
	while (!kthread_should_stop()) {
		sched_count_round();
		set_current_state(TASK_INTERRUPTIBLE);
		if (!local_softirq_pending()) {
			schedule();
			continue;
		}
		set_current_state(TASK_RUNNING);
		run_ksoftirqd();
		cond_resched();
	}
}

/* An action that had to be ended takes no ksoftirqd with it. */
static int ksoftirqd_thread(void *unused)
{
	struct catch_frame frame;

	while (catch_run(&frame, CATCH_GUARD, serve, NULL)) {
		if (cpu_recover_hook)
			cpu_recover_hook(true);
	}
	return 0;
}

static struct task_struct *spawn(u32 cpu)
{
	struct task_struct *task = kthread_create_on_cpu(
		ksoftirqd_thread, NULL, cpu, PRIO_KTEST, "ksoftirqd/%u", cpu);

	if (task)
		wake_up_process(task);
	return task;
}

int spawn_ksoftirqd(void)
{
	u32 cpu;

	for_each_online_cpu (cpu) {
		struct task_struct *task = spawn(cpu);

		if (!task)
			return -ENOMEM;
		WRITE_ONCE(*per_cpu_ptr(&ksoftirqd, cpu), task);
	}
	wakeup_softirqd_hook = wakeup_softirqd;
	preempt_check_hook = preempt_check_resched;
	return 0;
}
