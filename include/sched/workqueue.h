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
#define WQ_HIGHPRI   BIT(4) /* kworkers of their own, before all others */
#define __WQ_ORDERED BIT(17)

#define WQ_DFL_ACTIVE 256

struct work_struct;
struct workqueue_struct;
typedef void (*work_func_t)(struct work_struct *work);

struct work_struct {
	struct list_head entry; /* in a pool's or a worker's list; its lock */
	work_func_t func;
	struct workqueue_struct *wq; /* it was last queued on */
	struct pool_workqueue *pwq;  /* written before it is in a list */
	u32 flags; /* WORK_STRUCT_*, how often disabled; atomic */
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
 * already, is disabled or being cancelled, or wq is draining and this is no
 * work of it; or cpu is not online. It may queue itself. Any context but NMI.
 */
bool queue_work(struct workqueue_struct *wq, struct work_struct *work);
bool queue_work_on(u32 cpu, struct workqueue_struct *wq,
		   struct work_struct *work);

/*
 * The same, delay jiffies from now. mod_: whether it was pending, and has been
 * moved; else it is queued, if it may be.
 */
bool queue_delayed_work(struct workqueue_struct *wq, struct delayed_work *dwork,
			u64 delay);
bool queue_delayed_work_on(u32 cpu, struct workqueue_struct *wq,
			   struct delayed_work *dwork, u64 delay);
bool mod_delayed_work(struct workqueue_struct *wq, struct delayed_work *dwork,
		      u64 delay);
bool mod_delayed_work_on(u32 cpu, struct workqueue_struct *wq,
			 struct delayed_work *dwork, u64 delay);

static inline bool schedule_work(struct work_struct *work)
{
	return queue_work(system_wq, work);
}

static inline bool schedule_work_on(u32 cpu, struct work_struct *work)
{
	return queue_work_on(cpu, system_wq, work);
}

static inline bool schedule_delayed_work(struct delayed_work *dwork, u64 delay)
{
	return queue_delayed_work(system_wq, dwork, delay);
}

static inline struct delayed_work *to_delayed_work(struct work_struct *work)
{
	return container_of(work, struct delayed_work, work);
}

/* Wait until all that was queued before has run. Task context, no work of wq.
 */
void flush_workqueue(struct workqueue_struct *wq);

/* Wait for the last queueing of it: false if it was idle. */
bool flush_work(struct work_struct *work);
bool flush_delayed_work(struct delayed_work *dwork);

/*
 * Take it back if it is pending: true if so. Any context but NMI. _sync: and
 * wait if it runs, it cannot be queued meanwhile; task context, not itself.
 */
bool cancel_work(struct work_struct *work);
bool cancel_work_sync(struct work_struct *work);
bool cancel_delayed_work(struct delayed_work *dwork);
bool cancel_delayed_work_sync(struct delayed_work *dwork);

/*
 * The same, and from now on nobody queues it, until enable_work() has been
 * called as often: true, it may be queued again.
 */
bool disable_work(struct work_struct *work);
bool disable_work_sync(struct work_struct *work);
bool enable_work(struct work_struct *work);

/* Wait until it is empty; only its own works may queue more meanwhile. */
void drain_workqueue(struct workqueue_struct *wq);

bool work_pending(const struct work_struct *work);
static inline bool delayed_work_pending(const struct delayed_work *dwork)
{
	return work_pending(&dwork->work);
}

/* Does it wait, does it run? Both of it, or 0. */
#define WORK_BUSY_PENDING BIT(0)
#define WORK_BUSY_RUNNING BIT(1)
u32 work_busy(const struct work_struct *work);

/* The pools; system_wq, system_unbound_wq. Boot CPU. 0 or -ENOMEM. */
int workqueue_init(void);

/* kworkers of cpu, or (NR_CPUS) of the unbound pool: all, and idle ones. */
u32 nr_workers(u32 cpu);
u32 nr_idle_workers(u32 cpu);
