// SPDX-License-Identifier: MIT
/*
 * wakeup.c - a thread is to run: where, and who must know of it.
 *
 * Linux: kernel/sched/core.c try_to_wake_up().
 */
#include <cpu/cpumask.h>
#include <cpu/irqflags.h>
#include <trace/events.h>

#include "rq.h"

void (*resched_cpu_hook)(u32 cpu);

/* Locked. Its CPU looks now, or when the IPI has arrived. */
static bool kick(struct rq *rq, u32 cpu)
{
	if (cpu == smp_processor_id()) {
		check_preempt(rq);
		return false;
	}
	rq->kicked = true;
	return true;
}

void activate(struct task_struct *task)
{
	struct rq *rq = per_cpu_ptr(&runqueues, task->cpu);
	bool ipi;

	raw_spin_lock(&rq->lock);
	WRITE_ONCE(task->state, TASK_RUNNING);
	enqueue(rq, task, false);
	ipi = kick(rq, task->cpu);
	raw_spin_unlock(&rq->lock);
	if (ipi && resched_cpu_hook)
		resched_cpu_hook(task->cpu);
}

/* The queue that has it, locked: it may be moved until the lock is ours. */
static struct rq *task_rq_lock(const struct task_struct *task)
{
	for (;;) {
		u32 cpu = READ_ONCE(task->cpu);
		struct rq *rq = per_cpu_ptr(&runqueues, cpu);

		raw_spin_lock(&rq->lock);
		if (likely(READ_ONCE(task->cpu) == cpu))
			return rq;
		raw_spin_unlock(&rq->lock);
	}
}

/* Locked. True: it is off its stack, and was to go elsewhere: activate(). */
static bool wake_elsewhere(struct task_struct *task)
{
	u32 cpu = READ_ONCE(task->wake_cpu);

	if (cpu == task->cpu || !cpu_online(cpu))
		return false;
	WRITE_ONCE(task->state, TASK_WAKING);
	WRITE_ONCE(task->cpu, cpu);
	return true;
}

/* State matched; the queue is locked on entry, not on exit. IF=0. */
static void wake_locked(struct rq *rq, struct task_struct *task)
{
	bool asleep = !task->on_rq && rq->curr != task;
	bool moved = asleep && wake_elsewhere(task), ipi = false;

	if (!moved)
		WRITE_ONCE(task->state, TASK_RUNNING);
	if (asleep && !moved) {
		enqueue(rq, task, false);
		ipi = kick(rq, task->cpu);
	}
	raw_spin_unlock(&rq->lock);
	if (moved)
		activate(task);
	else if (ipi && resched_cpu_hook)
		resched_cpu_hook(task->cpu);
}

bool try_to_wake_up(struct task_struct *task, u32 mask)
{
	struct rq *rq;
	bool woken;
	u64 flags = local_irq_save();

	rq = task_rq_lock(task);
	woken = task->state & mask;
	if (woken) {
		trace_sched_waking(task->pid, linux_prio(task), task->wake_cpu);
		wake_locked(rq, task);
		trace_sched_wakeup(task->pid, linux_prio(task), task->wake_cpu);
	} else {
		raw_spin_unlock(&rq->lock);
	}
	local_irq_restore(flags);
	preempt_check_resched();
	return woken;
}

void set_cpus_allowed(struct task_struct *task, u32 cpu)
{
	if (!cpu_online(cpu))
		return;
	WRITE_ONCE(task->wake_cpu, cpu);
	if (task == current && cpu != smp_processor_id())
		leave_cpu();
}

void scheduler_ipi(void)
{
	struct rq *rq = this_rq();

	if (!READ_ONCE(rq->kicked))
		return;
	raw_spin_lock(&rq->lock);
	rq->kicked = false;
	check_preempt(rq);
	raw_spin_unlock(&rq->lock);
}
