// SPDX-License-Identifier: MIT
/*
 * apic_flat.c - xAPIC mode: 8 CPUs have a bit each, 60 have one of 4 bits in
 * one of 15 clusters, any number is addressed one by one.
 *
 * The cluster model is chosen only where firmware forces it: from the Pentium
 * 4 on a bus of more than one cluster wants a cluster manager.
 *
 * Spec: SDM 3A "Flat Model", "Cluster Model", "Physical Destination Mode".
 *       Linux: arch/x86/kernel/apic/apic_flat_64.c.
 */
#include <apic/apic_driver.h>

#include "internal.h"

#define PER_CLUSTER 4
#define CLUSTERS    15 /* the sixteenth is everybody's */

int apic_send_mask_physical(const struct cpumask *mask, u32 low)
{
	int first = 0, err;
	u32 cpu;

	for_each_cpu (cpu, mask) {
		err = apic->icr_write(low, cpu_hot(cpu)->apic_id);
		first = first ? first : err;
	}
	return first;
}

static u8 flat_ldr(u32 cpu)
{
	return (u8)(1u << cpu % 8);
}

static int flat_send_mask(const struct cpumask *mask, u32 low)
{
	return apic->icr_write(low | APIC_DEST_LOGICAL,
			       (u32)mask->bits[0] & 0xff);
}

static u8 cluster_ldr(u32 cpu)
{
	return (u8)(cpu / PER_CLUSTER << 4 | 1u << cpu % PER_CLUSTER);
}

static int cluster_send_mask(const struct cpumask *mask, u32 low)
{
	u64 all = mask->bits[0];
	int first = 0, err;

	for (u32 c = 0; c < CLUSTERS; c++, all >>= PER_CLUSTER) {
		if (!(all & 0xf))
			continue;
		err = apic->icr_write(low | APIC_DEST_LOGICAL,
				      c << 4 | ((u32)all & 0xf));
		first = first ? first : err;
	}
	return first;
}

const struct apic_driver apic_flat = {
	.name = "flat",
	.max_cpus = 8,
	.dfr = APIC_DFR_FLAT,
	.ldr = flat_ldr,
	.send_IPI_mask = flat_send_mask,
};

const struct apic_driver apic_cluster = {
	.name = "cluster",
	.max_cpus = CLUSTERS * PER_CLUSTER,
	.dfr = APIC_DFR_CLUSTER,
	.ldr = cluster_ldr,
	.send_IPI_mask = cluster_send_mask,
};

const struct apic_driver apic_physflat = {
	.name = "physflat",
	.max_cpus = NR_CPUS,
	.dfr = APIC_DFR_FLAT,
	.ldr = flat_ldr,
	.send_IPI_mask = apic_send_mask_physical,
};
