// SPDX-License-Identifier: MIT
/*
 * sysvec.c - the system vectors: each its own function, no table between.
 *
 * Spec: SDM 3A "Local Vector Table", "Spurious Interrupt", "Error Handling".
 */
#include <irq/sysvec.h>

#include <apic/apic_timer.h>
#include <apic/lapic.h>
#include <bh/softirq.h>
#include <irq/ipi.h>
#include <irq/irqstat.h>
#include <sched/sched.h>

#include "internal.h"

void (*reboot_hook)(void);

static void reboot_interrupt(void)
{
	if (reboot_hook)
		reboot_hook();
}

/* Count, end, do what there is to do, leave. */
#define DEFINE_SYSVEC(name, counter, what)        \
	void sysvec_##name(struct pt_regs *regs)  \
	{                                         \
		irq_enter();                      \
		this_cpu_inc64(irq_stat.counter); \
		apic_eoi();                       \
		what;                             \
		irq_exit();                       \
	}
DEFINE_SYSVEC(call_function, irq_call, generic_smp_call_function_interrupt())
DEFINE_SYSVEC(call_function_single, irq_call_single,
	      generic_smp_call_function_single_interrupt())
DEFINE_SYSVEC(thermal, thermal, )
DEFINE_SYSVEC(threshold, threshold, )
DEFINE_SYSVEC(reboot, reboot, reboot_interrupt())
DEFINE_SYSVEC(x86_platform_ipi, platform_ipis, )
DEFINE_SYSVEC(irq_work, irq_work, irq_move_cleanup())

/* It stays on the interrupted stack; irq_regs is not its own. */
void sysvec_reschedule_ipi(struct pt_regs *regs)
{
	irq_enter();
	this_cpu_inc64(irq_stat.irq_resched);
	apic_eoi();
	ipi_taken(IPI_RESCHEDULE);
	scheduler_ipi();
	preempt_count_sub(HARDIRQ_OFFSET);
	if (!this_cpu_is_zero32(softirq_pending) && !in_interrupt())
		irq_exit_regs(regs);
}

void sysvec_apic_timer_interrupt(struct pt_regs *regs)
{
	irq_enter();
	this_cpu_inc64(irq_stat.apic_timer_irqs);
	apic_eoi();
	apic_timer_event();
	irq_exit();
}

/* ESR is written before it is read, else it shows what was latched before. */
void sysvec_error_interrupt(struct pt_regs *regs)
{
	irq_enter();
	this_irq_stat()->last_esr = lapic_esr();
	this_irq_stat()->error++;
	apic_eoi();
	irq_exit();
}

/*
 * A spurious interrupt sets no ISR bit and must not be ended: EOI would end
 * somebody else's. The vector may also come by an IPI; then its bit is set.
 */
void sysvec_spurious_apic_interrupt(struct pt_regs *regs)
{
	irq_enter();
	this_irq_stat()->spurious++;
	if (lapic_test(APIC_ISR, SPURIOUS_APIC_VECTOR))
		apic_eoi();
	irq_exit();
}
