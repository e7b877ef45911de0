// SPDX-License-Identifier: MIT
/*
 * break_out.c - in the watchdog's NMI: who of this CPU's threads is ended.
 *
 * "ktest" does what has taken too long. It may not be what runs: it sleeps for
 * something that never comes, or a thread before it never gives way. Then
 * both are ended, each in its own guard, and both are shown.
 */
#include <apic/lapic.h>
#include <console/printk.h>
#include <cpu/cpumask.h>
#include <sched/left.h>
#include <sched/sched.h>
#include <trap/catch.h>
#include <trap/report.h>

#include "internal.h"

/* Somebody wants the thread that runs here ended: end_running_hook. */
static DEFINE_PER_CPU(bool, end_asked);

static bool end_in_guard(struct pt_regs *regs)
{
	struct trap_event event = { .nr = X86_TRAP_NMI };

	return catch_guard(regs, &event);
}

/* What "ktest" waits for is seen in its backtrace. */
static void break_off_main(struct task_struct *main, bool shown)
{
	if (shown) {
		printk("# %s of CPU %u is %s", main->comm, main->cpu,
		       main->state == TASK_RUNNING ? "ready to run" : "asleep");
		sched_show_sleeper(main);
	}
	sched_break_off(main);
}

/* Nobody's fault: all threads of this CPU sleep. */
static bool is_just_idle(void)
{
	return is_idle_task(current) && !in_interrupt();
}

enum nmi_verdict break_out(struct pt_regs *regs, const char *why, bool main_too)
{
	struct task_struct *main = cpu_main_task(smp_processor_id());

	main_too &= current != main;
	if (why && current != main)
		printk("# thread %s, pid %u, runs", current->comm,
		       current->pid);
	if (main_too)
		break_off_main(main, why);
	if (main_too && is_just_idle())
		return NMI_HANDLED;
	if (why)
		report_exception(regs, why);
	return end_in_guard(regs) ? NMI_RESUMED : NMI_NOT_MINE;
}

bool break_out_asked(struct pt_regs *regs, enum nmi_verdict *verdict)
{
	bool asked = __atomic_exchange_n(this_cpu_ptr(&end_asked), false,
					 __ATOMIC_ACQ_REL);

	*verdict = NMI_HANDLED;
	if (!current->broken_off)
		return asked;
	if (asked && (sched_in_switch() || printk_busy()))
		return true; /* who asked will ask again */
	current->broken_off = false;
	if (asked)
		report_where(regs);
	if (end_in_guard(regs))
		*verdict = NMI_RESUMED;
	return true;
}

static void end_running(u32 cpu)
{
	if (!__atomic_exchange_n(per_cpu_ptr(&end_asked, cpu), true,
				 __ATOMIC_ACQ_REL))
		apic_send_nmi(cpu_hot(cpu)->apic_id);
}

void break_out_init(void)
{
	end_running_hook = end_running;
}
