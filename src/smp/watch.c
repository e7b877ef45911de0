// SPDX-License-Identifier: MIT
/* watch.c - deadlines of CPUs, and the NMI when one has passed. */
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
#define REPORT_US    20000000

/* Linux: kernel/time/tick-sched.c, ts->sched_timer. */
static DEFINE_PER_CPU(struct hrtimer, tick_timer);

/* Times are TSC values; 0: none. Of several that check, any may write. */
struct watch {
	u64 deadline; /* by its own CPU */
	u64 beat;     /* its last tick; 0: it does not tick */
	u64 next_nmi;
	u64 nmi_since; /* the first one of those that it did not heed */
	u64 rounds;    /* nr_idle_rounds(), at its last tick */
	bool overdue;
	bool sent_nmi;
};

static DEFINE_PER_CPU(struct watch, watch);

static bool ticks; /* some CPU's tick runs */

static struct watch *watch_of(u32 cpu)
{
	return per_cpu_ptr(&watch, cpu);
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
	WRITE_ONCE(w->nmi_since, 0);
}

void watch_overdue(u32 cpu)
{
	WRITE_ONCE(watch_of(cpu)->overdue, true);
}

static bool older_than(u64 then, u64 usec)
{
	return deadline_passed(then + us_to_tsc(usec * deadline_scale));
}

/*
 * Who works has a deadline; who idles, and still ticks, must go on so, unless
 * somebody has taken its timer.
 */
static bool is_over(u32 cpu)
{
	const struct watch *w = watch_of(cpu);
	u64 deadline = __atomic_load_n(&w->deadline, __ATOMIC_ACQUIRE);
	u64 beat = READ_ONCE(w->beat);

	if (READ_ONCE(w->overdue))
		return true;
	if (deadline)
		return deadline_passed(deadline);
	return beat &&
	       older_than(max(beat, hrtimers_held_until(cpu)), STALE_US);
}

bool watch_expired(void)
{
	return is_over(smp_processor_id());
}

bool watch_sent_nmi(void)
{
	return __atomic_exchange_n(&this_cpu_ptr(&watch)->sent_nmi, false,
				   __ATOMIC_ACQ_REL);
}

void watch_heeded(void)
{
	struct watch *w = this_cpu_ptr(&watch);

	watch_sent_nmi();
	watch_end(deadline_after(REPORT_US));
	if (w->beat)
		WRITE_ONCE(w->beat, rdtsc());
}

void watch_check(u32 cpu)
{
	struct watch *w = watch_of(cpu);
	u64 now = rdtsc();

	if (!is_over(cpu) || !deadline_passed(READ_ONCE(w->next_nmi)))
		return;
	WRITE_ONCE(w->next_nmi, now + us_to_tsc(NMI_EVERY_US));
	if (!READ_ONCE(w->nmi_since))
		WRITE_ONCE(w->nmi_since, now);
	__atomic_store_n(&w->sent_nmi, true, __ATOMIC_RELEASE);
	apic_send_nmi(cpu_hot(cpu)->apic_id);
}

bool watch_hopeless(u32 cpu)
{
	u64 since = READ_ONCE(watch_of(cpu)->nmi_since);

	return since && is_over(cpu) && older_than(since, WAIT_DEFAULT_US);
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
	WRITE_ONCE(w->beat, rdtsc());
}

/* From CPU to CPU downwards, round to this one, until another looks on. */
static void look_around(void)
{
	u32 self = smp_processor_id(), cpu = self;
	u64 beat;

	show_life();
	do {
		cpu = (cpu ? cpu : nr_cpu_ids) - 1;
		if (cpu == self || !cpu_online(cpu))
			continue;
		watch_check(cpu);
		if (!cpu)
			check_boot_cpu();
		beat = READ_ONCE(watch_of(cpu)->beat);
		if (beat && !older_than(beat, FRESH_US))
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
	WRITE_ONCE(this_cpu_ptr(&watch)->beat, rdtsc());
	WRITE_ONCE(ticks, true);
}

bool watch_is_on(void)
{
	return READ_ONCE(ticks);
}
