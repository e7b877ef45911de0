// SPDX-License-Identifier: MIT
/*
 * panic - the run cannot go on, on one CPU or on several, whatever the others
 * do or hold: each case ends its run. tests/qemu/smp.t judges what is left:
 * one reason, where everybody was, and an END line.
 */
#include <apic/lapic.h>
#include <asm/processor-flags.h>
#include <asm/special_insns.h>
#include <console/console.h>
#include <console/printk.h>
#include <cpu/deadline.h>
#include <cpu/irqflags.h>
#include <irq/ipi.h>
#include <irq/irq.h>
#include <irq/irqdesc.h>
#include <ktest/insn.h>
#include <ktest/ktest.h>
#include <smp/smp.h>
#include <trap/report.h>
#include <trap/traps.h>

#define RULE	 "irqbed src/trap/panic.c: the run ends, always with a last word"
#define LONG	 60000000 /* us */
#define WAITS_US 20000

SUITE(panic, .manual = true, .needs = NEEDS_SMP);

static u32 arrived;

/* Set by nobody: the loop is meant to have no end. */
static bool released;

static bool spin(struct pt_regs *regs, void *data)
{
	__atomic_fetch_add(&arrived, 1, __ATOMIC_SEQ_CST);
	while (!READ_ONCE(released))
		cpu_relax();
	return true;
}

static void spin_irqs_off(void *arg)
{
	local_irq_disable();
	spin(NULL, NULL);
}

static void spin_in_nmi(void *arg)
{
	apic_send_nmi(lapic_id());
	spin(NULL, NULL);
}

static void give_up(void *arg)
{
	bail_out("asked for on CPU %u", smp_processor_id());
}

/* Together with the others. */
static void meet(u32 n)
{
	__atomic_fetch_add(&arrived, 1, __ATOMIC_SEQ_CST);
	WAIT_FOR(READ_ONCE(arrived) == n, WAIT_DEFAULT_US);
}

static void meet_and_give_up(void *arg)
{
	meet(num_online_cpus());
	give_up(NULL);
}

/* With no frame to recover to, as before there are any. */
static void meet_and_fault(void *arg)
{
	meet(num_online_cpus());
	this_cpu(catch_top) = NULL;
	insn_ud2(NULL);
}

static u32 last_cpu(void)
{
	return nr_cpu_ids - 1;
}

/* The last CPU is busy with fn, the boot CPU gives up. */
static void give_up_beside(void (*fn)(void *))
{
	arrived = 0;
	EXPECT_EQ(run_on_start(last_cpu(), fn, NULL, LONG), 0);
	WAIT_FOR(READ_ONCE(arrived), WAIT_DEFAULT_US);
	give_up(NULL);
}

static void on_all_cpus(void (*fn)(void *))
{
	u32 cpu;

	arrived = 0;
	for_each_online_cpu (cpu) {
		if (cpu)
			EXPECT_EQ(run_on_start(cpu, fn, NULL, LONG), 0);
	}
	fn(NULL);
}

/* The boot CPU has woken this one, and waits with IF=1. */
static void give_up_late(void *arg)
{
	udelay(WAITS_US);
	give_up(NULL);
}

TEST(panic, on_another_cpu, RULE)
{
	EXPECT_EQ(run_on(last_cpu(), give_up_late, NULL, LONG), 0);
}

TEST(panic, in_a_call_function, RULE)
{
	EXPECT_EQ(smp_call_function_single(last_cpu(), give_up, NULL, true), 0);
}

TEST(panic, of_all_at_once, RULE)
{
	on_all_cpus(meet_and_give_up);
}

TEST(panic, of_all_at_once_by_faults, RULE)
{
	on_all_cpus(meet_and_fault);
}

TEST(panic, beside_a_cpu_with_interrupts_off, RULE)
{
	give_up_beside(spin_irqs_off);
}

TEST(panic, beside_a_cpu_in_an_nmi_handler, RULE)
{
	trap_hook(X86_TRAP_NMI, spin, NULL);
	give_up_beside(spin_in_nmi);
}

/* The first byte of its line leads to #DB's hook, which spins. */
static void hold_the_log(void *arg)
{
	write_cr4(read_cr4() | X86_CR4_DE);
	write_dr0(console_port());
	write_dr7(DR7_FIXED | DR7_L(0) | DR7_RW(0, DR_RW_IO));
	printk("# a line that is never ended");
}

TEST(panic, beside_a_cpu_that_holds_the_log, RULE)
{
	if (!EXPECT_TRUE(console_port()))
		return;
	trap_hook(X86_TRAP_DB, spin, NULL);
	give_up_beside(hold_the_log);
}

/* Whoever wants one of them would wait for ever. */
static void hold_the_locks(void *arg)
{
	local_irq_disable();
	for (u32 irq = 0; irq < NR_IRQS; irq++)
		raw_spin_lock(&irq_to_desc(irq)->lock);
	spin(NULL, NULL);
}

TEST(panic, beside_a_cpu_that_holds_every_lines_lock, RULE)
{
	give_up_beside(hold_the_locks);
}
