/* SPDX-License-Identifier: MIT */
/* irqstat.h - counters of what has no irq number: /proc/interrupts' tail. */
#pragma once

#include <cpu/percpu.h>

struct irq_cpustat {
	u64 apic_timer_irqs; /* LOC */
	u64 spurious;	     /* SPU */
	u64 irq_resched;     /* RES */
	u64 irq_call;	     /* CAL */
	u64 irq_call_single;
	u64 platform_ipis;	/* PLT */
	u64 irq_work;		/* IWI */
	u64 thermal, threshold; /* TRM, THR */
	u64 reboot;
	u64 error;    /* ERR */
	u32 last_esr; /* of the last error interrupt */
};

DECLARE_PER_CPU(struct irq_cpustat, irq_stat);

static inline struct irq_cpustat *this_irq_stat(void)
{
	return this_cpu_ptr(&irq_stat);
}

/* Lines like /proc/interrupts', "# " first, for what was counted. */
void show_interrupts(void);
