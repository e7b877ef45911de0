// SPDX-License-Identifier: MIT
/*
 * left.c - after a case: threads, timers and works that it leaves behind.
 *
 * A timer is a case's if its function is; so is a work. A thread is, unless it
 * was there before the first case, or is a kworker.
 */
#include <sched/left.h>

#include <bh/timer.h>
#include <console/printk.h>
#include <cpu/cpumask.h>
#include <cpu/irqflags.h>
#include <cpu/sections.h>

#include "rq.h"
#include "workqueue_internal.h"

static bool is_cases(const void *fn)
{
	return (u64)fn >= (u64)__packed_start &&
	       (u64)fn < (u64)__user_text_start;
}

static bool hrtimer_is_left(const struct hrtimer *timer, const void *unused)
{
	const void *fn = (const void *)timer->function;

	if (!is_cases(fn))
		return false;
	printk("# left: hrtimer 0x%016llx on CPU %u, function 0x%016llx",
	       (unsigned long long)(u64)timer, timer->cpu,
	       (unsigned long long)(u64)fn);
	return true;
}

/* A delayed work's timer has its function from delayed_work.c. */
static bool timer_is_left(const struct timer_list *timer, const void *unused)
{
	struct delayed_work *dwork = timer_delayed_work(timer);
	const void *fn = dwork ? (const void *)dwork->work.func
			       : (const void *)timer->function;

	if (!is_cases(fn))
		return false;
	printk("# left: %s 0x%016llx on CPU %u, function 0x%016llx",
	       dwork ? "delayed work" : "timer", (unsigned long long)(u64)timer,
	       timer->cpu, (unsigned long long)(u64)fn);
	if (dwork)
		put_work(&dwork->work);
	return true;
}

static const char *state_of(const struct task_struct *task)
{
	if (cpu_curr(task->cpu) == task)
		return "running";
	if (task->state & TASK_DEAD)
		return "ended, and not stopped";
	if (task->on_rq)
		return "ready";
	return kthread_was_woken(task) ? "asleep" : "not woken";
}

static void end_left_thread(struct task_struct *task)
{
	printk("# left: thread %s %s on CPU %u, function 0x%016llx", task->comm,
	       state_of(task), task->cpu,
	       (unsigned long long)(u64)kthread_function(task));
	if (sched_end_thread(task))
		free_task(task);
	else
		printk("# left: thread %s does not end", task->comm);
}

static u32 clear_threads(bool irq_threads)
{
	u32 cpu, n = 0;

	for_each_online_cpu (cpu) {
		struct task_struct *task;
		u32 slot = 0;

		while ((task = next_left_kthread(cpu, &slot))) {
			if (is_kworker(task) ||
			    (!irq_threads && task->prio == PRIO_IRQ_THREAD))
				continue;
			end_left_thread(task);
			n++;
		}
	}
	return n;
}

void sched_keep_all(void)
{
	kthreads_keep();
	workqueues_keep();
}

u32 sched_clear_left(bool irq_threads)
{
	u32 n = hrtimers_drop(hrtimer_is_left, NULL);

	n += timers_drop(timer_is_left, NULL);
	/* What they hold, works may wait for. */
	n += clear_threads(irq_threads);
	n += workqueues_clear_left();
	sched_tick_stop(); /* or it would come in the midst of the next case */
	return n;
}

void sched_reset_locks(void)
{
	u32 cpu;

	for_each_online_cpu (cpu)
		raw_spin_reset(&per_cpu_ptr(&runqueues, cpu)->lock);
	kthreads_reset_lock();
	pools_reset_locks();
}
