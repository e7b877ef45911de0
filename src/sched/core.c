// SPDX-License-Identifier: MIT
/*
 * core.c - the run queues, and the switch from one thread to the next.
 *
 * Who runs is in no queue; "swapper" never is. A thread stays on its CPU, so
 * one lock, the run queue's, orders sleeping, waking and switching; it is held
 * across the switch and dropped by whoever runs then.
 *
 * Linux: kernel/sched/core.c __schedule(), try_to_wake_up().
 */
#include <cpu/cpumask.h>
#include <cpu/irqflags.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <trace/events.h>

#include "internal.h"

struct rq {
	raw_spinlock_t lock; /* guards all that follows */
	struct task_struct *head[NR_PRIOS], *last[NR_PRIOS];
	struct task_struct *curr, *idle;
	struct task_struct *dead; /* has just made its last switch */
	void (*forget)(struct task_struct *task);
	bool slice_over; /* the running one goes behind its equals */
	bool kicked;	 /* by another CPU: scheduler_ipi() is to look */
	u64 nr_switches;
};

static DEFINE_PER_CPU(struct rq, runqueues);
static DEFINE_PER_CPU(struct task_struct, main_task);

void (*resched_cpu_hook)(u32 cpu);
void (*sched_tick_hook)(void);

/* On Linux's scale: SCHED_FIFO 50, nice 0, nice 19, and its swapper's. */
static u32 linux_prio(const struct task_struct *task)
{
	static const u8 prio[NR_PRIOS] = {
		[PRIO_IRQ_THREAD] = 49,
		[PRIO_NORMAL] = 120,
		[PRIO_KTEST] = 139,
		[PRIO_IDLE] = 120,
	};

	return prio[task->prio];
}

static struct rq *this_rq(void)
{
	return this_cpu_ptr(&runqueues);
}

u64 nr_context_switches(u32 cpu)
{
	return READ_ONCE(per_cpu_ptr(&runqueues, cpu)->nr_switches);
}

static void enqueue(struct rq *rq, struct task_struct *t, bool first)
{
	u32 p = t->prio;

	t->on_rq = true;
	t->next = NULL;
	if (!rq->head[p]) {
		rq->head[p] = rq->last[p] = t;
	} else if (first) {
		t->next = rq->head[p];
		rq->head[p] = t;
	} else {
		rq->last[p]->next = t;
		rq->last[p] = t;
	}
}

static struct task_struct *pick_next(struct rq *rq)
{
	for (u32 p = 0; p < NR_PRIOS; p++) {
		struct task_struct *t = rq->head[p];

		if (!t)
			continue;
		rq->head[p] = t->next;
		t->on_rq = false;
		return t;
	}
	return rq->idle;
}

/* What the running thread must know of those that wait. On its CPU, locked. */
static void check_preempt(struct rq *rq)
{
	u32 p = 0;

	while (p < NR_PRIOS && !rq->head[p])
		p++;
	if (p < rq->curr->prio)
		this_cpu_or32(softirq_pending, PENDING_RESCHED);
	else if (p == rq->curr->prio && sched_tick_hook)
		sched_tick_hook();
}

/* The new thread's first words: the old one is off its stack. IF=0. */
static void finish_task_switch(void)
{
	struct rq *rq = this_rq();
	struct task_struct *dead = rq->dead;
	void (*forget)(struct task_struct * task) = rq->forget;

	rq->dead = NULL;
	check_preempt(rq);
	raw_spin_unlock(&rq->lock);
	if (dead)
		forget(dead);
}

void schedule_tail(void);
void schedule_tail(void)
{
	finish_task_switch();
	local_irq_enable();
}

static void context_switch(struct rq *rq, struct task_struct *prev,
			   struct task_struct *next, bool preempt)
{
	trace_sched_switch(preempt, prev->pid, linux_prio(prev), prev->state,
			   next->pid, linux_prio(next));
	rq->nr_switches++;
	next->nr_switches++;
	rq->curr = next;
	prev->catch_top = this_cpu(catch_top);
	this_cpu(catch_top) = next->catch_top;
	this_cpu(current_task) = next;
	this_cpu(current_pid) = next->pid;
	switch_to(&prev->sp, next->sp);
	finish_task_switch();
}

/* IF=0. preempt: it did not ask, and stays runnable whatever its state. */
static void __schedule(bool preempt)
{
	struct rq *rq = this_rq();
	struct task_struct *prev = current, *next;

	raw_spin_lock(&rq->lock);
	this_cpu_and32(softirq_pending, ~PENDING_RESCHED);
	if (prev != rq->idle &&
	    (preempt || READ_ONCE(prev->state) == TASK_RUNNING))
		enqueue(rq, prev, preempt && !rq->slice_over);
	rq->slice_over = false;
	next = pick_next(rq);
	if (next != prev)
		context_switch(rq, prev, next, preempt);
	else
		raw_spin_unlock(&rq->lock);
}

