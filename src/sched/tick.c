// SPDX-License-Identifier: MIT
/*
 * tick.c - the end of a slice: an hrtimer of the CPU, armed only while a
 * thread has a rival of its own prio. A CPU with nobody to share has no tick.
 *
 * Linux: kernel/sched/core.c, sched_feat(HRTICK): hrtick_start(), hrtick().
 */
#include <bh/hrtimer.h>

#include "internal.h"

static DEFINE_PER_CPU(struct hrtimer, hrtick_timer);

static enum hrtimer_restart hrtick(struct hrtimer *timer)
{
	scheduler_tick();
	return HRTIMER_NORESTART;
}

/* The slice that began first goes on: who is switched to inherits its rest. */
static void hrtick_start(void)
{
	struct hrtimer *timer = this_cpu_ptr(&hrtick_timer);

	if (hrtimer_active(timer))
		return;
	timer->function = hrtick;
	hrtimer_start(timer, SCHED_SLICE_US * NSEC_PER_USEC, HRTIMER_MODE_REL);
}

void sched_tick_init(void)
{
	sched_tick_hook = hrtick_start;
	preempt_schedule_hook = preempt_check_resched;
}
