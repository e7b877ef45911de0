// SPDX-License-Identifier: MIT
/*
 * flush.c - works waited for, and taken back.
 *
 * Who has set PENDING has the work in his hands, with IF=0, until it is in a
 * pool's list or behind its timer: who takes it back meanwhile looks again, and
 * that is soon. What a work was last queued on stays readable, so that its
 * pool's lock can be taken; only under that is it known whether it is there.
 *
 * Linux: kernel/workqueue.c.
 */
#include <cpu/deadline.h>
#include <cpu/irqflags.h>
#include <lib/errno.h>
#include <sched/completion.h>
#include <trap/report.h>

#include "workqueue_internal.h"

/* A work that only says that the one before it has ended. */
struct wq_barrier {
	struct work_struct work;
	struct completion done;
};

static void barrier_func(struct work_struct *work)
{
	complete(&container_of(work, struct wq_barrier, work)->done);
}

static void init_barrier(struct wq_barrier *b)
{
	init_work(&b->work, barrier_func);
	b->work.flags = WORK_STRUCT_PENDING;
	init_completion(&b->done);
}

/* What it is on, or was last, and that one's pool locked; NULL: never queued */
static struct pool_workqueue *lock_pwq_of(const struct work_struct *work,
					  u64 *flags)
{
	struct pool_workqueue *pwq;

	while ((pwq = READ_ONCE(work->pwq))) {
		*flags = raw_spin_lock_irqsave(&pwq->pool->lock);
		if (READ_ONCE(work->pwq) == pwq)
			break;
		raw_spin_unlock_irqrestore(&pwq->pool->lock, *flags);
	}
	return pwq;
}

/*
 * pwq's pool is locked: is it in a list of that? Another CPU that queues it
 * elsewhere writes pwq before the list: so they are read the other way round.
 */
static bool is_queued_on(const struct pool_workqueue *pwq,
			 const struct work_struct *work)
{
	bool listed = __atomic_load_n(&work->entry.next, __ATOMIC_ACQUIRE) !=
		      &work->entry;

	return listed && READ_ONCE(work->pwq) == pwq;
}

/* Behind work, so that the same worker comes to it next: false, it is idle. */
static bool insert_barrier(struct pool_workqueue *pwq, struct work_struct *work,
			   struct wq_barrier *b)
{
	struct worker *w = find_worker_executing(pwq->pool, work);

	if (is_queued_on(pwq, work)) {
		b->work.flags |= work->flags & WORK_STRUCT_LINKED;
		__atomic_fetch_or(&work->flags, WORK_STRUCT_LINKED,
				  __ATOMIC_RELAXED);
		list_add(&b->work.entry, &work->entry);
	} else if (w) {
		list_add(&b->work.entry, &w->scheduled);
	} else {
		return false;
	}
	return true;
}

static bool __flush_work(struct work_struct *work)
{
	struct pool_workqueue *pwq;
	struct wq_barrier b;
	bool waits;
	u64 flags;

	init_barrier(&b);
	pwq = lock_pwq_of(work, &flags);
	if (!pwq)
		return false;
	waits = insert_barrier(pwq, work, &b);
	raw_spin_unlock_irqrestore(&pwq->pool->lock, flags);
	if (waits)
		wait_for_completion(&b.done);
	return waits;
}

bool flush_work(struct work_struct *work)
{
	might_sleep();
	return __flush_work(work);
}

u32 work_busy(const struct work_struct *work)
{
	u32 busy = work_pending(work) ? WORK_BUSY_PENDING : 0;
	struct pool_workqueue *pwq;
	u64 flags;

	pwq = lock_pwq_of(work, &flags);
	if (!pwq)
		return busy;
	if (find_worker_executing(pwq->pool, work))
		busy |= WORK_BUSY_RUNNING;
	raw_spin_unlock_irqrestore(&pwq->pool->lock, flags);
	return busy;
}

/*
 * Out of its list. A barrier behind it stays, and runs: so one that stands in
 * line becomes active first, with its barriers. Locked.
 */
static void take_out(struct pool_workqueue *pwq, struct work_struct *work)
{
	if (work->flags & WORK_STRUCT_INACTIVE)
		pwq_activate_inactive(pwq, work);
	list_del_init(&work->entry);
	__atomic_fetch_and(&work->flags, ~WORK_STRUCT_LINKED, __ATOMIC_SEQ_CST);
	pwq_dec_nr_active(pwq);
	pwq_dec_nr_in_flight(pwq, work->color);
}

