// SPDX-License-Identifier: MIT
/*
 * timer.c - each CPU's list of timers by jiffy, served by TIMER_SOFTIRQ. One
 * hrtimer, set to the first of them, raises it: there is no tick when nobody
 * waits. A jiffy is served once: what a function starts for now, or for long
 * ago, is for the next one.
 *
 * A timer's cpu says which base's lock guards it; between two bases it is
 * TIMER_MIGRATING, for no longer than two locks take.
 *
 * Linux: kernel/time/timer.c; a sorted list stands for its wheel.
 */
#include <bh/timer.h>

#include <bh/late.h>
#include <bh/softirq.h>
#include <console/printk.h>
#include <cpu/cpumask.h>
#include <cpu/deadline.h>
#include <cpu/irqflags.h>
#include <cpu/percpu.h>
#include <cpu/spinlock.h>
#include <trace/events.h>
#include <trap/report.h>

#define JIFFY_NS	(NSEC_PER_SEC / HZ)
#define TIMER_MIGRATING (~0u)

struct timer_base {
	spinlock_t lock;	  /* guards all that follows */
	struct list_head timers;  /* the next one first */
	struct list_head expired; /* their turn has come, one by one */
	u64 clk;		  /* the first jiffy that was not served */
	struct timer_list *running;
	struct hrtimer alarm;
};

static DEFINE_PER_CPU(struct timer_base, timer_bases);
static struct lock_class base_class = { .name = "&base->lock" };

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

	base->lock = __SPIN_LOCK_UNLOCKED(&base_class);
	base->running = NULL;
	INIT_LIST_HEAD(&base->timers);
	hrtimer_init(&base->alarm, raise_timer_softirq);
	INIT_LIST_HEAD(&base->expired);
}

/*
 * The first one's jiffy begins; with none, no interrupt for nothing. On the
 * base's CPU, or with none left on any, locked.
 */
