// SPDX-License-Identifier: MIT
/*
 * timer.c - each CPU's list of timers by jiffy, served by TIMER_SOFTIRQ. One
 * hrtimer, set to the first of them, raises it: there is no tick when nobody
 * waits.
 *
 * Linux: kernel/time/timer.c; a sorted list stands for its wheel.
 */
#include <bh/timer.h>

#include <bh/softirq.h>
#include <cpu/deadline.h>
#include <cpu/irqflags.h>
#include <cpu/percpu.h>
#include <cpu/spinlock.h>
#include <trace/events.h>

#define JIFFY_NS (NSEC_PER_SEC / HZ)

struct timer_base {
	raw_spinlock_t lock;	 /* guards all that follows */
	struct list_head timers; /* the next one first */
	struct timer_list *running;
	struct hrtimer alarm;
};

static DEFINE_PER_CPU(struct timer_base, timer_bases);

u64 get_jiffies_64(void)
{
	return (u64)ktime_get() / JIFFY_NS;
}

static enum hrtimer_restart raise_timer_softirq(struct hrtimer *alarm)
{
	raise_softirq_irqoff(TIMER_SOFTIRQ);
	return HRTIMER_NORESTART;
}

static struct timer_base *this_base(void)
{
	return this_cpu_ptr(&timer_bases);
}

void init_timers_cpu(u32 cpu)
{
	struct timer_base *base = per_cpu_ptr(&timer_bases, cpu);

	base->lock.locked = 0;
	base->running = NULL;
	INIT_LIST_HEAD(&base->timers);
	hrtimer_init(&base->alarm, raise_timer_softirq);
}

static u64 lock_base(struct timer_base *base)
{
	u64 flags = local_irq_save();

	raw_spin_lock(&base->lock);
	return flags;
}

static void unlock_base(struct timer_base *base, u64 flags)
{
	raw_spin_unlock(&base->lock);
	local_irq_restore(flags);
}

/* The first one's jiffy begins: on the base's CPU, locked. */
static void set_alarm(struct timer_base *base)
{
	struct timer_list *first;

	if (list_empty(&base->timers))
		return;
	first = list_first_entry(&base->timers, struct timer_list, entry);
	hrtimer_start(&base->alarm, (ktime_t)(first->expires * JIFFY_NS),
		      HRTIMER_MODE_ABS);
}

/* Behind those of the same jiffy. Locked. */
static void enqueue(struct timer_base *base, struct timer_list *timer)
{
	struct timer_list *after;

	list_for_each_entry(after, &base->timers, entry)
	{
		if (after->expires > timer->expires)
			break;
	}
	list_add_tail(&timer->entry, &after->entry);
	timer->pending = true;
}

void timer_setup(struct timer_list *timer,
		 void (*function)(struct timer_list *timer))
{
	*timer = (struct timer_list){ .function = function };
}

/* Locked. */
static bool dequeue(struct timer_list *timer)
{
	if (!timer->pending)
		return false;
	list_del_init(&timer->entry);
	timer->pending = false;
	return true;
}

bool timer_delete(struct timer_list *timer)
{
	struct timer_base *base =
		per_cpu_ptr(&timer_bases, READ_ONCE(timer->cpu));
	u64 flags = lock_base(base);
	bool was = dequeue(timer);

	unlock_base(base, flags);
	return was;
}

bool timer_delete_sync(struct timer_list *timer)
{
	bool was = timer_delete(timer);

	WAIT_FOR(READ_ONCE(per_cpu_ptr(&timer_bases, READ_ONCE(timer->cpu))
				   ->running) != timer,
		 WAIT_DEFAULT_US);
	return timer_delete(timer) || was; /* it may have started itself */
}

bool mod_timer(struct timer_list *timer, u64 expires)
{
	bool was = timer_delete(timer);
	struct timer_base *base;
	u64 flags = local_irq_save();

	base = this_base();
	raw_spin_lock(&base->lock);
	timer->expires = expires;
	timer->cpu = smp_processor_id();
	enqueue(base, timer);
	if (base->timers.next == &timer->entry)
		set_alarm(base);
	unlock_base(base, flags);
	return was;
}

void add_timer(struct timer_list *timer)
{
	mod_timer(timer, timer->expires);
}

/* Locked, IF=0, on entry and exit; not while the function runs. */
static void call(struct timer_base *base, struct timer_list *timer)
{
	dequeue(timer);
	base->running = timer;
	unlock_base(base, X86_EFLAGS_IF);
	trace_timer_expire_entry(timer, timer->function, get_jiffies_64());
	timer->function(timer);
	trace_timer_expire_exit(timer);
	lock_base(base);
	base->running = NULL;
}

void run_timer_softirq(void)
{
	struct timer_base *base = this_base();
	u64 flags = lock_base(base), now = get_jiffies_64();

	while (!list_empty(&base->timers)) {
		struct timer_list *first = list_first_entry(
			&base->timers, struct timer_list, entry);

		if (first->expires > now)
			break;
		call(base, first);
	}
	set_alarm(base);
	unlock_base(base, flags);
}

void timers_discard(void)
{
	struct timer_base *base = this_base();
	u64 flags = local_irq_save();

	base->lock.locked = 0;
	base->running = NULL;
	INIT_LIST_HEAD(&base->timers);
	local_irq_restore(flags);
}
