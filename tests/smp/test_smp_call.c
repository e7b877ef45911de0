// SPDX-License-Identifier: MIT
/*
 * Functions called on other CPUs: where, in which context, how often, in which
 * order, and what happens when nobody answers.
 *
 * Linux: kernel/smp.c.
 */
#include "smp_case.h"

#include <bh/hrtimer.h>
#include <bh/softirq.h>
#include <cpu/preempt.h>
#include <lib/errno.h>
#include <lib/string.h>

#define CALL_RULE "irqbed include/irq/ipi.h"

/* What a function found on the CPU it ran on. */
static DEFINE_PER_CPU(u32, ran);
static DEFINE_PER_CPU(u32, ran_wrong); /* not in hardirq context, or IF=1 */

static void forget(void)
{
	u32 cpu;

	for_each_online_cpu (cpu)
		*per_cpu_ptr(&ran, cpu) = *per_cpu_ptr(&ran_wrong, cpu) = 0;
}

static void count_run(void *unused)
{
	bool right = in_hardirq() && irqs_disabled() &&
		     preempt_count() == HARDIRQ_OFFSET;

	__atomic_fetch_add(this_cpu_ptr(&ran), 1, __ATOMIC_RELAXED);
	*this_cpu_ptr(&ran_wrong) += !right;
}

/* n times on each CPU of mask, and on no other. */
static bool expect_ran(struct cpumask mask, u32 n)
{
	u32 cpu, wrong = 0;

	for_each_online_cpu (cpu) {
		u32 want = cpumask_test_cpu(cpu, &mask) ? n : 0;
		u32 got = READ_ONCE(*per_cpu_ptr(&ran, cpu));

		if (got == want)
			continue;
		wrong++;
		ktest_note("ran %u times on CPU %u, want %u", got, cpu, want);
	}
	return EXPECT_EQ(wrong, 0);
}

static bool ran_on(const struct cpumask *mask, u32 n)
{
	u32 cpu;

	for_each_cpu (cpu, mask) {
		if (READ_ONCE(*per_cpu_ptr(&ran, cpu)) < n)
			return false;
	}
	return true;
}

TEST(smp, call_single_has_run_there_once_when_it_returns, CALL_RULE,
     .needs = NEEDS_SMP)
{
	u32 cpu;

	for_each_online_cpu (cpu) {
		if (!cpu)
			continue;
		forget();
		EXPECT_EQ(smp_call_function_single(cpu, count_run, NULL, true),
			  0);
		expect_ran(smp_only(cpu), 1);
		EXPECT_EQ(*per_cpu_ptr(&ran_wrong, cpu), 0);
		if (!ktest_ok())
			return;
	}
}

TEST(smp, call_without_waiting_runs_soon, CALL_RULE, .needs = NEEDS_SMP)
{
	u32 cpu = smp_last();
	struct cpumask only = smp_only(cpu), others = smp_all_but(0);

	forget();
	EXPECT_EQ(smp_call_function_single(cpu, count_run, NULL, false), 0);
	EXPECT_TRUE(WAIT_FOR(ran_on(&only, 1), WAIT_DEFAULT_US));
	expect_ran(only, 1);
	forget();
	EXPECT_EQ(smp_call_function(count_run, NULL, false), 0);
	EXPECT_TRUE(WAIT_FOR(ran_on(&others, 1), WAIT_DEFAULT_US));
	expect_ran(others, 1);
}

/* Directly: no interrupt, but IF=0; afterwards IF is as it was. */
static void note_if(void *arg)
{
	*(u32 *)arg = 1 + irqs_disabled();
}

TEST(smp, call_to_itself_is_direct_with_interrupts_off, CALL_RULE)
{
	u64 calls = ipi_sent_count(CALL_FUNCTION_SINGLE_VECTOR);
	u32 off = 0;

	EXPECT_EQ(smp_call_function_single(0, note_if, &off, false), 0);
	EXPECT_EQ(off, 2);
	EXPECT_FALSE(irqs_disabled());
	local_irq_disable();
	EXPECT_EQ(smp_call_function_single(0, note_if, &off, true), 0);
	EXPECT_TRUE(irqs_disabled());
	local_irq_enable();
	EXPECT_EQ(ipi_sent_count(CALL_FUNCTION_SINGLE_VECTOR), calls);
}

