// SPDX-License-Identifier: MIT
/*
 * test_softirq.c - when raised softirqs run, in which order, in what context.
 *
 * Linux: kernel/softirq.c __do_softirq(), invoke_softirq(), irq_exit().
 */
#include "bh.h"

#include <apic/lapic.h>
#include <cpu/deadline.h>
#include <cpu/irqflags.h>
#include <irq/irq.h>
#include <irq/sysvec.h>
#include <ktest/raised.h>

#define IRQ_EXIT   LINUX_SOFTIRQ "irq_exit()"
#define DO_SOFTIRQ LINUX_SOFTIRQ "__do_softirq()"
#define RAISE	   LINUX_SOFTIRQ "raise_softirq_irqoff()"

static void raise_net_rx(void)
{
	raise_softirq(NET_RX_SOFTIRQ);
	if (bh_count(NET_RX_SOFTIRQ))
		bh_write(~0u); /* it ran inside raise_softirq() */
	bh_write(BH_HARDIRQ_END);
}

TEST(bh, raised_in_a_hardirq_runs_at_its_exit, IRQ_EXIT, NO_TICK)
{
	u64 served = softirq_count_of(NET_RX_SOFTIRQ);

	bh_open(NET_RX_SOFTIRQ, NULL);
	EXPECT_TRUE(bh_hardirq(raise_net_rx));
	BH_EXPECT_ORDER(BH_HARDIRQ, BH_HARDIRQ_END, NET_RX_SOFTIRQ);
	EXPECT_EQ(softirq_count_of(NET_RX_SOFTIRQ), served + 1);
	EXPECT_EQ(local_softirq_pending(), 0);
	EXPECT_FALSE(bh_ksoftirqd_due());
}

TEST(bh, runs_with_interrupts_on_and_one_softirq_level, DO_SOFTIRQ)
{
	bh_open(NET_RX_SOFTIRQ, NULL);
	EXPECT_TRUE(bh_hardirq(raise_net_rx));
	if (!EXPECT_EQ(bh_diary.n, 3))
		return;
	EXPECT_EQ(bh_diary.entry[0].count, HARDIRQ_OFFSET);
	EXPECT_FALSE(bh_diary.entry[0].irqs_on);
	EXPECT_EQ(bh_diary.entry[2].count, SOFTIRQ_OFFSET);
	EXPECT_TRUE(bh_diary.entry[2].irqs_on);
	EXPECT_EQ(preempt_count(), 0);
}

static bool was_in_service;

static void look_at_isr(void)
{
	was_in_service = lapic_test(APIC_ISR, BH_VECTOR);
}

/* Else everything of the same class would wait for the bottom half too. */
TEST(bh, the_interrupt_is_ended_before_its_softirq, IRQ_EXIT)
{
	was_in_service = true;
	bh_open(NET_RX_SOFTIRQ, look_at_isr);
	EXPECT_TRUE(bh_hardirq(raise_net_rx));
	EXPECT_EQ(bh_count(NET_RX_SOFTIRQ), 1);
	EXPECT_FALSE(was_in_service);
}

TEST(bh, raised_in_a_task_is_left_to_ksoftirqd, RAISE, NO_TICK)
{
	bh_open(BLOCK_SOFTIRQ, NULL);
	EXPECT_FALSE(bh_ksoftirqd_due());
	local_irq_disable();
	raise_softirq(BLOCK_SOFTIRQ);
	EXPECT_EQ(bh_diary.n, 0);
	EXPECT_EQ(local_softirq_pending(), BIT(BLOCK_SOFTIRQ));
	EXPECT_TRUE(bh_ksoftirqd_due());
	local_irq_enable();
	EXPECT_TRUE(bh_let_ksoftirqd());
	BH_EXPECT_ORDER(BLOCK_SOFTIRQ);
	EXPECT_FALSE(bh_ksoftirqd_due());
}

