// SPDX-License-Identifier: MIT
/*
 * idle.c - each CPU's first two threads: "ktest", on the stack that the CPU
 * began on, and "swapper", which runs when no other can.
 *
 * Linux: kernel/sched/idle.c do_idle(), kernel/sched/core.c init_idle().
 */
#include <console/printk.h>
#include <cpu/cpumask.h>
#include <cpu/irqflags.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <sched/ksoftirqd.h>
#include <trace/events.h>
#include <trap/catch.h>

#include "rq.h"

static DEFINE_PER_CPU(struct task_struct, main_task);

void (*cpu_recover_hook)(bool count);

u64 nr_idle_rounds(u32 cpu)
{
	return READ_ONCE(per_cpu_ptr(&runqueues, cpu)->nr_rounds);
}

void sched_count_round(void)
{
	this_rq()->nr_rounds++;
}

struct task_struct *cpu_main_task(u32 cpu)
{
	return per_cpu_ptr(&main_task, cpu);
}

/* Whoever is woken preempts it at the end of the interrupt. */
static void do_idle(void *unused)
{
	local_irq_disable();
	while (is_idle_task(current)) {
		sched_count_round();
		if (!need_resched())
			safe_halt_disable();
		preempt_schedule_irq();
	}
	local_irq_enable();
}

/* The guard ends what an interrupt began here, and was not to survive. */
static void swapper(void *unused)
{
	struct catch_frame frame;

	while (catch_run(&frame, CATCH_GUARD, do_idle, NULL)) {
		printk("# CPU %u is back in its idle loop", smp_processor_id());
		if (cpu_recover_hook)
			cpu_recover_hook(true);
	}
}

void dequeue(struct rq *rq, struct task_struct *t)
{
	struct task_struct **link = &rq->head[t->prio], *last = NULL;

	while (*link && *link != t) {
		last = *link;
		link = &last->next;
	}
	if (*link)
		*link = t->next;
	if (rq->last[t->prio] == t)
		rq->last[t->prio] = last;
	if (!rq->head[t->prio])
		rq->nonempty &= ~BIT(t->prio);
}

/* It begins anew, and waits: somebody else runs. */
static void prepare_idle(struct rq *rq)
{
	sched_prepare(rq->idle, swapper, NULL);
	rq->idle->state = TASK_RUNNING;
	rq->idle->on_rq = true;
	enqueue(rq, rq->idle, false);
}

static void set_running(u32 cpu, struct task_struct *task)
{
	task->on_rq = true;
	cpu_hot(cpu)->current_task = task;
}

void sched_forget_cpu(u32 cpu)
{
	raw_spin_reset(&per_cpu_ptr(&runqueues, cpu)->lock);
}

/* Locked. What was under way on the stack that is begun anew is over. */
static void run_main(struct rq *rq, struct task_struct *lost)
{
	struct task_struct *main = this_cpu_ptr(&main_task);

	rq->gone = NULL;
	rq->slice_over = rq->kicked = false;
	dequeue(rq, lost); /* it may have been on its way out */
	dequeue(rq, main);
	main->state = TASK_RUNNING;
	if (lost != main)
		trace_sched_switch(true, lost->pid, linux_prio(lost),
				   lost->state, main->pid, linux_prio(main));
	set_running(smp_processor_id(), main);
	dequeue(rq, rq->idle);
	prepare_idle(rq);
}

void sched_start_cpu(void)
{
	struct rq *rq = this_rq();
	struct task_struct *lost = current;

	raw_spin_lock(&rq->lock);
	run_main(rq, lost);
	if (lost == this_cpu_ksoftirqd()) {
		kthread_prepare(lost);
		lost->state = TASK_RUNNING;
		lost->on_rq = true;
		enqueue(rq, lost, false);
	}
	raw_spin_unlock(&rq->lock);
	if (lost != current && !is_idle_task(lost) &&
	    lost != this_cpu_ksoftirqd())
		kthread_lost(lost);
}

int sched_prepare_cpu(u32 cpu)
{
	struct rq *rq = per_cpu_ptr(&runqueues, cpu);
	struct task_struct *main = per_cpu_ptr(&main_task, cpu);
	struct task_struct *idle = task_alloc(cpu, PRIO_IDLE, "swapper");

	if (!idle)
		return -ENOMEM;
	*main = (struct task_struct){ .cpu = cpu,
				      .wake_cpu = cpu,
				      .prio = PRIO_KTEST };
	strscpy(main->comm, "ktest", sizeof(main->comm));
	task_set_pid(main);
	*rq = (struct rq){ .idle = idle };
	cpu_hot(cpu)->rq = rq;
	prepare_idle(rq);
	set_running(cpu, main);
	return 0;
}
