// SPDX-License-Identifier: MIT
/*
 * tick.c - the end of a slice: an hrtimer of the CPU, armed only while a
 * thread has a rival of its own prio. A CPU with nobody to share has no tick.
 *
 * Linux: kernel/sched/core.c, sched_feat(HRTICK): hrtick_start(), hrtick().
 */
#include <bh/hrtimer.h>

#include "rq.h"

#define SLICE_NS ((ktime_t)(SCHED_SLICE_US * NSEC_PER_USEC))

static DEFINE_PER_CPU(struct hrtimer, hrtick_timer);
static DEFINE_PER_CPU(u64, switches_seen); /* when it was armed */

static enum hrtimer_restart hrtick(struct hrtimer *timer)
{
	struct rq *rq = this_rq();

	if (rq->nr_switches == *this_cpu_ptr(&switches_seen)) {
		scheduler_tick();
		return HRTIMER_NORESTART;
	}
	*this_cpu_ptr(&switches_seen) = rq->nr_switches;
	hrtimer_forward(timer, ktime_get(), SLICE_NS);
	return READ_ONCE(rq->head[current->prio]) ? HRTIMER_RESTART
						  : HRTIMER_NORESTART;
}

/* Not at each switch: who was switched to meanwhile gets a slice behind it. */
static void hrtick_start(void)
{
	struct hrtimer *timer = this_cpu_ptr(&hrtick_timer);

	if (hrtimer_active(timer))
		return;
	timer->function = hrtick;
	*this_cpu_ptr(&switches_seen) = this_rq()->nr_switches;
	hrtimer_start(timer, SLICE_NS, HRTIMER_MODE_REL);
}

void sched_tick_stop(void)
{
	struct hrtimer *timer = this_cpu_ptr(&hrtick_timer);

	if (hrtimer_active(timer) && !READ_ONCE(this_rq()->head[current->prio]))
		hrtimer_try_to_cancel(timer);
}

void sched_tick_init(void)
{
	sched_tick_hook = hrtick_start;
	preempt_schedule_hook = preempt_check_resched;
}
