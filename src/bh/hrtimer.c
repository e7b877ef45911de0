// SPDX-License-Identifier: MIT
/*
 * hrtimer.c - each CPU's list of timers, and its APIC timer set to the next.
 *
 * The APIC timer and the TSC may disagree a little: what comes before its time
 * is set anew, so that no function is called early.
 *
 * Linux: kernel/time/hrtimer.c.
 */
#include <bh/hrtimer.h>

#include <apic/apic_timer.h>
#include <asm/irq_vectors.h>
#include <bh/late.h>
#include <bh/softirq.h>
#include <console/printk.h>
#include <cpu/cpumask.h>
#include <cpu/deadline.h>
#include <cpu/irqflags.h>
#include <cpu/spinlock.h>
#include <trace/events.h>
#include <trap/report.h>

#define MIGRATING (~0u) /* a timer's cpu, between two bases */
#define LEAST_NS  1000
#define LATE_US	  20000 /* for an interrupt that had been raised */

/* Farther ones in steps: the count is 32 bits. */
#define MOST_NS ((ktime_t)NSEC_PER_SEC)

struct hrtimer_cpu_base {
	spinlock_t lock; /* guards all that follows and queued timers */
	struct hrtimer *first;
	struct hrtimer *running;
	u64 nr_events;	/* interrupts of the APIC timer that were ours */
	u64 held_until; /* TSC: when it was last given back */
	u32 held;	/* how often the APIC timer was taken from us */
	bool in_hrtirq; /* the list is being served: it will be set then */
	bool armed;	/* the APIC timer runs for us, or has interrupted */
};

static struct lock_class base_class = { .name = "hrtimer_bases.lock" };
static DEFINE_PER_CPU(struct hrtimer_cpu_base, hrtimer_bases) = {
	.lock = __SPIN_LOCK_UNLOCKED(&base_class)
};

ktime_t ktime_get(void)
{
	return (ktime_t)tsc_to_ns(rdtsc());
}

void hrtimer_init(struct hrtimer *timer,
		  enum hrtimer_restart (*function)(struct hrtimer *timer))
{
	*timer = (struct hrtimer){ .function = function,
				   .cpu = smp_processor_id() };
}

static struct hrtimer_cpu_base *base_of(u32 cpu)
{
	return per_cpu_ptr(&hrtimer_bases, cpu);
}

static void hrtimer_interrupt(void);

/* An interrupt that is on its way by now is ours, and still finds us. */
static void disarm(struct hrtimer_cpu_base *base)
{
	if (!base->armed)
		return;
	apic_timer_stop();
	base->armed = lapic_test(APIC_IRR, LOCAL_TIMER_VECTOR);
	if (!base->armed)
		apic_timer_set_handler(NULL);
}

/* On the base's CPU, locked. */
static void program(struct hrtimer_cpu_base *base)
{
	ktime_t left;

	if (base->in_hrtirq)
		return;
	if (base->held || !base->first) {
		disarm(base);
		return;
	}
	left = base->first->expires - ktime_get();
	left = max(min(left, MOST_NS), (ktime_t)LEAST_NS);
	apic_timer_set_handler(hrtimer_interrupt);
	base->armed = !apic_timer_start_ns(TIMER_ONESHOT, (u64)left);
}

/* Behind those of the same time. Locked. */
static void enqueue(struct hrtimer_cpu_base *base, struct hrtimer *timer)
{
	struct hrtimer **link = &base->first;

	while (*link && (*link)->expires <= timer->expires)
		link = &(*link)->next;
	timer->next = *link;
	*link = timer;
	timer->queued = true;
}

/* Locked. True if it was there. */
static bool dequeue(struct hrtimer_cpu_base *base, struct hrtimer *timer)
{
	struct hrtimer **link = &base->first;

	if (!timer->queued)
		return false;
	while (*link && *link != timer)
		link = &(*link)->next;
	if (*link)
		*link = timer->next;
	timer->queued = false;
	return true;
}

