// SPDX-License-Identifier: MIT
/* test_smp_bringup.c - every CPU of the MADT is there, and has its own. */
#include <acpi/tables.h>
#include <apic/lapic.h>
#include <ktest/ktest.h>
#include <smp/smp.h>

TEST(smp, bringup,
     "SDM 3A Multiple-Processor (MP) Initialization; "
     "ACPI 6.5 Processor Local APIC Structure")
{
	EXPECT_TRUE(acpi_tables.madt.present);
	for (u32 i = 0; i < smp_failed_count(); i++)
		ktest_note("APIC ID 0x%x does not answer", smp_failed_id(i));
	EXPECT_EQ(smp_failed_count(), 0);
	EXPECT_EQ(num_online_cpus(), nr_cpu_ids);
}

static void read_own(void *arg)
{
	u32 *id = arg;

	*id = lapic_id();
}

TEST(smp, each_cpu_has_the_apic_id_of_its_madt_entry,
     "ACPI 6.5 Processor Local APIC Structure", .needs = NEEDS_SMP)
{
	u32 cpu, id;

	for_each_online_cpu (cpu) {
		if (!cpu)
			continue;
		EXPECT_EQ(run_on(cpu, read_own, &id, 2000000), 0);
		EXPECT_EQ(id, cpu_hot(cpu)->apic_id);
	}
}

static void read_base(void *arg)
{
	*(u64 *)arg = rdmsr(MSR_IA32_APICBASE);
}

/* And its APIC is in the boot CPU's mode, whatever INIT found. */
TEST(smp, no_other_cpu_is_flagged_in_apic_base,
     "SDM 3A Local APIC Status and Location", .needs = NEEDS_SMP)
{
	u64 own = rdmsr(MSR_IA32_APICBASE) & ~(u64)MSR_IA32_APICBASE_BSP, base;
	u32 cpu;

	for_each_online_cpu (cpu) {
		if (!cpu)
			continue;
		EXPECT_EQ(run_on(cpu, read_base, &base, 2000000), 0);
		EXPECT_EQ(base, own);
	}
}