TEST(smp, call_to_a_cpu_that_is_not_online_is_refused, CALL_RULE)
{
	u32 off[] = { nr_cpu_ids, NR_CPUS - 1, NR_CPUS, ~0u };
	struct cpumask mask = { 0 };

	forget();
	for (u32 i = 0; i < ARRAY_SIZE(off); i++)
		EXPECT_EQ(
			smp_call_function_single(off[i], count_run, NULL, true),
			-ENXIO);
	cpumask_set_cpu(NR_CPUS - 1, &mask);
	EXPECT_EQ(smp_call_function_many(&mask, count_run, NULL, true), 0);
	expect_ran((struct cpumask){ 0 }, 0);
}

/* The caller is left out, whether the set has it or not. */
TEST(smp, call_many_runs_once_on_each_of_the_set, CALL_RULE, .needs = NEEDS_SMP)
{
	struct cpumask set;

	for (u32 n = 0; smp_subset(n, &set) && ktest_ok(); n++) {
		forget();
		EXPECT_EQ(smp_call_function_many(&set, count_run, NULL, true),
			  0);
		cpumask_clear_cpu(0, &set);
		if (!expect_ran(set, 1))
			ktest_note("set %u", n);
	}
}

TEST(smp, call_on_each_cpu_runs_here_too, CALL_RULE)
{
	u32 cpu, wrong = 0;

	forget();
	EXPECT_EQ(on_each_cpu(count_run, NULL, true), 0);
	expect_ran(smp_all(), 1);
	for_each_online_cpu (cpu)
		wrong += cpu ? *per_cpu_ptr(&ran_wrong, cpu) : 0;
	EXPECT_EQ(wrong, 0);
}

#define SLOW_US	  2000
#define SLOW_RUNS 5

static void slow_run(void *unused)
{
	udelay(SLOW_US);
	count_run(NULL);
}

/*
 * A wait ends when the last one has run, not when it was told. Several times:
 * a host that stops this CPU in time hides that it did not wait.
 */
TEST(smp, call_that_waits_returns_behind_the_slowest, CALL_RULE,
     .needs = NEEDS_SMP)
{
	for (u32 i = 0; i < SLOW_RUNS && ktest_ok(); i++) {
		forget();
		EXPECT_EQ(smp_call_function(slow_run, NULL, true), 0);
		expect_ran(smp_all_but(0), 1);
	}
}

/* Two CPUs with IF=0, each of which calls the other and waits. */
#define CROSS_CALLS 20

struct cross {
	struct cross *peer;
	u32 to, err, met;
};

static void call_across(void *arg)
{
	struct cross *c = arg;

	local_irq_disable();
	WRITE_ONCE(c->met, 1);
	WAIT_FOR(READ_ONCE(c->peer->met), RUN_US); /* its IF is 0, too */
	for (u32 i = 0; i < CROSS_CALLS && !c->err; i++)
		c->err = (u32)-smp_call_function_single(c->to, count_run, NULL,
							true);
	local_irq_enable();
}

TEST(smp, calls_both_ways_with_interrupts_off_do_not_deadlock, CALL_RULE,
     .needs = NEEDS_SMP)
{
	u32 cpu = smp_last();
	struct cross there = { .to = 0 };
	struct cross here = { .to = cpu, .peer = &there };
	struct cpumask both = smp_only(0);

	cpumask_set_cpu(cpu, &both);
	forget();
	there.peer = &here;
	EXPECT_EQ(run_on_start(cpu, call_across, &there, RUN_US), 0);
	call_across(&here);
	EXPECT_EQ(run_on_wait(cpu), 0);
	EXPECT_EQ(here.err, 0);
	EXPECT_EQ(there.err, 0);
	expect_ran(both, CROSS_CALLS);
	EXPECT_EQ(*per_cpu_ptr(&ran_wrong, 0), 0);
	EXPECT_EQ(*per_cpu_ptr(&ran_wrong, cpu), 0);
}