static void set_alarm(struct timer_base *base)
{
	struct timer_list *first;
	u64 at;

	if (list_empty(&base->timers)) {
		hrtimer_try_to_cancel(&base->alarm);
		return;
	}
	first = list_first_entry(&base->timers, struct timer_list, entry);
	at = max(first->expires, base->clk);
	at = min(at, (u64)KTIME_MAX / JIFFY_NS);
	hrtimer_start(&base->alarm, (ktime_t)(at * JIFFY_NS), HRTIMER_MODE_ABS);
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
		 void (*function)(struct timer_list *timer), u32 flags)
{
	*timer = (struct timer_list){ .function = function,
				      .flags = flags,
				      .cpu = smp_processor_id() };
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

/* The base that it is of, and stays of; NULL: it has just moved. */
static struct timer_base *try_lock_timer_base(struct timer_list *timer,
					      u64 *flags)
{
	u32 cpu = READ_ONCE(timer->cpu);
	struct timer_base *base;

	if (cpu == TIMER_MIGRATING)
		return NULL;
	base = per_cpu_ptr(&timer_bases, cpu);
	*flags = spin_lock_irqsave(&base->lock);
	if (READ_ONCE(timer->cpu) == cpu)
		return base;
	spin_unlock_irqrestore(&base->lock, *flags);
	return NULL;
}

static struct timer_base *lock_timer_base(struct timer_list *timer, u64 *flags)
{
	struct timer_base *base = NULL;

	BUG_ON(!WAIT_FOR((base = try_lock_timer_base(timer, flags)),
			 WAIT_DEFAULT_US));
	return base;
}

/*
 * To this CPU; but one whose function runs stays there, so that it does not run
 * on two at once. Locked, and so is the base that it returns.
 */
static struct timer_base *move_here(struct timer_base *base,
				    struct timer_list *timer)
{
	struct timer_base *here = this_base();

	if (base == here || base->running == timer)
		return base;
	if (list_empty(&base->timers))
		set_alarm(base);
	WRITE_ONCE(timer->cpu, TIMER_MIGRATING);
	__spin_unlock(&base->lock);
	__spin_lock(&here->lock);
	__atomic_store_n(&timer->cpu, smp_processor_id(), __ATOMIC_RELEASE);
	return here;
}

enum { MOD_ANY, MOD_PENDING_ONLY, MOD_REDUCE };

static bool __mod_timer(struct timer_list *timer, u64 expires, u32 how)
{
	u64 flags;
	struct timer_base *base = lock_timer_base(timer, &flags);
	bool was = timer->pending;

	if (!timer->function || (!was && how == MOD_PENDING_ONLY) ||
	    (was && how == MOD_REDUCE && timer->expires <= expires))
		goto out;
	dequeue(timer);
	base = move_here(base, timer);
	timer->expires = expires;
	enqueue(base, timer);
	/* Another CPU's is in its softirq, and sets it at the end. */
	if (base == this_base() && base->timers.next == &timer->entry)
		set_alarm(base);
out:
	spin_unlock_irqrestore(&base->lock, flags);
	return was;
}

bool mod_timer(struct timer_list *timer, u64 expires)
{
	return __mod_timer(timer, expires, MOD_ANY);
}

bool mod_timer_pending(struct timer_list *timer, u64 expires)
{
	return __mod_timer(timer, expires, MOD_PENDING_ONLY);
}

bool timer_reduce(struct timer_list *timer, u64 expires)
{
	return __mod_timer(timer, expires, MOD_REDUCE);
}

void add_timer(struct timer_list *timer)
{
	mod_timer(timer, timer->expires);
}

static bool __timer_delete(struct timer_list *timer, bool shutdown)
{
	u64 flags;
	struct timer_base *base = lock_timer_base(timer, &flags);
	bool was = dequeue(timer);

	if (was && list_empty(&base->timers))
		set_alarm(base);
	if (shutdown)
		timer->function = NULL;
	spin_unlock_irqrestore(&base->lock, flags);
	return was;
}

bool timer_delete(struct timer_list *timer)
{
	return __timer_delete(timer, false);
}

int timer_delete_sync_try(struct timer_list *timer)
{
	u64 flags;
	struct timer_base *base = lock_timer_base(timer, &flags);
	int was = base->running == timer ? -1 : dequeue(timer);

	if (was > 0 && list_empty(&base->timers))
		set_alarm(base);
	spin_unlock_irqrestore(&base->lock, flags);
	return was;
}

/* What its function starts again meanwhile is taken back, too. */
static bool __timer_delete_sync(struct timer_list *timer, bool shutdown)
{
	const void *fn = (const void *)timer->function;
	bool was = __timer_delete(timer, shutdown);
	u64 began = rdtsc();
	int last = 0;

	if (!WAIT_FOR((last = timer_delete_sync_try(timer)) >= 0, sync_wait_us))
		warn_late("timer_delete_sync()", "timer", timer, fn, began);
	return was || last > 0;
}

bool timer_delete_sync(struct timer_list *timer)
{
	return __timer_delete_sync(timer, false);
}

bool timer_shutdown_sync(struct timer_list *timer)
{
	return __timer_delete_sync(timer, true);
}

static __noinline void function_leaked(const void *function, u32 before)
{
	u32 after = preempt_count();

	preempt_count_leaked(before);
	printk("# timer: 0x%016llx preempt leak: %08x -> %08x",
	       (unsigned long long)(u64)function, before, after);
}

/* Locked, IF=0, on entry and exit; not while the function runs. */
static void call(struct timer_base *base, struct timer_list *timer)
{
	void (*function)(struct timer_list * t) = timer->function;
	bool irqs_off = timer->flags & TIMER_IRQSAFE;
	u32 count = preempt_count();

	dequeue(timer);
	base->running = timer;
	__spin_unlock(&base->lock);
	if (!irqs_off)
		local_irq_enable();
	trace_timer_expire_entry(timer, function, get_jiffies_64());
	function(timer); /* and it may be gone */
	trace_timer_expire_exit(timer);
	if (preempt_count() != count)
		function_leaked((const void *)function, count);
	spin_lock_irq(&base->lock);
	base->running = NULL;
}

/* Locked. Whose jiffy has begun, in their order. */
static void collect_expired(struct timer_base *base, u64 now)
{
	while (!list_empty(&base->timers)) {
		struct timer_list *first = list_first_entry(
			&base->timers, struct timer_list, entry);

		if (first->expires > now)
			break;
		list_del_init(&first->entry);
		list_add_tail(&first->entry, &base->expired);
	}
}

void run_timer_softirq(void)
{
	struct timer_base *base = this_base();
	u64 now;

	spin_lock_irq(&base->lock);
	now = get_jiffies_64();
	if (now >= base->clk)
		collect_expired(base, now);
	base->clk = now + 1;
	while (!list_empty(&base->expired))
		call(base, list_first_entry(&base->expired, struct timer_list,
					    entry));
	set_alarm(base);
	spin_unlock_irq(&base->lock);
}

static u32 drop_from(struct list_head *list, timer_filter_t filter,
		     const void *arg)
{
	struct list_head *at = list->next;
	u32 n = 0;

	while (at != list) {
		struct timer_list *timer =
			container_of(at, struct timer_list, entry);

		at = at->next;
		n += filter(timer, arg) && dequeue(timer);
	}
	return n;
}

u32 timers_drop(timer_filter_t filter, const void *arg)
{
	u64 flags = local_irq_save();
	u32 cpu, n = 0;

	/* Also of one that is not online just now: it begins anew. */
	for (cpu = 0; cpu < nr_cpu_ids; cpu++) {
		struct timer_base *base = per_cpu_ptr(&timer_bases, cpu);

		spin_reset(&base->lock);
		__spin_lock(&base->lock);
		n += drop_from(&base->timers, filter, arg);
		n += drop_from(&base->expired, filter, arg);
		__spin_unlock(&base->lock);
	}
	local_irq_restore(flags);
	return n;
}

/* TIMER_SOFTIRQ may have been forgotten: the alarm that raises it comes anew.
 */
void timers_recover(void)
{
	struct timer_base *base = this_base();
	u64 flags = local_irq_save();

	spin_reset(&base->lock);
	__spin_lock(&base->lock);
	base->running = NULL;
	if (!list_empty(&base->timers) || !list_empty(&base->expired))
		hrtimer_start(&base->alarm, 0, HRTIMER_MODE_ABS);
	spin_unlock_irqrestore(&base->lock, flags);
}

void timers_forget(u32 cpu)
{
	struct timer_base *base = per_cpu_ptr(&timer_bases, cpu);

	base->lock = __SPIN_LOCK_UNLOCKED(&base_class);
	base->running = NULL;
}
