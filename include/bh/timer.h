/* SPDX-License-Identifier: MIT */
/*
 * timer.h - call a function some jiffies from now, in softirq context.
 *
 * Coarse and cheap where hrtimer.h is exact: many timers, one hrtimer a CPU.
 * Never before its jiffy has begun. Linux: include/linux/timer.h.
 */
#pragma once

#include <bh/hrtimer.h>
#include <lib/list.h>

#define HZ 250

struct timer_list {
	struct list_head entry; /* in its CPU's list; under its lock */
	u64 expires;		/* jiffies */
	void (*function)(struct timer_list *timer);
	u32 cpu;   /* while pending or running */
	u32 flags; /* TIMER_IRQSAFE */
	bool pending;
};

/*
 * Its function has IF=0, so that an interrupt may wait for it. Linux's value.
 */
#define TIMER_IRQSAFE 0x00200000

/* Jiffies since the TSC was 0. Any context. */
u64 get_jiffies_64(void);

/* At least ms, as jiffies. */
static inline u64 msecs_to_jiffies(u64 ms)
{
	return (ms * HZ + 999) / 1000;
}

/* flags: TIMER_IRQSAFE or 0. */
void timer_setup(struct timer_list *timer,
		 void (*function)(struct timer_list *timer), u32 flags);

/*
 * Have it expire when jiffies reach expires, on this CPU: true if it was
 * pending, and is moved. Several CPUs may do so at once. While its function
 * runs it stays on that CPU. _pending: only if it is pending; timer_reduce():
 * only if that is earlier. add_timer() takes expires from the timer itself,
 * which is not pending. What is over already expires with the next jiffy if
 * this one has been served. Any context but NMI.
 */
bool mod_timer(struct timer_list *timer, u64 expires);
bool mod_timer_pending(struct timer_list *timer, u64 expires);
bool timer_reduce(struct timer_list *timer, u64 expires);
void add_timer(struct timer_list *timer);

/*
 * Take it back: true if it was pending. _sync also waits until its function
 * does not run: not from that function, nor, without TIMER_IRQSAFE, from an
 * interrupt. _try does not wait: -1, it runs. shutdown: nobody starts it again
 * before timer_setup(). It waits sync_wait_us times scale=: bh/late.h.
 */
bool timer_delete(struct timer_list *timer);
bool timer_delete_sync(struct timer_list *timer);
int timer_delete_sync_try(struct timer_list *timer);
bool timer_shutdown_sync(struct timer_list *timer);

static inline bool timer_pending(const struct timer_list *timer)
{
	return READ_ONCE(timer->pending);
}

/* Take back, on all CPUs, those that filter says true of: hrtimers_drop(). */
typedef bool (*timer_filter_t)(const struct timer_list *timer, const void *arg);
u32 timers_drop(timer_filter_t filter, const void *arg);

/*
 * This CPU was broken out of a timer's function, perhaps, and its softirqs are
 * forgotten: what is pending remains so, and expires. Behind
 * hrtimers_recover(); IF any. And: cpu was stopped by INIT, and will begin by
 * that.
 */
void timers_recover(void);
void timers_forget(u32 cpu);

/* TIMER_SOFTIRQ's action. */
void run_timer_softirq(void);

/* Prepare cpu's base, with no timer. Another CPU, while cpu does not run. */
void init_timers_cpu(u32 cpu);
