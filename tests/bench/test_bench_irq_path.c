// SPDX-License-Identifier: MIT
/*
 * bench - how many instructions an interrupt that does nothing executes, from
 * the first of its stub to IRETQ, both counted; and the pace of the timer.
 *
 * `make bench` runs it under -icount shift=0: there one instruction takes 1 ns
 * of virtual time and the TSC runs at 1 GHz, so it counts instructions. The
 * same line of code is run with a self IPI pending and without; the difference
 * is the interrupt. Elsewhere the TSC counts time, and the cases SKIP.
 */
#include <apic/apic_timer.h>
#include <apic/lapic.h>
#include <asm/irq_vectors.h>
#include <cpu/deadline.h>
#include <cpu/irqflags.h>
#include <irq/irq.h>
#include <ktest/insn_bench.h>
#include <ktest/ktest.h>
#include <ktest/raised.h>
#include <time/clock.h>

#include "bench.h"

SUITE(bench, .manual = true);

#define RULE "irqbed README.md: a no-op interrupt takes at most 80 instructions"

#define LIMIT	   80
#define LINE_LIMIT 110
#define IPI_LIMIT  60
#define ROUNDS	   (REPEATS + 1) /* interrupts of one measurement */

bool tsc_counts_instructions(void)
{
	bool exact = true;

	bench_100_nops(); /* once through the translator */
	bench_200_nops();
	for (u32 i = 0; i < REPEATS; i++)
		exact &= bench_200_nops() - bench_100_nops() == 100;
	return exact;
}

static irqreturn_t noop(int irq, void *dev)
{
	return IRQ_HANDLED;
}

/* IF=0. The window with vector pending, less the window with nothing. */
u64 path_of(u32 vector)
{
	u64 empty = bench_open_window(), full;

	apic_send_self(vector);
	WAIT_FOR(lapic_test(APIC_IRR, vector), WAIT_DEFAULT_US);
	full = bench_open_window();
	return full - empty;
}

/* The same number every time, or it is no count. */
static u64 measure_path(const char *what, u32 vector)
{
	u64 insns;

	local_irq_disable();
	path_of(vector); /* once through the translator */
	insns = path_of(vector);
	for (u32 i = 1; i < REPEATS; i++)
		EXPECT_EQ(path_of(vector), insns);
	local_irq_enable();
	ktest_note("bench.%s=%llu", what, (unsigned long long)insns);
	EXPECT_GT(insns, 0);
	return insns;
}

TEST(bench, device_interrupt_path, RULE)
{
	if (!tsc_counts_instructions())
		SKIP(return, "the TSC counts time, not instructions");
	if (!EXPECT_EQ(irq_claim_vector(VEC_NOOP, noop, NULL), 0))
		return;
	EXPECT_LE(measure_path("irq_path_insns", VEC_NOOP), LIMIT);
	irq_release_vector(VEC_NOOP);
}

/* An ISA line's: chip, flow handler, chain, per-CPU statistics, storm watch. */
TEST(bench, edge_line_path, "irqbed README.md: what a line costs is known")
{
	const struct irq_desc *desc = irq_to_desc(LINE);

	if (!tsc_counts_instructions())
		SKIP(return, "the TSC counts time, not instructions");
	if (desc->level)
		SKIP(return, "irq 13 is level-triggered here");
	if (!EXPECT_EQ(request_irq(LINE, noop, 0, "bench", NULL), 0))
		return;
	raised_irqs(LINE, ROUNDS);
	EXPECT_LE(measure_path("edge_line_path_insns", desc->vector),
		  LINE_LIMIT);
	free_irq(LINE, NULL);
}

TEST(bench, system_vector_path, "irqbed README.md: what an IPI costs is known")
{
	if (!tsc_counts_instructions())
		SKIP(return, "the TSC counts time, not instructions");
	raised_vectors(X86_PLATFORM_IPI_VECTOR, ROUNDS);
	EXPECT_LE(measure_path("sysvec_path_insns", X86_PLATFORM_IPI_VECTOR),
		  IPI_LIMIT);
}

#define PERIOD_US 100
#define TICKS	  50
#define LATE_TSC  2000 /* 2 us: whatever runs with IF=0 between two */

static u64 came_at[TICKS];
static u32 came;

static void stamp_tick(void)
{
	if (came < TICKS)
		came_at[came] = rdtsc();
	WRITE_ONCE(came, came + 1);
}

/*
 * What cannot be judged where a host may pause the machine: none is lost, and
 * they do not drift. A period may be one count longer: whether the 0 takes one
 * the manuals do not say.
 */
TEST(bench, periodic_timer_neither_loses_nor_drifts, "SDM 3A APIC Timer",
     .uses = USES_APIC_TIMER)
{
	u64 period = us_to_tsc(PERIOD_US);
	u64 spare = clock_get(CLOCK_TSC)->freq_hz / apic_timer_clock.freq_hz +
		    period / 2000; /* a count, and 500 ppm */
	u32 n;

	if (!tsc_counts_instructions())
		SKIP(return, "the TSC counts time, not instructions");
	came = 0;
	apic_timer_set_handler(stamp_tick);
	EXPECT_EQ(apic_timer_start(TIMER_PERIODIC, PERIOD_US), 0);
	EXPECT_TRUE(WAIT_FOR(READ_ONCE(came) >= TICKS, WAIT_DEFAULT_US));
	apic_timer_stop();
	n = READ_ONCE(came);
	raised_vectors(LOCAL_TIMER_VECTOR, n);
	apic_timer_set_handler(NULL);
	for (u32 k = 1; k < TICKS && ktest_ok(); k++) {
		u64 took = came_at[k] - came_at[0];

		EXPECT_GE(took + LATE_TSC + k * spare, k * period);
		EXPECT_LE(took, k * (period + spare) + LATE_TSC);
	}
	ktest_note(
		"bench.periodic_us=%llu of %u",
		(unsigned long long)tsc_to_us(came_at[TICKS - 1] - came_at[0]),
		(TICKS - 1) * PERIOD_US);
}
