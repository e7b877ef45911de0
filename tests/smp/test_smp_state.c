// SPDX-License-Identifier: MIT
/*
 * test_smp_state.c - what every CPU must have alike: each reads its own, the
 * boot CPU compares.
 *
 * Spec: SDM 3A "Multiple-Processor (MP) Initialization", "MTRR Considerations
 *       in MP Systems", table "IA-32 and Intel 64 Processor States Following
 *       Power-up, Reset, or INIT".
 */
#include <cpu/cpufeature.h>
#include <cpu/cpumask.h>
#include <irq/ipi.h>
#include <ktest/ktest.h>
#include <smp/cpu_state.h>

static void read_state(void *unused)
{
	cpu_state_read();
}

static void expect_same(enum cpu_state_group group)
{
	u32 cpu = 0, n;

	if (!EXPECT_EQ(on_each_cpu(read_state, NULL, true), 0))
		return;
	for (u32 i = 0; i < cpu_state_count(); i++) {
		if (cpu_state_group(i) != group)
			continue;
		n = cpu_state_differing(i, &cpu);
		if (!EXPECT_EQ(n, 0))
			ktest_note("%s: 0x%llx on CPU %u, 0x%llx on CPU 0",
				   cpu_state_name(i),
				   (unsigned long long)cpu_state(i, cpu), cpu,
				   (unsigned long long)cpu_state(i, 0));
	}
}

TEST(smp, control_registers_are_the_boot_cpus_on_each,
     "SDM 3A \"Control Registers\"; SDM 4 \"IA32_EFER\", \"IA32_PAT\"; "
     "irqbed include/smp/cpu_state.h",
     .needs = NEEDS_SMP)
{
	expect_same(CPU_STATE_OURS);
}

/* What is judged on one CPU holds on all. */
TEST(smp, features_are_the_same_on_each,
     "SDM 2A \"CPUID\"; Linux arch/x86/kernel/cpu/common.c, "
     "identify_secondary_cpu()",
     .needs = NEEDS_SMP)
{
	expect_same(CPU_STATE_FEATURES);
}

TEST(smp, local_apics_are_alike, "SDM 3A \"Local APIC Version Register\"",
     .needs = NEEDS_SMP)
{
	expect_same(CPU_STATE_APIC);
}

/* Or memory is cached here and not there. */
TEST(smp, init_leaves_the_mtrrs_which_are_the_same_on_each,
     "SDM 3A \"MTRR Considerations in MP Systems\"; "
     "SDM 3A \"IA-32 and Intel 64 Processor States Following Power-up, "
     "Reset, or INIT\"",
     .needs = NEEDS_SMP)
{
	if (!cpu_has(X86_FEATURE_MTRR))
		SKIP(return, "this CPU has no MTRRs");
	expect_same(CPU_STATE_MTRR);
}
