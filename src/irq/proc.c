// SPDX-License-Identifier: MIT
/*
 * proc.c - counters in the shape of Linux's /proc/interrupts.
 *
 * Linux: kernel/irq/proc.c show_interrupts(), arch/x86/kernel/irq.c
 * arch_show_interrupts().
 */
#include <apic/ioapic.h>
#include <console/cpu_cells.h>
#include <console/printk.h>
#include <cpu/cpumask.h>
#include <irq/irqstat.h>
#include <lib/errno.h>
#include <lib/format.h>
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
	STAT(LOCAL_TIMER_VECTOR, apic_timer_irqs, "LOC"),
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

/* As a per-CPU variable. */
static const u64 *counter(u32 index)
{
	const struct pcpu_hot *hot = (const struct pcpu_hot *)__per_cpu_start;

	return (const u64 *)((const char *)&hot->irq_stat +
			     stats[index].offset);
}

u64 irq_stat_count_cpu(u32 index, u32 cpu)
{
	return READ_ONCE(*per_cpu_ptr(counter(index), cpu));
}

u64 irq_stat_count(u32 index)
{
	return per_cpu_sum(counter(index));
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

/* One line of a number a CPU; Linux has no words for some. */
static void show(const char *tag, u64 (*count)(u32 nr, u32 cpu), u32 nr,
		 const char *text)
{
	char line[CPU_CELLS];

	printk("# %3s:%s%s%s", tag, cpu_cells(line, count, nr),
	       *text ? "   " : "", text);
}

static void show_line(const struct irq_desc *desc)
{
	char tag[8], text[64];
	u32 pin;
	bool freed =
		desc->chip == &ioapic_chip && !ioapic_of_gsi(desc->gsi, &pin);

	if (!kstat_irqs(desc->irq))
		return;
	scnprintf(tag, sizeof(tag), "%u", desc->irq);
	if (freed) /* an MSI's, and irq_free_desc() reset it */
		scnprintf(text, sizeof(text), "   None");
	else
		scnprintf(text, sizeof(text), "%7s %3u-%-8s  %s",
			  desc->chip->name, desc->gsi,
			  desc->flow_name ? desc->flow_name : "",
			  desc->name ? desc->name : "");
	show(tag, kstat_irqs_cpu, desc->irq, text);
}

static void show_head(void)
{
	char line[CPU_CELLS], name[12];
	size_t n = 0;

	line[0] = '\0';
	for (u32 cpu = 0; cpu < min(nr_cpu_ids, (u32)CPU_COLUMNS); cpu++) {
		scnprintf(name, sizeof(name), "CPU%u", cpu);
		n += scnprintf(line + n, sizeof(line) - n, " %10s", name);
	}
	if (nr_cpu_ids > CPU_COLUMNS)
		scnprintf(line + n, sizeof(line) - n, "   the rest");
	printk("#     %s", line);
}

/* What has no index of its own. */
static u64 loc_of(u32 unused, u32 cpu)
{
	return READ_ONCE(cpu_hot(cpu)->irq_stat.apic_timer_irqs);
}

static u64 cal_of(u32 unused, u32 cpu)
{
	const struct irq_cpustat *s = &cpu_hot(cpu)->irq_stat;

	return READ_ONCE(s->irq_call) + READ_ONCE(s->irq_call_single);
}

static u64 mis_of(u32 unused, u32 cpu)
{
	return irq_mis_count_cpu(cpu);
}

static u64 strays_of(u32 unused, u32 cpu)
{
	return stray_count_cpu(cpu);
}

static void show_stat(u32 vector, const char *text)
{
	u32 i = (u32)irq_stat_of_vector(vector);

	show(stats[i].tag, irq_stat_count_cpu, i, text);
}

void show_interrupts(void)
{
	show_head();
	for (u32 irq = 0; irq < NR_IRQS; irq++)
		show_line(irq_to_desc(irq));
	show("NMI", trap_count_cpu, X86_TRAP_NMI, "Non-maskable interrupts");
	show("LOC", loc_of, 0, "Local timer interrupts");
	show_stat(SPURIOUS_APIC_VECTOR, "Spurious interrupts");
	show_stat(IRQ_WORK_VECTOR, "IRQ work interrupts");
	show_stat(X86_PLATFORM_IPI_VECTOR, "Platform interrupts");
	show_stat(RESCHEDULE_VECTOR, "Rescheduling interrupts");
	show("CAL", cal_of, 0, "Function call interrupts");
	show_stat(THERMAL_APIC_VECTOR, "Thermal event interrupts");
	show_stat(THRESHOLD_APIC_VECTOR, "Threshold APIC interrupts");
	show_stat(ERROR_APIC_VECTOR, "");
	show("MIS", mis_of, 0, "");
	show_stat(REBOOT_VECTOR, "Reboot interrupts"); /* these two are ours */
	show("STR", strays_of, 0, "Vectors without a handler");
}
