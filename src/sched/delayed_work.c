// SPDX-License-Identifier: MIT
/* delayed_work.c - a work behind a timer. Linux: kernel/workqueue.c. */
#include "workqueue_internal.h"

#include <cpu/irqflags.h>

/* TIMER_SOFTIRQ: PENDING has been its own since the timer was started. */
static void timer_is_over(struct timer_list *timer)
{
	struct delayed_work *dwork =
		container_of(timer, struct delayed_work, timer);

	queue_pending_work(dwork->cpu, dwork->wq, &dwork->work);
}

void init_delayed_work(struct delayed_work *dwork, work_func_t func)
{
	init_work(&dwork->work, func);
	timer_setup(&dwork->timer, timer_is_over, TIMER_IRQSAFE);
}

static void start(struct workqueue_struct *wq, struct delayed_work *dwork,
		  u64 delay)
{
	dwork->wq = wq;
	dwork->cpu = smp_processor_id();
	if (delay)
		mod_timer(&dwork->timer, get_jiffies_64() + delay + 1);
	else
		queue_pending_work(dwork->cpu, wq, &dwork->work);
}

bool queue_delayed_work(struct workqueue_struct *wq, struct delayed_work *dwork,
			u64 delay)
{
	if (!take_work(wq, &dwork->work))
		return false;
	start(wq, dwork, delay);
	return true;
}

bool cancel_delayed_work(struct delayed_work *dwork)
{
	if (!timer_delete_sync(&dwork->timer))
		return grab_pending_work(&dwork->work);
	put_work(&dwork->work);
	return true;
}

bool mod_delayed_work(struct workqueue_struct *wq, struct delayed_work *dwork,
		      u64 delay)
{
	bool was = cancel_delayed_work(dwork);

	queue_delayed_work(wq, dwork, delay);
	return was;
}

bool flush_delayed_work(struct delayed_work *dwork)
{
	if (timer_delete_sync(&dwork->timer))
		queue_pending_work(dwork->cpu, dwork->wq, &dwork->work);
	return flush_work(&dwork->work);
}

bool cancel_delayed_work_sync(struct delayed_work *dwork)
{
	bool was;

	block_work(&dwork->work);
	was = timer_delete_sync(&dwork->timer);
	if (was)
		put_work(&dwork->work);
	return cancel_work_sync(&dwork->work) || was;
}

struct delayed_work *timer_delayed_work(const struct timer_list *timer)
{
	if (timer->function != timer_is_over)
		return NULL;
	return container_of(timer, struct delayed_work, timer);
}