/* The base that it is of, and stays of; NULL: it has just moved. */
static struct hrtimer_cpu_base *try_lock_timer(const struct hrtimer *timer,
					       u64 *flags)
{
	u32 cpu = READ_ONCE(timer->cpu);
	struct hrtimer_cpu_base *base;

	if (cpu == MIGRATING)
		return NULL;
	base = base_of(cpu);
	*flags = spin_lock_irqsave(&base->lock);
	if (READ_ONCE(timer->cpu) == cpu)
		return base;
	spin_unlock_irqrestore(&base->lock, *flags);
	return NULL;
}

static struct hrtimer_cpu_base *lock_timer(const struct hrtimer *timer,
					   u64 *flags)
{
	struct hrtimer_cpu_base *base = NULL;

	BUG_ON(!WAIT_FOR((base = try_lock_timer(timer, flags)),
			 WAIT_DEFAULT_US));
	return base;
}

/*
 * To this CPU; but one whose function runs stays there, so that it does not run
 * on two at once. Locked, and so is the base that it returns.
 */
static struct hrtimer_cpu_base *move_here(struct hrtimer_cpu_base *base,
					  struct hrtimer *timer)
{
	struct hrtimer_cpu_base *here = this_cpu_ptr(&hrtimer_bases);

	if (base == here || base->running == timer)
		return base;
	WRITE_ONCE(timer->cpu, MIGRATING);
	__spin_unlock(&base->lock);
	__spin_lock(&here->lock);
	__atomic_store_n(&timer->cpu, smp_processor_id(), __ATOMIC_RELEASE);
	return here;
}

int hrtimer_try_to_cancel(struct hrtimer *timer)
{
	u64 flags;
	struct hrtimer_cpu_base *base = lock_timer(timer, &flags);
	int ret = base->running == timer ? -1 : dequeue(base, timer);

	/* Another CPU's timer may tick once for nothing. */
	if (base == this_cpu_ptr(&hrtimer_bases))
		program(base);
	spin_unlock_irqrestore(&base->lock, flags);
	return ret;
}

int hrtimer_cancel(struct hrtimer *timer)
{
	u64 began = rdtsc();
	int ret = 0;

	if (!WAIT_FOR((ret = hrtimer_try_to_cancel(timer)) >= 0, sync_wait_us))
		warn_late("hrtimer_cancel()", "hrtimer", timer,
			  (const void *)timer->function, began);
	return ret;
}

/* KTIME_MAX is for ever, and so is what lies beyond it. */
static ktime_t from_now(ktime_t tim)
{
	ktime_t now = ktime_get();

	return tim > KTIME_MAX - now ? KTIME_MAX : now + tim;
}

void hrtimer_start(struct hrtimer *timer, ktime_t tim, enum hrtimer_mode mode)
{
	u64 flags;
	struct hrtimer_cpu_base *base = lock_timer(timer, &flags);

	dequeue(base, timer);
	base = move_here(base, timer);
	timer->expires = mode == HRTIMER_MODE_REL ? from_now(tim) : tim;
	enqueue(base, timer);
	/* Another CPU's is in its interrupt, and sets it at the end. */
	if (base == this_cpu_ptr(&hrtimer_bases) && base->first == timer)
		program(base);
	spin_unlock_irqrestore(&base->lock, flags);
}

/* Locked on entry and exit, not while the function runs. */
static void run(struct hrtimer_cpu_base *base, struct hrtimer *timer)
{
	enum hrtimer_restart restart;

	dequeue(base, timer);
	base->running = timer;
	__spin_unlock(&base->lock);
	trace_hrtimer_expire_entry(timer, timer->function, (u64)ktime_get());
	restart = timer->function(timer);
	trace_hrtimer_expire_exit(timer);
	__spin_lock(&base->lock);
	base->running = NULL;
	if (restart == HRTIMER_RESTART && !timer->queued)
		enqueue(base, timer);
}

/* The APIC timer's: all whose time has come, then the next one is set. */
static void hrtimer_interrupt(void)
{
	struct hrtimer_cpu_base *base = this_cpu_ptr(&hrtimer_bases);
	ktime_t now;

	__spin_lock(&base->lock);
	base->nr_events++;
	base->in_hrtirq = true;
	now = ktime_get();
	while (!base->held && base->first && base->first->expires <= now)
		run(base, base->first);
	base->in_hrtirq = false;
	program(base);
	__spin_unlock(&base->lock);
}

