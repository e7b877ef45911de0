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
#include <console/printk.h>
#include <cpu/cpufeature.h>
#include <cpu/deadline.h>
#include <irq/ipi.h>
#include <lib/string.h>
#include <mm/paging.h>
#include <smp/cpu_setup.h>
#include <smp/watch.h>
#include <trap/report.h>

#include "internal.h"

#define ROUNDS	     3
#define ROUND_US     3300000 /* 10 s in all */
#define XAPIC_ID_MAX 0xfe

u32 cpuid_to_apicid[NR_CPUS];
u32 cpu_boot_state[NR_CPUS];
u64 trampoline_page;

static u32 unreachable;
static u64 bringup_us;

static u32 boot_state(u32 cpu)
{
	return __atomic_load_n(&cpu_boot_state[cpu], __ATOMIC_ACQUIRE);
}

u32 smp_failed_count(void)
{
	u32 n = 0;

	for (u32 cpu = 1; cpu < nr_cpu_ids; cpu++)
		n += boot_state(cpu) != CPU_ONLINE;
	return n;
}

u32 smp_failed_id(u32 index)
{
	for (u32 cpu = 1; cpu < nr_cpu_ids; cpu++) {
		if (boot_state(cpu) != CPU_ONLINE && !index--)
			return cpuid_to_apicid[cpu];
	}
	return ~0u;
}

u32 smp_unreachable_count(void)
{
	return unreachable;
}

u64 smp_bringup_us(void)
{
	return bringup_us;
}

/* Numbers for the MADT's CPUs, and what each has of its own. */
static int number_cpus(const struct acpi_madt *madt)
{
	u32 boot_id = this_cpu(apic_id);

	cpuid_to_apicid[0] = boot_id;
	for (u32 i = 0; i < madt->nr_cpus && nr_cpu_ids < NR_CPUS; i++) {
		u32 id = madt->cpu[i].apic_id;
		int err;

		if (!madt->cpu[i].enabled || id == boot_id)
			continue;
		if (!apic_is_x2apic && id > XAPIC_ID_MAX) {
			unreachable++;
			continue;
		}
		err = cpu_prepare(nr_cpu_ids);
		if (err)
			return err;
		cpu_hot(nr_cpu_ids)->apic_id = id;
		cpuid_to_apicid[nr_cpu_ids++] = id;
	}
	return 0;
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
static void send_to_kicked(u32 icr)
{
	for (u32 cpu = 1; cpu < nr_cpu_ids; cpu++) {
		if (boot_state(cpu) == CPU_KICKED)
			apic->icr_write(icr, cpuid_to_apicid[cpu]);
	}
}

static bool nobody_missing(u32 state)
{
	for (u32 cpu = 1; cpu < nr_cpu_ids; cpu++) {
		if (boot_state(cpu) < state)
			return false;
	}
	return true;
}

/*
 * Who has not said a word yet is taken back, so that he parks if he comes
 * right now, and is kicked again. INIT ends the parking, too.
 */
static void kick(void)
{
	for (u32 cpu = 1; cpu < nr_cpu_ids; cpu++) {
		u32 old = CPU_KICKED;

		__atomic_compare_exchange_n(&cpu_boot_state[cpu], &old, CPU_OFF,
					    false, __ATOMIC_ACQ_REL,
					    __ATOMIC_ACQUIRE);
		old = CPU_OFF;
		__atomic_compare_exchange_n(&cpu_boot_state[cpu], &old,
					    CPU_KICKED, false, __ATOMIC_ACQ_REL,
					    __ATOMIC_ACQUIRE);
	}
}

static void start_round(u64 page)
{
	u32 sipi = APIC_DM_STARTUP | APIC_INT_ASSERT | (u32)(page >> 12);

	kick();
	send_to_kicked(APIC_DM_INIT | APIC_INT_ASSERT);
	udelay(INIT_US);
	send_to_kicked(sipi);
	udelay(SIPI_US);
	send_to_kicked(sipi);
	WAIT_FOR(nobody_missing(CPU_ONLINE), ROUND_US);
}

/* From here on a late one parks itself. */
static void give_up_the_rest(void)
{
	for (u32 cpu = 1; cpu < nr_cpu_ids; cpu++) {
		u32 old = CPU_KICKED;

		__atomic_compare_exchange_n(&cpu_boot_state[cpu], &old, CPU_OFF,
					    false, __ATOMIC_ACQ_REL,
					    __ATOMIC_ACQUIRE);
	}
	for (u32 i = 0; i < smp_failed_count(); i++)
		printk("# warning: the CPU with APIC ID 0x%x does not answer",
		       smp_failed_id(i));
}

static void log_cpus(const struct acpi_madt *madt)
{
	printk("# smp.cpus=%u smp.online=%u smp.bringup_us=%llu", nr_cpu_ids,
	       num_online_cpus(), (unsigned long long)bringup_us);
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
}

void smp_init(const struct acpi_madt *madt, u64 ap_page)
{
	u64 begin = rdtsc();

	trampoline_page = ap_page;
	smp_hooks_init();
	if (number_cpus(madt) || smp_call_init(nr_cpu_ids))
		printk("# warning: no memory for more than %u CPUs",
		       nr_cpu_ids);
	apic_setup_routing(acpi_tables.fadt.flags);
	if (nr_cpu_ids > 1 && (!ap_page || copy_trampoline(ap_page)))
		printk("# warning: no page below 1 MiB to start CPUs from");
	else
		for (u32 i = 0; i < ROUNDS && !nobody_missing(CPU_ONLINE); i++)
			start_round(ap_page);
	give_up_the_rest();
	if (num_online_cpus() > 1)
		tlb_connect();
	apic_use_shorthand(!unreachable && !madt->cpus_dropped);
	bringup_us = tsc_to_us(rdtsc() - begin);
	log_cpus(madt);
}
