// SPDX-License-Identifier: MIT
/*
 * restart.c - a CPU that even an NMI does not reach, since it hangs with NMIs
 * blocked, begins anew by INIT. INIT leaves memory, the TSC and most MSRs as
 * they are: what memory says of it that is true no more is put right here.
 *
 * Spec: SDM 3A "INIT", "MP Initialization Protocol Algorithm for MP Systems".
 */
#include <apic/lapic.h>
#include <bh/timer.h>
#include <console/printk.h>
#include <cpu/deadline.h>
#include <irq/ipi.h>
#include <lib/errno.h>
#include <sched/left.h>
#include <sched/sched.h>
#include <smp/watch.h>
#include <trap/abandon.h>

#include "internal.h"

#define PARK_US 20000 /* times what one that is kicked needs */

/* It has no stack any more: no lock, no report, no handler of its goes on. */
static void forget(u32 cpu)
{
	struct pcpu_hot *hot = cpu_hot(cpu);

	hot->preempt_count = 0;
	hot->softirq_pending = 0;
	hot->irq_regs = NULL;
	sched_forget_stacks(cpu);
	sched_forget_cpu(cpu);
	trap_abandon_cpu(cpu);
	printk_abandon_cpu(cpu);
	smp_call_forget(cpu);
	hrtimers_forget(cpu);
	timers_forget(cpu);
	watch_forget(cpu);
}

static void init_by_ipi(u32 cpu)
{
	apic->icr_write(APIC_DM_INIT | APIC_INT_ASSERT, cpuid_to_apicid[cpu]);
}

/* INIT leaves it waiting for a SIPI. */
static void init(u32 cpu, void (*send_init)(u32 cpu))
{
	cpumask_clear_cpu(cpu, &cpu_online_mask);
	send_init(cpu);
	udelay(INIT_US);
	forget(cpu);
	run_on_forget(cpu);
}

/* The second one only if the first one was not seen to arrive. */
static void send_sipis(u32 cpu)
{
	u32 sipi = APIC_DM_STARTUP | APIC_INT_ASSERT |
		   (u32)(trampoline_page >> 12);
	u32 state = READ_ONCE(cpu_boot_state[cpu]);

	apic->icr_write(sipi, cpuid_to_apicid[cpu]);
	udelay(SIPI_US);
	if (READ_ONCE(cpu_boot_state[cpu]) == state)
		apic->icr_write(sipi, cpuid_to_apicid[cpu]);
}

int smp_restart_cpu_by(u32 cpu, void (*send_init)(u32 cpu))
{
	if (!cpu || cpu == smp_processor_id())
		return -EINVAL;
	init(cpu, send_init);
	__atomic_store_n(&cpu_boot_state[cpu], CPU_KICKED, __ATOMIC_RELEASE);
	send_sipis(cpu);
	if (WAIT_FOR(cpu_online(cpu), WAIT_DEFAULT_US))
		return 0;
	if (!cpu_boot_step(cpu, CPU_KICKED, CPU_OFF)) /* a late one parks */
		cpu_boot_step(cpu, CPU_ALIVE, CPU_OFF);
	if (WAIT_FOR(cpu_online(cpu), PARK_US))
		return 0;
	printk("# warning: CPU %u does not come back from INIT", cpu);
	return -ETIMEDOUT;
}

int smp_restart_cpu(u32 cpu)
{
	return smp_restart_cpu_by(cpu, init_by_ipi);
}

int smp_park_cpu(u32 cpu)
{
	if (!cpu || cpu == smp_processor_id())
		return -EINVAL;
	init(cpu, init_by_ipi);
	__atomic_store_n(&cpu_boot_state[cpu], CPU_OFF, __ATOMIC_RELEASE);
	send_sipis(cpu);
	return WAIT_FOR(cpu_online(cpu), PARK_US) ? -EBUSY : 0;
}
