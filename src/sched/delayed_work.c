// SPDX-License-Identifier: MIT
/*
 * delayed_work.c - a work behind a timer. PENDING is set while the timer is;
 * its function has IF=0, so that it never holds up who takes the work back in
 * an interrupt. Linux: kernel/workqueue.c.
 */
#include <cpu/cpumask.h>
#include <cpu/irqflags.h>

#include "workqueue_internal.h"

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

/* PENDING is ours. IF=0. */
static void start(u32 cpu, struct workqueue_struct *wq,
		  struct delayed_work *dwork, u64 delay)
{
	dwork->wq = wq;
	dwork->cpu = cpu;
	if (delay)
		mod_timer(&dwork->timer, get_jiffies_64() + delay + 1);
	else
		queue_pending_work(cpu, wq, &dwork->work);
}

bool queue_delayed_work_on(u32 cpu, struct workqueue_struct *wq,
			   struct delayed_work *dwork, u64 delay)
{
	bool ours;
	u64 flags;

	if (!cpu_online(cpu))
		return false;
	flags = local_irq_save();
	ours = take_work(wq, &dwork->work);
	if (ours)
		start(cpu, wq, dwork, delay);
	local_irq_restore_resched(flags);
	return ours;
}

bool queue_delayed_work(struct workqueue_struct *wq, struct delayed_work *dwork,
			u64 delay)
{
	return queue_delayed_work_on(smp_processor_id(), wq, dwork, delay);
}

bool mod_delayed_work_on(u32 cpu, struct workqueue_struct *wq,
			 struct delayed_work *dwork, u64 delay)
{
	bool was;
	u64 flags;

	if (!cpu_online(cpu))
		return false;
	flags = work_grab_pending(&dwork->work, &dwork->timer, &was);
	if (keep_work(wq, &dwork->work))
		start(cpu, wq, dwork, delay);
	else
		put_work(&dwork->work);
	local_irq_restore_resched(flags);
	return was;
}

bool mod_delayed_work(struct workqueue_struct *wq, struct delayed_work *dwork,
		      u64 delay)
{
	return mod_delayed_work_on(smp_processor_id(), wq, dwork, delay);
}

bool flush_delayed_work(struct delayed_work *dwork)
{
	u64 flags = local_irq_save();

	if (timer_delete(&dwork->timer))
		queue_pending_work(dwork->cpu, dwork->wq, &dwork->work);
	local_irq_restore_resched(flags);
	return flush_work(&dwork->work);
}

bool cancel_delayed_work(struct delayed_work *dwork)
{
	return __cancel_work(&dwork->work, &dwork->timer);
}

bool cancel_delayed_work_sync(struct delayed_work *dwork)
{
	return __cancel_work_sync(&dwork->work, &dwork->timer);
}

struct delayed_work *timer_delayed_work(const struct timer_list *timer)
{
	if (timer->function != timer_is_over)
		return NULL;
	return container_of(timer, struct delayed_work, timer);
}
