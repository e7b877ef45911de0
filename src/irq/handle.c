// SPDX-License-Identifier: MIT
/*
 * handle.c - from the stub to the descriptor.
 *
 * Linux: arch/x86/kernel/irq.c common_interrupt().
 */
#include <apic/lapic.h>
#include <bh/softirq.h>
#include <console/printk.h>
#include <cpu/cpumask.h>
#include <cpu/stacks.h>

#include "internal.h"

#define STRAY_REPORTS 8 /* lines a case, then only counted */
#define STACK_MARGIN  2048

static DEFINE_PER_CPU(u64, strays);
static DEFINE_PER_CPU(u32, stray_reports);
static DEFINE_PER_CPU(u64, low_stacks);

static u32 last_stray; /* of any CPU */

u64 kstat_irqs_cpu(u32 irq, u32 cpu)
{
	return irq < NR_IRQS ? READ_ONCE(cpu_hot(cpu)->kstat_irqs[irq]) : 0;
}

u64 kstat_irqs(u32 irq)
{
	struct pcpu_hot *hot = (struct pcpu_hot *)__per_cpu_start;

	return irq < NR_IRQS ? per_cpu_sum(&hot->kstat_irqs[irq]) : 0;
}

/* A CPU after another: a counter after another would walk them all 256 times.
 */
void kstat_irqs_all(u64 *sum)
{
	u32 cpu;

	for (u32 irq = 0; irq < NR_IRQS; irq++)
		sum[irq] = 0;
	for_each_online_cpu (cpu) {
		const volatile u64 *count = cpu_hot(cpu)->kstat_irqs;

		for (u32 irq = 0; irq < NR_IRQS; irq++)
			sum[irq] += count[irq];
	}
}

u64 stray_count_cpu(u32 cpu)
{
	return READ_ONCE(*per_cpu_ptr(&strays, cpu));
}

u64 stray_count(void)
{
	return per_cpu_sum(&strays);
}

u32 stray_last(void)
{
	return READ_ONCE(last_stray);
}

u64 low_stack_count(void)
{
	return *this_cpu_ptr(&low_stacks);
}

void stray_reports_anew(void)
{
	u32 cpu;

	for_each_online_cpu (cpu)
		WRITE_ONCE(*per_cpu_ptr(&stray_reports, cpu), 0);
}

static void report_stray(u32 vector)
{
	u32 n = ++*this_cpu_ptr(&stray_reports);

	if (n <= STRAY_REPORTS)
		printk("# CPU %u: No irq handler for vector 0x%02x%s",
		       smp_processor_id(), vector,
		       n == STRAY_REPORTS ? " (no more such lines)" : "");
}

/*
 * Nobody claims this vector. If the APIC delivered it, it must be ended, or
 * it would block all lower ones for ever; an INT n has set no ISR bit. A level
 * would come again at once and for ever, and no line is there to be disabled:
 * the pin itself is masked.
 */
static void handle_stray(struct irq_desc *desc)
{
	u32 vector = (u32)this_cpu(irq_regs)->vector;

	++*this_cpu_ptr(&strays);
	WRITE_ONCE(last_stray, vector);
	report_stray(vector);
	if (!lapic_test(APIC_ISR, vector))
		return;
	if (lapic_test(APIC_TMR, vector))
		ioapic_mask_level(vector);
	apic_eoi();
}

struct irq_desc no_irq_desc = { .handle_irq = handle_stray };

/*
 * Linux: stack_overflow_check(). Said once: the guard page will say the rest.
 * Hands regs back, so that the caller need not keep them across the call.
 */
static __noinline struct pt_regs *low_stack(struct pt_regs *regs)
{
	if ((*this_cpu_ptr(&low_stacks))++)
		return regs;
	printk("# CPU %u: interrupted with %llu bytes left on the %s stack, "
	       "rip 0x%016llx",
	       smp_processor_id(),
	       (unsigned long long)((u64)regs % STACK_SLOT - STACK_SIZE),
	       stack_name(stack_of((u64)regs).kind),
	       (unsigned long long)regs->ip);
	return regs;
}

void common_interrupt(struct pt_regs *regs)
{
	struct irq_desc *desc;

	static_assert(STACK_SLOT == 2 * STACK_SIZE, "the mask below");
	irq_enter();
	if (unlikely(((u32)(u64)regs & (STACK_SIZE - 1)) < STACK_MARGIN))
		regs = low_stack(regs);
	desc = this_vector_desc(regs->vector); /* a stub of ours: 32..255 */
	desc->handle_irq(desc);
	irq_exit();
}