void schedule(void)
{
	struct worker *w = current->worker;
	u64 flags = local_irq_save();

	if (sched_is_atomic()) {
		set_current_state(TASK_RUNNING);
		local_irq_restore(flags);
		return;
	}
	if (w && READ_ONCE(current->state) != TASK_RUNNING)
		wq_worker_sleeping(w);
	do {
		__schedule(false);
	} while (need_resched());
	if (w)
		wq_worker_running(w);
	local_irq_restore(flags);
}

void preempt_schedule_irq(void)
{
	do {
		__schedule(true);
	} while (need_resched());
}

void preempt_enable(void)
{
	barrier();
	preempt_count_sub(PREEMPT_OFFSET);
	if (likely(!need_resched()) || preempt_count() || irqs_disabled())
		return;
	local_irq_disable();
	preempt_schedule_irq();
	local_irq_enable();
}

void yield(void)
{
	u64 flags = local_irq_save();

	this_rq()->slice_over = true;
	if (!sched_is_atomic())
		__schedule(true);
	local_irq_restore(flags);
}

bool cond_resched(void)
{
	if (!need_resched() || preempt_count() || irqs_disabled())
		return false;
	schedule();
	return true;
}

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

bool try_to_wake_up(struct task_struct *task, u32 mask)
{
	struct rq *rq = per_cpu_ptr(&runqueues, task->cpu);
	bool woken = false, ipi = false;
	u64 flags;

	preempt_disable();
	flags = local_irq_save();
	raw_spin_lock(&rq->lock);
	if (task->state & mask) {
		woken = true;
		trace_sched_waking(task->pid, linux_prio(task), task->cpu);
		WRITE_ONCE(task->state, TASK_RUNNING);
		if (!task->on_rq && rq->curr != task) {
			enqueue(rq, task, false);
			ipi = kick(rq, task->cpu);
		}
		trace_sched_wakeup(task->pid, linux_prio(task), task->cpu);
	}
	raw_spin_unlock(&rq->lock);
	if (ipi && resched_cpu_hook)
		resched_cpu_hook(task->cpu);
	local_irq_restore(flags);
	preempt_enable();
	return woken;
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

void scheduler_tick(void)
{
	struct rq *rq = this_rq();

	raw_spin_lock(&rq->lock);
	if (rq->head[rq->curr->prio]) {
		rq->slice_over = true;
		this_cpu_or32(softirq_pending, PENDING_RESCHED);
	}
	raw_spin_unlock(&rq->lock);
}

void sched_prepare(struct task_struct *task, void (*fn)(void *), void *arg)
{
	u64 *sp = (u64 *)task->stack_top;

	*--sp = 0; /* so that the function finds RSP as after a call */
	*--sp = (u64)ret_from_fork;
	*--sp = 0;	  /* rbp */
	*--sp = (u64)fn;  /* rbx */
	*--sp = (u64)arg; /* r12 */
	for (u32 i = 0; i < 3; i++)
		*--sp = 0; /* r13 r14 r15 */
	task->sp = (u64)sp;
	task->state = TASK_UNINTERRUPTIBLE;
}

__noreturn void sched_die(void (*forget)(struct task_struct *task))
{
	struct rq *rq;

	local_irq_disable();
	rq = this_rq();
	current->state = TASK_DEAD;
	rq->dead = current;
	rq->forget = forget;
	__schedule(false);
	__builtin_unreachable();
}

/* Idle: whoever is woken preempts it at the end of the interrupt. */
static void swapper(void *unused)
{
	while (this_rq()->idle == current) {
		local_irq_disable();
		if (!need_resched())
			native_safe_halt();
		local_irq_disable();
		preempt_schedule_irq();
		local_irq_enable();
	}
}

int sched_prepare_cpu(u32 cpu)
{
	struct rq *rq = per_cpu_ptr(&runqueues, cpu);
	struct task_struct *main = per_cpu_ptr(&main_task, cpu);
	struct task_struct *idle = task_alloc(cpu, PRIO_IDLE, "swapper");

	if (!idle)
		return -ENOMEM;
	sched_prepare(idle, swapper, NULL);
	idle->state = TASK_RUNNING;
	*main = (struct task_struct){ .cpu = cpu, .prio = PRIO_KTEST };
	strscpy(main->comm, "ktest", sizeof(main->comm));
	task_set_pid(main);
	*rq = (struct rq){ .idle = idle, .curr = main };
	cpu_hot(cpu)->current_task = main;
	cpu_hot(cpu)->current_pid = main->pid;
	return 0;
}
