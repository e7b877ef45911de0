// SPDX-License-Identifier: MIT
/*
 * selftest - cases that go wrong on purpose, for testing irqbed's own runner
 * and whoever parses its log. They run only when tests= names the suite.
 */
#include <apic/lapic.h>
#include <asm/pgtable.h>
#include <asm/special_insns.h>
#include <asm/trapnr.h>
#include <cpu/irqflags.h>
#include <cpu/percpu.h>
#include <cpu/stacks.h>
#include <ktest/insn.h>
#include <ktest/insn_df.h>
#include <ktest/insn_seg.h>
#include <ktest/ktest.h>
#include <ktest/probe.h>
#include <trap/report.h>
#include <trap/traps.h>

SUITE(selftest, .manual = true);

/* Set by nobody: the loop is meant to have no end. */
static bool released;

static void spin(void)
{
	while (!READ_ONCE(released))
		cpu_relax();
}

#define RULE "irqbed CONTRIBUTING.md: a case that goes wrong is reported"

TEST(selftest, passes, RULE)
{
	EXPECT_EQ(1 + 1, 2);
}

TEST(selftest, fails, RULE)
{
	EXPECT_EQ(1 + 1, 3);
}

TEST(selftest, no_checks, RULE)
{
}

TEST(selftest, skips, RULE)
{
	SKIP(return, "to show a SKIP line");
}

TEST(selftest, leaks, RULE)
{
	write_cr4(read_cr4() ^ X86_CR4_TSD);
	EXPECT_TRUE(true);
}

/* IF=0 and no end: the watchdog's NMI must break it. */
TEST(selftest, hangs, RULE, .deadline_ms = 1000)
{
	EXPECT_TRUE(true);
	local_irq_disable();
	spin();
}

static bool spin_in_nmi(struct pt_regs *regs, void *data)
{
	spin();
	return true;
}

/* NMIs are blocked until IRET: only the runner's time limit is left. */
TEST(selftest, hangs_hard, RULE, .deadline_ms = 1000)
{
	EXPECT_TRUE(true);
	trap_hook(X86_TRAP_NMI, spin_in_nmi, NULL);
	apic_send_nmi(lapic_id());
	spin();
}

TEST(selftest, faults, RULE)
{
	EXPECT_TRUE(true);
	insn_ud2(NULL);
}

static __noinline int overflow_stack(int depth)
{
	volatile char page[2048];

	page[0] = (char)depth;
	return depth > 1000000 ? 0 : overflow_stack(depth + 1) + page[0];
}

TEST(selftest, overflows_the_stack, RULE)
{
	EXPECT_TRUE(true);
	overflow_stack(0);
}

/* One push more than fits: a report for each stack, which names it. */
static void overflow(enum stack_kind kind)
{
	EXPECT_TRUE(true);
	local_irq_disable();
	insn_push((void *)(stack_top(smp_processor_id(), kind) - STACK_SIZE));
}

TEST(selftest, overflows_stack_entry, RULE)
{
	overflow(STACK_ENTRY);
}

TEST(selftest, overflows_stack_irq, RULE)
{
	overflow(STACK_IRQ);
}

TEST(selftest, overflows_stack_ist1, RULE)
{
	overflow(STACK_IST1);
}

TEST(selftest, overflows_stack_ist2, RULE)
{
	overflow(STACK_IST2);
}

TEST(selftest, overflows_stack_ist3, RULE)
{
	overflow(STACK_IST3);
}

TEST(selftest, overflows_stack_ist4, RULE)
{
	overflow(STACK_IST4);
}

TEST(selftest, overflows_stack_ist5, RULE)
{
	overflow(STACK_IST5);
}

TEST(selftest, overflows_stack_ist6, RULE)
{
	overflow(STACK_IST6);
}

TEST(selftest, overflows_stack_ist7, RULE)
{
	overflow(STACK_IST7);
}

TEST(selftest, crash, RULE)
{
	EXPECT_TRUE(true);
	bail_out("asked for by selftest.crash");
}

/* No IDT at all: the next event can only shut the CPU down. */
TEST(selftest, triple_fault, RULE)
{
	struct desc_ptr none = { 0 };

	EXPECT_TRUE(true);
	load_idt(&none);
	insn_ud2(NULL);
}

/* Each an exception during the delivery of #DF: shutdown, so a reset. */
static void shut_down(void)
{
	probe_gate(X86_TRAP_UD)->bits.p = 0;
	probe_gate(X86_TRAP_NP)->bits.p = 0;
	probe_call(insn_ud2, NULL);
}

TEST(selftest, triple_fault_by_df_gate, RULE)
{
	EXPECT_EQ(probe_reset(), 0);
	probe_gate(X86_TRAP_DF)->bits.p = 0;
	shut_down();
}

TEST(selftest, triple_fault_by_df_stack, RULE)
{
	EXPECT_EQ(probe_reset(), 0);
	probe.use_tss = true;
	probe.tss->ist[IST_DF - 1] = PAGE_SIZE; /* page 0 is absent */
	shut_down();
}

/* RSP0's slot, and with it every IST's, beyond the TSS limit. */
TEST(selftest, triple_fault_by_tss, RULE)
{
	struct pt_regs regs = { .ip = (u64)insn_df_u_ud2,
				.cs = __USER_CS,
				.flags = X86_EFLAGS_FIXED,
				.ss = __USER_DS };

	EXPECT_EQ(probe_reset(), 0);
	probe.use_tss = true;
	probe.gdt[GDT_ENTRY_TSS].limit0 = offsetof(struct tss, sp) + 7 - 1;
	probe_call(probe_enter, &regs);
}
