// SPDX-License-Identifier: MIT
/*
 * ir_chip.c - the irq_chip of a pin whose requests are remapped: its RTE names
 * an entry of the remapping table, and where the line goes is the entry's.
 *
 * Linux: arch/x86/kernel/apic/io_apic.c ioapic_ir_chip,
 *        drivers/iommu/intel/irq_remapping.c intel_ir_set_affinity().
 *
 * Spec: VT-d "I/OxAPIC Programming".
 */
#include <irq/ir_chip.h>

#include <apic/lapic.h>
#include <cpu/cpumask.h>
#include <lib/errno.h>

#include "internal.h"

static int modify(struct irq_desc *desc, u32 cpu, u8 vector)
{
	const struct remapped_pin *pin = desc->chip_data;
	u32 apic_id = cpu_hot(cpu)->apic_id;

	if (!pin->eim && apic_id > 0xff)
		return -ERANGE;
	return modify_irte(pin->iommu, pin->index,
			   prepare_irte(vector, apic_id, pin->eim));
}

static int ir_startup(struct irq_desc *desc)
{
	const struct remapped_pin *pin = desc->chip_data;
	union ioapic_rte rte = ir_ioapic_rte(pin->index, desc->vector);
	int err = modify(desc, desc->cpu, desc->vector);

	rte.masked = 1;
	if (!err)
		gsi_write_rte(pin->gsi, rte);
	return err;
}

static void ir_shutdown(struct irq_desc *desc)
{
	const struct remapped_pin *pin = desc->chip_data;

	gsi_write_rte(pin->gsi, (union ioapic_rte){ .masked = 1 });
	modify_irte(pin->iommu, pin->index, (union irte){ .low = 0 });
}

static void ir_mask(struct irq_desc *desc)
{
	const struct remapped_pin *pin = desc->chip_data;

	gsi_set_mask(pin->gsi, true);
}

static void ir_unmask(struct irq_desc *desc)
{
	const struct remapped_pin *pin = desc->chip_data;

	gsi_set_mask(pin->gsi, false);
}

static void ir_ack(struct irq_desc *desc)
{
	apic_eoi();
}

/*
 * Vector and CPU lie in one half of the entry, written at once: the pin is
 * not touched. Flushed, the unit sends nothing by the old one any more.
 */
static const struct irq_chip ir_ioapic_chip = {
	.name = "IR-IO-APIC",
	.irq_startup = ir_startup,
	.irq_shutdown = ir_shutdown,
	.irq_mask = ir_mask,
	.irq_unmask = ir_unmask,
	.irq_ack = ir_ack,
	.irq_retrigger = apic_retrigger_irq,
	.irq_set_affinity = modify,
};

int irq_alloc_remapped(struct remapped_pin *pin)
{
	u32 n;

	if (!ioapic_of_gsi(pin->gsi, &n))
		return -ENODEV;
	return irq_alloc_desc(&ir_ioapic_chip, pin);
}
