// SPDX-License-Identifier: MIT
/*
 * test_lockdep_bh.c - softirqs off and on, by exact numbers; the switch.
 *
 * Linux: kernel/softirq.c __local_bh_disable_ip(), __local_bh_enable_ip(),
 * __do_softirq().
 */
#include "lockdep.h"

#include <asm/desc_defs.h>
#include <asm/special_insns.h>
#include <bh/softirq.h>
#include <cpu/cpumask.h>
#include <entry/idt.h>
#include <ktest/insn.h>
#include <trap/catch.h>

#define TRIES	100
#define SOFTIRQ "Linux kernel/softirq.c, "

static void bh_section(void)
{
	local_bh_disable();
	local_bh_enable();
}

TEST(lockdep, bh_disable_and_enable_are_an_event_each,
     SOFTIRQ "__local_bh_disable_ip()")
{
	EXPECT_COUNTS(bh_section, 0, 0, 0, 0, 0, 1, 1, 0, 0);
}

static void bh_twice(void)
{
	local_bh_disable();
	local_bh_disable();
	bh_section();
	local_bh_enable();
	local_bh_enable();
}

TEST(lockdep, inner_bh_disables_are_redundant_offs, STATS)
{
	EXPECT_COUNTS(bh_twice, 0, 0, 0, 0, 0, 1, 1, 0, 2);
}

static void on_alone(void)
{
	lockdep_softirqs(false, (u64)on_alone);
}

TEST(lockdep, a_softirq_on_that_ends_nothing_is_redundant, STATS)
{
	EXPECT_COUNTS(on_alone, 0, 0, 0, 0, 0, 0, 0, 1, 0);
}

static void raise_it(void)
{
	raise_softirq(RCU_SOFTIRQ);
}

static bool open_action(void (*action)(void))
{
	if (softirq_action(RCU_SOFTIRQ))
		SKIP(return false, "the RCU softirq has an action");
	open_softirq(RCU_SOFTIRQ, action);
	return true;
}

static void close_action(void)
{
	open_softirq(RCU_SOFTIRQ, NULL);
}

static void nothing(void)
{
}

/* Entry, and in the handler save and restore; served with IF=1; return. */
TEST(lockdep, a_softirq_behind_an_interrupt_is_an_off_and_an_on,
     SOFTIRQ "__do_softirq()")
{
	if (!ld_claim(raise_it) || !open_action(nothing))
		return;
	EXPECT_COUNTS(ld_interrupt, 1, 2, 2, 0, 2, 1, 1, 0, 0);
	close_action();
}

TEST(lockdep, a_softirqs_own_bh_section_is_redundant, SOFTIRQ "__do_softirq()")
{
	if (!ld_claim(raise_it) || !open_action(bh_section))
		return;
	EXPECT_COUNTS(ld_interrupt, 1, 2, 2, 0, 2, 1, 1, 0, 1);
	close_action();
}

static u32 interrupts;

static void raise_first(void)
{
	if (!interrupts++)
		raise_it();
}

static void raise_and_nest(void)
{
	interrupts = 0;
	ld_interrupt();
}

TEST(lockdep, an_interrupt_of_a_softirq_counts_no_softirq,
     SOFTIRQ "__do_softirq()")
{
	if (!ld_claim(raise_first) || !open_action(ld_interrupt))
		return;
	EXPECT_COUNTS(raise_and_nest, 2, 3, 3, 0, 2, 1, 1, 0, 0);
	close_action();
}

static void raise_inside(void)
{
	local_bh_disable();
	raise_it();
	local_bh_enable();
}

/* The section's end, then do_softirq()'s own; IF by three pairs. */
TEST(lockdep, the_last_bh_enable_runs_softirqs_as_a_section_of_their_own,
     SOFTIRQ "__local_bh_enable_ip()")
{
	if (!open_action(nothing))
		return;
	EXPECT_COUNTS(raise_inside, 0, 3, 3, 0, 0, 2, 2, 0, 0);
	close_action();
}

static void everything(void)
{
	u64 flags = local_irq_save();

	local_irq_restore(flags);
	ld_interrupt();
	bh_twice();
	catch_trap(insn_ud2, NULL);
	raise_inside();
}

TEST(lockdep, while_it_is_off_nothing_is_counted, STATS)
{
	if (!ld_claim(raise_it) || !open_action(nothing))
		return;
	lockdep_set(false);
	EXPECT_COUNTS(everything, 0, 0);
	lockdep_set(true);
	EXPECT_COUNTS(everything, 2, 7, 7, 0, 2, 4, 4, 0, 2);
	close_action();
}

static u64 gate_of(u32 vector)
{
	struct desc_ptr ptr;

	store_idt(&ptr);
	return gate_offset(&((const gate_desc *)ptr.address)[vector]);
}

/* So that an interrupt pays nothing while it is off. */
TEST(lockdep, while_it_is_on_interrupts_enter_by_other_stubs,
     "irqbed include/lockdep/lockdep.h: off, an interrupt costs nothing")
{
	u64 n = LD_VECTOR - FIRST_EXTERNAL_VECTOR;

	EXPECT_EQ(gate_of(LD_VECTOR),
		  traced_irq_entries_start + n * IRQ_STUB_SIZE);
	lockdep_set(false);
	EXPECT_EQ(gate_of(LD_VECTOR), irq_entries_start + n * IRQ_STUB_SIZE);
	lockdep_set(true);
}

static struct lockdep_counts there[2];

static void pairs_there(void *unused)
{
	there[0] = lockdep_counts();
	for (u32 i = 0; i < 100; i++) {
		local_irq_disable();
		local_irq_enable();
	}
	there[1] = lockdep_counts();
}

TEST(lockdep, each_cpu_counts_for_itself, STATS, .needs = NEEDS_SMP)
{
	struct lockdep_counts sum = lockdep_counts_sum();
	u32 cpu = cpumask_next(1, &cpu_online_mask);

	if (!ld_on(cpu, pairs_there, NULL))
		return;
	for (u32 i = 0; i < TRIES && there[1].entries != there[0].entries; i++)
		ld_on(cpu, pairs_there, NULL);
	for (u32 i = HARDIRQS_ON_EVENTS; i <= HARDIRQS_OFF_EVENTS; i++) {
		EXPECT_EQ(there[1].event[i] - there[0].event[i], 100);
		EXPECT_GE(lockdep_counts_sum().event[i], sum.event[i] + 100);
	}
}
