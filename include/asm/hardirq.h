/* SPDX-License-Identifier: MIT */
/*
 * hardirq.h - counters of what has no irq number: /proc/interrupts' tail.
 * Linux: arch/x86/include/asm/hardirq.h.
 */
#pragma once

#include <lib/types.h>

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
