// SPDX-License-Identifier: MIT
/* proc.c - counters in the shape of Linux's /proc/interrupts. */
#include <irq/irqstat.h>

#include <console/printk.h>
#include <irq/irq.h>
#include <trap/traps.h>

static void show(const char *tag, u64 count, const char *text)
{
	if (count)
		printk("# %4s: %10llu  %s", tag, (unsigned long long)count,
		       text);
}

void show_interrupts(void)
{
	const struct irq_cpustat *s = this_irq_stat();

	printk("#             CPU%u", smp_processor_id());
	for (u32 irq = 0; irq < NR_IRQS; irq++) {
		const struct irq_desc *desc = irq_to_desc(irq);

		if (kstat_irqs(irq))
			printk("# %4u: %10llu  IO-APIC %u-%s %s", irq,
			       (unsigned long long)kstat_irqs(irq), desc->gsi,
			       desc->level ? "fasteoi" : "edge",
			       desc->name ? desc->name : "");
	}
	show("NMI", trap_count(X86_TRAP_NMI), "Non-maskable interrupts");
	show("LOC", s->apic_timer_irqs, "Local timer interrupts");
	show("SPU", s->spurious, "Spurious interrupts");
	show("IWI", s->irq_work, "IRQ work interrupts");
	show("RES", s->irq_resched, "Rescheduling interrupts");
	show("CAL", s->irq_call + s->irq_call_single,
	     "Function call interrupts");
	show("TRM", s->thermal, "Thermal event interrupts");
	show("THR", s->threshold, "Threshold APIC interrupts");
	show("PLT", s->platform_ipis, "Platform interrupts");
	show("ERR", s->error, "APIC errors");
	show("MIS", stray_count(), "Vectors without a handler");
}
