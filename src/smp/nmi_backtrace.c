// SPDX-License-Identifier: MIT
/*
 * nmi_backtrace.c - NMIs from CPU to CPU: "say where you are", and "stop".
 *
 * Who asks sends one NMI at a time and waits for its answer, so that the CPUs
 * speak in their order and never at once.
 */
#include <smp/nmi_backtrace.h>

#include <apic/lapic.h>
#include <console/printk.h>
#include <cpu/deadline.h>
#include <cpu/preempt.h>
#include <sched/task.h>
#include <trap/extable.h>
#include <trap/report.h>
#include <trap/traps.h>

#include "internal.h"

#define ANSWER_US 1000000
#define ALL_US	  10000000 /* Linux's, for all of them */
#define LIST_MAX  96

#define HLT_OPCODE 0xf4

static struct cpumask asked; /* a bit is cleared by its own CPU */
static struct cpumask idle;  /* those that had nothing to tell */
static u32 busy;	     /* some CPU asks */
static DEFINE_PER_CPU(u32, answers);

/* Nothing of the idle loop's but its HLT: that byte lies behind RIP. */
bool cpu_sleeps(const struct pt_regs *regs)
{
	u8 byte;

	return is_idle_task(current) && in_task() &&
	       !copy_from_kernel_nofault(&byte, (void *)(regs->ip - 1), 1) &&
	       byte == HLT_OPCODE;
}

static void answer(const struct pt_regs *regs)
{
	u32 cpu = smp_processor_id();

	if (cpu_sleeps(regs))
		cpumask_set_cpu(cpu, &idle);
	else
		report_where(regs);
	(*this_cpu_ptr(&answers))++;
	cpumask_clear_cpu(cpu, &asked);
}

static enum nmi_verdict on_ipi_nmi(struct pt_regs *regs)
{
	bool stop = stop_wanted();

	if (!stop && !cpumask_test_cpu(smp_processor_id(), &asked))
		return NMI_NOT_MINE;
	if (printk_busy()) {
		nmi_postpone(); /* it ends its line first */
		return NMI_HANDLED;
	}
	if (stop)
		stop_this_cpu();
	answer(regs);
	return NMI_HANDLED;
}

static bool answered(u32 cpu)
{
	return !cpumask_test_cpu(cpu, &asked);
}

static bool ask(u32 cpu, u64 end)
{
	cpumask_set_cpu(cpu, &asked);
	apic_send_nmi(cpu_hot(cpu)->apic_id);
	if (WAIT_FOR(answered(cpu), deadline_passed(end) ? 0 : ANSWER_US))
		return true;
	cpumask_clear_cpu(cpu, &asked);
	printk("# CPU %u, APIC ID 0x%x, does not answer an NMI", cpu,
	       cpu_hot(cpu)->apic_id);
	return false;
}

bool trigger_allbutself_cpu_backtrace(void)
{
	u64 end = deadline_after(ALL_US);
	char list[LIST_MAX];
	bool all = true;
	u32 cpu;

	if (__atomic_exchange_n(&busy, 1, __ATOMIC_ACQUIRE))
		return false;
	idle = (struct cpumask){ 0 };
	for_each_online_cpu (cpu) {
		if (cpu != smp_processor_id())
			all &= ask(cpu, end);
	}
	cpulist_scnprintf(list, sizeof(list), &idle);
	if (list[0])
		printk("# idle: CPU %s", list);
	__atomic_store_n(&busy, 0, __ATOMIC_RELEASE);
	return all;
}

u32 nmi_backtrace_count(u32 cpu)
{
	return READ_ONCE(*per_cpu_ptr(&answers, cpu));
}

void nmi_ipi_init(void)
{
	nmi_ipi_hook = on_ipi_nmi;
}
