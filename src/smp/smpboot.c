// SPDX-License-Identifier: MIT
/*
 * smpboot.c - the boot CPU's part in starting the others.
 *
 * All of them at once: INIT to each, 10 ms, a SIPI to each, and another to
 * those that are not there yet. A round that somebody missed is repeated for
 * him: an SMI, say, has eaten his SIPI.
 *
 * Spec: SDM 3A "MP Initialization Protocol Algorithm for MP Systems".
 *       Linux: arch/x86/kernel/smpboot.c.
 */
#include <acpi/tables.h>
#include <apic/apic_driver.h>
#include <apic/lapic.h>
#include <bh/timer.h>
#include <console/printk.h>
#include <cpu/cpufeature.h>
#include <cpu/deadline.h>
#include <irq/ipi.h>
#include <lib/string.h>
#include <mm/paging.h>
#include <sched/sched.h>
#include <smp/cpu_setup.h>
#include <smp/cpu_state.h>
#include <smp/tsc_sync.h>
#include <smp/watch.h>
#include <trap/report.h>

#include "internal.h"

#define ROUNDS	     3
#define ROUND_US     3300000 /* 10 s in all, */
#define ROUND_CPU_US 20000   /* and more where few cores are many CPUs */
#define XAPIC_ID_MAX 0xfe

u32 cpuid_to_apicid[NR_CPUS];
u32 cpu_boot_state[NR_CPUS];
u64 trampoline_page;
void (*smp_startup_hook)(void);

static u32 wanted = 1; /* CPUs, with the boot CPU */
static u32 unreachable;
static u64 prepare_us, bringup_us;
static u32 rounds;

static u32 boot_state(u32 cpu)
{
	return __atomic_load_n(&cpu_boot_state[cpu], __ATOMIC_ACQUIRE);
}

u32 smp_failed_count(void)
{
	u32 n = 0;

	for (u32 cpu = 1; cpu < wanted; cpu++)
		n += boot_state(cpu) != CPU_ONLINE;
	return n;
}

u32 smp_failed_id(u32 index)
{
	for (u32 cpu = 1; cpu < wanted; cpu++) {
		if (boot_state(cpu) != CPU_ONLINE && !index--)
			return cpuid_to_apicid[cpu];
	}
	return ~0u;
}

u32 smp_unreachable_count(void)
{
	return unreachable;
}

/* Numbers for the MADT's CPUs, and what each has of its own. */
static void number_cpus(const struct acpi_madt *madt)
{
	cpuid_to_apicid[0] = this_cpu(apic_id);
	wanted = 1 + acpi_startable_cpus(madt, this_cpu(apic_id),
					 apic_is_x2apic ? ~0u : XAPIC_ID_MAX,
					 &cpuid_to_apicid[1], NR_CPUS - 1,
					 &unreachable);
	while (nr_cpu_ids < wanted && !cpu_prepare(nr_cpu_ids) &&
	       !sched_prepare_cpu(nr_cpu_ids)) {
		init_timers_cpu(nr_cpu_ids);
		cpu_hot(nr_cpu_ids)->apic_id = cpuid_to_apicid[nr_cpu_ids];
		nr_cpu_ids++;
	}
	if (smp_call_init(nr_cpu_ids))
		nr_cpu_ids = 1; /* nobody could be told anything */
	if (nr_cpu_ids < wanted)
		printk("# warning: no memory for %u CPUs", wanted - nr_cpu_ids);
}

/* Where a symbol of the trampoline lies in its copy. */
static void *in_copy(u64 page, const char *symbol)
{
	return (void *)(page + (u64)(symbol - trampoline_start));
}

static int copy_trampoline(u64 page)
{
	u32 *base;

	memcpy((void *)page, trampoline_start,
	       (size_t)(trampoline_end - trampoline_start));
	base = (u32 *)((char *)in_copy(page, tr_gdt_ptr) + 2);
	*base += (u32)page;
	*(u32 *)in_copy(page, tr_far) += (u32)page;
	*(u64 *)in_copy(page, tr_start) = (u64)secondary_startup_64;
	*(u32 *)in_copy(page, tr_cr3) = (u32)paging_root();
	*(u32 *)in_copy(page, tr_cr4) =
		(u32)read_cr4() & (X86_CR4_PAE | X86_CR4_LA57);
	return protect_range(page, PAGE_SIZE, PAGE_KERNEL_ROX);
}