/* Whoever raised it: the exit looks at the pending word alone. */
TEST(bh, any_interrupts_exit_runs_what_is_pending, IRQ_EXIT, NO_TICK)
{
	bh_open(BLOCK_SOFTIRQ, NULL);
	local_irq_disable();
	raise_softirq(BLOCK_SOFTIRQ);
	EXPECT_EQ(bh_diary.n, 0);
	EXPECT_TRUE(bh_hardirq_then_off(NULL));
	BH_EXPECT_ORDER(BH_HARDIRQ, BLOCK_SOFTIRQ);
	EXPECT_EQ(local_softirq_pending(), 0);
	local_irq_enable();
	bh_settle();
	EXPECT_EQ(bh_diary.n, 2);
}

#define X(vector, name) vector,
static const u8 ipi_vectors[] = { SYSVEC_LIST(X) };
#undef X

TEST(bh, every_system_vectors_exit_runs_softirqs, IRQ_EXIT,
     .uses = USES_APIC_TIMER)
{
	bh_open(BLOCK_SOFTIRQ, NULL);
	for (u32 i = 0; i < ARRAY_SIZE(ipi_vectors); i++) {
		raise_softirq(BLOCK_SOFTIRQ);
		raised_vectors(ipi_vectors[i], 1);
		EXPECT_EQ(apic_send_self(ipi_vectors[i]), 0);
		if (!EXPECT_TRUE(WAIT_FOR(bh_count(BLOCK_SOFTIRQ) == i + 1,
					  WAIT_DEFAULT_US)))
			ktest_note("vector 0x%x", ipi_vectors[i]);
	}
	EXPECT_EQ(bh_diary.n, ARRAY_SIZE(ipi_vectors));
	softirq_discard_pending();
}

static void raise_all_backwards(void)
{
	for (u32 nr = NR_SOFTIRQS; nr-- > 0;)
		raise_softirq(nr);
}

