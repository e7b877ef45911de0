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
#include <cpu/deadline.h>
#include <lib/errno.h>

#include "internal.h"

#define APIC_ID_MAX 0xfe /* 8 bits: more needs interrupt remapping */
#define ACCEPT_US                                                  \
	1000 /* a message that no APIC accepts is retried for ever \
	      */

static DEFINE_PER_CPU(u64, mismatches); /* Linux: irq_mis_count */

static int ioapic_startup(struct irq_desc *desc)
{
	u32 apic_id = cpu_hot(desc->cpu)->apic_id, pin;
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
	if (apic_id > APIC_ID_MAX)
		return -ERANGE;
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
	return per_cpu_sum(&mismatches);
}

/* Its interrupt is not accepted yet, or has not been ended. */
static bool is_on_its_way(union ioapic_rte rte)
{
	return rte.delivery_status || (rte.level && rte.remote_irr);
}

static bool has_left(u32 gsi)
{
	return !gsi_read_rte(gsi).delivery_status;
}

/*
 * The vector first, then the destination: each write holds by itself. A mask
 * would lose the edge that comes meanwhile.
 */
static void move_edge(u32 gsi, union ioapic_rte rte, u32 apic_id, u8 vector)
{
	rte.vector = vector;
	gsi_write_rte(gsi, rte);
	rte.dest = apic_id;
	gsi_write_rte(gsi, rte);
	WAIT_FOR(has_left(gsi), ACCEPT_US);
}

/* Masked it can only be what was there before, and it is still there after. */
static int move_level(u32 gsi, union ioapic_rte rte, u32 apic_id, u8 vector)
{
	bool masked = rte.masked, busy;

	rte.masked = true;
	gsi_write_rte(gsi, rte);
	busy = is_on_its_way(gsi_read_rte(gsi));
	if (!busy) {
		rte.vector = vector;
		rte.dest = apic_id;
		gsi_write_rte(gsi, rte);
	}
	rte.masked = masked;
	gsi_write_rte(gsi, rte);
	return busy ? -EBUSY : 0;
}

static int ioapic_set_affinity(struct irq_desc *desc, u32 cpu, u8 vector)
{
	u32 apic_id = cpu_hot(cpu)->apic_id;
	union ioapic_rte rte = gsi_read_rte(desc->gsi);

	if (apic_id > APIC_ID_MAX)
		return -ERANGE;
	if (desc->level)
		return move_level(desc->gsi, rte, apic_id, vector);
	move_edge(desc->gsi, rte, apic_id, vector);
	return 0;
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
	.irq_retrigger = apic_retrigger_irq,
	.irq_set_affinity = ioapic_set_affinity,
};
