// SPDX-License-Identifier: MIT
/*
 * stop.c - stopping the other CPUs, for the end of a run, good or bad.
 *
 * Linux: arch/x86/kernel/smp.c native_stop_other_cpus().
 */
#include <smp/stop.h>

#include <apic/lapic.h>
#include <asm/irq_vectors.h>
#include <console/printk.h>
#include <cpu/deadline.h>
#include <cpu/halt.h>
#include <cpu/irqflags.h>
#include <irq/ipi.h>
#include <smp/nmi_backtrace.h>

#include "internal.h"

#define STOP_US 1000000
#define NMI_US	100000 /* Linux's 10 ms, for an emulator that shares a CPU */
#define NOBODY	(~0u)

static u32 stopping_cpu = NOBODY; /* changed once, by cmpxchg */

bool stop_wanted(void)
{
	u32 by = __atomic_load_n(&stopping_cpu, __ATOMIC_ACQUIRE);

	return by != NOBODY && by != smp_processor_id();
}

__noreturn void stop_this_cpu(void)
{
	local_irq_disable();
	cpumask_clear_cpu(smp_processor_id(), &cpu_online_mask);
	halt_forever();
}

/* REBOOT_VECTOR, which a case may send, too. */
void stop_on_reboot_vector(void)
{
	if (stop_wanted())
		stop_this_cpu();
}

static bool all_stopped(void)
{
	u32 cpu;

	for_each_online_cpu (cpu) {
		if (cpu != smp_processor_id())
			return false;
	}
	return true;
}

static void send_to_others(bool nmi)
{
	u32 cpu;

	for_each_online_cpu (cpu) {
		if (cpu == smp_processor_id())
			continue;
		if (nmi)
			apic_send_nmi(cpu_hot(cpu)->apic_id);
		else
			apic_send_ipi(cpu_hot(cpu)->apic_id, REBOOT_VECTOR);
	}
}

void smp_send_stop(void)
{
	u32 nobody = NOBODY, cpu;

	if (!__atomic_compare_exchange_n(&stopping_cpu, &nobody,
					 smp_processor_id(), false,
					 __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		return;
	send_to_others(false);
	if (WAIT_FOR(all_stopped(), STOP_US))
		return;
	send_to_others(true);
	if (WAIT_FOR(all_stopped(), NMI_US))
		return;
	for_each_online_cpu (cpu) {
		if (cpu != smp_processor_id())
			printk("# CPU %u takes no NMI: it was not stopped",
			       cpu);
	}
}

/* For bail_out(): first where everybody is, as long as he is there. */
void panic_other_cpus(void)
{
	trigger_allbutself_cpu_backtrace();
	smp_send_stop();
}
