// SPDX-License-Identifier: MIT
/*
 * workqueue.c - workqueues, and works queued on them, and counted.
 *
 * A work that runs somewhere is queued there again, so that it never runs
 * twice at once. flush_workqueue() counts by two colours: what is queued while
 * one flush waits has the other one. flush.c waits for one work, and takes it
 * back.
 *
 * A work points to what it was last on, also when that workqueue is gone: so
 * no pool_workqueue's memory is ever used for anything else.
 *
 * Linux: kernel/workqueue.c.
 */
#include <asm/pgtable.h>
#include <cpu/cpumask.h>
#include <cpu/deadline.h>
#include <cpu/irqflags.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/page_alloc.h>
#include <sched/completion.h>
#include <trace/events.h>

#include "workqueue_internal.h"

static struct workqueue_struct workqueues[NR_WORKQUEUES];
static DEFINE_MUTEX(table_mutex);

struct workqueue_struct *system_wq, *system_unbound_wq;

static u32 bound_pages(void)
{
	size_t size = nr_cpu_ids * sizeof(struct pool_workqueue);

	return (u32)(ALIGN_UP(size, PAGE_SIZE) / PAGE_SIZE);
}

static void init_pwq(struct workqueue_struct *wq, struct pool_workqueue *pwq,
		     u32 cpu, u32 max_active)
{
	*pwq = (struct pool_workqueue){ .pool = get_pool(
						cpu, wq->flags & WQ_HIGHPRI),
					.wq = wq,
					.max_active = max_active };
	INIT_LIST_HEAD(&pwq->inactive);
}

static struct workqueue_struct *free_slot(void)
{
	for (u32 i = 0; i < NR_WORKQUEUES; i++) {
		if (!workqueues[i].name)
			return &workqueues[i];
	}
	return NULL;
}

static struct workqueue_struct *take_slot(const char *name)
{
	struct workqueue_struct *wq;

	mutex_lock(&table_mutex);
	wq = free_slot();
	if (wq) {
		*wq = (struct workqueue_struct){ .name = name,
						 .bound = wq->bound };
		mutex_init(&wq->flush_mutex);
		init_waitqueue_head(&wq->flush_wait);
	}
	mutex_unlock(&table_mutex);
	return wq;
}

static bool init_bound(struct workqueue_struct *wq, u32 max_active)
{
	if (!wq->bound)
		wq->bound = (struct pool_workqueue *)alloc_pages(bound_pages());
	if (!wq->bound)
		return false;
	for (u32 cpu = 0; cpu < nr_cpu_ids; cpu++)
		init_pwq(wq, &wq->bound[cpu], cpu, max_active);
	return true;
}

struct workqueue_struct *alloc_workqueue(const char *name, u32 flags,
					 u32 max_active)
{
	struct workqueue_struct *wq = take_slot(name);
	u32 max = max_active ? max_active : WQ_DFL_ACTIVE;

	if (!wq)
		return NULL;
	wq->flags = flags;
	init_pwq(wq, &wq->unbound, NR_CPUS, max);
	if ((flags & WQ_UNBOUND || init_bound(wq, max)) &&
	    make_workers(flags)) {
		wq->here = flags & WQ_UNBOUND ? NO_PWQS : wq->bound;
		return wq;
	}
	wq->name = NULL;
	return NULL;
}

/* Who has counted the last work down may not have left its pool yet. */
static void wait_for_worker(struct worker_pool *pool)
{
	raw_spin_unlock_irqrestore(&pool->lock,
				   raw_spin_lock_irqsave(&pool->lock));
}

void destroy_workqueue(struct workqueue_struct *wq)
{
	u32 cpu;

	drain_workqueue(wq);
	wait_for_worker(wq->unbound.pool);
	for_each_online_cpu (cpu)
		wait_for_worker(get_pool(cpu, wq->flags & WQ_HIGHPRI));
	WRITE_ONCE(wq->name, NULL);
}

