/* SPDX-License-Identifier: MIT */
/*
 * rq.h - the run queues: who waits for which CPU.
 *
 * Who runs is in no queue; "swapper" never is. One lock, the run queue's,
 * orders sleeping, waking and switching; it is held across the switch and
 * dropped by whoever runs then. So a thread that is neither current nor queued
 * is off its stack, and whoever has its queue's lock may give it to another
 * CPU: TASK_WAKING until it is in that one's queue. Two locks are never held.
 *
 * Linux: kernel/sched/sched.h.
 */
#pragma once

#include "internal.h"

struct rq {
	raw_spinlock_t lock; /* guards all that follows */
	struct task_struct *head[NR_PRIOS], *last[NR_PRIOS];
	struct task_struct *curr, *idle;
	struct task_struct *dead;    /* has just made its last switch */
	struct task_struct *leaving; /* to its wake_cpu */
	void (*forget)(struct task_struct *task);
	bool slice_over; /* the running one goes behind its equals */
	bool kicked;	 /* by another CPU: scheduler_ipi() is to look */
	u64 nr_switches, nr_rounds;
};

DECLARE_PER_CPU(struct rq, runqueues);

static inline struct rq *this_rq(void)
{
	return this_cpu_ptr(&runqueues);
}

/* core.c: a thread's priority on Linux's scale. */
u32 linux_prio(const struct task_struct *task);

/* Last of its prio, or first. Locked. */
static inline void enqueue(struct rq *rq, struct task_struct *t, bool first)
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

/* What the running thread must know of those that wait. On its CPU, locked. */
static inline void check_preempt(struct rq *rq)
{
	u32 p = 0;

	while (p < NR_PRIOS && !rq->head[p])
		p++;
	if (p < rq->curr->prio)
		this_cpu_or32(softirq_pending, PENDING_RESCHED);
	else if (p == rq->curr->prio && sched_tick_hook)
		sched_tick_hook();
}

/* wakeup.c: a thread of state TASK_WAKING, off its stack, is queued. IF=0. */
void activate(struct task_struct *task);

/* core.c: as schedule(), but behind the switch it goes to its wake_cpu. */
void leave_cpu(void);
