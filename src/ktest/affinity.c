// SPDX-License-Identifier: MIT
/* affinity.c - a line moved from CPU to CPU, every interrupt accounted for. */
#include <ktest/affinity.h>

#include <cpu/cpumask.h>
#include <cpu/deadline.h>
#include <irq/irq.h>
#include <ktest/ktest.h>
#include <ktest/pin.h>
#include <ktest/raised.h>
#include <smp/smp.h>

#define EACH_CPU   2 /* interrupts */
#define MAX_CPUS   8 /* of many, these are enough */
#define MIN_MOVES  40
#define MAX_ROUNDS 100000
#define MOVER_US   60000000

static struct moved_line line; /* a copy: the case's may be gone */
static bool is_open;

static volatile u32 calls, nested, last_cpu;
static u64 lowered; /* TSC: when it was so last */
static u32 inside;
static u32 made; /* interrupts, since the line went to this CPU */

static struct {
	bool runs, stop;
	u32 cpu, moves, errors;
} mover;

static irqreturn_t on_irq(int irq, void *dev)
{
	if (__atomic_fetch_add(&inside, 1, __ATOMIC_SEQ_CST))
		nested++;
	last_cpu = smp_processor_id();
	if (line.lower)
		line.lower();
	lowered = rdtsc();
	__atomic_fetch_sub(&inside, 1, __ATOMIC_SEQ_CST);
	__atomic_fetch_add(&calls, 1, __ATOMIC_SEQ_CST);
	return IRQ_HANDLED;
}

bool affinity_begin(const struct moved_line *want, u32 flags)
{
	line = *want;
	calls = nested = inside = 0;
	is_open = EXPECT_EQ(
		request_irq(line.irq, on_irq, flags, "moved", &line), 0);
	return is_open;
}

u32 affinity_calls(void)
{
	return calls;
}

static void nothing(void *unused)
{
}

/*
 * Of one that is periodic the next may have come before the handler's CPU was
 * run: as many as had time. What is pending there is taken before any work.
 */
static void admit_late(u64 begin, u32 *want)
{
	u32 cpu = irq_to_desc(line.irq)->cpu, late;

	if (cpu != smp_processor_id())
		EXPECT_EQ(run_on(cpu, nothing, NULL, WAIT_DEFAULT_US), 0);
	late = calls - *want;
	if (!late ||
	    !EXPECT_LE(late, tsc_to_us(lowered - begin) / line.period_us))
		return;
	raised_irqs(line.irq, late);
	made += late;
	*want += late;
}

/* Another one, and its handler has returned. */
static bool raise(void)
{
	u32 want = calls + 1;
	u64 begin = rdtsc();

	raised_irqs(line.irq, 1);
	made++;
	line.raise();
	if (!WAIT_FOR(calls >= want, WAIT_DEFAULT_US))
		return EXPECT_EQ(calls, want);
	synchronize_hardirq(line.irq);
	if (line.period_us)
		admit_late(begin, &want);
	return calls == want || EXPECT_EQ(calls, want);
}

/* The CPUs that the line left have their vectors back. */
static void expect_one_vector(const struct irq_desc *desc)
{
	u32 cpu, vectors = 0;

	EXPECT_TRUE(WAIT_FOR(!(READ_ONCE(desc->state) & IRQD_MOVE_IN_PROGRESS),
			     WAIT_DEFAULT_US));
	for_each_online_cpu (cpu) {
		for (u32 v = 0; v < NR_VECTORS; v++)
			vectors += cpu_hot(cpu)->vector_irq[v] == desc;
	}
	EXPECT_EQ(vectors, 1);
	EXPECT_EQ(cpu_hot(desc->cpu)->vector_irq[desc->vector], desc);
}

static bool goes_to(u32 cpu)
{
	const struct irq_desc *desc = irq_to_desc(line.irq);
	u64 here = kstat_irqs_cpu(line.irq, cpu), all = kstat_irqs(line.irq);
	bool ok = EXPECT_EQ(irq_set_affinity(line.irq, cpu), 0);

	made = 0;
	for (u32 n = 0; n < EACH_CPU && ok; n++)
		ok = raise() && EXPECT_EQ(last_cpu, cpu);
	pin_settle();
	ok &= EXPECT_EQ(desc->cpu, cpu);
	ok &= EXPECT_EQ(kstat_irqs_cpu(line.irq, cpu) - here, made);
	ok &= EXPECT_EQ(kstat_irqs(line.irq) - all, made);
	if (!ok)
		ktest_note("irq %u sent to CPU %u", line.irq, cpu);
	expect_one_vector(desc);
	return ok;
}

void affinity_each_cpu(void)
{
	u32 stride = (num_online_cpus() - 1) / MAX_CPUS + 1, n = 0, cpu;

	for_each_online_cpu (cpu) {
		if (n++ % stride == 0 && !goes_to(cpu))
			return;
	}
	goes_to(smp_processor_id());
	EXPECT_EQ(nested, 0);
}

static void move_about(void *unused)
{
	u32 cpu = 0;

	while (!READ_ONCE(mover.stop)) {
		cpu = cpumask_next(cpu + 1, &cpu_online_mask);
		if (cpu >= nr_cpu_ids)
			cpu = 0;
		mover.errors += irq_set_affinity(line.irq, cpu) != 0;
		WRITE_ONCE(mover.moves, mover.moves + 1);
	}
}

static bool start_mover(void)
{
	mover.stop = false;
	mover.moves = mover.errors = 0;
	mover.cpu = cpumask_next(1, &cpu_online_mask);
	mover.runs = !run_on_start(mover.cpu, move_about, NULL, MOVER_US);
	return EXPECT_TRUE(mover.runs);
}

static void stop_mover(void)
{
	WRITE_ONCE(mover.stop, true);
	if (mover.runs)
		EXPECT_EQ(run_on_wait(mover.cpu), 0);
	mover.runs = false;
}

void affinity_under_load(u32 rounds)
{
	u32 n = 0, before = calls;

	if (!start_mover())
		return;
	while ((n < rounds || READ_ONCE(mover.moves) < MIN_MOVES) &&
	       n < MAX_ROUNDS && raise())
		n++;
	stop_mover();
	pin_settle();
	EXPECT_EQ(calls - before, n);
	EXPECT_EQ(nested, 0);
	EXPECT_EQ(mover.errors, 0);
	EXPECT_GE(mover.moves, MIN_MOVES);
}

void affinity_end(void)
{
	stop_mover();
	if (is_open)
		free_irq(line.irq, &line);
	is_open = false;
}
