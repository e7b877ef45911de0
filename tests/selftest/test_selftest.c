// SPDX-License-Identifier: MIT
/*
 * selftest - cases that go wrong on purpose, for testing irqbed's own runner
 * and whoever parses its log. They run only when tests= names the suite.
 */
#include <apic/lapic.h>
#include <asm/special_insns.h>
#include <cpu/irqflags.h>
#include <ktest/insn.h>
#include <ktest/ktest.h>
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

#define RULE "DESIGN section 4: a case that goes wrong is reported"

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
