// SPDX-License-Identifier: MIT
/*
 * elsewhere - cases that pass on the boot CPU and go wrong on the other one
 * that the runner chooses for them (src/ktest/on_cpu.c). tests/qemu/smp.t.
 */
#include <apic/lapic.h>
#include <cpu/irqflags.h>
#include <cpu/percpu.h>
#include <ktest/insn.h>
#include <ktest/ktest.h>
#include <trap/traps.h>

#define RULE "irqbed src/ktest/on_cpu.c: what fails on one CPU has failed"

SUITE(elsewhere, .manual = true, .needs = NEEDS_SMP);

/* Set by nobody: the loop is meant to have no end. */
static bool released;

static bool spin(struct pt_regs *regs, void *data)
{
	while (!READ_ONCE(released))
		cpu_relax();
	return true;
}

TEST(elsewhere, hangs, RULE, .deadline_ms = 500)
{
	EXPECT_TRUE(true);
	local_irq_disable();
	if (smp_processor_id())
		spin(NULL, NULL);
	local_irq_enable();
}

TEST(elsewhere, hangs_in_an_nmi_handler, RULE, .deadline_ms = 500)
{
	EXPECT_TRUE(true);
	if (!smp_processor_id())
		return;
	trap_hook(X86_TRAP_NMI, spin, NULL);
	apic_send_nmi(lapic_id());
	spin(NULL, NULL);
}

TEST(elsewhere, faults, RULE)
{
	EXPECT_TRUE(true);
	if (smp_processor_id())
		insn_ud2(NULL);
}

TEST(elsewhere, works, RULE)
{
	EXPECT_TRUE(true);
}
