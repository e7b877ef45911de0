// SPDX-License-Identifier: MIT
/*
 * bench - how many instructions it takes to make another CPU do something.
 *
 * Under -icount the CPUs take turns: one runs until it sleeps, says PAUSE, or
 * has used up its slice of millions. So nothing runs while this CPU executes
 * a straight line, and at its next PAUSE everything runs that others have to
 * do, until they sleep again. That separates the two sides: between two RDTSCs
 * around the start lies this CPU's path, around a PAUSE behind it the others',
 * from HLT to HLT. What waits, waits by PAUSE: once, and the whole is the sum.
 *
 * The others' own ticks are off meanwhile. IF=0 here.
 */
#include <apic/lapic.h>
#include <asm/irq_vectors.h>
#include <bh/hrtimer.h>
#include <bh/tasklet.h>
#include <cpu/deadline.h>
#include <cpu/irqflags.h>
#include <irq/ipi.h>
#include <irq/irq.h>
#include <ktest/insn_bench.h>
#include <ktest/ktest.h>
#include <mm/paging.h>
#include <smp/smp.h>

#include "bench.h"

#define RULE	 "irqbed README.md: what reaching another CPU costs is known"
#define VEC_ECHO 0x52
#define RUN_US	 2000000
#define SOME_VA	 0x0000540000000000ull /* nothing is mapped there */

/* A quarter more than they take today, with 4 CPUs in xAPIC mode. */
#define SEND_LIMIT	 100
#define TARGET_LIMIT	 175
#define ROUND_TRIP_LIMIT 480
#define CALL_SEND_LIMIT	 255
#define CALL_RUN_LIMIT	 240
#define CALL_LIMIT	 580
#define CALL_ALL_LIMIT	 680
#define TLB_LIMIT	 700
#define TASKLET_LIMIT	 720

static u32 target; /* the CPU that is made to do it */

static void stop_ticks(void *unused)
{
	hrtimers_suspend();
}

static void start_ticks(void *unused)
{
	hrtimers_resume();
}

static void on_others(void (*fn)(void *))
{
	u32 cpu;

	for_each_online_cpu (cpu) {
		if (cpu)
			EXPECT_EQ(run_on(cpu, fn, NULL, RUN_US), 0);
	}
}

/* The whole of what starts and waits, or the start of what does not. */
static u64 ticks_of(void (*fn)(void))
{
	u64 begin = rdtsc();

	fn();
	return rdtsc() - begin;
}

static void nothing(void)
{
}

struct cost {
	u64 here, there;
};

/* What the line itself and a PAUSE with nothing to do take is not fn's. */
static struct cost cost_of(void (*fn)(void))
{
	u64 call = ticks_of(nothing), idle = bench_yield();
	u64 here = ticks_of(fn), there = bench_yield();

	return (struct cost){ here - call, there - idle };
}

/* The same numbers every time, or they are no counts. */
static struct cost measure(void (*fn)(void))
{
	struct cost c, again;

	local_irq_disable();
	cost_of(fn); /* once through the translator */
	c = cost_of(fn);
	for (u32 i = 1; i < REPEATS; i++) {
		again = cost_of(fn);
		EXPECT_EQ(again.here, c.here);
		EXPECT_EQ(again.there, c.there);
	}
	local_irq_enable();
	EXPECT_GT(c.here, 0);
	return c;
}

static bool begin(void)
{
	if (!tsc_counts_instructions())
		SKIP(return false, "the TSC counts time, not instructions");
	target = cpumask_next(1, &cpu_online_mask);
	on_others(stop_ticks);
	return ktest_ok();
}

/* Both sides of what is sent and not waited for. */
static void report_sides(const char *what, struct cost c, struct cost limit)
{
	ktest_note("bench.%s_send_insns=%llu", what,
		   (unsigned long long)c.here);
	ktest_note("bench.%s_target_insns=%llu", what,
		   (unsigned long long)c.there);
	EXPECT_GT(c.there, 0);
	EXPECT_LE(c.here, limit.here);
	EXPECT_LE(c.there, limit.there);
	on_others(start_ticks);
}

