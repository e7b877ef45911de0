// SPDX-License-Identifier: MIT
/*
 * Function calls of all to all at once: one CPU, some, waited for or not, with
 * IF=1 and IF=0; and a lock that all take, in task and in hardirq context.
 *
 * Linux: kernel/smp.c, include/linux/spinlock.h.
 */
#include "stress.h"

#include <cpu/irqflags.h>
#include <cpu/spinlock.h>
#include <irq/ipi.h>

#define ROUNDS	10
#define CALL_US 2
#define SEEN_US 200 /* for another CPU to want the lock */
#define TRY_US	10  /* and to get in, if it can */

static DEFINE_PER_CPU(u32, called[STRESS_CREW]); /* by this CPU, of a place */
static DEFINE_PER_CPU(u32, ran[STRESS_CREW]);	 /* here, for a place */

static void call_enter(struct stress_cpu *me)
{
	for (u32 i = 0; i < STRESS_CREW; i++)
		*this_cpu_ptr(&called[i]) = *this_cpu_ptr(&ran[i]) = 0;
}

/* In hardirq context, or where a caller with IF=0 serves others. */
static void count(void *info)
{
	const struct stress_cpu *from = info;
	u32 *n = this_cpu_ptr(&ran[from->place]);

	WRITE_ONCE(*n, *n + 1);
	udelay(CALL_US); /* meanwhile others queue the next */
}

static bool all_ran(const struct stress_cpu *me, u32 place)
{
	u32 *n = per_cpu_ptr(&ran[me->place], stress_cpu_at(place));

	return READ_ONCE(*n) == *this_cpu_ptr(&called[place]);
}

/* On return it has run, and all that were called before it. */
static void expect_ran(struct stress_cpu *me, u32 places)
{
	for (u32 i = 0; i < stress_size(); i++) {
		if (places & 1u << i && !all_ran(me, i))
			stress_lost(me, stress_cpu_at(i),
				    "a function call that was waited for");
	}
}

/* Not oneself: that is a plain call, and is left out of many. */
static u32 call_some(struct stress_cpu *me, bool wait, int *err)
{
	u32 places = stress_some(me) & ~(1u << me->place);
	struct cpumask mask = { 0 };

	for (u32 i = 0; i < stress_size(); i++) {
		if (!(places & 1u << i))
			continue;
		cpumask_set_cpu(stress_cpu_at(i), &mask);
		++*this_cpu_ptr(&called[i]);
	}
	*err = smp_call_function_many(&mask, count, me, wait);
	return places;
}

static u32 call_one(struct stress_cpu *me, bool wait, int *err)
{
	u32 place = stress_other(me);

	++*this_cpu_ptr(&called[place]);
	*err = smp_call_function_single(stress_cpu_at(place), count, me, wait);
	return 1u << place;
}

static void call_step(struct stress_cpu *me)
{
	bool wait = stress_random(me, 4);
	u64 flags = native_save_fl();
	u32 places;
	int err;

	if (stress_random(me, 2))
		local_irq_disable();
	places = stress_random(me, 2) ? call_some(me, wait, &err)
				      : call_one(me, wait, &err);
	local_irq_restore(flags);
	if (err)
		stress_lost(me, me->cpu, "the answer to a function call");
	if (wait)
		expect_ran(me, places);
}

static void call_leave(struct stress_cpu *me)
{
	for (u32 i = 0; i < stress_size(); i++)
		STRESS_WAIT(me, all_ran(me, i), stress_cpu_at(i),
			    "a function call that was not waited for");
}

static void call_judge(void)
{
	for (u32 from = 0; from < stress_size(); from++) {
		for (u32 to = 0; to < stress_size(); to++)
			stress_expect(
				"function calls", from, to,
				*per_cpu_ptr(&called[to], stress_cpu_at(from)),
				*per_cpu_ptr(&ran[from], stress_cpu_at(to)));
	}
}

const struct stress_op stress_call = {
	.name = "function calls",
	.enter = call_enter,
	.step = call_step,
	.leave = call_leave,
	.judge = call_judge,
};

