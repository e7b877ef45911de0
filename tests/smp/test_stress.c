// SPDX-License-Identifier: MIT
/*
 * test_stress.c - the crews: who is in one, the start, the rounds, the end.
 *
 * Read:    stress_run_mixed(), part().
 * Uses:    run_on_start() and run_on_wait() for each CPU's part.
 * Context: parts run in task context of their CPU; the boot CPU judges.
 */
#include "stress.h"

#include <cpu/irqflags.h>
#include <lib/crc32.h>
#include <lib/format.h>
#include <lib/random.h>
#include <smp/smp.h>

#define FEW_CPUS     8
#define MORE_ROUNDS  25	     /* times as many, with stress */
#define FEW_CREWS    8	     /* with stress as many as it takes */
#define PART_US	     5000000 /* nine times as long with stress */
#define QUIET_MAX_US 12
#define MEET_US	     200
#define MAX_OPS	     16

static DEFINE_PER_CPU(struct stress_cpu, stress_cpu);

/* Written by the boot CPU between crews; stop, arrived and met by any. */
static struct {
	const struct stress_op *ops[MAX_OPS]; /* those that are open */
	u32 nr_ops, rounds;
	u32 size, arrived, met;
	bool stop, running;
	u64 random;
	u16 at[STRESS_CREW]; /* the CPU of each place */
} crew;

u32 stress_size(void)
{
	return crew.size;
}

u32 stress_cpu_at(u32 place)
{
	return crew.at[place];
}

static struct stress_cpu *member(u32 place)
{
	return per_cpu_ptr(&stress_cpu, stress_cpu_at(place));
}

u32 stress_random(struct stress_cpu *me, u32 n)
{
	return random_below(&me->random, n);
}

u32 stress_other(struct stress_cpu *me)
{
	if (crew.size == 1)
		return 0;
	return (me->place + 1 + stress_random(me, crew.size - 1)) % crew.size;
}

u32 stress_some(struct stress_cpu *me)
{
	return 1 + stress_random(me, (1u << crew.size) - 1);
}

/* The first loss is told; what follows from it is not. */
void stress_lost(struct stress_cpu *me, u32 cpu, const char *what)
{
	if (!me->lost) {
		me->lost = what;
		me->lost_cpu = cpu;
	}
	__atomic_store_n(&crew.stop, true, __ATOMIC_RELEASE);
}

static bool stopped(void)
{
	return __atomic_load_n(&crew.stop, __ATOMIC_ACQUIRE);
}

void stress_expect(const char *what, u32 from, u32 to, u32 sent, u32 got)
{
	if (!EXPECT_EQ(got, sent))
		ktest_note("%s: CPU %u sent CPU %u %u, and %u came", what,
			   stress_cpu_at(from), stress_cpu_at(to), sent, got);
}

/* What is sent here meanwhile must wait, and comes all at once. */
static void be_quiet(struct stress_cpu *me)
{
	if (stress_random(me, 4))
		return;
	local_irq_disable();
	udelay(stress_random(me, QUIET_MAX_US));
	local_irq_enable();
}

static u64 part_us(void)
{
	return (u64)PART_US * (ktest_stress() ? 9 : 1);
}

/*
 * Two by two, so that what they do next is done at the same time, also where
 * virtual CPUs share real ones: who is first waits for a second, not for long.
 */
static void meet(void)
{
	u32 n = __atomic_fetch_add(&crew.met, 1, __ATOMIC_ACQ_REL);

	if (n % 2 == 0)
		WAIT_FOR(__atomic_load_n(&crew.met, __ATOMIC_ACQUIRE) != n + 1,
			 MEET_US);
}

static bool have_come(u32 *counter, u32 n)
{
	return stopped() ||
	       (s32)(__atomic_load_n(counter, __ATOMIC_ACQUIRE) - n) >= 0;
}

static void meet_all(struct stress_cpu *me)
{
	__atomic_fetch_add(&crew.met, 1, __ATOMIC_ACQ_REL);
	STRESS_WAIT(me, have_come(&crew.met, (me->round + 1) * crew.size),
		    me->cpu, "the others at a round's begin");
}

static void one_round(struct stress_cpu *me)
{
	const struct stress_op *op = crew.ops[stress_random(me, crew.nr_ops)];

	me->op = op;
	be_quiet(me);
	if (op->together)
		meet_all(me);
	else
		meet();
	if (!stopped())
		op->step(me);
	stress_give_way();
}

/* One CPU's: nobody begins before all are there. */
static void part(void *arg)
{
	struct stress_cpu *me = arg;

	for (u32 i = 0; i < crew.nr_ops; i++) {
		if (crew.ops[i]->enter)
			crew.ops[i]->enter(me);
	}
	me->there = true;
	__atomic_fetch_add(&crew.arrived, 1, __ATOMIC_ACQ_REL);
	STRESS_WAIT(me, have_come(&crew.arrived, crew.size), me->cpu,
		    "the start of all");
	while (me->round < crew.rounds && !stopped()) {
		one_round(me);
		me->round++;
	}
	me->done = true;
}

static void end_part(void *arg)
{
	struct stress_cpu *me = arg;

	for (u32 i = 0; i < crew.nr_ops; i++) {
		me->op = crew.ops[i];
		if (me->op->leave)
			me->op->leave(me);
	}
}