u64 hrtimer_interrupt_count(void)
{
	u64 sum = 0;
	u32 cpu;

	for_each_online_cpu (cpu)
		sum += READ_ONCE(base_of(cpu)->nr_events);
	return sum;
}

u64 hrtimer_forward(struct hrtimer *timer, ktime_t now, ktime_t interval)
{
	ktime_t late = now - timer->expires;
	u64 n;

	if (late < 0 || interval <= 0 || timer->queued)
		return 0;
	n = (u64)(late / interval) + 1;
	timer->expires += (ktime_t)n * interval;
	return n;
}

bool hrtimer_active(const struct hrtimer *timer)
{
	u32 cpu = READ_ONCE(timer->cpu);

	return READ_ONCE(timer->queued) || cpu == MIGRATING ||
	       READ_ONCE(base_of(cpu)->running) == timer;
}

u32 hrtimers_queued(void)
{
	struct hrtimer_cpu_base *base = this_cpu_ptr(&hrtimer_bases);
	u64 flags = spin_lock_irqsave(&base->lock);
	u32 n = 0;

	for (struct hrtimer *t = base->first; t; t = t->next)
		n++;
	spin_unlock_irqrestore(&base->lock, flags);
	return n;
}

void hrtimers_suspend(void)
{
	struct hrtimer_cpu_base *base = this_cpu_ptr(&hrtimer_bases);
	u64 flags = spin_lock_irqsave(&base->lock);

	base->held++;
	disarm(base);
	spin_unlock_irqrestore(&base->lock, flags);
	if (!irqs_disabled() &&
	    !WAIT_FOR(!lapic_test(APIC_IRR, LOCAL_TIMER_VECTOR), LATE_US))
		printk("# warning: hrtimers_suspend(): the APIC timer's "
		       "interrupt stays pending");
}

void hrtimers_resume(void)
{
	struct hrtimer_cpu_base *base = this_cpu_ptr(&hrtimer_bases);
	u64 flags = spin_lock_irqsave(&base->lock);

	if (base->held && !--base->held)
		base->held_until = rdtsc();
	program(base);
	spin_unlock_irqrestore(&base->lock, flags);
}

u64 hrtimers_held_until(u32 cpu)
{
	const struct hrtimer_cpu_base *base = base_of(cpu);

	return READ_ONCE(base->held) ? rdtsc() : READ_ONCE(base->held_until);
}

void hrtimers_recover(void)
{
	struct hrtimer_cpu_base *base = this_cpu_ptr(&hrtimer_bases);
	u64 flags = local_irq_save();

	spin_reset(&base->lock);
	__spin_lock(&base->lock);
	base->running = NULL;
	base->in_hrtirq = false;
	base->held = 0;
	base->held_until = rdtsc();
	program(base);
	spin_unlock_irqrestore(&base->lock, flags);
}

static u32 drop_from(struct hrtimer_cpu_base *base, hrtimer_filter_t filter,
		     const void *arg)
{
	struct hrtimer **link = &base->first, *timer;
	u32 n = 0;

	while ((timer = *link)) {
		if (!filter(timer, arg)) {
			link = &timer->next;
			continue;
		}
		*link = timer->next;
		timer->queued = false;
		n++;
	}
	return n;
}

u32 hrtimers_drop(hrtimer_filter_t filter, const void *arg)
{
	u64 flags = local_irq_save();
	u32 n = 0;

	/* Also of one that is not online just now: it begins anew. */
	for (u32 cpu = 0; cpu < nr_cpu_ids; cpu++) {
		struct hrtimer_cpu_base *base = base_of(cpu);

		spin_reset(&base->lock);
		__spin_lock(&base->lock);
		n += drop_from(base, filter, arg);
		__spin_unlock(&base->lock);
	}
	local_irq_restore(flags);
	return n;
}

void hrtimers_forget(u32 cpu)
{
	struct hrtimer_cpu_base *base = base_of(cpu);

	*base = (struct hrtimer_cpu_base){ .lock = __SPIN_LOCK_UNLOCKED(
						   &base_class),
					   .nr_events = base->nr_events,
					   .first = base->first };
}