/* Physical destinations: a broadcast would wake what the MADT calls absent. */
static void send_to(u32 state, u32 icr)
{
	for (u32 cpu = 1; cpu < nr_cpu_ids; cpu++) {
		if (boot_state(cpu) == state)
			apic->icr_write(icr, cpuid_to_apicid[cpu]);
	}
}

static bool nobody_missing(void)
{
	for (u32 cpu = 1; cpu < nr_cpu_ids; cpu++) {
		if (!cpu_online(cpu))
			return false;
	}
	return true;
}

/*
 * Who is not online by now is taken back: if he comes after all he parks,
 * until INIT ends that. Only then may he be kicked: one who came between a
 * kick and its INIT would be reset without anybody knowing.
 */
static void take_back(void)
{
	for (u32 cpu = 1; cpu < nr_cpu_ids; cpu++) {
		if (!cpu_boot_step(cpu, CPU_KICKED, CPU_OFF))
			cpu_boot_step(cpu, CPU_ALIVE, CPU_OFF);
	}
}

static void kick(void)
{
	for (u32 cpu = 1; cpu < nr_cpu_ids; cpu++)
		cpu_boot_step(cpu, CPU_OFF, CPU_KICKED);
}

static void start_round(u64 page)
{
	u32 sipi = APIC_DM_STARTUP | APIC_INT_ASSERT | (u32)(page >> 12);

	rounds++;
	take_back();
	send_to(CPU_OFF, APIC_DM_INIT | APIC_INT_ASSERT);
	udelay(INIT_US);
	kick();
	send_to(CPU_KICKED, sipi);
	udelay(SIPI_US);
	send_to(CPU_KICKED, sipi);
	WAIT_FOR(nobody_missing(), ROUND_US + (u64)nr_cpu_ids * ROUND_CPU_US);
}

/* From here on a late one parks itself. */
static void give_up_the_rest(void)
{
	take_back();
	for (u32 cpu = 1; cpu < nr_cpu_ids; cpu++) {
		if (boot_state(cpu) != CPU_ONLINE)
			printk("# warning: the CPU with APIC ID 0x%x does not "
			       "answer",
			       cpuid_to_apicid[cpu]);
		else /* it has only to say so */
			WAIT_FOR(cpu_online(cpu), WAIT_DEFAULT_US);
	}
}

static void log_cpus(const struct acpi_madt *madt)
{
	printk("# smp.cpus=%u smp.online=%u smp.prepare_us=%llu "
	       "smp.bringup_us=%llu smp.rounds=%u",
	       nr_cpu_ids, num_online_cpus(), (unsigned long long)prepare_us,
	       (unsigned long long)bringup_us, rounds);
	printk("# apic.ipi=%s apic.shorthand=%d", apic_driver->name,
	       apic_shorthand_allowed());
	if (unreachable)
		printk("# warning: %u CPUs have APIC IDs that xAPIC mode "
		       "cannot address",
		       unreachable);
	if (madt->cpus_dropped)
		printk("# warning: %u CPUs more than the %u there is room for",
		       madt->cpus_dropped, NR_CPUS);
}

/* What lower rooms want done about other CPUs. */
static void smp_hooks_init(void)
{
	nmi_ipi_init();
	csd_stuck_hook = watch_overdue_now;
	reboot_hook = stop_on_reboot_vector;
	panic_cpus_hook = panic_other_cpus;
	cpu_recover_hook = recover_cpu;
}

void smp_init(const struct acpi_madt *madt, u64 ap_page)
{
	u64 begin = rdtsc();

	trampoline_page = ap_page;
	smp_hooks_init();
	number_cpus(madt);
	apic_setup_routing(acpi_tables.fadt.flags);
	prepare_us = tsc_to_us(rdtsc() - begin);
	begin = rdtsc();
	cpu_state_read();
	if (nr_cpu_ids > 1 && (!ap_page || copy_trampoline(ap_page)))
		printk("# warning: no page below 1 MiB to start CPUs from");
	else
		while (rounds < ROUNDS && !nobody_missing())
			start_round(ap_page);
	give_up_the_rest();
	resched_cpu_hook = smp_send_reschedule;
	if (num_online_cpus() > 1)
		tlb_connect();
	apic_use_shorthand(!unreachable && !madt->cpus_dropped);
	bringup_us = tsc_to_us(rdtsc() - begin);
	log_cpus(madt);
	if (num_online_cpus() > 1) {
		cpu_state_log();
		tsc_sync_log();
	}
}
