// SPDX-License-Identifier: MIT
/*
 * watchdog.c - break a case that hangs, even with interrupts off, by an NMI:
 * from another CPU, which looks once a second (smp/watch.h); without one from
 * a timer through an IOAPIC pin in NMI mode. HPET first (one shot, at the
 * deadline); else the RTC at 2 Hz or the PIT at 18 Hz, which look at the clock
 * at each tick. The first that the case does not use itself. Where other CPUs
 * look, the HPET shoots later: all of them may hang.
 */
#include <apic/ioapic.h>
#include <apic/lapic.h>
#include <asm/irq_vectors.h>
#include <console/printk.h>
#include <cpu/cpumask.h>
#include <cpu/deadline.h>
#include <dev/hpet.h>
#include <dev/pit.h>
#include <dev/rtc.h>
#include <irq/irq.h>
#include <lib/errno.h>
#include <lib/format.h>
#include <sched/left.h>
#include <sched/sched.h>
#include <smp/nmi_backtrace.h>
#include <smp/watch.h>
#include <trap/catch.h>
#include <trap/report.h>
#include <trap/traps.h>

#include "internal.h"

enum { PEER, HPET, RTC, PIT };

#define HPET_TIMER    2
#define PIN_0_TO_23   0xffffffu
#define RTC_2_HZ      15
#define MOST_DEFERRED 16
#define PIT_MAX_COUNT 65536 /* 55 ms */
#define BEHIND_MS     3000  /* other CPUs have looked and looked again */
#define AGAIN_MS      20    /* longer than a switch of threads */
#define PIT_PIN	      2	    /* where most boards wire the PIT */
#define MAX_TOLD      4	    /* CPUs that hang in a case, with a report each */

struct source {
	const char *name;
	u32 uses; /* a case that uses these cannot have this source */
	int (*arm)(u32 ms);
	void (*disarm)(void);  /* or NULL */
	bool (*pending)(void); /* did this NMI come from it? */
	void (*again)(void);   /* it will not come again by itself */
	bool present;
	u32 gsi;
};

static u64 deadline;
static u32 allowed_ms;
static bool fired;
static bool postponed; /* the deadline passed in the middle of a line */
static const struct source *armed, *armed_behind;
static u32 armed_cpu;		     /* where the case runs */
static const struct source *leaving; /* disarmed, its pin not yet masked */
static u64 watch_outer;
static u32 deferred; /* NMIs that came at a bad time. Of any CPU */
static DEFINE_PER_CPU(u64, deferred_at); /* its switches then, and one */

static u32 told; /* CPUs that hung, since the case began */
static struct cpumask untold;

static struct hpet_timer_state hpet_saved;
static struct rtc_state rtc_saved;
static struct pit_state pit_saved;
static u32 hpet_gsi;

static bool hpet_kept;	 /* it is ours, from case to case */
static u32 hpet_started; /* low half of the counter */
static bool hpet_wide;

static int hpet_shoot(u64 ms)
{
	struct hpet_setup setup = { .route = HPET_ROUTE_IOAPIC,
				    .gsi = (u8)hpet_gsi,
				    .wide = hpet_wide };
	u64 ticks = hpet_ns_to_ticks(ms * 1000000);
	int err;

	if (!hpet_wide)
		hpet_started = hpet_readl(HPET_COUNTER);
	err = hpet_oneshot_again(HPET_TIMER, ticks);
	return err == -ENOENT ? hpet_oneshot(HPET_TIMER, &setup, ticks) : err;
}

/*
 * Later than the deadline by more than the HPET and the TSC can disagree: its
 * one NMI, come early by the TSC, would be taken for somebody else's. Wide
 * where it can be: one of 32 bits interrupts as the counter wraps, too.
 */
static int hpet_arm(u32 ms)
{
	if (!hpet_kept) {
		hpet_timer_save(HPET_TIMER, &hpet_saved);
		hpet_wide = hpet_timer_is_wide(HPET_TIMER);
	}
	hpet_kept = true;
	return hpet_shoot((u64)(ms + ms / 64 + 1) * deadline_scale);
}

/* A case uses it: as it was found. */
static void hpet_give_back(void)
{
	if (hpet_kept)
		hpet_timer_restore(HPET_TIMER, &hpet_saved);
	hpet_kept = false;
}

static void hpet_again(void)
{
	hpet_shoot(AGAIN_MS);
}

/* One shot: there is no NMI of it before its time, but at a wrap. */
static bool hpet_pending(void)
{
	if (deadline_passed(deadline))
		return true;
	if (hpet_wide || hpet_readl(HPET_COUNTER) >= hpet_started)
		return false;
	hpet_shoot(tsc_to_us(deadline - rdtsc()) / 1000 + 100);
	return true;
}

static int rtc_arm(u32 ms)
{
	rtc_save(&rtc_saved);
	return rtc_periodic_start(RTC_2_HZ);
}

