// SPDX-License-Identifier: MIT
/*
 * watch.c - deadlines of CPUs, and the NMI when one has passed.
 *
 * A CPU that the host does not run is not hung. So what counts against one that
 * idles is the time of those who look at it, a tick at most from look to look:
 * where no one is run no time passes. And the NMI only asks: the CPU itself,
 * once it takes it, judges by what it has done since.
 */
#include <smp/watch.h>

#include <apic/apic_timer.h>
#include <apic/lapic.h>
#include <bh/hrtimer.h>
#include <cpu/cpumask.h>
#include <cpu/deadline.h>
#include <sched/sched.h>
#include <trap/report.h>

#include "internal.h"

#define NMI_EVERY_US 100000
#define TICK_US	     1000000
#define TICK_NS	     ((ktime_t)(TICK_US * NSEC_PER_USEC))
#define FRESH_US     (3 * TICK_US) /* as Linux's buddy: three samples */
#define STALE_US     10000000	   /* Linux's watchdog_thresh */
#define LOOK_US	     1000	   /* who polls looks no more often */
#define STRIKES	     3		   /* NMIs taken, and no way between them */
#define REPORT_US    20000000

/* Linux: kernel/time/tick-sched.c, ts->sched_timer. */
static DEFINE_PER_CPU(struct hrtimer, tick_timer);

/* Times are TSC values; 0: none. Of several that check, any may write. */
struct watch {
	u64 deadline; /* by its own CPU */
	u64 looked;   /* when somebody last looked at it */
	u64 silent;   /* so long they have seen no tick of its */
	u64 next_nmi;
	u64 unheeded; /* so long they have seen an NMI without effect */
	u64 rounds;   /* nr_idle_rounds(), at its last tick */
	u32 strikes;
	bool ticks;
	bool overdue;
	bool sent_nmi;
	bool waits; /* for an NMI's effect */
};

static DEFINE_PER_CPU(struct watch, watch);

static bool any_ticks; /* some CPU's tick runs */

static struct watch *watch_of(u32 cpu)
{
	return per_cpu_ptr(&watch, cpu);
}

/* What was held against it is over. On the CPU itself. */
static void get_on(struct watch *w)
{
	__atomic_store_n(&w->silent, 0, __ATOMIC_RELAXED);
	WRITE_ONCE(w->waits, false);
	w->strikes = 0;
}

u64 watch_begin(u64 usec)
{
	struct watch *w = this_cpu_ptr(&watch);
	u64 outer = w->deadline;

	__atomic_store_n(&w->deadline, deadline_after(usec), __ATOMIC_RELEASE);
	return outer;
}

void watch_end(u64 outer)
{
	struct watch *w = this_cpu_ptr(&watch);

	__atomic_store_n(&w->deadline, outer, __ATOMIC_RELEASE);
	WRITE_ONCE(w->overdue, false);
	get_on(w);
}

void watch_overdue(u32 cpu)
{
	WRITE_ONCE(watch_of(cpu)->overdue, true);
}

/* Who works has a deadline; who idles, and still ticks, must go on so. */
static bool is_over(const struct watch *w)
{
	u64 deadline = __atomic_load_n(&w->deadline, __ATOMIC_ACQUIRE);

	if (READ_ONCE(w->overdue))
		return true;
	if (deadline)
		return deadline_passed(deadline);
	return READ_ONCE(w->ticks) &&
	       READ_ONCE(w->silent) >= us_to_tsc(STALE_US);
}

bool watch_at_work(void)
{
	return this_cpu_ptr(&watch)->deadline;
}

bool watch_expired(void)
{
	return is_over(this_cpu_ptr(&watch));
}

bool watch_sent_nmi(void)
{
	return __atomic_exchange_n(&this_cpu_ptr(&watch)->sent_nmi, false,
				   __ATOMIC_ACQ_REL);
}

void watch_heeded(void)
{
	watch_sent_nmi();
	watch_end(deadline_after(REPORT_US));
}

/*
 * It takes its NMIs: that was late, or what it does is. Who sleeps takes its
 * tick next; if it never does, the timer is what hangs.
 */
bool watch_pardoned(const struct pt_regs *regs)
{
	struct watch *w = this_cpu_ptr(&watch);

	if (w->overdue || w->deadline)
		return false;
	watch_sent_nmi();
	WRITE_ONCE(w->waits, false);
	if (cpu_sleeps(regs))
		__atomic_store_n(&w->silent, 0, __ATOMIC_RELAXED);
	return ++w->strikes < STRIKES;
}