/* What was waited for: nothing is left to do behind it. */
static void report_whole(const char *what, struct cost c, u32 shares, u64 limit)
{
	u64 each = c.here / shares;

	ktest_note("bench.%s_insns=%llu", what, (unsigned long long)each);
	EXPECT_LE(each, limit);
	EXPECT_EQ(c.there, 0);
	on_others(start_ticks);
}

static void send_reschedule(void)
{
	smp_send_reschedule(target);
}

TEST(bench, ipi_path_on_both_sides, RULE, .needs = NEEDS_SMP)
{
	if (begin())
		report_sides("ipi", measure(send_reschedule),
			     (struct cost){ SEND_LIMIT, TARGET_LIMIT });
}

static irqreturn_t echo(int irq, void *dev)
{
	smp_send_reschedule(0);
	return IRQ_HANDLED;
}

static void claim_echo(void *err)
{
	*(int *)err = irq_claim_vector(VEC_ECHO, echo, NULL);
}

static void release_echo(void *unused)
{
	irq_release_vector(VEC_ECHO);
}

/* There, back, and taken here. */
static void round_trip(void)
{
	apic_send_ipi(cpu_hot(target)->apic_id, VEC_ECHO);
	cpu_relax();
	local_irq_enable();
	__asm__ volatile("nop"); /* STI's shadow */
	local_irq_disable();
}

TEST(bench, ipi_round_trip, RULE, .needs = NEEDS_SMP)
{
	int err = -1;

	if (!begin())
		return;
	EXPECT_EQ(run_on(target, claim_echo, &err, RUN_US), 0);
	EXPECT_EQ(err, 0);
	report_whole("ipi_round_trip", measure(round_trip), 1,
		     ROUND_TRIP_LIMIT);
	EXPECT_EQ(run_on(target, release_echo, NULL, RUN_US), 0);
}

static void called(void *unused)
{
}

static void call_nowait(void)
{
	smp_call_function_single(target, called, NULL, false);
}

static void call_wait(void)
{
	smp_call_function_single(target, called, NULL, true);
}

TEST(bench, call_function_single, RULE, .needs = NEEDS_SMP)
{
	if (!begin())
		return;
	report_sides("call_single", measure(call_nowait),
		     (struct cost){ CALL_SEND_LIMIT, CALL_RUN_LIMIT });
	on_others(stop_ticks);
	report_whole("call_single", measure(call_wait), 1, CALL_LIMIT);
}

static void call_all(void)
{
	smp_call_function(called, NULL, true);
}

TEST(bench, call_function_to_all_per_cpu, RULE, .needs = NEEDS_SMP)
{
	if (begin())
		report_whole("call_all_per_cpu", measure(call_all),
			     num_online_cpus() - 1, CALL_ALL_LIMIT);
}

static void shoot_one_page(void)
{
	flush_tlb_others(SOME_VA, SOME_VA + PAGE_SIZE);
}

static void shoot_everything(void)
{
	flush_tlb_others(SOME_VA, SOME_VA + LARGE_PAGE_SIZE);
}

TEST(bench, tlb_shootdown_per_cpu, RULE, .needs = NEEDS_SMP)
{
	if (!begin())
		return;
	report_whole("tlb_page_per_cpu", measure(shoot_one_page),
		     num_online_cpus() - 1, TLB_LIMIT);
	on_others(stop_ticks);
	report_whole("tlb_all_per_cpu", measure(shoot_everything),
		     num_online_cpus() - 1, TLB_LIMIT);
}

static bool tasklet_ran;

static void run_tasklet(struct tasklet_struct *t)
{
	WRITE_ONCE(tasklet_ran, true);
}

static DECLARE_TASKLET(remote, run_tasklet);

static void schedule_it(void *unused)
{
	tasklet_schedule(&remote);
}

/* It runs behind the call's interrupt, at irq_exit(). */
static void remote_tasklet(void)
{
	tasklet_ran = false;
	smp_call_function_single(target, schedule_it, NULL, false);
	WAIT_FOR(READ_ONCE(tasklet_ran), WAIT_DEFAULT_US);
}

TEST(bench, remote_tasklet, RULE, .needs = NEEDS_SMP)
{
	if (begin())
		report_whole("remote_tasklet", measure(remote_tasklet), 1,
			     TASKLET_LIMIT);
}
