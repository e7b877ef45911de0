// SPDX-License-Identifier: MIT
/*
 * test_lockdep.c - what the suites work with, and the counts: each way to
 * change IF, or to keep softirqs off, by exact numbers.
 *
 * A window that an interrupt hit which the case did not order is measured
 * again: the counts say how many entries there were.
 *
 * Linux: kernel/locking/lockdep.c lockdep_hardirqs_on() and its three twins.
 */
#include "lockdep.h"

#include <apic/lapic.h>
#include <bh/softirq.h>
#include <cpu/cpumask.h>
#include <cpu/irqflags.h>
#include <irq/irq.h>
#include <ktest/insn.h>
#include <ktest/insn_irq.h>
#include <ktest/insn_nmi.h>
#include <ktest/raised.h>
#include <lib/string.h>
#include <smp/smp.h>
#include <trap/catch.h>
#include <trap/traps.h>

#define TRIES  100
#define RUN_US 2000000

static bool was_on;

int lockdep_open(void)
{
	was_on = lockdep_set(true);
	return 0;
}

void lockdep_close(void)
{
	lockdep_set(was_on);
}

SUITE(lockdep, .setup = lockdep_open, .teardown = lockdep_close);

static void (*in_handler)(void);

static irqreturn_t on_irq(int irq, void *dev)
{
	if (in_handler)
		in_handler();
	return IRQ_HANDLED;
}

bool ld_claim(void (*fn)(void))
{
	in_handler = fn;
	return EXPECT_EQ(irq_claim_vector(LD_VECTOR, on_irq, NULL), 0);
}

void ld_interrupt(void)
{
	insn_irq_raise(LD_VECTOR);
}

bool ld_on(u32 cpu, void (*fn)(void *), void *arg)
{
	return EXPECT_EQ(run_on(cpu, fn, arg, RUN_US), 0);
}

char ld_text[4096];

bool ld_told(const char *words)
{
	size_t len = strlen(words);

	for (const char *at = ld_text; *at; at++) {
		if (!strncmp(at, words, len))
			return true;
	}
	ktest_note("no \"%s\" in what was reported:", words);
	for (const char *at = ld_text, *end; (end = strchr(at, '\n'));
	     at = end + 1)
		ktest_note("%.*s", (int)(end - at), at);
	return false;
}

void ld_report_of(void (*fn)(void))
{
	lockdep_capture(ld_text, sizeof(ld_text));
	fn();
	lockdep_capture(NULL, 0);
}

static struct lockdep_counts during(void (*fn)(void))
{
	struct lockdep_counts before = lockdep_counts(), after;

	fn();
	after = lockdep_counts();
	for (u32 i = 0; i < NR_LOCKDEP_EVENTS; i++)
		after.event[i] -= before.event[i];
	after.entries -= before.entries;
	return after;
}

void ld_counts_are(const char *file, int line, void (*fn)(void), u64 entries,
		   const u8 *want)
{
	static const char *const names[NR_LOCKDEP_EVENTS] = {
		"hardirq on events",	 "hardirq off events",
		"redundant hardirq ons", "redundant hardirq offs",
		"softirq on events",	 "softirq off events",
		"redundant softirq ons", "redundant softirq offs",
	};
	struct lockdep_counts got = during(fn);

	for (u32 i = 0; i < TRIES && got.entries > entries; i++)
		got = during(fn);
	ktest_check(file, line, "interrupts and exceptions", OP_EQ,
		    "those of the case", got.entries, entries);
	for (u32 i = 0; i < NR_LOCKDEP_EVENTS; i++)
		ktest_check(file, line, names[i], OP_EQ, "what it did",
			    got.event[i], want[i]);
}

static void disable_enable(void)
{
	local_irq_disable();
	local_irq_enable();
}

TEST(lockdep, disable_and_enable_are_an_event_each, STATS)
{
	EXPECT_COUNTS(disable_enable, 0, 1, 1, 0, 0);
}

static void save_restore(void)
{
	local_irq_restore(local_irq_save());
}

TEST(lockdep, save_and_restore_are_an_event_each, STATS)
{
	EXPECT_COUNTS(save_restore, 0, 1, 1, 0, 0);
}

static void save_inside(void)
{
	local_irq_disable();
	save_restore();
	local_irq_enable();
}

TEST(lockdep, save_and_restore_of_if_0_are_redundant_offs, STATS)
{
	EXPECT_COUNTS(save_inside, 0, 1, 1, 0, 2);
}

static void enable_twice(void)
{
	local_irq_disable();
	local_irq_enable();
	local_irq_enable();
	local_irq_enable();
}

