// SPDX-License-Identifier: MIT
/*
 * work_left.c - works and workqueues that a case leaves behind. No work is the
 * system's, so any that is left is a case's: all kworkers begin anew then.
 */
#include <console/printk.h>
#include <cpu/deadline.h>

#include "internal.h"
#include "workqueue_internal.h"

static bool kept[NR_WORKQUEUES]; /* not a case's */

bool is_kworker(const struct task_struct *task)
{
	struct worker *w;

	for (u32 i = 0; (w = worker_at(i)); i++) {
		if (w->pool && w->task == task)
			return true;
	}
	return false;
}

/* Who was linked to it is so to what follows it, if that goes with it. */
static void unlink_from(struct list_head *prev, const struct work_struct *work)
{
	struct work_struct *before =
		container_of(prev, struct work_struct, entry);

	if (!(work->flags & WORK_STRUCT_LINKED))
		__atomic_fetch_and(&before->flags, ~WORK_STRUCT_LINKED,
				   __ATOMIC_RELAXED);
}

void works_drop_from(struct list_head *list, u64 from, u64 to)
{
	struct list_head *at = list->next, *next;

	for (; at != list; at = next) {
		next = at->next;
		if ((u64)at < from || (u64)at >= to)
			continue;
		if (at->prev != list)
			unlink_from(
				at->prev,
				container_of(at, struct work_struct, entry));
		list_del_init(at);
	}
}

/* A barrier of flush_work() as a rule, behind the work it waits for. */
void works_drop_range(u64 from, u64 to)
{
	struct worker *w;

	for (u32 i = 0; (w = worker_at(i)); i++) {
		u64 flags;

		if (!w->pool || !w->task)
			continue;
		raw_spin_reset(&w->pool->lock);
		flags = raw_spin_lock_irqsave(&w->pool->lock);
		works_drop_from(&w->pool->worklist, from, to);
		works_drop_from(&w->scheduled, from, to);
		raw_spin_unlock_irqrestore(&w->pool->lock, flags);
	}
	for (u32 i = 0; i < NR_WORKQUEUES; i++)
		workqueue_drop_range(i, from, to);
}

void workqueues_keep(void)
{
	for (u32 i = 0; i < NR_WORKQUEUES; i++)
		kept[i] = workqueue_name(i)[0];
}

/* A worker that an exception ended is as bad as one that works. */
static bool pools_are_idle(void)
{
	struct worker *w;

	for (u32 i = 0; (w = worker_at(i)); i++) {
		if (w->pool && w->task &&
		    (READ_ONCE(w->current_work) || w->task->exiting ||
		     !list_empty(&w->pool->worklist)))
			return false;
	}
	return true;
}

static u32 name_left_queues(void)
{
	u32 n = 0;

	for (u32 i = 0; i < NR_WORKQUEUES; i++) {
		if (kept[i] || !workqueue_name(i)[0])
			continue;
		printk("# left: workqueue %s", workqueue_name(i));
		n++;
	}
	return n;
}

static void drop(struct work_struct *work)
{
	printk("# left: work 0x%016llx pending, function 0x%016llx",
	       (unsigned long long)(u64)work,
	       (unsigned long long)(u64)work->func);
	work->flags = 0;
}

static void drop_all(struct list_head *list)
{
	while (!list_empty(list)) {
		struct work_struct *work =
			list_first_entry(list, struct work_struct, entry);

		list_del_init(&work->entry);
		drop(work);
	}
}

static void drop_works_of(struct worker *w)
{
	const char *how = w->task->state ? "asleep" : "running";

	drop_all(&w->pool->worklist);
	if (w->task->exiting)
		printk("# left: %s was ended", w->task->comm);
	else if (w->current_work)
		printk("# left: work 0x%016llx %s in %s",
		       (unsigned long long)(u64)w->current_work, how,
		       w->task->comm);
	drop_all(&w->scheduled);
}

u32 workqueues_clear_left(void)
{
	bool idle = WAIT_FOR(pools_are_idle(), WAIT_DEFAULT_US);
	u32 n = name_left_queues() + !idle;
	struct worker *w;

	if (!n)
		return 0;
	for (u32 i = 0; (w = worker_at(i)); i++) {
		if (w->pool && w->task)
			drop_works_of(w);
	}
	pools_make_anew();
	for (u32 i = 0; i < NR_WORKQUEUES; i++) {
		if (!workqueue_reset(i, kept[i], drop))
			printk("# warning: no memory for kworkers");
	}
	return n;
}
