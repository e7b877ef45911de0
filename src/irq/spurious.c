// SPDX-License-Identifier: MIT
/*
 * spurious.c - a line that interrupts for nobody is switched off.
 *
 * Linux: kernel/irq/spurious.c. Unhandled interrupts further apart than a
 * tenth of a second are no storm and start the count anew.
 */
#include <console/printk.h>
#include <cpu/deadline.h>

#include "internal.h"

/* Of 100,000 interrupts 99,900 unhandled: the line is broken. */
#define SPURIOUS_WINDOW 100000
#define SPURIOUS_LIMIT	(irq_spurious_window - irq_spurious_window / 1000)
#define GAP_US		100000

#define NONSENSE_REPORTS 8 /* lines a boot; Linux has 100 */

u32 irq_spurious_window = SPURIOUS_WINDOW;
u32 irq_spurious_gap_us = GAP_US;

static void report_bad_irq(const struct irq_desc *desc)
{
	printk("# irq %u: nobody cared; disabling it", desc->irq);
	for (const struct irqaction *a = desc->action; a; a = a->next)
		printk("# irq %u: handler 0x%016llx %s", desc->irq,
		       (unsigned long long)(a->traced ? a->traced : a->handler),
		       a->name ? a->name : "");
}

/* One more that nobody wanted; a lone one after a while counts from 1. */
static void count_unhandled(struct irq_desc *desc)
{
	u64 now = rdtsc();

	if (now - desc->last_unhandled > us_to_tsc(irq_spurious_gap_us))
		desc->irqs_unhandled = 1;
	else
		desc->irqs_unhandled++;
	desc->last_unhandled = now;
}

/* More than ever ask for a handler's nonsense would drown the log. */
static void report_nonsense(const struct irq_desc *desc, irqreturn_t ret)
{
	static u32 reports;

	if (reports >= NONSENSE_REPORTS)
		return;
	reports++;
	printk("# irq event %u: bogus return value %x", desc->irq, ret);
}

void note_answer(struct irq_desc *desc, irqreturn_t ret)
{
	if (ret == (IRQ_HANDLED | IRQ_WAKE_THREAD))
		desc->threads_handled_last &= ~SPURIOUS_DEFERRED;
	else if (ret > (IRQ_HANDLED | IRQ_WAKE_THREAD))
		report_nonsense(desc, ret);
	else if (ret == IRQ_NONE ||
		 (ret == IRQ_WAKE_THREAD && !threads_did(desc)))
		count_unhandled(desc);
}

void reset_window(struct irq_desc *desc)
{
	desc->irqs_left = irq_spurious_window;
	desc->irqs_unhandled = 0;
}

void note_window(struct irq_desc *desc)
{
	raw_spin_lock(&desc->lock);
	if (desc->irqs_unhandled > SPURIOUS_LIMIT) {
		report_bad_irq(desc);
		desc->state |= IRQS_SPURIOUS_DISABLED;
		desc->depth++;
		irq_disable(desc);
		mask_irq(desc); /* at once: a storm has no other end */
	}
	reset_window(desc);
	raw_spin_unlock(&desc->lock);
}
