// SPDX-License-Identifier: MIT
/*
 * logical.c - whom a logical destination selects, by the manual; and LDRs and
 * DFRs that tell the models apart.
 *
 * Spec: SDM 3A "Logical Destination Mode", "Logical Destination Mode in x2APIC
 *       Mode".
 */
#include <ktest/arrivals.h>

#include <apic/lapic.h>

/* Each is written by its own CPU. */
static u32 ldr[NR_CPUS], dfr[NR_CPUS];

static void read_ldr(void *unused)
{
	ldr[smp_processor_id()] = apic_read(APIC_LDR);
	if (!apic_is_x2apic)
		dfr[smp_processor_id()] = apic_read(APIC_DFR);
}

/* Cluster and members: the members share a bit, the clusters are the same. */
static bool member_of(u32 dest, u32 own, u32 bits)
{
	u32 members = (1u << bits) - 1;

	return dest >> bits == own >> bits && dest & own & members;
}

static bool selects(u32 dest, u32 cpu)
{
	if (dest == (apic_is_x2apic ? 0xffffffff : 0xff))
		return true;
	if (apic_is_x2apic)
		return member_of(dest, ldr[cpu], 16);
	if (dfr[cpu] == APIC_DFR_FLAT)
		return dest & ldr[cpu] >> 24;
	return member_of(dest, ldr[cpu] >> 24, 4);
}

struct cpumask logical_dest(u32 dest)
{
	struct cpumask mask = { 0 };
	u32 cpu;

	run_on_each(read_ldr, NULL);
	for_each_online_cpu (cpu) {
		if (selects(dest, cpu))
			cpumask_set_cpu(cpu, &mask);
	}
	return mask;
}

static struct {
	bool changed;
	u32 dfr, model; /* what was, what is */
	u8 own;
	u32 ldr[NR_CPUS];
} logical;

/*
 * A bit of eight; or one of four in 15 clusters, the sixteenth being all: the
 * next CPU is another of this one's cluster, and then two go to each.
 */
static u8 spread_ldr(u32 cpu)
{
	u32 cluster = (logical.own >> 4) + cpu / 2;
	u32 bit = (u32)__builtin_ctz(logical.own | 0x10) + cpu;

	if (logical.model == APIC_DFR_FLAT)
		return (u8)(1u << cpu % 8);
	return (u8)(cluster % 15 << 4 | 1u << bit % 4);
}

static void set_logical(void *unused)
{
	u32 cpu = smp_processor_id();

	logical.ldr[cpu] = apic_read(APIC_LDR);
	apic_write(APIC_DFR, logical.model);
	apic_write(APIC_LDR, (cpu ? spread_ldr(cpu) : (u32)logical.own) << 24);
}

static void put_logical_back(void *unused)
{
	apic_write(APIC_DFR, logical.dfr);
	apic_write(APIC_LDR, logical.ldr[smp_processor_id()]);
}

void logical_model_begin(u32 model, u8 own)
{
	logical.dfr = apic_read(APIC_DFR);
	logical.model = model;
	logical.own = own;
	logical.changed = true;
	run_on_each(set_logical, NULL);
}

void logical_model_end(void)
{
	if (logical.changed)
		run_on_each(put_logical_back, NULL);
	logical.changed = false;
}