/* 1: it was pending; 0: it was not: PENDING is ours. IF=0. */
static int try_to_grab_pending(struct work_struct *work)
{
	struct pool_workqueue *pwq;
	int ret = -EAGAIN;
	u64 flags;

	if (!(__atomic_fetch_or(&work->flags, WORK_STRUCT_PENDING,
				__ATOMIC_SEQ_CST) &
	      WORK_STRUCT_PENDING))
		return 0;
	pwq = lock_pwq_of(work, &flags);
	if (!pwq)
		return -EAGAIN;
	if (is_queued_on(pwq, work)) {
		take_out(pwq, work);
		ret = 1;
	}
	raw_spin_unlock_irqrestore(&pwq->pool->lock, flags);
	return ret;
}

/* IF=0 after it if true. */
static bool try_grab(struct work_struct *work, struct timer_list *timer,
		     u64 *flags, bool *was)
{
	int ret;

	*flags = local_irq_save();
	ret = timer && timer_delete(timer) ? 1 : try_to_grab_pending(work);
	*was = ret > 0;
	if (ret != -EAGAIN)
		return true;
	local_irq_restore(*flags);
	return false;
}

u64 work_grab_pending(struct work_struct *work, struct timer_list *timer,
		      bool *was)
{
	u64 flags = 0;

	BUG_ON(!WAIT_FOR(try_grab(work, timer, &flags, was), WAIT_DEFAULT_US));
	return flags;
}

bool __cancel_work(struct work_struct *work, struct timer_list *timer)
{
	bool was;
	u64 flags = work_grab_pending(work, timer, &was);

	put_work(work);
	local_irq_restore_resched(flags); /* its place may be another's */
	return was;
}

bool __disable_work(struct work_struct *work, struct timer_list *timer)
{
	__atomic_fetch_add(&work->flags, WORK_DISABLE_ONE, __ATOMIC_SEQ_CST);
	return __cancel_work(work, timer);
}

bool __cancel_work_sync(struct work_struct *work, struct timer_list *timer)
{
	bool was;

	might_sleep();
	was = __disable_work(work, timer);
	__flush_work(work);
	enable_work(work);
	return was;
}

bool cancel_work(struct work_struct *work)
{
	return __cancel_work(work, NULL);
}

bool cancel_work_sync(struct work_struct *work)
{
	return __cancel_work_sync(work, NULL);
}

bool disable_work(struct work_struct *work)
{
	return __disable_work(work, NULL);
}

bool disable_work_sync(struct work_struct *work)
{
	bool was;

	might_sleep();
	was = __disable_work(work, NULL);
	__flush_work(work);
	return was;
}

bool enable_work(struct work_struct *work)
{
	u32 old = __atomic_fetch_sub(&work->flags, WORK_DISABLE_ONE,
				     __ATOMIC_SEQ_CST);

	BUG_ON(old < WORK_DISABLE_ONE);
	return old < 2 * WORK_DISABLE_ONE;
}

static bool color_is_done(struct workqueue_struct *wq, u32 color)
{
	return !__atomic_load_n(&wq->in_flight[color], __ATOMIC_SEQ_CST);
}

void flush_workqueue(struct workqueue_struct *wq)
{
	u32 color;

	might_sleep();
	mutex_lock(&wq->flush_mutex);
	color = wq->color;
	__atomic_store_n(&wq->flushers, 1, __ATOMIC_SEQ_CST);
	/* of the other one there is what was queued while that one turned */
	wait_event(wq->flush_wait, color_is_done(wq, color ^ 1));
	__atomic_store_n(&wq->color, color ^ 1, __ATOMIC_SEQ_CST);
	wait_event(wq->flush_wait, color_is_done(wq, color));
	WRITE_ONCE(wq->flushers, 0);
	mutex_unlock(&wq->flush_mutex);
}

void drain_workqueue(struct workqueue_struct *wq)
{
	__atomic_fetch_add(&wq->draining, 1, __ATOMIC_SEQ_CST);
	do {
		flush_workqueue(wq);
	} while (!color_is_done(wq, 0) || !color_is_done(wq, 1));
	__atomic_fetch_sub(&wq->draining, 1, __ATOMIC_SEQ_CST);
}
