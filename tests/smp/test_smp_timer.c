// SPDX-License-Identifier: MIT
/*
 * test_smp_timer.c - each CPU has an APIC timer of its own: all run at once,
 * each interrupts its own CPU only, and they agree on how long time is.
 *
 * They are started and read by calls on each CPU, so that nobody spins while
 * they count. How late an interrupt comes is not judged.
 *
 * Spec: SDM 3A "APIC Timer".
 */
#include <apic/apic_timer.h>
#include <apic/lapic.h>
#include <asm/irq_vectors.h>
#include <bh/hrtimer.h>
#include <cpu/cpumask.h>
#include <cpu/deadline.h>
#include <irq/ipi.h>
#include <ktest/ktest.h>
#include <ktest/raised.h>
#include <time/clock.h>
#include <time/clockmath.h>

#define RULE	  "SDM 3A \"APIC Timer\""
#define SHOT_US	  2000
#define PERIOD_US 5000
#define PERIODS	  4
#define COUNT_US  20000
#define READS	  8
#define PPM	  1000000
#define SLACK_PPM 500 /* two clocks of one host, read at two times */

/* Written by its own CPU. */
struct ticks {
	u32 count;
	u64 start, last;  /* TSC */
	u64 loc_before;	  /* LOC of /proc/interrupts */
	u64 tsc[2], slip; /* of the two readings, and how exact they are */
	u32 left[2];
};

static DEFINE_PER_CPU(struct ticks, ticks);
static u32 asked; /* how many each CPU is to count */

static struct ticks *ticks_of(u32 cpu)
{
	return per_cpu_ptr(&ticks, cpu);
}

static void tick(void)
{
	struct ticks *t = this_cpu_ptr(&ticks);

	t->last = rdtsc_ordered();
	if (__atomic_add_fetch(&t->count, 1, __ATOMIC_RELEASE) == asked)
		apic_timer_stop();
}

static void take_timer(void *unused)
{
	hrtimers_suspend();
}

static void count_pending(void *pending)
{
	if (lapic_test(APIC_IRR, LOCAL_TIMER_VECTOR))
		__atomic_fetch_add((u32 *)pending, 1, __ATOMIC_RELAXED);
}

static bool nobody_has_one_pending(void)
{
	u32 pending = 0;

	EXPECT_EQ(on_each_cpu(count_pending, &pending, true), 0);
	return !READ_ONCE(pending);
}

/* A tick of those by which CPUs watch each other is not one of ours. */
static void all_be_quiet(void)
{
	EXPECT_EQ(on_each_cpu(take_timer, NULL, true), 0);
	EXPECT_TRUE(WAIT_FOR(nobody_has_one_pending(), WAIT_DEFAULT_US));
}

static void start(enum lvt_timer_mode mode, u64 us)
{
	struct ticks *t = this_cpu_ptr(&ticks);

	*t = (struct ticks){ 0 };
	t->loc_before = this_cpu(irq_stat.apic_timer_irqs);
	apic_timer_set_handler(tick);
	t->start = rdtsc_ordered();
	apic_timer_start(mode, us);
}

static void start_one_shot(void *unused)
{
	start(TIMER_ONESHOT, SHOT_US);
}

static void start_periodic(void *unused)
{
	start(TIMER_PERIODIC, PERIOD_US);
}

static void stop(void *unused)
{
	apic_timer_stop();
	apic_timer_set_handler(NULL);
	hrtimers_resume();
}

static bool all_have(u32 n)
{
	u32 cpu;

	for_each_online_cpu (cpu) {
		if (__atomic_load_n(&ticks_of(cpu)->count, __ATOMIC_ACQUIRE) <
		    n)
			return false;
	}
	return true;
}

/* So much TSC at least, as surely as the boot CPU's timer tells. */
static u64 least_tsc(u64 us, const struct clock_rate *rate)
{
	u64 count = clock_ns_to_ticks(&apic_timer_clock, us * 1000);
	u64 tsc = mul_div_u64(count, clock_get(CLOCK_TSC)->freq_hz, rate->hz);

	return tsc - mul_div_u64(tsc, rate->uncertainty_ppm + SLACK_PPM, PPM);
}

