// SPDX-License-Identifier: MIT
/*
 * query.c - questions that more than one table answers.
 *
 * Spec: ACPI 6.5 "Interrupt Source Override Structure", "Global System
 *       Interrupts"; FADT fields SCI_INT and IAPC_BOOT_ARCH.
 */
#include <acpi/acpi.h>
#include <lib/errno.h>

static const struct acpi_override *find_override(const struct acpi_info *info,
						 u32 irq)
{
	for (u32 i = 0; i < info->madt.nr_overrides; i++)
		if (info->madt.override[i].irq == irq)
			return &info->madt.override[i];
	return NULL;
}

int acpi_isa_irq_to_gsi(const struct acpi_info *info, u8 irq, u32 *gsi,
			u16 *flags)
{
	const struct acpi_override *o = find_override(info, irq);

	if (irq > 15)
		return -EINVAL;
	*gsi = o ? o->gsi : irq;
	*flags = o ? o->flags : 0;
	return 0;
}

int acpi_sci(const struct acpi_info *info, u32 *gsi, u16 *flags)
{
	const struct acpi_override *o = find_override(info, info->fadt.sci_irq);

	if (!info->fadt.present || info->fadt.flags & ACPI_FADT_HW_REDUCED)
		return -ENODEV;
	*gsi = o ? o->gsi : info->fadt.sci_irq;
	*flags = o ? o->flags : 0;
	if (!o || o->conforms_trigger)
		*flags |= ACPI_IRQ_LEVEL;
	if (!o || o->conforms_polarity)
		*flags |= ACPI_IRQ_LOW;
	return 0;
}

bool acpi_has_pic(const struct acpi_info *info)
{
	return !info->madt.present || info->madt.pcat_compat;
}

bool acpi_has_8042(const struct acpi_info *info)
{
	return !info->fadt.boot_arch_valid ||
	       info->fadt.boot_arch & ACPI_FADT_8042;
}

bool acpi_has_cmos_rtc(const struct acpi_info *info)
{
	return !info->fadt.boot_arch_valid ||
	       !(info->fadt.boot_arch & ACPI_FADT_NO_CMOS_RTC);
}

u32 acpi_lint_nmi(const struct acpi_madt *madt, u32 apic_id)
{
	u32 lints = 0;

	for (u32 i = 0; i < madt->nr_cpus; i++) {
		if (madt->cpu[i].apic_id != apic_id)
			continue;
		for (u32 n = 0; n < 2; n++)
			if (madt->cpu[i].lint_nmi[n] & ACPI_IRQ_NMI)
				lints |= 1u << n;
	}
	return lints;
}

u32 acpi_startable_cpus(const struct acpi_madt *madt, u32 boot_id, u32 id_max,
			u32 *ids, u32 room, u32 *unreachable)
{
	u32 n = 0;

	*unreachable = 0;
	for (u32 i = 0; i < madt->nr_cpus; i++) {
		const struct acpi_cpu *cpu = &madt->cpu[i];

		if (!cpu->enabled || cpu->apic_id == boot_id)
			continue;
		if (cpu->apic_id > id_max)
			++*unreachable;
		else if (n < room)
			ids[n++] = cpu->apic_id;
	}
	return n;
}
