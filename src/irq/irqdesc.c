// SPDX-License-Identifier: MIT
/*
 * irqdesc.c - the descriptors: one for each GSI, and from the top down those
 * that MSIs ask for.
 *
 * Linux: kernel/irq/irqdesc.c.
 */
#include <apic/ioapic.h>
#include <bh/softirq.h>
#include <lib/errno.h>

#include "internal.h"

/* The table is written here; each descriptor under its own lock after that. */
static struct irq_desc irq_descs[NR_IRQS];

struct irq_desc *irq_to_desc(u32 irq)
{
	return irq < NR_IRQS ? &irq_descs[irq] : NULL;
}

/* A GSI's, as before anyone told more: PCI's character above the ISA lines. */
static struct irq_desc gsi_desc(u32 irq)
{
	return (struct irq_desc){
		.irq = irq,
		.gsi = irq,
		.chip = &ioapic_chip,
		.state = IRQD_IRQ_DISABLED | IRQD_IRQ_MASKED,
		.depth = 1,
		.level = irq >= NR_LEGACY_IRQS,
		.active_low = irq >= NR_LEGACY_IRQS,
		.wired_level = irq >= NR_LEGACY_IRQS,
		.wired_low = irq >= NR_LEGACY_IRQS,
	};
}

void early_irq_init(void)
{
	for (u32 irq = 0; irq < NR_IRQS; irq++)
		irq_descs[irq] = gsi_desc(irq);
	vector_irq_init();
	idle_threads_hook = irq_run_threads;
}

void init_IRQ(const struct acpi_info *info)
{
	for (u8 irq = 0; irq < NR_LEGACY_IRQS; irq++) {
		struct irq_desc *desc = &irq_descs[irq];
		u16 flags = 0;

		acpi_isa_irq_to_gsi(info, irq, &desc->gsi, &flags);
		desc->level = desc->wired_level = flags & ACPI_IRQ_LEVEL;
		desc->active_low = desc->wired_low = flags & ACPI_IRQ_LOW;
		desc->vector = ISA_IRQ_VECTOR(irq);
	}
}

int irq_alloc_desc(const struct irq_chip *chip, void *chip_data)
{
	u32 pin;

	if (!chip)
		return -EINVAL;
	for (u32 irq = NR_IRQS; irq-- > NR_LEGACY_IRQS;) {
		struct irq_desc *desc = &irq_descs[irq];

		if (desc->chip != &ioapic_chip || desc->action ||
		    ioapic_of_gsi(irq, &pin))
			continue;
		*desc = gsi_desc(irq);
		desc->chip = chip;
		desc->chip_data = chip_data;
		desc->level = desc->active_low = false;
		desc->wired_level = desc->wired_low = false;
		return (int)irq;
	}
	return -ENOSPC;
}

void irq_free_desc(u32 irq)
{
	struct irq_desc *desc = irq_to_desc(irq);

	if (desc && !desc->action && desc->chip != &ioapic_chip)
		*desc = gsi_desc(irq);
}