/* A period may end while the last one's handler is only just stopping it. */
static void judge(u32 cpu, u64 us, const struct clock_rate *rate)
{
	const struct ticks *t = ticks_of(cpu);

	EXPECT_GE(t->count, asked);
	EXPECT_LE(t->count, asked + (asked > 1));
	EXPECT_EQ(cpu_hot(cpu)->irq_stat.apic_timer_irqs - t->loc_before,
		  t->count);
	EXPECT_GE(t->last - t->start, least_tsc(t->count * us, rate));
	if (!ktest_ok())
		ktest_note("this is CPU %u", cpu);
}

static void run(void (*begin)(void *), u32 n, u64 us)
{
	struct clock_rate rate;
	u32 cpu;

	if (!EXPECT_EQ(clock_measure(clock_get(CLOCK_TSC), &apic_timer_clock,
				     1000, &rate),
		       0))
		return;
	asked = n;
	all_be_quiet();
	EXPECT_EQ(on_each_cpu(begin, NULL, true), 0);
	EXPECT_TRUE(WAIT_FOR(all_have(n), WAIT_DEFAULT_US + n * us));
	udelay(2 * us); /* one too many has time to come */
	for_each_online_cpu (cpu) {
		raised_vectors(LOCAL_TIMER_VECTOR, ticks_of(cpu)->count);
		if (ktest_ok())
			judge(cpu, us, &rate);
	}
	EXPECT_EQ(on_each_cpu(stop, NULL, true), 0);
}

TEST(smp, a_one_shot_on_each_cpu_at_once_fires_once_on_its_own, RULE,
     .needs = NEEDS_SMP, .uses = USES_APIC_TIMER)
{
	run(start_one_shot, 1, SHOT_US);
}

TEST(smp, periodic_timers_of_all_cpus_tick_on_their_own, RULE,
     .needs = NEEDS_SMP, .uses = USES_APIC_TIMER)
{
	run(start_periodic, PERIODS, PERIOD_US);
}

static void count_down(void *unused)
{
	*this_cpu_ptr(&ticks) = (struct ticks){ 0 };
	apic_timer_clock.start();
}

/* The count with the TSC around it: the narrowest of several readings. */
static void read_both(void *info)
{
	u32 n = *(const u32 *)info;
	struct ticks *t = this_cpu_ptr(&ticks);
	u64 best = ~0ull;

	for (u32 i = 0; i < READS; i++) {
		u64 before = rdtsc_ordered();
		u32 left = (u32)apic_timer_clock.read();
		u64 width = rdtsc_ordered() - before;

		if (width >= best)
			continue;
		best = width;
		t->left[n] = left;
		t->tsc[n] = before + width / 2;
	}
	t->slip += best / 2 + 1;
}

/* As many ticks a cycle as the boot CPU's, give or take what was not exact. */
static void judge_rate(u32 cpu)
{
	const struct ticks *t = ticks_of(cpu), *boot = ticks_of(0);
	u64 cycles = t->tsc[1] - t->tsc[0];
	u64 boot_cycles = boot->tsc[1] - boot->tsc[0];
	u64 counted = t->left[0] - t->left[1];
	u64 boot_counted = boot->left[0] - boot->left[1];
	u64 want = mul_div_u64(boot_counted, cycles, boot_cycles);
	u64 slip = mul_div_u64(t->slip + boot->slip, boot_counted, boot_cycles);

	slip += 4 + mul_div_u64(want, SLACK_PPM, PPM);
	EXPECT_GE(counted, want - slip);
	EXPECT_LE(counted, want + slip);
	if (!ktest_ok())
		ktest_note("this is CPU %u, in %llu cycles", cpu,
			   (unsigned long long)cycles);
}

TEST(smp, timers_of_all_cpus_run_at_one_rate, RULE, .needs = NEEDS_SMP,
     .uses = USES_APIC_TIMER)
{
	static u32 first = 0, second = 1;
	u32 cpu;

	all_be_quiet();
	EXPECT_EQ(on_each_cpu(count_down, NULL, true), 0);
	EXPECT_EQ(on_each_cpu(read_both, &first, true), 0);
	udelay(COUNT_US);
	EXPECT_EQ(on_each_cpu(read_both, &second, true), 0);
	for_each_online_cpu (cpu) {
		if (ktest_ok())
			judge_rate(cpu);
	}
	EXPECT_EQ(on_each_cpu(stop, NULL, true), 0);
}
