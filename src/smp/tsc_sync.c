// SPDX-License-Identifier: MIT
/*
 * tsc_sync.c - two CPUs throw a TSC value to and fro.
 *
 * What is thrown is a turn number; even ones are the source's. Each side
 * waits with a bound, so a CPU that dies takes nobody with it.
 */
#include <smp/tsc_sync.h>

#include <asm/special_insns.h>
#include <console/printk.h>
#include <cpu/cpumask.h>
#include <cpu/deadline.h>
#include <irq/ipi.h>
#include <lib/errno.h>

#define ROUNDS	   64
#define ROUNDS_MIN 2	  /* the first has the way of the IPI in it */
#define BUDGET_US  500	  /* after that the next round is the last */
#define SHOWN	   16	  /* CPUs with a line each */
#define TOTAL_US   100000 /* of the boot's comparison; cases do the rest */

struct exchange {
	u32 turn; /* odd: the other's */
	bool last;
	u64 tsc; /* the other's answer */
};

/* One comparison at a time: task context of one CPU. */
static struct exchange game;

static bool turn_is(u32 turn)
{
	return __atomic_load_n(&game.turn, __ATOMIC_ACQUIRE) == turn;
}

static void pass(u32 turn)
{
	__atomic_store_n(&game.turn, turn, __ATOMIC_RELEASE);
}

static void answer(void *unused)
{
	bool last = false;

	for (u32 turn = 1; !last && WAIT_FOR(turn_is(turn), WAIT_DEFAULT_US);
	     turn += 2) {
		last = game.last;
		game.tsc = rdtsc_ordered();
		pass(turn + 1); /* behind the last one the game is another's */
	}
}

/* The widest breach, the narrowest bound: both from the same three readings. */
static void take(struct tsc_sync *r, u64 before, u64 other, u64 after)
{
	u64 half = (after - before) / 2 + 1;
	s64 early = (s64)(before - other), late = (s64)(other - after);
	s64 warp = early > late ? early : late;

	if (warp > 0 && (u64)warp > r->max_warp)
		r->max_warp = (u64)warp;
	if (r->rounds++ && half >= r->bound)
		return;
	r->bound = half;
	r->offset = (s64)(other - before) - (s64)half;
}

static int play(struct tsc_sync *r)
{
	u64 end = rdtsc() + us_to_tsc(BUDGET_US);

	for (u32 turn = 1; !game.last; turn += 2) {
		u64 before;

		game.last =
			r->rounds == ROUNDS - 1 ||
			(r->rounds >= ROUNDS_MIN - 1 && deadline_passed(end));
		before = rdtsc_ordered();
		pass(turn);
		if (!WAIT_FOR(turn_is(turn + 1), WAIT_DEFAULT_US))
			return -ETIMEDOUT;
		take(r, before, game.tsc, rdtsc_ordered());
	}
	return 0;
}

int tsc_sync_check(u32 cpu, struct tsc_sync *result)
{
	int err;

	*result = (struct tsc_sync){ 0 };
	game = (struct exchange){ 0 };
	err = smp_call_function_single(cpu, answer, NULL, false);
	return err ? err : play(result);
}

static void log_one(u32 cpu, const struct tsc_sync *r)
{
	if (cpu < SHOWN || r->max_warp)
		printk("# tsc.cpu%u.offset=%lld tsc.cpu%u.bound=%llu "
		       "tsc.cpu%u.warp=%llu",
		       cpu, (long long)r->offset, cpu,
		       (unsigned long long)r->bound, cpu,
		       (unsigned long long)r->max_warp);
}

void tsc_sync_log(void)
{
	u64 max_warp = 0, max_bound = 0;
	u64 end = rdtsc() + us_to_tsc(TOTAL_US);
	struct tsc_sync r;
	u32 cpu, n = 0;

	for_each_online_cpu (cpu) {
		if (!cpu)
			continue;
		if (deadline_passed(end))
			break;
		if (tsc_sync_check(cpu, &r)) {
			printk("# warning: CPU %u did not compare its TSC",
			       cpu);
			continue;
		}
		n++;
		log_one(cpu, &r);
		max_warp = max(max_warp, r.max_warp);
		max_bound = max(max_bound, r.bound);
	}
	printk("# tsc.compared=%u tsc.warp_max=%llu tsc.bound_max=%llu", n,
	       (unsigned long long)max_warp, (unsigned long long)max_bound);
}
