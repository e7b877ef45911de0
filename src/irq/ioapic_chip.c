// SPDX-License-Identifier: MIT
/*
 * ioapic_chip.c - the irq_chip of every line that has a pin.
 *
 * Linux: arch/x86/kernel/apic/io_apic.c, ioapic_chip.
 */
#include <apic/ioapic.h>
#include <apic/lapic.h>
#include <console/printk.h>
#include <cpu/cpumask.h>
#include <lib/errno.h>

#include "internal.h"

static DEFINE_PER_CPU(u64, mismatches); /* Linux: irq_mis_count */

static int ioapic_startup(struct irq_desc *desc)
{
	u32 apic_id = this_cpu(apic_id), pin;
	union ioapic_rte rte = {
		.vector = desc->vector,
		.delivery_mode = APIC_DM_FIXED >> 8,
		.active_low = desc->active_low,
		.level = desc->level,
		.dest = apic_id,
		.masked = 1,
	};

	if (!ioapic_of_gsi(desc->gsi, &pin))
		return -ENODEV;
	if (apic_id > 0xfe)
		return -ERANGE; /* 8 bits: more needs interrupt remapping */
	gsi_write_rte(desc->gsi, rte);
	return 0;
}

static void ioapic_shutdown(struct irq_desc *desc)
{
	gsi_write_rte(desc->gsi, (union ioapic_rte){ .masked = 1 });
}

static void ioapic_mask(struct irq_desc *desc)
{
	gsi_set_mask(desc->gsi, true);
}

static void ioapic_unmask(struct irq_desc *desc)
{
	gsi_set_mask(desc->gsi, false);
}

static void ioapic_ack(struct irq_desc *desc)
{
	apic_eoi();
}

/*
 * Linux's ioapic_ack_level(): when the APIC took the level for an edge (TMR
 * clear), its EOI is not broadcast, and the pin would wait for one for ever.
 */
static void ioapic_eoi(struct irq_desc *desc)
{
	bool broadcast = lapic_test(APIC_TMR, desc->vector);

	apic_eoi();
	if (likely(broadcast) || !desc->level)
		return;
	++*this_cpu_ptr(&mismatches);
	gsi_eoi(desc->gsi);
}

u64 irq_mis_count_cpu(u32 cpu)
{
	return READ_ONCE(*per_cpu_ptr(&mismatches, cpu));
}

u64 irq_mis_count(void)
{
	u64 sum = 0;
	u32 cpu;

	for_each_online_cpu (cpu)
		sum += irq_mis_count_cpu(cpu);
	return sum;
}

/* An edge is an interrupt of that vector, whoever sends it. */
static int ioapic_retrigger(struct irq_desc *desc)
{
	return apic_send_self(desc->vector);
}

static void mask_pin_of(u32 gsi, u32 vector)
{
	union ioapic_rte rte = gsi_read_rte(gsi);

	if (rte.masked || !rte.level || rte.vector != vector)
		return;
	printk("# GSI %u: level-triggered with vector 0x%02x: masked", gsi,
	       vector);
	gsi_set_mask(gsi, true);
}

void ioapic_mask_level(u32 vector)
{
	for (u32 i = 0; i < nr_ioapics; i++) {
		for (u32 pin = 0; pin < ioapics[i].pins; pin++)
			mask_pin_of(ioapics[i].gsi_base + pin, vector);
	}
}

const struct irq_chip ioapic_chip = {
	.name = "IO-APIC",
	.irq_startup = ioapic_startup,
	.irq_shutdown = ioapic_shutdown,
	.irq_mask = ioapic_mask,
	.irq_unmask = ioapic_unmask,
	.irq_ack = ioapic_ack,
	.irq_eoi = ioapic_eoi,
	.irq_retrigger = ioapic_retrigger,
};
