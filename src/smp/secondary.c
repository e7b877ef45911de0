// SPDX-License-Identifier: MIT
/*
 * secondary.c - a CPU's way from the trampoline to its idle loop.
 *
 * Linux: arch/x86/kernel/smpboot.c start_secondary().
 */
#include <acpi/tables.h>
#include <apic/lapic.h>
#include <cpu/canary.h>
#include <cpu/halt.h>
#include <cpu/irqflags.h>
#include <entry/idt.h>
#include <irq/irqdesc.h>
#include <mm/paging.h>
#include <sched/sched.h>
#include <smp/cpu_setup.h>
#include <smp/cpu_state.h>
#include <trap/mce.h>

#include "internal.h"

/* GS base is set, and the task stack; nothing else is. */
static void own_tables(u32 cpu)
{
	cpu_init(cpu);
	load_current_idt(); /* from here on a fault is reported */
	paging_setup_cpu();
	cpu_state_follow();
	mcheck_cpu_init();
}

/* One that was restarted keeps the lines that lead to it. */
static void own_apic(void)
{
	if (!this_cpu(vector_irq[0]))
		vector_irq_init();
	lapic_enable();
	lapic_setup(acpi_lint_nmi(&acpi_tables.madt, this_cpu(apic_id)));
}

__attribute__((no_stack_protector)) __noreturn void start_secondary(u32 cpu)
{
	own_tables(cpu);
	boot_init_stack_canary();
	own_apic();
	cpu_state_read();
	sched_start_cpu();
	if (!cpu_boot_step(cpu, CPU_ALIVE, CPU_ONLINE)) /* given up: too late */
		halt_forever();
	cpumask_set_cpu(cpu, &cpu_online_mask);
	work_loop();
}