TEST(stress, function_calls_of_all_to_all_run_once_each,
     "irqbed include/irq/ipi.h", .needs = NEEDS_SMP, .deadline_ms = STRESS_MS)
{
	stress_run(&stress_call, ROUNDS);
}

static u32 asked; /* by all of the crew, atomic */

/* It lasts until another CPU calls, too: what it queues must not be missed. */
static void count_slowly(void *info)
{
	u32 was = __atomic_load_n(&asked, __ATOMIC_ACQUIRE);

	count(info);
	if (WAIT_FOR(READ_ONCE(asked) != was, SEEN_US))
		udelay(TRY_US);
}

static bool all_ran_here(const struct stress_cpu *me)
{
	for (u32 i = 0; i < stress_size(); i++) {
		if (i != me->place &&
		    *this_cpu_ptr(&ran[i]) !=
			    *per_cpu_ptr(&called[me->place], stress_cpu_at(i)))
			return false;
	}
	return true;
}

/* All call one, and nobody else anything: no other call wakes it up. */
static void rush_step(struct stress_cpu *me)
{
	u32 place = me->round % stress_size(), cpu = stress_cpu_at(place);

	++*this_cpu_ptr(&called[place]);
	if (place == me->place) {
		++*this_cpu_ptr(&ran[place]);
		STRESS_WAIT(me, all_ran_here(me), cpu, "the calls of all");
		return;
	}
	__atomic_fetch_add(&asked, 1, __ATOMIC_ACQ_REL);
	if (smp_call_function_single(cpu, count_slowly, me, true))
		stress_lost(me, cpu, "the answer to a function call");
	expect_ran(me, 1u << place);
}

static const struct stress_op stress_rush = {
	.name = "function calls of all to one",
	.together = true,
	.enter = call_enter,
	.step = rush_step,
	.leave = call_leave,
	.judge = call_judge,
};

TEST(stress, function_calls_of_all_to_one_run_once_each,
     "irqbed include/irq/ipi.h", .needs = NEEDS_SMP, .deadline_ms = STRESS_MS)
{
	stress_run(&stress_rush, ROUNDS);
}

/* Whoever has the lock; the others' are atomic. */
static raw_spinlock_t lock;
static volatile u32 inside, before, behind, intruders;
static u32 want_it, entries;

static const char *lock_open(void)
{
	inside = before = behind = intruders = want_it = entries = 0;
	lock.locked = 0;
	return NULL;
}

/* IF=0: handlers take it, too. */
static void enter_and_leave(bool stay)
{
	__atomic_fetch_add(&want_it, 1, __ATOMIC_ACQ_REL);
	raw_spin_lock(&lock);
	__atomic_fetch_sub(&want_it, 1, __ATOMIC_ACQ_REL);
	intruders += inside++ != 0;
	before++;
	if (stay && WAIT_FOR(READ_ONCE(want_it), SEEN_US))
		udelay(TRY_US);
	behind++;
	intruders += --inside != 0;
	raw_spin_unlock(&lock);
	__atomic_fetch_add(&entries, 1, __ATOMIC_RELAXED);
}

static void enter_from_hardirq(void *unused)
{
	enter_and_leave(false);
}

/* Once for long, until another comes; and then quickly, many times. */
static void lock_step(struct stress_cpu *me)
{
	u32 cpu = stress_cpu_at(stress_other(me));

	for (u32 i = 0; i < 32; i++) {
		local_irq_disable();
		enter_and_leave(i == 0);
		local_irq_enable();
	}
	if (smp_call_function_single(cpu, enter_from_hardirq, NULL, true))
		stress_lost(me, cpu, "the answer to a function call");
}

static void lock_judge(void)
{
	EXPECT_EQ(intruders, 0);
	EXPECT_EQ(before, entries);
	EXPECT_EQ(behind, entries);
	EXPECT_EQ(lock.locked, 0);
}

const struct stress_op stress_lock = {
	.name = "a spinlock",
	.open = lock_open,
	.step = lock_step,
	.judge = lock_judge,
};

TEST(stress, spinlock_lets_one_cpu_in, "irqbed include/cpu/spinlock.h",
     .needs = NEEDS_SMP, .deadline_ms = STRESS_MS)
{
	stress_run(&stress_lock, ROUNDS);
}
