/* SPDX-License-Identifier: MIT */
/*
 * hrtimer.h - call a function at a point in time, never before it.
 *
 * A CPU's timers are in one list, the next one first, and its APIC timer is
 * set to that one, in one-shot mode; with none it is stopped. ktime_get()
 * counts nanoseconds by the TSC.
 *
 * Linux: include/linux/hrtimer.h (HRTIMER_MODE_ABS and _REL, _HARD).
 */
#pragma once

#include <lib/compiler.h>
#include <time/clockmath.h>

typedef s64 ktime_t; /* ns; since boot, or a span */
#define KTIME_MAX ((ktime_t)(~0ull >> 1))

enum hrtimer_mode { HRTIMER_MODE_ABS, HRTIMER_MODE_REL };
enum hrtimer_restart { HRTIMER_NORESTART, HRTIMER_RESTART };

struct hrtimer {
	struct hrtimer *next; /* in its CPU's list */
	ktime_t expires;
	/* Hardirq context of the CPU that started it, IF=0. */
	enum hrtimer_restart (*function)(struct hrtimer *timer);
	u32 cpu;     /* while queued or running */
	bool queued; /* under the list's lock, as all above */
};

/* Nanoseconds since the TSC was 0. Any context. */
ktime_t ktime_get(void);

void hrtimer_init(struct hrtimer *timer,
		  enum hrtimer_restart (*function)(struct hrtimer *timer));

/*
 * Have it expire at tim, or that much from now, on this CPU; if it is queued
 * it is moved. While its function runs it stays on that CPU. What is over
 * already expires at once. Any context but NMI.
 */
void hrtimer_start(struct hrtimer *timer, ktime_t tim, enum hrtimer_mode mode);

/* The same with the time that it has: hrtimer_forward() has moved it. */
static inline void hrtimer_restart(struct hrtimer *timer)
{
	hrtimer_start(timer, timer->expires, HRTIMER_MODE_ABS);
}

/*
 * Take it back. 1: it was queued; 0: it was not; -1: its function runs now.
 * cancel waits for that to end: not from the function itself. -1 after
 * sync_wait_us times scale=, and it is said: bh/late.h.
 */
int hrtimer_try_to_cancel(struct hrtimer *timer);
int hrtimer_cancel(struct hrtimer *timer);

/*
 * Put expires a whole number of intervals forward, past now: how many it was.
 * In the function, before HRTIMER_RESTART; 0, and nothing, if it is queued.
 */
u64 hrtimer_forward(struct hrtimer *timer, ktime_t now, ktime_t interval);

static inline u64 hrtimer_forward_now(struct hrtimer *timer, ktime_t interval)
{
	return hrtimer_forward(timer, ktime_get(), interval);
}

/* Until it expires; negative: it should have. */
static inline ktime_t hrtimer_get_remaining(const struct hrtimer *timer)
{
	return timer->expires - ktime_get();
}

static inline bool hrtimer_is_queued(const struct hrtimer *timer)
{
	return READ_ONCE(timer->queued);
}

/* Is it queued, or its function running? */
bool hrtimer_active(const struct hrtimer *timer);

/* How often an APIC timer interrupted for them, on all CPUs. */
u64 hrtimer_interrupt_count(void);

/*
 * Who wants this CPU's APIC timer for himself takes it, and gives it back;
 * nests. Between the two nothing expires here; what is due then, does at once.
 * A case says so by USES_APIC_TIMER. suspend: with IF=1 an interrupt that was
 * on its way has come when it returns. Any context but NMI.
 */
void hrtimers_suspend(void);
void hrtimers_resume(void);

/* Until when, as a TSC value, cpu's timers were last held so; 0: never. */
u64 hrtimers_held_until(u32 cpu);

/*
 * This CPU was broken out of something, a timer's function perhaps: what is
 * queued remains so. And: cpu was stopped by INIT, and will begin by that.
 */
void hrtimers_recover(void);
void hrtimers_forget(u32 cpu);

/*
 * Take back, on all CPUs, those that filter says true of; how many. A lock that
 * a case left taken is freed. Any context, for who ends a case.
 */
typedef bool (*hrtimer_filter_t)(const struct hrtimer *timer, const void *arg);
u32 hrtimers_drop(hrtimer_filter_t filter, const void *arg);

/* How many of this CPU's are queued. */
u32 hrtimers_queued(void);
