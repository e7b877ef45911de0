// SPDX-License-Identifier: MIT
/*
 * test_irq_context.c - what a handler finds, and what it leaves behind.
 *
 * Linux: arch/x86/kernel/irq.c common_interrupt(), include/linux/hardirq.h.
 * Spec:  SDM 3A "Task Priority Register", "Interrupt, Task, and Processor
 *        Priority".
 */
#include "irq.h"

#include <apic/lapic.h>
#include <cpu/deadline.h>
#include <cpu/desc.h>
#include <cpu/irqflags.h>
#include <cpu/preempt.h>
#include <cpu/stacks.h>
#include <ktest/insn_irq.h>
#include <ktest/raised.h>

#define HARDIRQ	 "Linux include/linux/hardirq.h, irq_enter(), irq_exit()"
#define REGS	 "Linux include/asm-generic/irq_regs.h, get_irq_regs()"
#define PRIORITY "SDM 3A \"Interrupt, Task, and Processor Priority\""

/* What the handlers saw; each is written once a case. */
static struct {
	u32 count, inner_count, calls_inside;
	u64 flags;
	bool task_pending, in_service;
	struct pt_regs *outer, *inner, *outer_again;
	struct pt_regs copy;
} saw;

static struct irq_probe low, high;

static void claim_both(void (*low_then)(void), void (*high_then)(void))
{
	low = (struct irq_probe){ .answer = IRQ_HANDLED, .then = low_then };
	high = (struct irq_probe){ .answer = IRQ_HANDLED, .then = high_then };
	saw.count = saw.inner_count = saw.calls_inside = 0;
	EXPECT_EQ(irq_claim_vector(VECTOR_LOW, irq_probe_handler, &low), 0);
	EXPECT_EQ(irq_claim_vector(VECTOR_HIGH, irq_probe_handler, &high), 0);
}

static void look(void)
{
	saw.count = preempt_count();
	saw.flags = native_save_fl();
	saw.in_service = lapic_test(APIC_ISR, VECTOR_LOW);
	saw.outer = get_irq_regs();
	if (saw.outer)
		saw.copy = *saw.outer;
}

TEST(irq, handlers_run_with_if_0_at_hardirq_level, HARDIRQ)
{
	claim_both(look, NULL);
	EXPECT_TRUE(irq_raise(VECTOR_LOW, &low));
	EXPECT_EQ(saw.flags & (X86_EFLAGS_IF | X86_EFLAGS_DF | X86_EFLAGS_TF |
			       X86_EFLAGS_NT),
		  0);
	EXPECT_EQ(saw.count, HARDIRQ_OFFSET);
	EXPECT_TRUE(saw.in_service);
	EXPECT_EQ(preempt_count(), 0);
	EXPECT_FALSE(irqs_disabled());
	EXPECT_EQ(lapic_highest(APIC_ISR), -1);
}

/* HLT waits for nothing else, so the interrupted state is known to the bit. */
TEST(irq, get_irq_regs_shows_what_was_interrupted, REGS)
{
	u64 pattern[15];
	bool pending;

	for (u32 i = 0; i < ARRAY_SIZE(pattern); i++)
		pattern[i] = 0x1122334455667700ull + 0x0101010101010101ull * i;
	claim_both(look, NULL);
	local_irq_disable();
	apic_send_self(VECTOR_LOW);
	pending = WAIT_FOR(lapic_test(APIC_IRR, VECTOR_LOW), WAIT_DEFAULT_US);
	if (pending)
		insn_irq_sti_hlt(pattern);
	local_irq_enable();
	if (!EXPECT_TRUE(pending) || !EXPECT_EQ(low.calls, 1) ||
	    !EXPECT_NE(saw.outer, NULL))
		return;
	for (u32 i = 0; i < ARRAY_SIZE(pattern); i++)
		EXPECT_EQ(((u64 *)&saw.copy)[i], pattern[i]);
	EXPECT_EQ(saw.copy.vector, VECTOR_LOW);
	EXPECT_EQ(saw.copy.error_code, 0);
	EXPECT_EQ(saw.copy.ip, insn_irq_after_hlt);
	EXPECT_EQ(saw.copy.cs, __KERNEL_CS);
	EXPECT_EQ(saw.copy.ss, __KERNEL_DS);
	EXPECT_EQ(saw.copy.sp, insn_irq_hlt_sp);
	EXPECT_EQ(saw.copy.flags & X86_EFLAGS_IF, X86_EFLAGS_IF);
	EXPECT_EQ(stack_of((u64)saw.outer).kind,
		  stack_of(insn_irq_hlt_sp).kind);
}

static void let_high_in(void)
{
	look();
	apic_send_self(VECTOR_HIGH);
	local_irq_enable();
	WAIT_FOR(READ_ONCE(high.calls), WAIT_DEFAULT_US);
	local_irq_disable();
	saw.calls_inside = high.calls;
	saw.outer_again = get_irq_regs();
}

static void look_inside(void)
{
	saw.inner = get_irq_regs();
	saw.inner_count = preempt_count();
}

TEST(irq, a_higher_class_nests_when_the_handler_enables_if, PRIORITY)
{
	claim_both(let_high_in, look_inside);
	EXPECT_TRUE(irq_raise(VECTOR_LOW, &low));
	EXPECT_EQ(saw.calls_inside, 1);
	EXPECT_EQ(low.calls, 1);
	EXPECT_EQ(high.calls, 1);
	EXPECT_EQ(saw.count, HARDIRQ_OFFSET);
	EXPECT_EQ(saw.inner_count, 2 * HARDIRQ_OFFSET);
	EXPECT_EQ(preempt_count(), 0);
}