/*
 * The time since anybody looked at cpu counts against it, as far as it was not
 * the host's; and as silence, unless somebody had taken its timer meanwhile.
 */
static void look_at(u32 cpu, struct watch *w)
{
	u64 then = READ_ONCE(w->looked), now = rdtsc(), time;

	if ((s64)(now - then) < (s64)us_to_tsc(LOOK_US) ||
	    !__atomic_compare_exchange_n(&w->looked, &then, now, false,
					 __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		return;
	time = min(now - then, us_to_tsc(TICK_US));
	__atomic_fetch_add(&w->unheeded, time, __ATOMIC_RELAXED);
	if (hrtimers_held_until(cpu) <= then)
		__atomic_fetch_add(&w->silent, time, __ATOMIC_RELAXED);
}

/* What is pending when another one is sent is one: so it is asked again. */
static void send_nmi(u32 cpu, struct watch *w)
{
	WRITE_ONCE(w->next_nmi, rdtsc() + us_to_tsc(NMI_EVERY_US));
	if (!READ_ONCE(w->waits))
		__atomic_store_n(&w->unheeded, 0, __ATOMIC_RELAXED);
	WRITE_ONCE(w->waits, true);
	__atomic_store_n(&w->sent_nmi, true, __ATOMIC_RELEASE);
	apic_send_nmi(cpu_hot(cpu)->apic_id);
}

void watch_check(u32 cpu)
{
	struct watch *w = watch_of(cpu);

	look_at(cpu, w);
	if (is_over(w) && deadline_passed(READ_ONCE(w->next_nmi)))
		send_nmi(cpu, w);
}

void watch_suspect(u32 cpu)
{
	struct watch *w = watch_of(cpu);

	__atomic_store_n(&w->silent, us_to_tsc(STALE_US), __ATOMIC_RELAXED);
	send_nmi(cpu, w);
}

bool watch_hopeless(u32 cpu)
{
	const struct watch *w = watch_of(cpu);
	u64 limit = us_to_tsc((u64)WAIT_DEFAULT_US * deadline_scale);

	return READ_ONCE(w->waits) && is_over(w) &&
	       READ_ONCE(w->unheeded) >= limit;
}

void watch_overdue_now(u32 cpu)
{
	watch_overdue(cpu);
	watch_check(cpu);
}

void watch_forget(u32 cpu)
{
	*watch_of(cpu) = (struct watch){ 0 };
}

/* INIT would start the firmware on it: say so, while somebody can. */
static void check_boot_cpu(void)
{
	if (watch_hopeless(0))
		bail_out_reported("CPU 0 hangs and takes no NMI, and an INIT "
				  "would reset the machine");
}

/*
 * A tick ends HLT: "swapper", or at least ksoftirqd, has gone round since the
 * last one, unless a softirq or a thread hangs. Work has a deadline of its own.
 */
static void show_life(void)
{
	struct watch *w = this_cpu_ptr(&watch);
	u64 rounds = nr_idle_rounds(smp_processor_id());

	if (!w->deadline && rounds == w->rounds)
		return;
	w->rounds = rounds;
	get_on(w);
}

/* It ticks, as far as those who look can tell. */
static bool looks_on(const struct watch *w)
{
	return READ_ONCE(w->ticks) &&
	       READ_ONCE(w->silent) < us_to_tsc(FRESH_US);
}

/* From CPU to CPU downwards, round to this one, until another looks on. */
static void look_around(void)
{
	u32 self = smp_processor_id(), cpu = self;

	show_life();
	do {
		cpu = (cpu ? cpu : nr_cpu_ids) - 1;
		if (cpu == self || !cpu_online(cpu))
			continue;
		watch_check(cpu);
		if (!cpu)
			check_boot_cpu();
		if (looks_on(watch_of(cpu)))
			return;
	} while (cpu != self);
}

static enum hrtimer_restart tick(struct hrtimer *timer)
{
	look_around();
	hrtimer_forward(timer, ktime_get(), TICK_NS);
	return HRTIMER_RESTART;
}

void watch_start_ticks(void)
{
	struct hrtimer *timer = this_cpu_ptr(&tick_timer);

	if (!smp_processor_id() || !apic_timer_clock.freq_hz)
		return;
	timer->function = tick;
	hrtimer_start(timer, TICK_NS, HRTIMER_MODE_REL);
	get_on(this_cpu_ptr(&watch));
	WRITE_ONCE(this_cpu_ptr(&watch)->ticks, true);
	WRITE_ONCE(any_ticks, true);
}

bool watch_is_on(void)
{
	return READ_ONCE(any_ticks);
}
