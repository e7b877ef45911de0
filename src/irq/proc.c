// SPDX-License-Identifier: MIT
/*
 * proc.c - counters in the shape of Linux's /proc/interrupts.
 *
 * Linux: kernel/irq/proc.c show_interrupts(), arch/x86/kernel/irq.c
 * arch_show_interrupts().
 */
#include <apic/ioapic.h>
#include <console/printk.h>
#include <irq/irqstat.h>
#include <lib/errno.h>
#include <trap/traps.h>

#include "internal.h"

/* clang-format off */
#define STAT(vec, field, t) \
	{ .tag = t, .vector = vec, \
	  .offset = offsetof(struct irq_cpustat, field) }
static const struct {
	char tag[4];
	u8 vector;
	u8 offset;
} stats[] = {
	STAT(SPURIOUS_APIC_VECTOR, spurious, "SPU"),
	STAT(IRQ_WORK_VECTOR, irq_work, "IWI"),
	STAT(RESCHEDULE_VECTOR, irq_resched, "RES"),
	STAT(CALL_FUNCTION_VECTOR, irq_call, "CAL"),
	STAT(CALL_FUNCTION_SINGLE_VECTOR, irq_call_single, "CAL"),
	STAT(THERMAL_APIC_VECTOR, thermal, "TRM"),
	STAT(THRESHOLD_APIC_VECTOR, threshold, "THR"),
	STAT(X86_PLATFORM_IPI_VECTOR, platform_ipis, "PLT"),
	STAT(REBOOT_VECTOR, reboot, "RBT"),
	STAT(ERROR_APIC_VECTOR, error, "ERR"),
};
/* clang-format on */
static_assert(ARRAY_SIZE(stats) == NR_IRQ_STATS, "irqstat.h");
static_assert(sizeof(struct irq_cpustat) < 256, "offset is a byte");

const char *irq_stat_tag(u32 index)
{
	return stats[index].tag;
}

u64 irq_stat_count(u32 index)
{
	return *(const volatile u64 *)((const char *)this_irq_stat() +
				       stats[index].offset);
}

u32 irq_stat_vector(u32 index)
{
	return stats[index].vector;
}

int irq_stat_of_vector(u32 vector)
{
	for (u32 i = 0; i < ARRAY_SIZE(stats); i++) {
		if (stats[i].vector == vector)
			return (int)i;
	}
	return -ENOENT;
}

static void show(const char *tag, u64 count, const char *text)
{
	if (count)
		printk("# %4s: %10llu  %s", tag, (unsigned long long)count,
		       text);
}

static void show_line(const struct irq_desc *desc)
{
	u64 count = kstat_irqs(desc->irq);
	u32 pin;
	bool freed =
		desc->chip == &ioapic_chip && !ioapic_of_gsi(desc->gsi, &pin);

	if (count)
		printk("# %4u: %10llu  %s %u-%s %s", desc->irq,
		       (unsigned long long)count,
		       freed ? "given back" : desc->chip->name, desc->gsi,
		       desc->level ? "fasteoi" : "edge",
		       desc->name ? desc->name : "");
}

void show_interrupts(void)
{
	const struct irq_cpustat *s = this_irq_stat();

	printk("#             CPU%u", smp_processor_id());
	for (u32 irq = 0; irq < NR_IRQS; irq++)
		show_line(irq_to_desc(irq));
	show("NMI", trap_count(X86_TRAP_NMI), "Non-maskable interrupts");
	show("LOC", s->apic_timer_irqs, "Local timer interrupts");
	show("SPU", s->spurious, "Spurious interrupts");
	show("IWI", s->irq_work, "IRQ work interrupts");
	show("RES", s->irq_resched, "Rescheduling interrupts");
	show("CAL", s->irq_call + s->irq_call_single,
	     "Function call interrupts");
	show("TRM", s->thermal, "Thermal event interrupts");
	show("THR", s->threshold, "Threshold APIC interrupts");
	show("PLT", s->platform_ipis, "Platform interrupts");
	show("RBT", s->reboot, "Reboot interrupts");
	show("ERR", s->error, "APIC errors");
	show("MIS", irq_mis_count(), "Levels that came as edges");
	show("STR", stray_count(), "Vectors without a handler");
}