TEST(bh, lower_numbers_run_first, DO_SOFTIRQ)
{
	for (u32 nr = 0; nr < NR_SOFTIRQS; nr++)
		bh_open(nr, NULL);
	EXPECT_TRUE(bh_hardirq(raise_all_backwards));
	BH_EXPECT_ORDER(BH_HARDIRQ, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
}

static void raise_net_rx_thrice(void)
{
	for (u32 i = 0; i < 3; i++)
		raise_softirq(NET_RX_SOFTIRQ);
}

TEST(bh, raised_three_times_runs_once, RAISE)
{
	bh_open(NET_RX_SOFTIRQ, NULL);
	EXPECT_TRUE(bh_hardirq(raise_net_rx_thrice));
	BH_EXPECT_ORDER(BH_HARDIRQ, NET_RX_SOFTIRQ);
}

static void raise_neighbours(void)
{
	raise_softirq(TIMER_SOFTIRQ);
	raise_softirq(RCU_SOFTIRQ);
}

/* A round is a copy of the pending word: what is raised in it waits. */
TEST(bh, raised_in_a_softirq_waits_for_the_next_round, DO_SOFTIRQ)
{
	bh_open(TIMER_SOFTIRQ, NULL);
	bh_open(NET_RX_SOFTIRQ, raise_neighbours);
	bh_open(SCHED_SOFTIRQ, NULL);
	bh_open(RCU_SOFTIRQ, NULL);
	local_bh_disable();
	raise_softirq(NET_RX_SOFTIRQ);
	raise_softirq(SCHED_SOFTIRQ);
	local_bh_enable();
	bh_settle();
	BH_EXPECT_ORDER(NET_RX_SOFTIRQ, SCHED_SOFTIRQ, TIMER_SOFTIRQ,
			RCU_SOFTIRQ);
	EXPECT_EQ(local_softirq_pending(), 0);
}

static void raise_hi(void)
{
	raise_softirq(HI_SOFTIRQ);
}

static void interrupt_myself(void)
{
	if (bh_send(BH_VECTOR_HIGH))
		bh_write(BH_HARDIRQ_END);
}

/* The interrupt's exit finds a softirq being served: it only leaves a bit. */
TEST(bh, softirqs_never_nest_on_one_cpu, LINUX_SOFTIRQ "in_interrupt()")
{
	bh_open(HI_SOFTIRQ, NULL);
	bh_open(NET_RX_SOFTIRQ, interrupt_myself);
	EXPECT_TRUE(bh_claim(BH_VECTOR_HIGH, raise_hi));
	local_bh_disable();
	raise_softirq(NET_RX_SOFTIRQ);
	local_bh_enable();
	bh_settle();
	BH_EXPECT_ORDER(NET_RX_SOFTIRQ, BH_HARDIRQ, BH_HARDIRQ_END, HI_SOFTIRQ);
	if (bh_diary.n < 4)
		return;
	EXPECT_EQ(bh_diary.entry[1].count, SOFTIRQ_OFFSET + HARDIRQ_OFFSET);
	EXPECT_EQ(bh_diary.entry[3].count, SOFTIRQ_OFFSET);
}

static void raise_and_enable_irqs(void)
{
	raise_softirq(NET_RX_SOFTIRQ);
	local_irq_enable();
	if (bh_send(BH_VECTOR_HIGH))
		bh_write(BH_HARDIRQ_END);
	local_irq_disable();
}

TEST(bh, of_nested_hardirqs_only_the_outermost_exit_runs_them, IRQ_EXIT)
{
	bh_open(NET_RX_SOFTIRQ, NULL);
	bh_open(HI_SOFTIRQ, NULL);
	EXPECT_TRUE(bh_claim(BH_VECTOR_HIGH, raise_hi));
	EXPECT_TRUE(bh_claim(BH_VECTOR, raise_and_enable_irqs));
	EXPECT_TRUE(bh_send(BH_VECTOR));
	BH_EXPECT_ORDER(BH_HARDIRQ, BH_HARDIRQ, BH_HARDIRQ_END, HI_SOFTIRQ,
			NET_RX_SOFTIRQ);
	EXPECT_EQ(bh_diary.entry[1].count, 2 * HARDIRQ_OFFSET);
}

TEST(bh, each_run_is_counted_for_its_number,
     "Linux Documentation/filesystems/proc.rst, /proc/softirqs", NO_TICK)
{
	u64 before[NR_SOFTIRQS];

	for (u32 nr = 0; nr < NR_SOFTIRQS; nr++) {
		bh_open(nr, NULL);
		before[nr] = softirq_count_of(nr);
	}
	for (u32 nr = 0; nr < NR_SOFTIRQS; nr++) {
		for (u32 i = 0; i <= nr; i++) {
			raise_softirq(nr);
			do_softirq();
		}
	}
	for (u32 nr = 0; nr < NR_SOFTIRQS; nr++)
		EXPECT_EQ(softirq_count_of(nr) - before[nr], nr + 1);
}

/* Ours where Linux would call NULL: counted, and nothing else happens. */
TEST(bh, a_softirq_without_action_is_only_counted,
     "irqbed include/bh/softirq.h, open_softirq()")
{
	u64 before = softirq_count_of(IRQ_POLL_SOFTIRQ);

	open_softirq(IRQ_POLL_SOFTIRQ, NULL);
	raise_softirq(IRQ_POLL_SOFTIRQ);
	do_softirq();
	EXPECT_EQ(softirq_count_of(IRQ_POLL_SOFTIRQ), before + 1);
	EXPECT_EQ(local_softirq_pending(), 0);
}

TEST(bh, do_softirq_keeps_if_as_it_was, LINUX_SOFTIRQ "do_softirq()")
{
	bool off_after;

	bh_open(NET_TX_SOFTIRQ, NULL);
	raise_softirq(NET_TX_SOFTIRQ);
	local_irq_disable();
	do_softirq();
	off_after = irqs_disabled();
	local_irq_enable();
	EXPECT_TRUE(off_after);
	BH_EXPECT_ORDER(NET_TX_SOFTIRQ);
	EXPECT_TRUE(bh_diary.entry[0].irqs_on);
}
