// SPDX-License-Identifier: MIT
/*
 * The APIC timers of all CPUs at once: each one-shot fires once, on its own
 * CPU. And NMIs from all to all: those that meet at a CPU merge, so that a
 * sender says first that it wants an answer, and one NMI answers all.
 *
 * Spec: SDM 3A "APIC Timer", "Handling Multiple NMIs".
 */
#include "stress.h"

#include <apic/apic_timer.h>
#include <bh/hrtimer.h>
#include <ktest/raised.h>
#include <trap/traps.h>

#define ROUNDS	10
#define SHOT_US 20

static DEFINE_PER_CPU(u32, shots);
static DEFINE_PER_CPU(u32, fired);
static DEFINE_PER_CPU(u64, ticks); /* before; then, how many there were */

static void on_shot(void)
{
	u32 *n = this_cpu_ptr(&fired);

	WRITE_ONCE(*n, *n + 1);
}

static u64 ticks_here(void)
{
	return this_cpu(self)->irq_stat.apic_timer_irqs;
}

/* The timer is the hrtimers' before and after. */
static void timer_enter(struct stress_cpu *me)
{
	hrtimers_suspend();
	*this_cpu_ptr(&shots) = *this_cpu_ptr(&fired) = 0;
	*this_cpu_ptr(&ticks) = ticks_here();
	apic_timer_set_handler(on_shot);
}

static void timer_step(struct stress_cpu *me)
{
	u32 want = ++*this_cpu_ptr(&shots);

	if (apic_timer_start(TIMER_ONESHOT,
			     SHOT_US + stress_random(me, 4 * SHOT_US)))
		stress_lost(me, me->cpu, "the APIC timer's start");
	STRESS_WAIT(me, (s32)(READ_ONCE(*this_cpu_ptr(&fired)) - want) >= 0,
		    me->cpu, "a shot of the APIC timer");
}

static void timer_leave(struct stress_cpu *me)
{
	apic_timer_stop();
	apic_timer_set_handler(NULL);
	*this_cpu_ptr(&ticks) = ticks_here() - *this_cpu_ptr(&ticks);
	hrtimers_resume();
}

static void timer_judge(void)
{
	for (u32 i = 0; i < stress_size(); i++) {
		u32 cpu = stress_cpu_at(i), want = *per_cpu_ptr(&shots, cpu);
		u64 counted = *per_cpu_ptr(&ticks, cpu);

		raised_vectors(LOCAL_TIMER_VECTOR, want);
		stress_expect("APIC timer shots", i, i, want,
			      *per_cpu_ptr(&fired, cpu));
		EXPECT_EQ(counted, want);
	}
}

static const char *timer_open(void)
{
	return apic_timer_clock.freq_hz ? NULL : "the APIC timer has no rate";
}

const struct stress_op stress_timer = {
	.name = "APIC timers",
	.open = timer_open,
	.enter = timer_enter,
	.step = timer_step,
	.leave = timer_leave,
	.judge = timer_judge,
};

TEST(stress, apic_timers_of_all_cpus_fire_once_a_shot, "SDM 3A APIC Timer",
     .deadline_ms = STRESS_MS)
{
	stress_run(&stress_timer, ROUNDS);
}

static DEFINE_PER_CPU(u32, asked[STRESS_CREW]);	   /* by this CPU */
static DEFINE_PER_CPU(u32, answered[STRESS_CREW]); /* here, to a place */
static DEFINE_PER_CPU(u32, wanted); /* bit of a place: it waits for this CPU */
static DEFINE_PER_CPU(u32, nmis);

static bool on_nmi(struct pt_regs *regs, void *data)
{
	u32 who =
		__atomic_exchange_n(this_cpu_ptr(&wanted), 0, __ATOMIC_ACQ_REL);

	++*this_cpu_ptr(&nmis);
	for (u32 i = 0; i < STRESS_CREW; i++) {
		u32 *n = this_cpu_ptr(&answered[i]);

		if (who & 1u << i)
			__atomic_store_n(n, *n + 1, __ATOMIC_RELEASE);
	}
	return true;
}

static const char *nmi_open(void)
{
	EXPECT_EQ(trap_hook(X86_TRAP_NMI, on_nmi, NULL), 0);
	return NULL;
}

static void nmi_enter(struct stress_cpu *me)
{
	*this_cpu_ptr(&nmis) = *this_cpu_ptr(&wanted) = 0;
	for (u32 i = 0; i < STRESS_CREW; i++)
		*this_cpu_ptr(&asked[i]) = *this_cpu_ptr(&answered[i]) = 0;
}

static bool is_answered(const struct stress_cpu *me, u32 place)
{
	u32 *n = per_cpu_ptr(&answered[me->place], stress_cpu_at(place));

	return __atomic_load_n(n, __ATOMIC_ACQUIRE) ==
	       *this_cpu_ptr(&asked[place]);
}

static void nmi_step(struct stress_cpu *me)
{
	u32 place = stress_other(me), cpu = stress_cpu_at(place);

	++*this_cpu_ptr(&asked[place]);
	__atomic_fetch_or(per_cpu_ptr(&wanted, cpu), 1u << me->place,
			  __ATOMIC_ACQ_REL);
	if (apic_send_nmi(cpu_hot(cpu)->apic_id))
		stress_lost(me, me->cpu, "the APIC's readiness to send");
	STRESS_WAIT(me, is_answered(me, place), cpu, "the answer to an NMI");
}

/* One that merged into nothing may come last: it has time to. */
static void nmi_leave(struct stress_cpu *me)
{
	udelay(SHOT_US);
}

/* Each sender was answered each time; with fewer NMIs, where some met. */
static void nmi_judge(void)
{
	for (u32 to = 0; to < stress_size(); to++) {
		u32 cpu = stress_cpu_at(to), sum = 0;
		u32 taken = *per_cpu_ptr(&nmis, cpu);

		for (u32 from = 0; from < stress_size(); from++) {
			u32 n = *per_cpu_ptr(&asked[to], stress_cpu_at(from));

			sum += n;
			stress_expect("NMIs answered", from, to, n,
				      *per_cpu_ptr(&answered[from], cpu));
		}
		raised_nmis(taken);
		EXPECT_LE(taken, sum);
		EXPECT_GE(taken, sum != 0);
	}
}

static void nmi_close(void)
{
	udelay(SHOT_US);
	trap_hook(X86_TRAP_NMI, NULL, NULL);
}

const struct stress_op stress_nmi = {
	.name = "NMIs",
	.open = nmi_open,
	.enter = nmi_enter,
	.step = nmi_step,
	.leave = nmi_leave,
	.judge = nmi_judge,
	.close = nmi_close,
};

TEST(stress, nmis_of_all_to_all_are_answered, "SDM 3A Handling Multiple NMIs",
     .needs = NEEDS_SMP, .deadline_ms = STRESS_MS)
{
	stress_run(&stress_nmi, ROUNDS);
}
