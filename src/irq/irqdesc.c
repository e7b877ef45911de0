// SPDX-License-Identifier: MIT
/*
 * irqdesc.c - the descriptors: one for each GSI, and from the top down those
 * that MSIs ask for.
 *
 * Linux: kernel/irq/irqdesc.c.
 */
#include <apic/ioapic.h>
#include <bh/softirq.h>
#include <cpu/spinlock.h>
#include <irq/ipi.h>
#include <lib/errno.h>

#include "internal.h"

/*
 * Which are given out changes under the table's lock; the rest of each under
 * its own.
 */
static struct irq_desc irq_descs[NR_IRQS];
static DEFINE_SPINLOCK(descs_lock);

void irqdesc_reset_lock(void)
{
	spin_reset(&descs_lock);
}

struct irq_desc *irq_to_desc(u32 irq)
{
	return irq < NR_IRQS ? &irq_descs[irq] : NULL;
}

u32 irq_of_gsi(u32 gsi)
{
	for (u32 irq = 0; irq < NR_LEGACY_IRQS; irq++) {
		if (irq_descs[irq].gsi == gsi)
			return irq;
	}
	return gsi;
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
		.wait_for_threads.lock = __SPIN_LOCK_UNLOCKED(&waitqueue_class),
		.request_mutex = __MUTEX_INITIALIZER,
	};
}

void early_irq_init(void)
{
	for (u32 irq = 0; irq < NR_IRQS; irq++)
		irq_descs[irq] = gsi_desc(irq);
	vector_irq_init();
	kick_cpu_hook = smp_send_reschedule;
	irq_trace_init();
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

/* Lock held. */
static int alloc_desc(const struct irq_chip *chip, void *chip_data)
{
	u32 pin;

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

int irq_alloc_desc(const struct irq_chip *chip, void *chip_data)
{
	u64 flags;
	int irq;

	if (!chip)
		return -EINVAL;
	flags = spin_lock_irqsave(&descs_lock);
	irq = alloc_desc(chip, chip_data);
	spin_unlock_irqrestore(&descs_lock, flags);
	return irq;
}

void irq_free_desc(u32 irq)
{
	struct irq_desc *desc = irq_to_desc(irq);
	u64 flags = spin_lock_irqsave(&descs_lock);

	if (desc && !desc->action && desc->chip != &ioapic_chip)
		*desc = gsi_desc(irq);
	spin_unlock_irqrestore(&descs_lock, flags);
}