/* A CPU that answers nothing until it is let go: IF=0, and no wait of its. */
struct deaf {
	u32 ready, go;
};

static void be_deaf(void *arg)
{
	struct deaf *d = arg;

	local_irq_disable();
	WRITE_ONCE(d->ready, 1);
	WAIT_FOR(READ_ONCE(d->go), RUN_US);
	local_irq_enable();
}

static bool deafen(u32 cpu, struct deaf *d)
{
	memset(d, 0, sizeof(*d));
	return EXPECT_EQ(run_on_start(cpu, be_deaf, d, 2 * RUN_US), 0) &&
	       EXPECT_TRUE(WAIT_FOR(READ_ONCE(d->ready), WAIT_DEFAULT_US));
}

static void let_go(u32 cpu, struct deaf *d)
{
	WRITE_ONCE(d->go, 1);
	EXPECT_EQ(run_on_wait(cpu), 0);
}

/* In which order: its place in line. */
static u32 order[4], nr_order;

static void take_place(void *arg)
{
	order[nr_order++ % ARRAY_SIZE(order)] = (u32)(u64)arg;
}

/* Single or among many, waited for or not. */
TEST(smp, calls_of_one_cpu_run_in_the_order_made, CALL_RULE, .needs = NEEDS_SMP)
{
	u32 cpu = smp_last();
	struct cpumask only = smp_only(cpu);

	nr_order = 0;
	for (u64 i = 0; i < ARRAY_SIZE(order); i++) {
		bool wait = i == ARRAY_SIZE(order) - 1;

		if (i % 2)
			smp_call_function_many(&only, take_place, (void *)i,
					       wait);
		else
			smp_call_function_single(cpu, take_place, (void *)i,
						 wait);
	}
	EXPECT_EQ(READ_ONCE(nr_order), ARRAY_SIZE(order));
	for (u32 i = 0; i < ARRAY_SIZE(order); i++)
		EXPECT_EQ(order[i], i);
}

struct call {
	u32 to;
	u64 tag;
	int err;
};

static void call_with_tag(void *arg)
{
	struct call *c = arg;

	c->err = smp_call_function_single(c->to, take_place, (void *)c->tag,
					  false);
}

/* Two callers, one behind the other: one IPI may stand for both calls. */
TEST(smp, calls_of_several_cpus_run_in_the_order_queued, CALL_RULE,
     .needs = NEEDS_SMP)
{
	u32 cpu = smp_last(), second = cpumask_next(1, &cpu_online_mask);
	struct call c = { cpu, 2, 0 };
	struct deaf d;

	if (num_online_cpus() < 3)
		SKIP(return, "needs 3 CPUs");
	nr_order = 0;
	if (!deafen(cpu, &d))
		return;
	EXPECT_EQ(smp_call_function_single(cpu, take_place, (void *)1, false),
		  0);
	EXPECT_EQ(run_on(second, call_with_tag, &c, RUN_US), 0);
	EXPECT_EQ(c.err, 0);
	EXPECT_EQ(READ_ONCE(nr_order), 0);
	let_go(cpu, &d);
	EXPECT_TRUE(WAIT_FOR(READ_ONCE(nr_order) == 2, WAIT_DEFAULT_US));
	EXPECT_EQ(order[0], 1);
	EXPECT_EQ(order[1], 2);
}

#define IMPATIENT_US 3000