TEST(lockdep, a_second_enable_is_a_redundant_on, STATS)
{
	EXPECT_COUNTS(enable_twice, 0, 1, 1, 2, 0);
}

static void disable_twice(void)
{
	local_irq_disable();
	local_irq_disable();
	local_irq_enable();
}

TEST(lockdep, a_second_disable_is_a_redundant_off, STATS)
{
	EXPECT_COUNTS(disable_twice, 0, 1, 1, 0, 1);
}

/* POPF is no point: what follows it is judged by IF itself. */
static void popf_between(void)
{
	u64 on = native_save_fl();

	local_irq_disable();
	native_restore_fl(on);
	local_irq_disable();
	native_restore_fl(on);
	local_irq_enable();
}

TEST(lockdep, a_change_of_if_that_was_not_seen_is_not_forgotten, STATS)
{
	EXPECT_COUNTS(popf_between, 0, 0, 2, 1, 0);
}

TEST(lockdep, an_interrupt_is_an_off_and_its_return_an_on, STATS)
{
	if (ld_claim(NULL))
		EXPECT_COUNTS(ld_interrupt, 1, 1, 1, 0, 0);
}

static void interrupt_with_if_0(void)
{
	local_irq_disable();
	ld_interrupt();
	local_irq_enable();
}

TEST(lockdep, an_int_n_with_if_0_is_a_redundant_off_alone, STATS)
{
	if (ld_claim(NULL))
		EXPECT_COUNTS(interrupt_with_if_0, 1, 1, 1, 0, 1);
}

TEST(lockdep, what_a_handler_saves_and_restores_is_redundant, STATS)
{
	if (ld_claim(save_restore))
		EXPECT_COUNTS(ld_interrupt, 1, 1, 1, 0, 2);
}

static u32 depth;

static void interrupt_again(void)
{
	if (depth++ < 2) {
		local_irq_enable();
		ld_interrupt();
		local_irq_disable();
	}
}

static void nest(void)
{
	depth = 0;
	ld_interrupt();
}

TEST(lockdep, nested_interrupts_are_counted_each, STATS)
{
	if (ld_claim(interrupt_again))
		EXPECT_COUNTS(nest, 3, 5, 5, 0, 0);
}

static void system_vector(void)
{
	raised_vectors(X86_PLATFORM_IPI_VECTOR, 1);
	insn_irq_raise(X86_PLATFORM_IPI_VECTOR);
}

TEST(lockdep, a_system_vector_is_counted_as_others, STATS)
{
	EXPECT_COUNTS(system_vector, 1, 1, 1, 0, 0);
}

static void undefined(void)
{
	catch_trap(insn_ud2, NULL);
}

TEST(lockdep, an_exception_is_an_off_and_its_return_an_on, STATS)
{
	EXPECT_COUNTS(undefined, 1, 1, 1, 0, 0);
}

static void undefined_with_if_0(void)
{
	local_irq_disable();
	undefined();
	local_irq_enable();
}

TEST(lockdep, an_exception_with_if_0_is_a_redundant_off_alone, STATS)
{
	EXPECT_COUNTS(undefined_with_if_0, 1, 1, 1, 0, 1);
}

static bool count_nmi(struct pt_regs *regs, void *data)
{
	save_restore();
	return true;
}

static void nmi(void)
{
	raised_nmis(1);
	int_nmi();
}

/* Linux: nmi_enter() keeps lockdep out. */
TEST(lockdep, an_nmi_counts_nothing_whatever_its_handler_does, STATS)
{
	EXPECT_EQ(trap_hook(X86_TRAP_NMI, count_nmi, NULL), 0);
	EXPECT_COUNTS(nmi, 0, 0);
}

static void debug(void)
{
	catch_trap(insn_nmi_icebp, NULL);
}

TEST(lockdep, a_debug_exception_of_cpl_0_is_no_entry, STATS)
{
	EXPECT_COUNTS(debug, 0, 0);
}

/* The bare register where it can be written by itself: no change of IF. */
static void send_self(void)
{
	if (apic_is_x2apic)
		apic_send_self(LD_VECTOR);
	else
		apic_write(APIC_ICR, APIC_DEST_SELF | APIC_DM_FIXED |
					     APIC_INT_ASSERT | LD_VECTOR);
}

static void halt(void)
{
	local_irq_disable();
	send_self();
	safe_halt();
}

TEST(lockdep, a_halt_is_an_on_and_what_ends_it_an_off_and_an_on, STATS)
{
	if (ld_claim(NULL))
		EXPECT_COUNTS(halt, 1, 2, 2, 0, 0);
}
