/* SPDX-License-Identifier: MIT */
/*
 * rq.h - the run queues: who waits for which CPU.
 *
 * Who runs is in no queue; "swapper", when it does not, is in the last. One
 * lock, the run queue's, orders sleeping, waking and switching; it is held
 * across the switch and dropped by whoever runs then. So a thread that is
 * neither current nor queued is off its stack, and whoever has its queue's lock
 * may give it to another CPU: TASK_WAKING until it is in that one's queue. Two
 * locks are never held.
 *
 * Linux: kernel/sched/sched.h.
 */
#pragma once

#include <asm/bitops.h>
#include <cpu/cpumask.h>
#include <trace/trace.h>

#include "internal.h"

/* The lock is raw, and without a class: tests/bench/ counts each instruction.
 */
struct rq {
	raw_spinlock_t lock; /* guards all that follows */
	u64 nonempty;	     /* bit n: somebody of prio n waits */
	struct task_struct *head[NR_PRIOS], *last[NR_PRIOS];
	struct task_struct *idle;
	struct task_struct *gone; /* has just switched away for good */
	void (*forget)(struct task_struct *task); /* it is TASK_DEAD */
	bool slice_over; /* the running one goes behind its equals */
	bool kicked;	 /* by another CPU: scheduler_ipi() is to look */
	u64 nr_switches, nr_rounds;
};

static_assert(!offsetof(struct rq, lock), "tests/selftest/test_left.c");

DECLARE_PER_CPU(struct rq, runqueues);

static inline struct rq *this_rq(void)
{
	return this_cpu(rq);
}

/* Who runs on cpu; it changes under that one's lock. */
static inline struct task_struct *cpu_curr(u32 cpu)
{
	return READ_ONCE(cpu_hot(cpu)->current_task);
}

/* core.c: a thread's priority on Linux's scale. */
u32 linux_prio(const struct task_struct *task);

/* In one instruction each; what the bit was. */
static __always_inline bool mark_nonempty(struct rq *rq, u64 p)
{
	bool was;

	__asm__("btsq %[bit], %[word]"
		: [word] "+m"(rq->nonempty), "=@ccc"(was)
		: [bit] "r"(p));
	return was;
}

static __always_inline void mark_empty(struct rq *rq, u64 p)
{
	__asm__("btrq %[bit], %[word]"
		: [word] "+m"(rq->nonempty)
		: [bit] "r"(p)
		: "cc");
}

/* Last of its prio, or first. Locked. */
static __always_inline void enqueue(struct rq *rq, struct task_struct *t,
				    bool first)
{
	u32 p = t->prio;

	t->next = NULL;
	if (likely(!mark_nonempty(rq, p))) {
		rq->head[p] = rq->last[p] = t;
	} else if (first) {
		t->next = rq->head[p];
		rq->head[p] = t;
	} else {
		rq->last[p]->next = t;
		rq->last[p] = t;
	}
}

/* idle.c: out of the queue, wherever in it. Locked. */
void dequeue(struct rq *rq, struct task_struct *t);

/*
 * The first of the best, out of its queue; "swapper" at last. If he has rivals
 * his slice will end. Locked.
 */
static __always_inline struct task_struct *pick_next(struct rq *rq)
{
	u64 p = __ffs(rq->nonempty);
	struct task_struct *t = rq->head[p];

	__asm__("" : "+r"(p)); /* or gcc makes it an index of its own first */
	rq->head[p] = t->next;
	if (likely(!t->next))
		mark_empty(rq, p);
	else if (sched_tick_hook)
		sched_tick_hook();
	return t;
}

/* One of that prio waits here: does who runs give way, or share? Locked. */
static __always_inline void check_preempt(struct rq *rq, u32 prio)
{
	if (likely(prio < current->prio))
		this_cpu_or32(softirq_pending, PENDING_RESCHED);
	else if (prio == current->prio && sched_tick_hook)
		sched_tick_hook();
}

/* A sleeper, awake. Locked. */
static __always_inline void enqueue_sleeper(struct rq *rq,
					    struct task_struct *task)
{
	WRITE_ONCE(task->state, TASK_RUNNING);
	task->on_rq = true;
	enqueue(rq, task, false);
}

/* The same in this CPU's queue. */
static __always_inline void enqueue_here(struct rq *rq,
					 struct task_struct *task)
{
	enqueue_sleeper(rq, task);
	check_preempt(rq, task->prio);
}

/* wakeup.c: try_to_wake_up() with IF=0. */
bool __wake_up_irqoff(struct task_struct *task, u32 mask);

/*
 * False: it does not sleep, or not on this CPU, or is no better than who runs,
 * or somebody has the lock.
 */
static __always_inline bool try_to_wake_here(struct task_struct *task)
{
	struct rq *rq = this_rq();
	u32 cpu = smp_processor_id();

	if (unlikely(!raw_spin_trylock(&rq->lock)))
		return false;
	if (unlikely(task->cpu != cpu || task->wake_cpu != cpu ||
		     !(task->state & TASK_NORMAL) || task->on_rq ||
		     task->prio >= current->prio)) {
		raw_spin_unlock(&rq->lock);
		return false;
	}
	enqueue_sleeper(rq, task);
	this_cpu_or32(softirq_pending, PENDING_RESCHED);
	raw_spin_unlock(&rq->lock);
	return true;
}

/*
 * wake_up_process() with IF=0, quickly if task sleeps on this CPU. A thread
 * that it makes wait is seen to by who sets IF.
 */
static __always_inline bool wake_here(struct task_struct *task)
{
	if (!observed() && likely(try_to_wake_here(task)))
		return true;
	return __wake_up_irqoff(task, TASK_NORMAL);
}

/* wakeup.c: a thread of state TASK_WAKING, off its stack, is queued. IF=0. */
void activate(struct task_struct *task);

/* core.c: as schedule(), but behind the switch it goes to its wake_cpu. */
void leave_cpu(void);
