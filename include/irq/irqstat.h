/* SPDX-License-Identifier: MIT */
/* irqstat.h - counters of interrupts, and their table. */
#pragma once

#include <cpu/percpu.h>

static inline struct irq_cpustat *this_irq_stat(void)
{
	return &this_cpu(self)->irq_stat;
}

/* Lines like /proc/interrupts', "# " first, for what was counted. */
void show_interrupts(void);
