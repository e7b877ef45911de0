// SPDX-License-Identifier: MIT
/*
 * The spurious-interrupt vector: a handler that finds no ISR bit of its own
 * sends no EOI, for that would end somebody else's interrupt. INT n plays the
 * spurious delivery: it sets no ISR bit either.
 *
 * Spec: SDM 3A "Spurious Interrupt"; APM 2 "Spurious Interrupts".
 */
#include "lapic_case.h"

#include <irq/irqstat.h>
#include <ktest/raised.h>

#define SPURIOUS_RULE "SDM 3A Spurious Interrupt"

TEST(lapic, spurious_delivery_is_counted_and_not_ended, SPURIOUS_RULE)
{
	struct irq_cpustat *s = this_irq_stat();
	u64 before = s->spurious;
	struct trap got = catch_trap(insn_lapic_int_spurious, NULL);

	raised_vectors(SPURIOUS_APIC_VECTOR, 1);
	EXPECT_TRAP(got, TRAP_NONE);
	EXPECT_EQ(s->spurious, before + 1);
	EXPECT_TRUE(lapic_only(APIC_ISR, -1));
}

static bool before_it, after_it;

/* VEC_A is in service and must be so still after the spurious one. */
static irqreturn_t spurious_inside(int irq, void *dev)
{
	before_it = lapic_only(APIC_ISR, irq);
	insn_lapic_int_spurious(NULL);
	after_it = lapic_only(APIC_ISR, irq);
	return lapic_count_arrival(irq, dev);
}

TEST(lapic, spurious_delivery_leaves_others_in_service, SPURIOUS_RULE)
{
	struct arrivals a = { 0 };
	u64 before = this_irq_stat()->spurious;

	before_it = after_it = false;
	if (!EXPECT_EQ(irq_claim_vector(VEC_A, spurious_inside, &a), 0))
		return;
	raised_vectors(SPURIOUS_APIC_VECTOR, 1);
	apic_send_self(VEC_A);
	lapic_arrived(&a, 1);
	EXPECT_EQ(a.count, 1);
	EXPECT_TRUE(before_it);
	EXPECT_TRUE(after_it);
	EXPECT_EQ(this_irq_stat()->spurious, before + 1);
	EXPECT_TRUE(lapic_only(APIC_ISR, -1));
	irq_release_vector(VEC_A);
}

/* Sent as an IPI the vector is one like others: its bit is set, then ended. */
TEST(lapic, spurious_vector_sent_as_ipi_is_ended, SPURIOUS_RULE)
{
	struct irq_cpustat *s = this_irq_stat();
	u64 before = s->spurious;

	raised_vectors(SPURIOUS_APIC_VECTOR, 1);
	apic_send_self(SPURIOUS_APIC_VECTOR);
	EXPECT_TRUE(
		WAIT_FOR(READ_ONCE(s->spurious) != before, WAIT_DEFAULT_US));
	udelay(SETTLE_US);
	EXPECT_EQ(s->spurious, before + 1);
	EXPECT_TRUE(lapic_only(APIC_ISR, -1));
	EXPECT_TRUE(lapic_only(APIC_IRR, -1));
}

/* Not delivered: it never was pending. */
TEST(lapic, interrupts_after_a_spurious_one_still_come, SPURIOUS_RULE)
{
	struct arrivals a = { 0 };

	if (!EXPECT_EQ(irq_claim_vector(VEC_A, lapic_count_arrival, &a), 0))
		return;
	raised_vectors(SPURIOUS_APIC_VECTOR, 1);
	insn_lapic_int_spurious(NULL);
	apic_send_self(VEC_A);
	EXPECT_TRUE(lapic_arrived(&a, 1));
	EXPECT_EQ(a.count, 1);
	irq_release_vector(VEC_A);
}

/*
 * The race that makes real ones: TPR rises while a request is on its way. It
 * may end as a spurious interrupt, which must not have cost us the request.
 */
TEST(lapic, a_request_held_by_a_racing_tpr_is_not_lost, SPURIOUS_RULE)
{
	struct arrivals a = { 0 };
	u64 spurious = this_irq_stat()->spurious;

	if (!EXPECT_EQ(irq_claim_vector(VEC_A, lapic_count_arrival, &a), 0))
		return;
	for (u32 i = 1; i <= 20 && ktest_ok(); i++) {
		apic_send_self(VEC_A);
		apic_write(APIC_TASKPRI, VEC_A & 0xf0);
		apic_write(APIC_TASKPRI, 0);
		EXPECT_TRUE(WAIT_FOR(READ_ONCE(a.count) >= i, WAIT_DEFAULT_US));
	}
	udelay(SETTLE_US);
	EXPECT_EQ(a.count, 20);
	EXPECT_TRUE(lapic_only(APIC_ISR, -1));
	spurious = this_irq_stat()->spurious - spurious;
	if (spurious)
		ktest_note("real_spurious=%llu", (unsigned long long)spurious);
	irq_release_vector(VEC_A);
}

TEST(lapic, spurious_vector_can_be_moved, SPURIOUS_RULE)
{
	u32 old = apic_read(APIC_SPIV), now;

	local_irq_disable();
	apic_write(APIC_SPIV, APIC_SPIV_APIC_ENABLED | 0xef);
	now = apic_read(APIC_SPIV);
	apic_write(APIC_SPIV, old);
	local_irq_enable();
	EXPECT_EQ(now & 0x1ff, APIC_SPIV_APIC_ENABLED | 0xef);
}
