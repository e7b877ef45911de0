// SPDX-License-Identifier: MIT
/*
 * start.c - the boot, a call a phase, in Linux's order and with its names.
 *
 * Each phase stands on those before it; the comment says why it is there.
 */
#include <acpi/tables.h>
#include <bh/softirq.h>
#include <console/console.h>
#include <console/printk.h>
#include <cpu/canary.h>
#include <cpu/cpufeature.h>
#include <cpu/deadline.h>
#include <cpu/desc.h>
#include <cpu/irqflags.h>
#include <cpu/stacks.h>
#include <entry/idt.h>
#include <entry/start.h>
#include <irq/irq.h>
#include <ktest/runner.h>
#include <mm/page_alloc.h>
#include <mm/paging.h>
#include <mm/regions.h>
#include <sched/ksoftirqd.h>
#include <sched/sched.h>
#include <sched/workqueue.h>
#include <smp/cpu_setup.h>
#include <smp/smp.h>
#include <trap/mce.h>
#include <trap/report.h>

#include "platform.h"

/*
 * The console first: from here on a line written is a line seen. Then our own
 * segments, since the firmware's selectors are not ours, then gates.
 */
static void early_setup(struct boot_info *info)
{
	boot_info_keep(info);
	deadline_scale = info->options.scale;
	if (!info->options.seed_given)
		info->options.seed = rdtsc();
	console_init(&info->options);
	early_gdt_setup();
	idt_setup_early_handler();
	cpu_identify();
	ktest_begin(&info->options);
	log_boot_info(info);
	ktest_list();
}

/* Own page tables, then everything that is to be read-only or guarded. */
static void setup_memory(const struct boot_info *info)
{
	/* Without it bit 63 of an entry is reserved: nothing is mapped. */
	if (!cpu_has(X86_FEATURE_NX))
		bail_out("no NX: absent, or switched off by the firmware");
	page_alloc_init(info);
	regions_init(info);
	if (paging_init(info))
		bail_out("no memory for page tables");
	if (console_mmio() && ioremap(console_mmio(), PAGE_SIZE))
		bail_out("no memory for page tables");
	setup_log_buffer();
}

/* GDT, TSS, per-CPU area; then the gates that may rely on them. */
static void trap_init(void)
{
	if (cpu_prepare(0))
		bail_out("no memory for the boot CPU's stacks");
	cpu_init(0);
	idt_setup_early_traps();
	idt_setup_early_pf();
	idt_setup_traps();
	idt_setup_ist_traps();
	trap_connect();
	mcheck_cpu_init();
}

/* Legacy controllers silent, vectors assigned, every gate present. */
static void init_interrupts(const struct boot_info *info)
{
	acpi_init(info);
	console_from_spcr(info);
	sched_init();
	if (sched_prepare_cpu(0))
		bail_out("no memory for the idle thread");
	early_irq_init();
	legacy_pic_init();
	init_IRQ(&acpi_tables);
	if (idt_setup_apic_and_irq_gates())
		bail_out("no memory for the IDT's alias");
	apic_intr_init();
}

static void time_init(void)
{
	clocks_and_devices_init();
	hrtimers_init();
	init_timers();
	softirq_init();
	apic_timer_init();
	sched_tick_init();
	sched_break_off_init();
}

/* On the task stack, which has a guard. */
static void start_rest(void *arg)
{
	const struct boot_info *info = arg;

	init_interrupts(info);
	time_init();
	smp_init(&acpi_tables.madt, info->ap_page);
	firmware_reset_init(info);
	platform_ready(info);
	local_irq_enable();
	if (spawn_ksoftirqd())
		bail_out("no memory for ksoftirqd");
	if (workqueue_init())
		bail_out("no memory for kworkers");
	ktest_run();
}

__attribute__((no_stack_protector)) void start(struct boot_info *info)
{
	early_setup(info);
	setup_memory(info);
	trap_init();
	boot_init_stack_canary();
	call_on_stack(start_rest, info, stack_top(0, STACK_TASK));
	bail_out("start_rest() returned");
}
