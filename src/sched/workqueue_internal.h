/* SPDX-License-Identifier: MIT */
/* workqueue_internal.h - between workqueue.c (works) and worker.c (threads). */
#pragma once

#include <cpu/irqflags.h>
#include <sched/workqueue.h>

#include "rq.h"

/* clang-format off */
#define WORK_STRUCT_PENDING	BIT(0)	/* from queueing until it begins */
#define WORK_STRUCT_LINKED	BIT(1)	/* the next one goes with it */
#define WORK_STRUCT_INACTIVE	BIT(2)	/* waits in its pwq: max_active */
#define WORK_DISABLE_ONE	BIT(16)	/* how often disabled, from here on */
#define WORK_DISABLED		(~0u << 16)
/* clang-format on */

/* The lock is raw, and without a class: tests/bench/ counts each instruction.
 */
struct worker_pool {
	raw_spinlock_t lock; /* guards all that follows, and its pwqs */
	struct list_head worklist;
	struct list_head workers, idle;
	u32 cpu; /* NR_CPUS: unbound */
	bool highpri;
	u32 nr_workers, nr_idle, next_id;
	u32 nr_running; /* bound: workers that run and do not sleep */
	u32 nr_busy;	/* workers in a work, also those that sleep in it */
	bool managed;	/* one is making another */
};

/* A workqueue's share of a pool. */
struct pool_workqueue {
	struct worker_pool *pool;
	struct workqueue_struct *wq;
	u32 nr_active, max_active;
	struct list_head inactive;
} __aligned(64);

/* Nothing that a work was ever queued on. */
#define NO_PWQS ((struct pool_workqueue *)0xdead000000000000)

struct workqueue_struct {
	const char *name; /* NULL: a free slot */
	u32 flags;
	u32 color, in_flight[2]; /* atomic */
	u32 draining;		 /* atomic: how many drain it */
	u32 flushers;		 /* 1 while somebody looks at in_flight[] */
	struct pool_workqueue unbound, *bound; /* by CPU */
	struct pool_workqueue *here;	       /* bound, or NO_PWQS */
	struct mutex flush_mutex;
	struct wait_queue_head flush_wait;
};

struct worker {
	struct list_head entry; /* in its pool */
	struct list_head idle_entry;
	struct list_head scheduled; /* what goes with the current work */
	struct task_struct *task;
	struct worker_pool *pool;
	struct work_struct *current_work;
	work_func_t current_func; /* of that one; its memory may be reused */
	struct pool_workqueue *current_pwq;
	bool sleeping; /* in the middle of a work */
};

/* worker.c */
struct worker_pool *get_pool(u32 cpu, bool highpri);

/* The pools of a queue with flags have a worker each: false, no memory. */
bool make_workers(u32 flags);
void init_worker_pools(void);
struct worker *current_worker(void);

/*
 * Locked, with something in the worklist: somebody is to look at it; of an
 * unbound pool, where a CPU is idle. __kick_pool(): wherever he was. IF=0.
 */
void place_idle_worker(struct worker_pool *pool);
void kick_pool(struct worker_pool *pool);
static __always_inline void __kick_pool(struct worker_pool *pool)
{
	struct list_head *idle = pool->idle.next;

	/* In a CPU's pool who runs will; in the unbound, one for each work. */
	if ((pool->nr_running && pool->cpu < NR_CPUS) || idle == &pool->idle)
		return;
	wake_here(container_of(idle, struct worker, idle_entry)->task);
}

/*
 * Locked: who runs work now, or NULL. One that runs another function is a work
 * that lay there before.
 */
struct worker *find_worker_executing(struct worker_pool *pool,
				     const struct work_struct *work);

/* workqueue.c, locked: work and what is linked to it, to the end of a list. */
void move_linked_works(struct work_struct *work, struct list_head *to);

/* Locked: one is active now; the first, if pwq has a place for it. */
void pwq_activate_inactive(struct pool_workqueue *pwq,
			   struct work_struct *work);
void pwq_activate_first_inactive(struct pool_workqueue *pwq);

/* Locked: one that was active has ended, or was taken back. */
static inline void pwq_dec_nr_active(struct pool_workqueue *pwq)
{
	pwq->nr_active--;
	if (unlikely(!list_empty(&pwq->inactive)))
		pwq_activate_first_inactive(pwq);
}

/* Locked: one that was queued, with this colour, is not any more. */
static inline void pwq_dec_nr_in_flight(struct pool_workqueue *pwq, u32 color)
{
	struct workqueue_struct *wq = pwq->wq;

	if (!__atomic_sub_fetch(&wq->in_flight[color], 1, __ATOMIC_SEQ_CST) &&
	    unlikely(READ_ONCE(wq->flushers)))
		wake_up_all(&wq->flush_wait);
}

/*
 * workqueue.c: PENDING taken, if it may be queued; is ours, and may be queued;
 * given back; ours, and so queued. IF=0 from the one to the other.
 */
bool take_work(struct workqueue_struct *wq, struct work_struct *work);
bool keep_work(struct workqueue_struct *wq, struct work_struct *work);
void put_work(struct work_struct *work);
void queue_pending_work(u32 cpu, struct workqueue_struct *wq,
			struct work_struct *work);

/*
 * flush.c, with a delayed work's timer or NULL. work_grab_pending(): PENDING is
 * ours, was says whether it was pending; returns with IF=0, and what to
 * restore.
 */
u64 work_grab_pending(struct work_struct *work, struct timer_list *timer,
		      bool *was);
bool __cancel_work(struct work_struct *work, struct timer_list *timer);
bool __disable_work(struct work_struct *work, struct timer_list *timer);
bool __cancel_work_sync(struct work_struct *work, struct timer_list *timer);

/* delayed_work.c: whose timer is it? NULL: no delayed work's. */
struct delayed_work *timer_delayed_work(const struct timer_list *timer);

/*
 * For work_left.c. worker.c: the i-th place for a worker, NULL behind the last;
 * all pools without a worker, as at the beginning.
 */
struct worker *worker_at(u32 i);
void pools_make_anew(void);
void pools_reset_locks(void);

/*
 * workqueue.c: the i-th one's name, "" if there is none; as if it had just been
 * made, or (not keep) given back; drop is called for each work that it held up.
 * False: no memory for its workers. _drop_range: those that it holds up and
 * that lie there leave their lists.
 */
#define NR_WORKQUEUES 64
const char *workqueue_name(u32 i);
bool workqueue_reset(u32 i, bool keep, void (*drop)(struct work_struct *work));
void workqueue_drop_range(u32 i, u64 from, u64 to);

/* work_left.c: after a case; what lies on a dead stack leaves its list. */
bool is_kworker(const struct task_struct *task);
void works_drop_range(u64 from, u64 to);
void works_drop_from(struct list_head *list, u64 from, u64 to);
void workqueues_keep(void);
u32 workqueues_clear_left(void);
