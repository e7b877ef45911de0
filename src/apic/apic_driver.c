// SPDX-License-Identifier: MIT
/*
 * apic_driver.c - which way IPIs to several CPUs go.
 *
 * Linux: arch/x86/kernel/apic/probe_64.c, ipi.c.
 */
#include <apic/apic_driver.h>

#include <acpi/acpi.h>

#include "internal.h"

const struct apic_driver *apic_driver = &apic_flat;

/* Set by the boot CPU when all have come up; by cases. */
static bool use_shorthand;

bool apic_driver_fits(const struct apic_driver *d)
{
	return d->x2apic == apic_is_x2apic && nr_cpu_ids <= d->max_cpus;
}

/* ACPI 6.5 "Fixed ACPI Description Table Fixed Feature Flags". */
static const struct apic_driver *forced(u32 fadt_flags)
{
	if (fadt_flags & ACPI_FADT_APIC_PHYSICAL)
		return apic_is_x2apic ? &x2apic_phys : &apic_physflat;
	if (fadt_flags & ACPI_FADT_APIC_CLUSTER)
		return apic_is_x2apic ? &x2apic_cluster : &apic_cluster;
	return NULL;
}

void apic_setup_routing(u32 fadt_flags)
{
	const struct apic_driver *d = forced(fadt_flags);

	if (!d || !apic_driver_fits(d))
		d = apic_is_x2apic ? &x2apic_cluster : &apic_flat;
	if (!apic_driver_fits(d))
		d = &apic_physflat;
	apic_driver = d;
	apic_init_ldr(d);
}

void apic_init_ldr(const struct apic_driver *d)
{
	if (apic_is_x2apic)
		return;
	apic_write(APIC_DFR, d->dfr);
	apic_write(APIC_LDR, (u32)d->ldr(smp_processor_id()) << 24);
}

bool apic_shorthand_allowed(void)
{
	return use_shorthand && num_online_cpus() == nr_cpu_ids;
}

void apic_use_shorthand(bool use)
{
	use_shorthand = use;
}

/* Nobody is missing in mask but this CPU. */
static bool is_all_others(const struct cpumask *mask)
{
	u32 self = smp_processor_id();

	for (u32 i = 0; i * 64 < nr_cpu_ids; i++) {
		u64 me = i == self / 64 ? BIT(self % 64) : 0;

		if (mask->bits[i] & me ||
		    (mask->bits[i] | me) != cpu_online_mask.bits[i])
			return false;
	}
	return apic_shorthand_allowed();
}

int apic_send_ipi_mask(const struct cpumask *mask, u32 vector)
{
	u32 low = APIC_DM_FIXED | APIC_INT_ASSERT | vector;

	if (is_all_others(mask))
		return apic->icr_write(low | APIC_DEST_ALLBUT, 0);
	return apic_driver->send_IPI_mask(mask, low);
}

int apic_send_nmi_mask(const struct cpumask *mask)
{
	return apic_driver->send_IPI_mask(mask, APIC_DM_NMI | APIC_INT_ASSERT);
}
