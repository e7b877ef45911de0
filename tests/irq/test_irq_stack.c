// SPDX-License-Identifier: MIT
/*
 * test_irq_stack.c - handlers run on the CPU's irq stack, whatever they
 * interrupted, and one nested in another goes on there.
 *
 * Linux: arch/x86/include/asm/irq_stack.h, Documentation/arch/x86/
 * kernel-stacks.rst.
 */
#include "irq.h"

#include <apic/lapic.h>
#include <bh/softirq.h>
#include <cpu/deadline.h>
#include <cpu/irqflags.h>
#include <cpu/stacks.h>
#include <trap/catch.h>

#define STACK "Linux Documentation/arch/x86/kernel-stacks.rst"

static struct irq_probe low, high;
static struct stack_info handler, inner, soft_at;
static struct pt_regs *regs, *regs_after;
static u64 handler_sp, inner_sp;

/* Where the caller's frame lies. */
static __noinline u64 here(void)
{
	return (u64)__builtin_frame_address(0);
}

static void note_low(void)
{
	handler_sp = here();
	handler = stack_of(handler_sp);
	regs = get_irq_regs();
}

static void note_high(void)
{
	inner_sp = here();
	inner = stack_of(inner_sp);
}

static void claim(void (*low_then)(void), void (*high_then)(void))
{
	handler = inner = soft_at = (struct stack_info){ .kind = STACK_NONE };
	low = (struct irq_probe){ .answer = IRQ_HANDLED, .then = low_then };
	high = (struct irq_probe){ .answer = IRQ_HANDLED, .then = high_then };
	EXPECT_EQ(irq_claim_vector(VECTOR_LOW, irq_probe_handler, &low), 0);
	EXPECT_EQ(irq_claim_vector(VECTOR_HIGH, irq_probe_handler, &high), 0);
}

TEST(irq, handlers_run_on_the_irq_stack, STACK)
{
	claim(note_low, NULL);
	EXPECT_TRUE(irq_raise(VECTOR_LOW, &low));
	EXPECT_EQ(handler.kind, STACK_IRQ);
	EXPECT_EQ(handler.cpu, smp_processor_id());
	EXPECT_FALSE(handler.guard);
	EXPECT_EQ(stack_of((u64)regs).kind, STACK_TASK);
	EXPECT_EQ(get_irq_regs(), NULL);
	EXPECT_EQ(stack_of(here()).kind, STACK_TASK);
}

static void let_high_in(void)
{
	note_low();
	apic_send_self(VECTOR_HIGH);
	local_irq_enable();
	WAIT_FOR(READ_ONCE(high.calls), WAIT_DEFAULT_US);
	local_irq_disable();
	regs_after = get_irq_regs();
}

/* From the top again would overwrite the outer handler's frames. */
TEST(irq, a_nested_handler_goes_on_below_the_outer_one, STACK)
{
	claim(let_high_in, note_high);
	EXPECT_TRUE(irq_raise(VECTOR_LOW, &low));
	EXPECT_EQ(high.calls, 1);
	EXPECT_EQ(inner.kind, STACK_IRQ);
	EXPECT_LT(inner_sp, handler_sp);
	EXPECT_EQ(regs_after, regs);
	EXPECT_TRUE(irq_raise(VECTOR_HIGH, &high));
	EXPECT_EQ(inner.kind, STACK_IRQ);
	EXPECT_GT(inner_sp, handler_sp - 1024); /* the top again */
}

static void softirq_action_here(void)
{
	soft_at = stack_of(here());
	apic_send_self(VECTOR_HIGH);
	WAIT_FOR(READ_ONCE(high.calls), WAIT_DEFAULT_US);
}

static void raise_block(void)
{
	note_low();
	raise_softirq_irqoff(BLOCK_SOFTIRQ);
}

/* irq_exit()'s softirqs are on it with IF=1: who interrupts them nests. */
TEST(irq, softirqs_of_irq_exit_run_on_the_irq_stack, STACK)
{
	softirq_action_t old = softirq_action(BLOCK_SOFTIRQ);

	claim(raise_block, note_high);
	open_softirq(BLOCK_SOFTIRQ, softirq_action_here);
	EXPECT_TRUE(irq_raise(VECTOR_LOW, &low));
	open_softirq(BLOCK_SOFTIRQ, old);
	EXPECT_EQ(soft_at.kind, STACK_IRQ);
	EXPECT_EQ(high.calls, 1);
	EXPECT_EQ(inner.kind, STACK_IRQ);
	EXPECT_EQ(get_irq_regs(), NULL);
}

/* From a task they run where the task is; who interrupts them switches. */
TEST(irq, softirqs_of_a_task_leave_the_irq_stack_free, STACK)
{
	softirq_action_t old = softirq_action(BLOCK_SOFTIRQ);

	claim(NULL, note_high);
	open_softirq(BLOCK_SOFTIRQ, softirq_action_here);
	local_bh_disable();
	raise_softirq(BLOCK_SOFTIRQ);
	local_bh_enable();
	open_softirq(BLOCK_SOFTIRQ, old);
	EXPECT_EQ(soft_at.kind, STACK_TASK);
	EXPECT_EQ(high.calls, 1);
	EXPECT_EQ(inner.kind, STACK_IRQ);
}

static void fault(void)
{
	note_low();
	catch_trap((void (*)(void *))1, NULL); /* the NULL page */
	regs_after = get_irq_regs();
}

/* A fault that a handler catches is its own affair. */
TEST(irq, a_handler_that_catches_a_fault_stays_on_the_irq_stack, STACK)
{
	claim(fault, NULL);
	EXPECT_TRUE(irq_raise(VECTOR_LOW, &low));
	EXPECT_EQ(regs_after, regs);
	EXPECT_EQ(get_irq_regs(), NULL);
	EXPECT_TRUE(irq_raise(VECTOR_LOW, &low));
	EXPECT_EQ(handler.kind, STACK_IRQ);
}

/* Go down until little is left, then let the interrupt come. */
static void deep(void *arg)
{
	local_irq_enable();
	WAIT_FOR(READ_ONCE(low.calls), WAIT_DEFAULT_US);
	local_irq_disable();
}

TEST(irq, little_room_on_the_interrupted_stack_is_noticed,
     "Linux arch/x86/kernel/irq.c, stack_overflow_check()")
{
	u64 before = low_stack_count();
	u64 bottom = stack_top(smp_processor_id(), STACK_TASK) - STACK_SIZE;

	claim(NULL, NULL);
	EXPECT_TRUE(irq_raise(VECTOR_LOW, &low));
	EXPECT_EQ(low_stack_count(), before);
	low.calls = 0;
	local_irq_disable();
	apic_send_self(VECTOR_LOW);
	call_on_stack(deep, NULL, bottom + 1536);
	local_irq_enable();
	EXPECT_EQ(low.calls, 1);
	EXPECT_EQ(low_stack_count(), before + 1);
}
