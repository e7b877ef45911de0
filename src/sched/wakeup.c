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

/* Into its queue. Locked. True: its CPU looks when an IPI has arrived. */
static bool enqueue_woken(struct rq *rq, struct task_struct *task)
{
	if (rq == this_rq()) {
		enqueue_here(rq, task);
		return false;
	}
	enqueue_sleeper(rq, task);
	rq->kicked = true;
	return true;
}

static __noinline void kick(u32 cpu)
{
	if (resched_cpu_hook)
		resched_cpu_hook(cpu);
}

void activate(struct task_struct *task)
{
	struct rq *rq = per_cpu_ptr(&runqueues, task->cpu);
	bool ipi;

	raw_spin_lock(&rq->lock);
	ipi = enqueue_woken(rq, task);
	raw_spin_unlock(&rq->lock);
	if (ipi)
		kick(task->cpu);
}

/*
 * The queue that has it, locked: it may be moved until the lock is ours. Each
 * round more is one such move, and a thread moves only by a wake-up or a switch
 * of its own: it got on meanwhile.
 */
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

/* Off its stack, and to go elsewhere now. Locked on entry, not on exit. */
static __noinline void wake_elsewhere(struct rq *rq, struct task_struct *task,
				      u32 cpu)
{
	WRITE_ONCE(task->state, TASK_WAKING);
	WRITE_ONCE(task->cpu, cpu);
	raw_spin_unlock(&rq->lock);
	activate(task);
}

/* It sleeps; the queue is locked on entry, not on exit. IF=0. */
static void wake_sleeper(struct rq *rq, struct task_struct *task)
{
	u32 cpu = READ_ONCE(task->wake_cpu);
	bool ipi;

	if (unlikely(cpu != task->cpu) && cpu_online(cpu)) {
		wake_elsewhere(rq, task, cpu);
		return;
	}
	ipi = enqueue_woken(rq, task);
	raw_spin_unlock(&rq->lock);
	if (unlikely(ipi))
		kick(task->cpu);
}

bool __wake_up_irqoff(struct task_struct *task, u32 mask)
{
	struct rq *rq = task_rq_lock(task);

	if (unlikely(!(task->state & mask))) {
		raw_spin_unlock(&rq->lock);
		return false;
	}
	trace_sched_waking(task->pid, linux_prio(task), task->wake_cpu);
	if (!task->on_rq) {
		wake_sleeper(rq, task);
	} else {
		WRITE_ONCE(task->state, TASK_RUNNING);
		raw_spin_unlock(&rq->lock);
	}
	trace_sched_wakeup(task->pid, linux_prio(task), task->wake_cpu);
	return true;
}

void wake_up_irqoff(struct task_struct *task)
{
	wake_here(task);
}

bool try_to_wake_up(struct task_struct *task, u32 mask)
{
	u64 flags = local_irq_save();
	bool woken = __wake_up_irqoff(task, mask);

	local_irq_restore_resched(flags);
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
	if (rq->nonempty)
		check_preempt(rq, (u32)__builtin_ctz(rq->nonempty));
	raw_spin_unlock(&rq->lock);
}