void init_work(struct work_struct *work, work_func_t func)
{
	*work = (struct work_struct){ .func = func };
	INIT_LIST_HEAD(&work->entry);
}

bool work_pending(const struct work_struct *work)
{
	return __atomic_load_n(&work->flags, __ATOMIC_ACQUIRE) &
	       WORK_STRUCT_PENDING;
}

/* Pool locked. */
static void insert_work(struct pool_workqueue *pwq, struct work_struct *work)
{
	trace_workqueue_activate_work(work, work->func);
	pwq->nr_active++;
	list_add_tail(&work->entry, &pwq->pool->worklist);
	__kick_pool(pwq->pool);
}

void move_linked_works(struct work_struct *work, struct list_head *to)
{
	struct list_head *entry = &work->entry, *next;
	bool more = true;

	for (; more; entry = next) {
		next = entry->next;
		more = container_of(entry, struct work_struct, entry)->flags &
		       WORK_STRUCT_LINKED;
		list_del_init(entry);
		list_add_tail(entry, to);
	}
}

void pwq_activate_inactive(struct pool_workqueue *pwq, struct work_struct *work)
{
	trace_workqueue_activate_work(work, work->func);
	__atomic_fetch_and(&work->flags, ~WORK_STRUCT_INACTIVE,
			   __ATOMIC_RELAXED);
	pwq->nr_active++;
	move_linked_works(work, &pwq->pool->worklist);
	__kick_pool(pwq->pool);
}

void pwq_activate_first_inactive(struct pool_workqueue *pwq)
{
	if (pwq->nr_active < pwq->max_active)
		pwq_activate_inactive(pwq, list_first_entry(&pwq->inactive,
							    struct work_struct,
							    entry));
}

/* -1, as Linux: it belongs to none. */
static int pool_cpu(const struct worker_pool *pool)
{
	return pool->cpu < NR_CPUS ? (int)pool->cpu : -1;
}

/* It was last queued elsewhere: where it runs still, or NULL. IF=0. */
static struct pool_workqueue *still_runs_at(struct workqueue_struct *wq,
					    const struct work_struct *work)
{
	struct pool_workqueue *last = work->pwq;
	struct worker *w;

	if (!last || work->wq != wq)
		return NULL;
	raw_spin_lock(&last->pool->lock);
	w = find_worker_executing(last->pool, work);
	raw_spin_unlock(&last->pool->lock);
	return w && w->current_pwq == last ? last : NULL;
}

/* Any CPU will do: best one that has nothing else to do. IF=0. */
static __noinline struct pool_workqueue *
choose_unbound(struct workqueue_struct *wq)
{
	struct pool_workqueue *pwq = &wq->unbound;

	raw_spin_lock(&pwq->pool->lock);
	place_idle_worker(pwq->pool);
	raw_spin_unlock(&pwq->pool->lock);
	return pwq;
}

/* Where it runs now, else where it is to run. IF=0. */
static __always_inline struct pool_workqueue *
choose_pwq(u32 cpu, struct workqueue_struct *wq, const struct work_struct *work)
{
	struct pool_workqueue *pwq, *runs_at = NULL;

	if (wq->flags & WQ_UNBOUND)
		return choose_unbound(wq);
	pwq = &wq->bound[cpu];
	if (unlikely(work->pwq != pwq))
		runs_at = still_runs_at(wq, work);
	return runs_at ? runs_at : pwq;
}

/* For flush_workqueue(). Pool locked. */
static __always_inline void count_in_flight(struct workqueue_struct *wq,
					    struct work_struct *work)
{
	u32 color = __atomic_load_n(&wq->color, __ATOMIC_SEQ_CST);

	work->color = color;
	__atomic_fetch_add(&wq->in_flight[color], 1, __ATOMIC_SEQ_CST);
}

/* PENDING is ours. IF=0. */
static void __queue_work(u32 cpu, struct workqueue_struct *wq,
			 struct work_struct *work)
{
	struct pool_workqueue *pwq = choose_pwq(cpu, wq, work);