TEST(smp, call_that_nobody_answers_is_given_up_and_never_runs, CALL_RULE,
     .needs = NEEDS_SMP)
{
	u32 cpu = smp_last();
	u64 patience = smp_call_timeout_us;
	struct cpumask others = smp_all_but(cpu), all = smp_all();
	struct deaf d;

	cpumask_clear_cpu(0, &others);
	forget();
	if (!deafen(cpu, &d))
		return;
	smp_call_timeout_us = IMPATIENT_US;
	EXPECT_EQ(smp_call_function_single(cpu, count_run, NULL, true),
		  -ETIMEDOUT);
	EXPECT_EQ(smp_call_function_many(&all, count_run, NULL, false),
		  -ETIMEDOUT);
	smp_call_timeout_us = patience;
	let_go(cpu, &d);
	EXPECT_TRUE(WAIT_FOR(ran_on(&others, 1), WAIT_DEFAULT_US));
	expect_ran(others, 1);
	forget();
	EXPECT_EQ(smp_call_function_single(cpu, count_run, NULL, true), 0);
	expect_ran(smp_only(cpu), 1);
}

/* What a reschedule IPI found on a CPU that slept, and left there. */
struct sleep {
	u64 res; /* how many it has had when it goes to sleep */
	u32 asleep, woken;
	u64 others, res_after;
	u32 softirqs, preempt;
};

static u64 all_but_reschedule(u32 cpu)
{
	u64 sum = 0;

	for (u32 i = 0; i < NR_IRQ_STATS; i++)
		if (irq_stat_vector(i) != RESCHEDULE_VECTOR)
			sum += irq_stat_count_cpu(i, cpu);
	return sum;
}

static u64 reschedules(u32 cpu)
{
	return READ_ONCE(cpu_hot(cpu)->irq_stat.irq_resched);
}

/* Nothing else is to wake it: its own tick is off. */
static void sleep_once(void *arg)
{
	u32 self = smp_processor_id();
	struct sleep *s = arg;

	hrtimers_suspend();
	WAIT_FOR(reschedules(self) == s->res, WAIT_DEFAULT_US);
	local_irq_disable();
	s->others = all_but_reschedule(self);
	WRITE_ONCE(s->asleep, 1);
	native_safe_halt();
	WRITE_ONCE(s->woken, 1);
	s->others = all_but_reschedule(self) - s->others;
	s->res_after = reschedules(self);
	s->softirqs = local_softirq_pending();
	s->preempt = preempt_count();
	hrtimers_resume();
}

TEST(smp, reschedule_ends_a_hlt_and_does_nothing_else,
     "Linux arch/x86/kernel/smp.c", .needs = NEEDS_SMP)
{
	u32 cpu = smp_last();
	struct sleep s = { .res = reschedules(cpu) + 1 };

	if (!EXPECT_EQ(run_on_start(cpu, sleep_once, &s, RUN_US), 0))
		return;
	EXPECT_TRUE(WAIT_FOR(READ_ONCE(s.asleep), WAIT_DEFAULT_US));
	udelay(SLOW_US);
	EXPECT_EQ(READ_ONCE(s.woken), 0);
	smp_send_reschedule(cpu);
	EXPECT_EQ(run_on_wait(cpu), 0);
	EXPECT_EQ(s.woken, 1);
	EXPECT_EQ(s.res_after, s.res + 1);
	EXPECT_EQ(s.others, 0);
	EXPECT_EQ(s.softirqs, 0);
	EXPECT_EQ(s.preempt, 0);
}

/* Sent twice before it is taken it is one, and counted as one. */
TEST(smp, reschedules_that_meet_are_one, "irqbed include/irq/ipi.h",
     .needs = NEEDS_SMP)
{
	u32 cpu = smp_last();
	u64 sent = ipi_sent_count(RESCHEDULE_VECTOR), had = reschedules(cpu);
	struct deaf d;

	if (!deafen(cpu, &d))
		return;
	EXPECT_TRUE(WAIT_FOR(READ_ONCE(d.ready), WAIT_DEFAULT_US));
	for (u32 i = 0; i < 3; i++)
		smp_send_reschedule(cpu);
	let_go(cpu, &d);
	sent = ipi_sent_count(RESCHEDULE_VECTOR) - sent;
	EXPECT_LE(sent, 2);
	EXPECT_TRUE(WAIT_FOR(reschedules(cpu) - had == sent, WAIT_DEFAULT_US));
}
