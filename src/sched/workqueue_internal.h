/* SPDX-License-Identifier: MIT */
/* workqueue_internal.h - between workqueue.c (works) and worker.c (threads). */
#pragma once

#include <cpu/irqflags.h>
#include <sched/workqueue.h>

/* clang-format off */
#define WORK_STRUCT_PENDING	BIT(0)	/* from queueing until it begins */
#define WORK_STRUCT_LINKED	BIT(1)	/* the next one goes with it */
#define WORK_STRUCT_INACTIVE	BIT(2)	/* waits in its pwq: max_active */
#define WORK_STRUCT_CANCELING	BIT(3)
/* clang-format on */

struct worker_pool {
	raw_spinlock_t lock; /* guards all that follows, and its pwqs */
	struct list_head worklist;
	struct list_head workers, idle;
	u32 cpu; /* NR_CPUS: unbound */
	u32 nr_workers, nr_idle, next_id;
	u32 nr_running; /* bound: workers that run and do not sleep */
	bool managed;	/* one is making another */
};

/* A workqueue's share of a pool. */
struct pool_workqueue {
	struct worker_pool *pool;
	struct workqueue_struct *wq;
	u32 nr_active, max_active;
	struct list_head inactive;
};

struct worker {
	struct list_head entry; /* in its pool */
	struct list_head idle_entry;
	struct list_head scheduled; /* what goes with the current work */
	struct task_struct *task;
	struct worker_pool *pool;
	struct work_struct *current_work;
	struct pool_workqueue *current_pwq;
	bool sleeping; /* in the middle of a work */
};

/* worker.c */
struct worker_pool *get_pool(u32 cpu);
int init_worker_pools(void);
struct worker *current_worker(void);

/* Locked: somebody is to look at the worklist. */
void kick_pool(struct worker_pool *pool);

/* Locked: who runs work now, or NULL. */
struct worker *find_worker_executing(struct worker_pool *pool,
				     const struct work_struct *work);

/* workqueue.c, locked: work has ended, or was taken back. */
void pwq_dec_nr_in_flight(struct pool_workqueue *pwq, u32 color, bool active);

/*
 * workqueue.c, for delayed_work.c: PENDING taken, if it may be queued; given
 * back; what has it queued; taken out of its list; not to be queued any more.
 */
bool take_work(struct workqueue_struct *wq, struct work_struct *work);
void put_work(struct work_struct *work);
void queue_pending_work(u32 cpu, struct workqueue_struct *wq,
			struct work_struct *work);
bool grab_pending_work(struct work_struct *work);
void block_work(struct work_struct *work);

static inline u64 lock_pool(struct worker_pool *pool)
{
	u64 flags = local_irq_save();

	raw_spin_lock(&pool->lock);
	return flags;
}

static inline void unlock_pool(struct worker_pool *pool, u64 flags)
{
	raw_spin_unlock(&pool->lock);
	local_irq_restore(flags);
}