	raw_spin_lock(&pwq->pool->lock);
	work->wq = wq;
	work->pwq = pwq;
	trace_workqueue_queue_work(work, work->func, cpu, pool_cpu(pwq->pool),
				   wq->name);
	count_in_flight(wq, work);
	if (likely(pwq->nr_active < pwq->max_active)) {
		insert_work(pwq, work);
	} else {
		__atomic_fetch_or(&work->flags, WORK_STRUCT_INACTIVE,
				  __ATOMIC_RELAXED);
		list_add_tail(&work->entry, &pwq->inactive);
	}
	raw_spin_unlock(&pwq->pool->lock);
}

/* It drains: only what its own works queue is let in. */
static __noinline bool is_own_work(const struct workqueue_struct *wq)
{
	const struct worker *w = in_task() ? current_worker() : NULL;

	return w && w->current_pwq && w->current_pwq->wq == wq;
}

/* True: PENDING was not set and is now. */
static __always_inline bool take_pending(struct work_struct *work)
{
	u32 old = __atomic_load_n(&work->flags, __ATOMIC_ACQUIRE);

	do {
		if (old & (WORK_STRUCT_PENDING | WORK_DISABLED))
			return false;
	} while (unlikely(!__atomic_compare_exchange_n(
		&work->flags, &old, old | WORK_STRUCT_PENDING, false,
		__ATOMIC_SEQ_CST, __ATOMIC_ACQUIRE)));
	return true;
}

static __always_inline bool may_queue(const struct workqueue_struct *wq)
{
	return likely(!__atomic_load_n(&wq->draining, __ATOMIC_ACQUIRE)) ||
	       is_own_work(wq);
}

bool take_work(struct workqueue_struct *wq, struct work_struct *work)
{
	return may_queue(wq) && take_pending(work);
}

bool keep_work(struct workqueue_struct *wq, struct work_struct *work)
{
	return may_queue(wq) &&
	       !(__atomic_load_n(&work->flags, __ATOMIC_ACQUIRE) &
		 WORK_DISABLED);
}

void put_work(struct work_struct *work)
{
	__atomic_fetch_and(&work->flags, ~WORK_STRUCT_PENDING,
			   __ATOMIC_SEQ_CST);
}

void queue_pending_work(u32 cpu, struct workqueue_struct *wq,
			struct work_struct *work)
{
	u64 flags = local_irq_save();

	__queue_work(cpu, wq, work);
	local_irq_restore_resched(flags);
}

/* IF=0 from PENDING on: flush.c. */
bool queue_work_on(u32 cpu, struct workqueue_struct *wq,
		   struct work_struct *work)
{
	bool ours;
	u64 flags;

	if (!cpu_online(cpu))
		return false;
	flags = local_irq_save();
	ours = take_work(wq, work);
	if (ours)
		__queue_work(cpu, wq, work);
	local_irq_restore_resched(flags);
	return ours;
}

/* PENDING is ours, flags are local_irq_save()'s. */
static __noinline bool queue_pending_slow(struct workqueue_struct *wq,
					  struct work_struct *work, u64 flags)
{
	__queue_work(smp_processor_id(), wq, work);
	local_irq_restore_resched(flags);
	return true;
}

/* The same, and the pool is locked. */
static __noinline bool queue_locked_slow(struct workqueue_struct *wq,
					 struct work_struct *work, u64 flags)
{
	raw_spin_unlock(&work->pwq->pool->lock);
	return queue_pending_slow(wq, work, flags);
}

/* It is queued, and the pool is locked. */
static __noinline bool kick_slow(struct worker_pool *pool, u64 flags)
{
	kick_pool(pool);
	raw_spin_unlock(&pool->lock);
	local_irq_restore_resched(flags);
	return true;
}

static __noinline bool refuse(u64 flags)
{
	local_irq_restore(flags);
	return false;
}

