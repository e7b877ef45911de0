// SPDX-License-Identifier: MIT
/*
 * handle.c - the hot path: vector to descriptor, flow handler, action chain.
 *
 * Linux: arch/x86/kernel/irq.c common_interrupt(), kernel/irq/handle.c,
 *        chip.c, spurious.c.
 */
#include <irq/irq.h>

#include <apic/lapic.h>
#include <bh/softirq.h>
#include <console/printk.h>
#include <cpu/irqflags.h>

/* Of 100,000 interrupts in a row 99,900 unhandled: the line is broken. */
#define SPURIOUS_WINDOW 100000
#define SPURIOUS_LIMIT	(irq_spurious_window - irq_spurious_window / 1000)
#define STRAY_REPORTS	8 /* lines a boot, then only counted */

u32 irq_spurious_window = SPURIOUS_WINDOW;

static DEFINE_PER_CPU(u64, irq_counts[NR_IRQS]);
static DEFINE_PER_CPU(u64, strays);
static DEFINE_PER_CPU(u32, last_stray);

u64 kstat_irqs(u32 irq)
{
	return irq < NR_IRQS ? *this_cpu_ptr(&irq_counts[irq]) : 0;
}

u64 stray_count(void)
{
	return *this_cpu_ptr(&strays);
}

u32 stray_last(void)
{
	return *this_cpu_ptr(&last_stray);
}

/* Linux: note_interrupt(). */
static void note_interrupt(struct irq_desc *desc, bool handled)
{
	desc->total++;
	if (!handled)
		desc->unhandled++;
	if (likely(desc->total < irq_spurious_window))
		return;
	if (desc->unhandled > SPURIOUS_LIMIT) {
		printk("# irq %u: nobody cared; disabling it", desc->irq);
		desc->disabled_by_spurious = true;
		desc->depth++;
		desc->chip->irq_mask(desc);
	}
	desc->total = 0;
	desc->unhandled = 0;
}

static void handle_irq_event(struct irq_desc *desc)
{
	bool handled = false;

	(*this_cpu_ptr(&irq_counts[desc->irq]))++;
	for (struct irqaction *a = desc->action; a; a = a->next)
		handled |= a->handler((int)desc->irq, a->dev) != IRQ_NONE;
	note_interrupt(desc, handled);
}

/* The edge is latched anew while the handler runs: end it first. */
void handle_edge_irq(struct irq_desc *desc)
{
	desc->chip->irq_ack(desc);
	handle_irq_event(desc);
}

/* The line is held until the handler quiets the device: end it after. */
void handle_fasteoi_irq(struct irq_desc *desc)
{
	handle_irq_event(desc);
	desc->chip->irq_eoi(desc);
}

/* One CPU's own vector: nobody else to guard against. */
void handle_percpu_irq(struct irq_desc *desc)
{
	desc->count++;
	desc->action->handler((int)desc->irq, desc->action->dev);
	apic_eoi();
}

/*
 * Nobody claims this vector. If the APIC delivered it, it must be ended, or
 * it would block all lower ones for ever; an INT n has set no ISR bit.
 */
static __noinline void handle_stray(u32 vector)
{
	u64 n = ++*this_cpu_ptr(&strays);

	*this_cpu_ptr(&last_stray) = vector;
	if (lapic_test(APIC_ISR, vector))
		apic_eoi();
	if (n <= STRAY_REPORTS)
		printk("# CPU %u: No irq handler for vector 0x%02x%s",
		       smp_processor_id(), vector,
		       n == STRAY_REPORTS ? " (no more such lines)" : "");
}

void common_interrupt(struct pt_regs *regs)
{
	struct pt_regs *outer = this_cpu(irq_regs);
	u64 vector = regs->vector; /* a stub of ours pushed it: 32..255 */
	struct irq_desc *desc;

	this_cpu(irq_regs) = regs;
	irq_enter();
	desc = this_vector_desc(vector);
	if (likely(desc))
		desc->handle_irq(desc);
	else
		handle_stray((u32)vector);
	irq_exit();
	this_cpu(irq_regs) = outer;
}
