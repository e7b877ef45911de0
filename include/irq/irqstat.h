/* SPDX-License-Identifier: MIT */
/* irqstat.h - counters of interrupts, and their table. */
#pragma once

#include <cpu/percpu.h>

static inline struct irq_cpustat *this_irq_stat(void)
{
	return &this_cpu(self)->irq_stat;
}

/*
 * The counters of system vectors, one each. By index; tag is /proc/interrupts',
 * CAL stands twice.
 */
#define NR_IRQ_STATS 11
const char *irq_stat_tag(u32 index);
u64 irq_stat_count(u32 index); /* on all CPUs */
u64 irq_stat_count_cpu(u32 index, u32 cpu);
u32 irq_stat_vector(u32 index);
int irq_stat_of_vector(u32 vector); /* -ENOENT: it has none */

/*
 * The table, as Linux prints it in /proc/interrupts, "# " before each line.
 * A line that is free by now keeps the name of who had it last.
 */
void show_interrupts(void);
