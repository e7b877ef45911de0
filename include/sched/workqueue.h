/* SPDX-License-Identifier: MIT */
/*
 * workqueue.h - functions for threads to call, one after the other or many at
 * once: bottom halves that may sleep.
 *
 * A CPU's kworkers serve all bound workqueues; one of them runs at a time, and
 * when it sleeps another takes over, made if there is none. Unbound work goes
 * to kworkers of any CPU. A work never runs twice at once.
 *
 * Linux: include/linux/workqueue.h, kernel/workqueue.c.
 */
#pragma once

#include <bh/timer.h>
#include <sched/mutex.h>

#define WQ_UNBOUND   BIT(1) /* Linux's values */
#define WQ_HIGHPRI   BIT(4)
#define __WQ_ORDERED BIT(17)

#define WQ_DFL_ACTIVE 256

struct work_struct;
struct workqueue_struct;
typedef void (*work_func_t)(struct work_struct *work);

struct work_struct {
	struct list_head entry; /* in a pool's or a worker's list; its lock */
	work_func_t func;
	struct workqueue_struct *wq; /* it was last queued on */
	struct pool_workqueue *pwq;
	u32 flags; /* WORK_STRUCT_*, atomic */
	u32 color; /* flush_workqueue() */
};

struct delayed_work {
	struct work_struct work;
	struct timer_list timer;
	struct workqueue_struct *wq;
	u32 cpu;
};

void init_work(struct work_struct *work, work_func_t func);
void init_delayed_work(struct delayed_work *dwork, work_func_t func);

/*
 * max_active: how many works of it may run at once on a CPU (unbound: in all);
 * 0: WQ_DFL_ACTIVE. ordered: one at a time, in the order they were queued.
 * NULL: no memory. Task context.
 */
struct workqueue_struct *alloc_workqueue(const char *name, u32 flags,
					 u32 max_active);
static inline struct workqueue_struct *alloc_ordered_workqueue(const char *name,
							       u32 flags)
{
	return alloc_workqueue(name, flags | WQ_UNBOUND | __WQ_ORDERED, 1);
}

/* Drain it and give it back. Task context. */
void destroy_workqueue(struct workqueue_struct *wq);

/* What most users want: "events". There from workqueue_init() on. */
extern struct workqueue_struct *system_wq, *system_unbound_wq;

/*
 * Have work's function called, on this CPU or on cpu. False: it is pending
 * already, is being cancelled, or wq is draining and this is no work of it.
 * It may queue itself. Any context but NMI.
 */
bool queue_work(struct workqueue_struct *wq, struct work_struct *work);
bool queue_work_on(u32 cpu, struct workqueue_struct *wq,
		   struct work_struct *work);

/* The same, delay jiffies from now; mod_: whether it was pending, moved. */
bool queue_delayed_work(struct workqueue_struct *wq, struct delayed_work *dwork,
			u64 delay);
bool mod_delayed_work(struct workqueue_struct *wq, struct delayed_work *dwork,
		      u64 delay);

static inline bool schedule_work(struct work_struct *work)
{
	return queue_work(system_wq, work);
}

/* Wait until all that was queued before has run. Task context, no work of wq.
 */
void flush_workqueue(struct workqueue_struct *wq);

/* Wait for the last queueing of it: false if it was idle. */
bool flush_work(struct work_struct *work);
bool flush_delayed_work(struct delayed_work *dwork);

/*
 * Take it back if it is pending, wait if it runs; it cannot queue itself
 * meanwhile. True if it was pending.
 */
bool cancel_work_sync(struct work_struct *work);
bool cancel_delayed_work(struct delayed_work *dwork);
bool cancel_delayed_work_sync(struct delayed_work *dwork);

/* Wait until it is empty; only its own works may queue more meanwhile. */
void drain_workqueue(struct workqueue_struct *wq);

bool work_pending(const struct work_struct *work);

/* The pools; system_wq, system_unbound_wq. Boot CPU. 0 or -ENOMEM. */
int workqueue_init(void);

/* kworkers of cpu, or (NR_CPUS) of the unbound pool: all, and idle ones. */
u32 nr_workers(u32 cpu);
u32 nr_idle_workers(u32 cpu);