static void rtc_disarm(void)
{
	rtc_stop();
	rtc_restore(&rtc_saved);
}

static bool rtc_pending(void)
{
	return rtc_read_flags() & RTC_C_PF;
}

/* One shot after another: its output, high when it has ended, tells it. */
static int pit_arm(u32 ms)
{
	pit_save(&pit_saved);
	return pit_start(PIT_ONE_SHOT, PIT_MAX_COUNT);
}

static void pit_disarm(void)
{
	pit_stop();
	pit_restore(&pit_saved);
}

static bool pit_pending(void)
{
	if (!pit_output())
		return false;
	pit_start(PIT_ONE_SHOT, PIT_MAX_COUNT);
	return true;
}

static int peer_arm(u32 ms)
{
	watch_outer = watch_begin((u64)ms * 1000);
	return 0;
}

static bool peer_pending(void)
{
	return watch_expired() && watch_sent_nmi();
}

static void peer_disarm(void)
{
	watch_end(watch_outer);
}

static struct source sources[] = {
	{ .name = "peer",
	  .arm = peer_arm,
	  .disarm = peer_disarm,
	  .pending = peer_pending },
	{ .name = "hpet",
	  .uses = USES_HPET,
	  .arm = hpet_arm,
	  /* Counts on, into a masked pin: the next case wants a later time. */
	  .pending = hpet_pending,
	  .again = hpet_again },
	{ .name = "rtc",
	  .uses = USES_RTC,
	  .arm = rtc_arm,
	  .disarm = rtc_disarm,
	  .pending = rtc_pending },
	{ .name = "pit",
	  .uses = USES_PIT,
	  .arm = pit_arm,
	  .disarm = pit_disarm,
	  .pending = pit_pending },
};

const char *watchdog_name(void)
{
	for (u32 i = 0; i < ARRAY_SIZE(sources); i++) {
		if (sources[i].present)
			return sources[i].name;
	}
	return "none";
}

bool watchdog_fired(void)
{
	return fired;
}

/* The state runner.c compares must not see our pin: masked again first. */
static void route_nmi(const struct source *s, bool on)
{
	union ioapic_rte rte = {
		.delivery_mode = APIC_DM_NMI >> 8,
		.dest = this_cpu(apic_id),
		.masked = !on,
	};

	if (s == &sources[PEER])
		return;
	gsi_write_rte(s->gsi, on ? rte : (union ioapic_rte){ .masked = 1 });
}

static void print_vectors(const char *what, u32 reg)
{
	char line[64];
	size_t n = 0;

	for (u32 v = 16; v < NR_VECTORS && n < sizeof(line) - 6; v++)
		if (lapic_test(reg, v))
			n += scnprintf(line + n, sizeof(line) - n, " 0x%02x",
				       v);
	printk("# hang: interrupts %s:%s", what, n ? line : " none");
}

/* Who waits, as a rule waits for an interrupt: where is it? */
static void print_awaited(void *unused)
{
	print_vectors("pending (IRR)", APIC_IRR);
	print_vectors("in service (ISR)", APIC_ISR);
	printk("# hang: processor priority 0x%02x", apic_read(APIC_PROCPRI));
}

/* Of many that hang at once some tell the whole story, as it is the same. */
static bool tells(void)
{
	if (__atomic_fetch_add(&told, 1, __ATOMIC_RELAXED) < MAX_TOLD)
		return true;
	cpumask_set_cpu(smp_processor_id(), &untold);
	return false;
}

void watchdog_tell_rest(void)
{
	char list[96];

	cpulist_scnprintf(list, sizeof(list), &untold);
	if (list[0])
		printk("# hung, too, and broken out by NMI: CPU %s", list);
	untold = (struct cpumask){ 0 };
	WRITE_ONCE(told, 0);
}

static void tell(void)
{
	printk("# CPU %u hung: broken out by NMI", smp_processor_id());
	catch_trap(print_awaited, NULL);
}

/*
 * In the midst of a switch or a wake-up nobody is ended: neither thread would
 * be whole. But a queue that stays locked must not keep us off for ever: who
 * is found so twice, and has not switched between, is not in the midst of it.
 */
static bool in_switch(void)
{
	u64 *seen = this_cpu_ptr(&deferred_at), now;
	bool stuck;

	if (!sched_in_switch())
		return false;
	now = nr_context_switches(smp_processor_id()) + 1;
	stuck = *seen == now;
	*seen = now;
	return !stuck && ++deferred < MOST_DEFERRED;
}

/* Its time is over: what run_on() gave it, a call, a handler in idle. */
static enum nmi_verdict on_peer_nmi(struct pt_regs *regs)
{
	bool at_work = watch_at_work(), telling;

	if (!watch_expired())
		return watch_sent_nmi() ? NMI_HANDLED : NMI_NOT_MINE;
	if (printk_busy() || in_switch() || watch_pardoned(regs))
		return NMI_HANDLED; /* another will come */
	watch_heeded();
	telling = tells();
	if (telling)
		tell();
	return break_out(regs, telling ? "the CPU hung" : NULL, at_work);
}

