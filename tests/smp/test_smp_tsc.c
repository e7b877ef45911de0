// SPDX-License-Identifier: MIT
/*
 * test_smp_tsc.c - one time on all CPUs: a value read on one and handed to
 * another is never above what that one reads. irqbed's own deadlines are read
 * by one CPU and judged by another.
 *
 * Spec: Linux arch/x86/kernel/tsc_sync.c; SDM 3B "Time-Stamp Counter".
 */
#include <asm/msr-index.h>
#include <asm/special_insns.h>
#include <cpu/cpufeature.h>
#include <cpu/cpumask.h>
#include <irq/ipi.h>
#include <ktest/ktest.h>
#include <smp/cpu_state.h>
#include <smp/tsc_sync.h>

#define LAPS 2
#define RULE "Linux arch/x86/kernel/tsc_sync.c, check_tsc_warp()"

struct token {
	u64 tsc;
	u64 back; /* by how much it was above what its taker read */
};

static void take_token(void *info)
{
	struct token *t = info;
	u64 now = rdtsc_ordered();

	t->back = now < t->tsc ? t->tsc - now : 0;
	t->tsc = now;
}

/* Round all CPUs, and round again. */
TEST(smp, tsc_handed_from_cpu_to_cpu_never_runs_back, RULE, .needs = NEEDS_SMP)
{
	struct token t = { 0 };
	u32 cpu;

	for (u32 lap = 0; lap < LAPS; lap++) {
		for_each_online_cpu (cpu) {
			EXPECT_EQ(smp_call_function_single(cpu, take_token, &t,
							   true),
				  0);
			if (!EXPECT_EQ(t.back, 0)) {
				ktest_note("taken by CPU %u", cpu);
				return;
			}
		}
	}
}

/* The same, in both directions, as fast as two CPUs can. */
TEST(smp, tsc_of_each_cpu_lies_between_two_readings_of_the_boot_cpu, RULE,
     .needs = NEEDS_SMP)
{
	struct tsc_sync r;
	u32 cpu;

	for_each_online_cpu (cpu) {
		if (!cpu)
			continue;
		if (!EXPECT_EQ(tsc_sync_check(cpu, &r), 0) ||
		    !EXPECT_EQ(r.max_warp, 0)) {
			ktest_note("CPU %u: offset %lld +-%llu cycles in %u "
				   "rounds",
				   cpu, (long long)r.offset,
				   (unsigned long long)r.bound, r.rounds);
			return;
		}
		EXPECT_GE(r.rounds, 2);
	}
}

static void read_state(void *unused)
{
	cpu_state_read();
}

TEST(smp, tsc_adjust_is_the_same_on_each,
     "SDM 3B \"Time-Stamp Counter Adjustment\"; "
     "Linux arch/x86/kernel/tsc_sync.c, tsc_store_and_check_tsc_adjust()",
     .needs = NEEDS_SMP)
{
	u32 cpu = 0;

	if (!cpu_has(X86_FEATURE_TSC_ADJUST))
		SKIP(return, "this CPU has no TSC_ADJUST");
	EXPECT_EQ(on_each_cpu(read_state, NULL, true), 0);
	for (u32 i = 0; i < cpu_state_count(); i++) {
		if (cpu_state_group(i) == CPU_STATE_TSC &&
		    !EXPECT_EQ(cpu_state_differing(i, &cpu), 0))
			ktest_note("0x%llx on CPU %u",
				   (unsigned long long)cpu_state(i, cpu), cpu);
	}
}
