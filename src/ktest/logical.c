// SPDX-License-Identifier: MIT
/*
 * logical.c - whom a logical destination selects, by the manual; LDRs and DFRs
 * that tell the models apart; and sets of which one is to be chosen.
 *
 * Spec: SDM 3A "Logical Destination Mode", "Logical Destination Mode in x2APIC
 *       Mode", "Lowest Priority Delivery Mode".
 */
#include <ktest/arrivals.h>

#include <apic/lapic.h>
#include <ktest/ktest.h>

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

/* All bits that are somebody's. 0xff would be everybody, and is none of it. */
static u32 all_members(void)
{
	u32 cpu, all = 0;

	run_on_each(read_ldr, NULL);
	for_each_online_cpu (cpu) {
		u32 own = apic_is_x2apic ? ldr[cpu] : ldr[cpu] >> 24;

		all |= own <= 0xff ? own & 0x7f : 0;
	}
	return all;
}

static void judge_one_of(u32 dest, void (*pulse)(bool on))
{
	struct cpumask who = logical_dest(dest);
	u32 rounds = ktest_stress() ? 100 : 2;

	for (u32 i = 0; i < rounds && ktest_ok(); i++) {
		pulse(true);
		if (!arrivals_expect_among(&who, 1))
			ktest_note("destination 0x%02x", dest);
		pulse(false);
	}
}

/* All, all but the first, and the first with the last: of two, both. */
void judge_one_of_several(void (*aim)(u32 dest), void (*pulse)(bool on))
{
	u32 all = all_members(), rest = all & (all - 1);
	u32 sets[] = { all, rest,
		       (all & -all) | BIT(31 - __builtin_clz(all | 1)) };

	if (!rest)
		SKIP(return, "8 bits name no two CPUs");
	for (u32 i = 0; i < ARRAY_SIZE(sets); i++) {
		if (!(sets[i] & (sets[i] - 1)) || (i && sets[i] == all))
			continue;
		aim(sets[i]);
		judge_one_of(sets[i], pulse);
	}
}