/*
 * On the CPU where it was last, whose kworkers are idle, without looking
 * elsewhere or waiting for a lock: else it is one of those above.
 */
bool queue_work(struct workqueue_struct *wq, struct work_struct *work)
{
	struct pool_workqueue *pwq;
	struct worker_pool *pool;
	struct list_head *idle;
	u64 flags;

	if (observed() || unlikely(wq->draining))
		return queue_work_on(smp_processor_id(), wq, work);
	flags = native_save_fl();
	native_irq_disable();
	if (!take_pending(work))
		return refuse(flags);
	pwq = &wq->here[smp_processor_id()];
	if (unlikely(pwq != work->pwq))
		return queue_pending_slow(wq, work, flags);
	pool = pwq->pool;
	if (unlikely(!raw_spin_trylock(&pool->lock)))
		return queue_pending_slow(wq, work, flags);
	idle = pool->idle.next;
	if (unlikely(pool->nr_running || idle == &pool->idle ||
		     pwq->nr_active >= pwq->max_active))
		return queue_locked_slow(wq, work, flags);
	count_in_flight(wq, work);
	pwq->nr_active++;
	list_add_tail(&work->entry, &pool->worklist);
	if (unlikely(!try_to_wake_here(
		    container_of(idle, struct worker, idle_entry)->task)))
		return kick_slow(pool, flags);
	raw_spin_unlock(&pool->lock);
	native_irq_restore_resched(flags);
	return true;
}

int workqueue_init(void)
{
	init_worker_pools();
	system_wq = alloc_workqueue("events", 0, 0);
	system_unbound_wq = alloc_workqueue("events_unbound", WQ_UNBOUND, 0);
	return system_wq && system_unbound_wq ? 0 : -ENOMEM;
}

const char *workqueue_name(u32 i)
{
	return workqueues[i].name ? workqueues[i].name : "";
}

/* What waits for max_active; then as it was made. */
static void reset_pwq(struct pool_workqueue *pwq, u32 cpu,
		      void (*drop)(struct work_struct *work))
{
	u32 max = pwq->max_active;

	while (!list_empty(&pwq->inactive)) {
		struct work_struct *work = list_first_entry(
			&pwq->inactive, struct work_struct, entry);

		list_del_init(&work->entry);
		drop(work);
	}
	init_pwq(pwq->wq, pwq, cpu, max);
}

bool workqueue_reset(u32 i, bool keep, void (*drop)(struct work_struct *work))
{
	struct workqueue_struct *wq = &workqueues[i];

	mutex_init(&table_mutex);
	if (!wq->name)
		return true;
	reset_pwq(&wq->unbound, NR_CPUS, drop);
	for (u32 cpu = 0; wq->bound && cpu < nr_cpu_ids; cpu++)
		reset_pwq(&wq->bound[cpu], cpu, drop);
	wq->color = wq->in_flight[0] = wq->in_flight[1] = wq->draining = 0;
	wq->flushers = 0;
	mutex_init(&wq->flush_mutex);
	init_waitqueue_head(&wq->flush_wait);
	if (keep)
		return make_workers(wq->flags);
	wq->name = NULL; /* bound stays: works may point there */
	return true;
}

static void drop_inactive(struct pool_workqueue *pwq, u64 from, u64 to)
{
	u64 flags;

	raw_spin_reset(&pwq->pool->lock);
	flags = raw_spin_lock_irqsave(&pwq->pool->lock);
	works_drop_from(&pwq->inactive, from, to);
	raw_spin_unlock_irqrestore(&pwq->pool->lock, flags);
}

void workqueue_drop_range(u32 i, u64 from, u64 to)
{
	struct workqueue_struct *wq = &workqueues[i];
	u32 cpu;

	if (!wq->name)
		return;
	drop_inactive(&wq->unbound, from, to);
	if (wq->flags & WQ_UNBOUND)
		return;
	for_each_online_cpu (cpu)
		drop_inactive(&wq->bound[cpu], from, to);
}
