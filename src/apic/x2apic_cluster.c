// SPDX-License-Identifier: MIT
/*
 * x2apic_cluster.c - x2APIC mode: 16 CPUs whose IDs differ in the lowest four
 * bits only are a cluster, which one write can address any set of.
 *
 * Spec: SDM 3A "Logical Destination Mode in x2APIC Mode", "Deriving Logical
 *       x2APIC ID from the Local x2APIC ID".
 *       Linux: arch/x86/kernel/apic/x2apic_cluster.c, x2apic_phys.c.
 */
#include <apic/apic_driver.h>

#include "internal.h"

#define CLUSTER_OF(id) ((id) >> 4)
#define WHOLE_CLUSTER  0xffffu

/* Those of left that are in first's cluster: their bits; they leave left. */
static u32 take_cluster(struct cpumask *left, u32 first)
{
	u32 cluster = CLUSTER_OF(cpu_hot(first)->apic_id), bits = 0;

	for (u32 cpu = first; cpu < nr_cpu_ids && bits != WHOLE_CLUSTER;
	     cpu = cpumask_next(cpu + 1, left)) {
		u32 id = cpu_hot(cpu)->apic_id;

		if (CLUSTER_OF(id) != cluster)
			continue;
		bits |= 1u << (id & 15);
		left->bits[cpu / 64] &= ~BIT(cpu % 64);
	}
	return cluster << 16 | bits;
}

static int x2apic_send_mask(const struct cpumask *mask, u32 low)
{
	struct cpumask left = *mask;
	int first = 0, err;
	u32 cpu;

	for_each_cpu (cpu, &left) {
		err = apic->icr_write(low | APIC_DEST_LOGICAL,
				      take_cluster(&left, cpu));
		first = first ? first : err;
	}
	return first;
}

const struct apic_driver x2apic_cluster = {
	.name = "x2apic_cluster",
	.x2apic = true,
	.max_cpus = NR_CPUS,
	.send_IPI_mask = x2apic_send_mask,
};

const struct apic_driver x2apic_phys = {
	.name = "x2apic_phys",
	.x2apic = true,
	.max_cpus = NR_CPUS,
	.send_IPI_mask = apic_send_mask_physical,
};