TEST(irq, get_irq_regs_nests_and_ends_as_null, REGS)
{
	EXPECT_EQ(get_irq_regs(), NULL);
	claim_both(let_high_in, look_inside);
	EXPECT_TRUE(irq_raise(VECTOR_LOW, &low));
	EXPECT_NE(saw.outer, NULL);
	EXPECT_NE(saw.inner, saw.outer);
	EXPECT_EQ(saw.outer_again, saw.outer);
	EXPECT_EQ(get_irq_regs(), NULL);
	EXPECT_EQ(saw.copy.vector, VECTOR_LOW);
}

static void send_low_with_if_1(void)
{
	apic_send_self(VECTOR_LOW);
	WAIT_FOR(lapic_test(APIC_IRR, VECTOR_LOW), WAIT_DEFAULT_US);
	local_irq_enable();
	udelay(20);
	local_irq_disable();
	saw.calls_inside = low.calls;
}

TEST(irq, a_lower_class_waits_for_the_end_of_the_higher, PRIORITY)
{
	claim_both(NULL, send_low_with_if_1);
	EXPECT_TRUE(irq_raise(VECTOR_HIGH, &high));
	EXPECT_EQ(saw.calls_inside, 0);
	EXPECT_TRUE(WAIT_FOR(READ_ONCE(low.calls), WAIT_DEFAULT_US));
	EXPECT_EQ(low.calls, 1);
	EXPECT_EQ(low.order, 2);
}

static void send_myself_once(void)
{
	if (low.calls > 1) {
		saw.inner_count = preempt_count();
		return;
	}
	apic_send_self(VECTOR_LOW);
	saw.task_pending =
		WAIT_FOR(lapic_test(APIC_IRR, VECTOR_LOW), WAIT_DEFAULT_US);
	saw.calls_inside = low.calls;
}

/* One bit in IRR while the other is in ISR: replayed, not lost, not nested. */
TEST(irq, a_vector_raised_in_its_own_handler_runs_again_after,
     "SDM 3A \"Interrupt Acceptance for Fixed Interrupts\"")
{
	claim_both(send_myself_once, NULL);
	EXPECT_TRUE(irq_raise(VECTOR_LOW, &low));
	EXPECT_TRUE(WAIT_FOR(READ_ONCE(low.calls) == 2, WAIT_DEFAULT_US));
	EXPECT_TRUE(saw.task_pending);
	EXPECT_EQ(saw.calls_inside, 1);
	EXPECT_EQ(saw.inner_count, HARDIRQ_OFFSET);
}

static void edge_again(void)
{
	if (low.calls > 1) {
		saw.inner_count = preempt_count();
		return;
	}
	raised_irqs(QUIET_IRQ, 1);
	apic_send_self(irq_to_desc(QUIET_IRQ)->vector);
	WAIT_FOR(lapic_test(APIC_IRR, irq_to_desc(QUIET_IRQ)->vector),
		 WAIT_DEFAULT_US);
	saw.calls_inside = low.calls;
}

/* The flow handler ends an edge before the handler runs: IF=0 must hold it. */
TEST(irq, an_edge_during_its_handler_is_replayed_not_nested,
     "Linux kernel/irq/chip.c, handle_edge_irq()", .needs = NEEDS_IOAPIC)
{
	u64 before = kstat_irqs(QUIET_IRQ);
	u32 vector = irq_to_desc(QUIET_IRQ)->vector;

	if (!irq_have_line())
		SKIP(return, "no IOAPIC pin for irq %u", QUIET_IRQ);
	low = (struct irq_probe){ .answer = IRQ_HANDLED, .then = edge_again };
	saw.inner_count = saw.calls_inside = 0;
	EXPECT_EQ(request_irq(QUIET_IRQ, irq_probe_handler, 0, "edge", &low),
		  0);
	EXPECT_TRUE(irq_raise(vector, &low));
	EXPECT_TRUE(WAIT_FOR(READ_ONCE(low.calls) == 2, WAIT_DEFAULT_US));
	EXPECT_EQ(free_irq(QUIET_IRQ, &low), 0);
	EXPECT_EQ(saw.calls_inside, 1);
	EXPECT_EQ(saw.inner_count, HARDIRQ_OFFSET);
	EXPECT_EQ(kstat_irqs(QUIET_IRQ), before + 2);
}

/* Two wait together: the higher class is taken first. */
TEST(irq, the_higher_of_two_pending_vectors_comes_first, PRIORITY)
{
	bool both;

	claim_both(NULL, NULL);
	local_irq_disable();
	apic_send_self(VECTOR_LOW);
	apic_send_self(VECTOR_HIGH);
	both = WAIT_FOR(lapic_test(APIC_IRR, VECTOR_LOW) &&
				lapic_test(APIC_IRR, VECTOR_HIGH),
			WAIT_DEFAULT_US);
	local_irq_enable();
	EXPECT_TRUE(both);
	EXPECT_TRUE(WAIT_FOR(READ_ONCE(low.calls) && READ_ONCE(high.calls),
			     WAIT_DEFAULT_US));
	EXPECT_EQ(high.order, 1);
	EXPECT_EQ(low.order, 2);
}