/* fn on all of the crew at once; this CPU's is the last to start. */
static void all_do(void (*fn)(void *))
{
	for (u32 i = 0; i < crew.size; i++) {
		struct stress_cpu *m = member(i);

		if (m->cpu && !m->err)
			m->err = run_on_start(m->cpu, fn, m, part_us());
		if (m->err)
			crew.stop = true; /* the others need not wait for it */
	}
	fn(this_cpu_ptr(&stress_cpu));
	for (u32 i = 0; i < crew.size; i++) {
		struct stress_cpu *m = member(i);

		if (m->cpu && !m->err)
			m->err = run_on_wait(m->cpu);
	}
}

static void judge_place(const struct stress_cpu *m)
{
	const char *what = m->op ? m->op->name : "nothing yet";

	if (!EXPECT_TRUE(m->there))
		ktest_note("CPU %u did not start", m->cpu);
	if (!EXPECT_FALSE(m->lost))
		ktest_note("CPU %u lost %s, due from CPU %u", m->cpu, m->lost,
			   m->lost_cpu);
	if (!EXPECT_TRUE(m->done) | !EXPECT_EQ(m->err, 0))
		ktest_note("CPU %u did not finish: error %d", m->cpu, m->err);
	if (!m->there || m->lost || !m->done || m->err)
		ktest_note("CPU %u was in round %u, at %s", m->cpu, m->round,
			   what);
}

static void run_crew(void)
{
	crew.stop = false;
	crew.arrived = crew.met = 0;
	crew.running = true;
	all_do(part);
	all_do(end_part);
	crew.running = false;
	for (u32 i = 0; i < crew.size; i++)
		judge_place(member(i));
	for (u32 i = 0; i < crew.nr_ops; i++) {
		if (crew.ops[i]->judge)
			crew.ops[i]->judge();
	}
}

static u32 take_one(struct cpumask *left)
{
	u32 n = random_below(&crew.random, cpumask_weight(left));
	u32 cpu = cpumask_next(0, left);

	while (n--)
		cpu = cpumask_next(cpu + 1, left);
	cpumask_clear_cpu(cpu, left);
	return cpu;
}

static u32 seats(void)
{
	return min(num_online_cpus(),
		   (u32)(ktest_stress() ? STRESS_CREW : FEW_CPUS));
}

/* The boot CPU, somewhere among some that are left. */
static void choose_crew(struct cpumask *left)
{
	u32 place;

	crew.size = 1;
	while (crew.size < seats() && cpumask_weight(left))
		crew.at[crew.size++] = (u16)take_one(left);
	place = random_below(&crew.random, crew.size);
	crew.at[0] = crew.at[place];
	crew.at[place] = 0;
	for (u32 i = 0; i < crew.size; i++)
		*member(i) = (struct stress_cpu){
			.cpu = crew.at[i],
			.place = i,
			.random = random_next(&crew.random),
		};
}

/* False: none of them can be had here, as the last one says why. */
static bool open_ops(const struct stress_op *const *ops, u32 nr)
{
	const char *why = NULL;

	for (u32 i = 0; i < nr; i++) {
		const char *this_why;

		crew.ops[crew.nr_ops++] = ops[i]; /* now it will be closed */
		this_why = ops[i]->open ? ops[i]->open() : NULL;
		if (!this_why)
			continue;
		why = this_why;
		crew.nr_ops--;
	}
	if (!crew.nr_ops)
		SKIP(return false, "%s", why);
	return ktest_ok();
}

static u32 crews(void)
{
	u32 others = num_online_cpus() - 1, each = seats() - 1;
	u32 n = each ? (others + each - 1) / each : 1;

	return ktest_stress() ? n : min(n, (u32)FEW_CREWS);
}

static void note_crew(void)
{
	char text[STRESS_CREW * 5 + 1] = "";
	size_t n = 0;

	for (u32 i = 0; i < crew.size; i++)
		n += scnprintf(text + n, sizeof(text) - n, " %u", crew.at[i]);
	ktest_note("crew:%s, seed=0x%llx", text,
		   (unsigned long long)ktest_seed());
}

void stress_run_mixed(const struct stress_op *const *ops, u32 nr, u32 rounds)
{
	struct cpumask left = cpu_online_mask;

	if (!open_ops(ops, nr))
		return;
	cpumask_clear_cpu(0, &left);
	crew.random = ktest_seed() ^ crc32(0, ops[0]->name, nr);
	crew.rounds = rounds * (ktest_stress() ? MORE_ROUNDS : 1) / crews();
	crew.rounds = max(crew.rounds, 1u);
	for (u32 n = crews(); n && ktest_ok(); n--) {
		choose_crew(&left);
		run_crew();
	}
	if (!ktest_ok())
		note_crew();
}

u32 stress_share(u32 few, u32 many)
{
	u32 steps = crew.size * crew.rounds * crews();

	return ((ktest_stress() ? many : few) + steps - 1) / steps;
}

void stress_run(const struct stress_op *op, u32 rounds)
{
	stress_run_mixed(&op, 1, rounds);
}

/* Of a case that was broken off the parts may still run, and must leave. */
static void end_crew(void)
{
	crew.stop = true;
	for (u32 i = 0; i < crew.size; i++) {
		if (member(i)->cpu && !member(i)->err)
			member(i)->err = run_on_wait(member(i)->cpu);
	}
	all_do(end_part);
	crew.running = false;
}

static void close_all(void)
{
	if (crew.running)
		end_crew();
	while (crew.nr_ops) {
		const struct stress_op *op = crew.ops[--crew.nr_ops];

		if (op->close)
			op->close();
	}
}

SUITE(stress, .teardown = close_all);