/* Which one it came from, or NULL. */
static const struct source *who_shot(void)
{
	if (armed && armed->pending())
		return armed;
	if (armed_behind && armed_behind->pending())
		return armed_behind;
	return postponed ? armed : NULL;
}

static enum nmi_verdict on_nmi(struct pt_regs *regs)
{
	const struct source *s;
	enum nmi_verdict verdict;

	if (break_out_asked(regs, &verdict))
		return verdict;
	/* A tick between the watchdog's end and its pin's. */
	if (armed_cpu == smp_processor_id() && leaving && leaving->pending())
		return NMI_HANDLED;
	if (!armed || armed_cpu != smp_processor_id())
		return on_peer_nmi(regs);
	s = who_shot();
	if (!s)
		return watch_sent_nmi() ? NMI_HANDLED : NMI_NOT_MINE;
	if (!deadline_passed(deadline) && !watch_expired())
		return NMI_HANDLED;
	postponed = printk_busy();
	if (postponed) {
		nmi_postpone();
		return NMI_HANDLED;
	}
	if (in_switch()) {
		if (s->again)
			s->again();
		return NMI_HANDLED;
	}
	fired = true;
	watchdog_disarm();
	printk("# the case hung: its %u ms passed, broken out by NMI (%s)",
	       allowed_ms, s->name);
	catch_trap(print_awaited, NULL); /* the APIC may be off */
	verdict = break_out(regs, "the case hung", true);
	if (verdict == NMI_NOT_MINE)
		bail_out("watchdog: no case to end, rip=0x%016llx",
			 (unsigned long long)regs->ip);
	trigger_allbutself_cpu_backtrace();
	return verdict;
}

void watchdog_init(void)
{
	struct source *hpet = &sources[HPET], *rtc = &sources[RTC];
	struct source *pit = &sources[PIT];
	struct hpet_timer_info info;
	u32 pin;
	int gsi;

	nmi_watchdog_hook = on_nmi;
	break_out_init();
	sources[PEER].present = watch_is_on();
	/* An entry's destination has 8 bits, and all ones is everybody. */
	if (!nr_ioapics || this_cpu(apic_id) >= 0xff)
		return;
	if (hpet_present() && !hpet_timer_info(HPET_TIMER, &info)) {
		gsi = hpet_pick_gsi(HPET_TIMER, PIN_0_TO_23);
		hpet->present = gsi >= 0 && ioapic_of_gsi((u32)gsi, &pin);
		hpet_gsi = hpet->gsi = (u32)gsi;
		if (gsi == PIT_PIN)
			hpet->uses |= USES_PIT;
	}
	if (rtc_present()) {
		rtc->gsi = irq_to_desc(8)->gsi;
		rtc->present = ioapic_of_gsi(rtc->gsi, &pin);
	}
	if (pit_present()) {
		pit->gsi = irq_to_desc(0)->gsi;
		pit->present = ioapic_of_gsi(pit->gsi, &pin);
	}
}

/* The HPET's pin is the PIT's, whose last edge would be an NMI too. */
static bool edge_is_owed(const struct source *s)
{
	return s->arm == hpet_arm && s->uses & USES_PIT && pit_edge_owed();
}

static const struct source *arm(struct source *s, u32 ms, u32 uses)
{
	if (!s->present || s->uses & uses || edge_is_owed(s))
		return NULL;
	if (!s->arm(ms))
		return s;
	if (s->disarm)
		s->disarm();
	return NULL;
}

void watchdog_arm(u32 ms, u32 uses)
{
	const struct source *first = NULL;

	fired = false;
	postponed = false;
	deferred = 0;
	armed_cpu = smp_processor_id();
	allowed_ms = ms * deadline_scale;
	deadline = deadline_after((u64)ms * 1000);
	if (sources[HPET].uses & uses)
		hpet_give_back();
	for (u32 i = 0; i < ARRAY_SIZE(sources) && !first; i++)
		first = arm(&sources[i], ms, uses);
	/* The others may hang, too; this CPU is looked after by who waits. */
	if (first == &sources[PEER] && !armed_cpu)
		armed_behind = arm(&sources[HPET], ms + BEHIND_MS, uses);
	/* Known before it shoots: an RTC tick that nobody owns is the last. */
	armed = first;
	if (armed)
		route_nmi(armed, true);
	if (armed_behind)
		route_nmi(armed_behind, true);
}

static void disarm(const struct source *s)
{
	if (!s)
		return;
	route_nmi(s, false); /* first: the PIT's last edge is nobody's */
	leaving = NULL;
	if (s->disarm)
		s->disarm();
}

void watchdog_disarm(void)
{
	const struct source *s = armed, *behind = armed_behind;

	leaving = s;
	armed = armed_behind = NULL;
	postponed = false;
	disarm(s);
	disarm(behind);
}
