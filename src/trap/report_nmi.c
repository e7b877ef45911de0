// SPDX-License-Identifier: MIT
/*
 * report_nmi.c - an NMI that no handler owns. As in Linux it is said and the
 * run goes on: an NMI tells nothing about what it interrupted. The chipset's
 * two reasons stand in port 0x61; without either it was an IPI, an APIC's
 * LINT, or a button.
 */
#include <trap/report.h>

#include <asm/io.h>
#include <asm/processor-flags.h>
#include <console/printk.h>
#include <cpu/percpu.h>
#include <mm/regions.h>

#include "report_parts.h"

#define NMI_REASON_PORT	 0x61
#define NMI_REASON_SERR	 0x80
#define NMI_REASON_IOCHK 0x40
#define MAX_TOLD	 16 /* a line that is stuck must not fill the log, */
#define MAX_TOLD_ALL	 64 /* nor one that goes to every CPU */

static u32 told; /* by all CPUs */

void report_unknown_nmi(const struct pt_regs *regs, u64 count)
{
	u8 reason = inb(NMI_REASON_PORT);
	char where[96], stack[96];
	u32 all;

	/* A line it broke into stays whole; the next one tells the count. */
	if (count > MAX_TOLD || printk_busy())
		return;
	all = __atomic_add_fetch(&told, 1, __ATOMIC_RELAXED);
	if (all > MAX_TOLD_ALL)
		return;
	region_name(regs->ip, where, sizeof(where));
	report_stack(regs->sp, stack, sizeof(stack));
	printk("# NMI of unknown reason on CPU %u, %lu so far, port 0x61 is "
	       "0x%02x%s%s: the run goes on%s",
	       this_cpu(cpu_number), count, reason,
	       reason & NMI_REASON_SERR ? " (SERR#)" : "",
	       reason & NMI_REASON_IOCHK ? " (IOCHK#)" : "",
	       count == MAX_TOLD || all == MAX_TOLD_ALL
		       ? ", and no more of them are told"
		       : "");
	printk("# NMI: it hit rip 0x%016lx: %s, CPL %lu, interrupts %s, %s",
	       regs->ip, where, regs->cs & 3,
	       regs->flags & X86_EFLAGS_IF ? "on" : "off", stack);
}
