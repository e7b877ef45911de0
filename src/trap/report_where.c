// SPDX-License-Identifier: MIT
/*
 * report_where.c - the short report of a CPU that did nothing wrong: another
 * one wants to know where it is.
 */
#include <trap/report.h>

#include <asm/irqflags.h>
#include <asm/processor-flags.h>
#include <console/printk.h>
#include <cpu/percpu.h>

#include "report_parts.h"

static void head(const char *context, bool irqs_on, u64 sp)
{
	char stack[96];

	printk("# CPU %u, APIC ID 0x%x: context %s, preempt_count 0x%08x, "
	       "interrupts %s, %s",
	       this_cpu(cpu_number), this_cpu(apic_id), context,
	       this_cpu(preempt_count), irqs_on ? "on" : "off",
	       report_stack(sp, stack, sizeof(stack)));
}

void report_where(const struct pt_regs *regs)
{
	struct pt_regs here = { .cs = 0 };
	struct report r = { .regs = regs ? regs : &here,
			    .preempt_count = this_cpu(preempt_count) };

	if (!regs) {
		head(report_context(&r), native_save_fl() & X86_EFLAGS_IF,
		     (u64)__builtin_frame_address(0));
		report_backtrace((u64)__builtin_return_address(0),
				 *(u64 *)__builtin_frame_address(0));
		return;
	}
	head(report_context(&r), regs->flags & X86_EFLAGS_IF, regs->sp);
	report_backtrace_regs(regs);
}
