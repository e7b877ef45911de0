// SPDX-License-Identifier: MIT
/*
 * Every vector an APIC can deliver, 16 to 255, through IRR, ISR and EOI.
 *
 * The live IDT cannot take them all: 16..31 are exceptions, some of which
 * expect an error code, and system vectors do things. A scratch IDT points
 * each at one stub that asks the ISR which vector it serves.
 *
 * Spec: SDM 3A "Interrupt Acceptance for Fixed Interrupts", "Signaling
 *       Interrupt Servicing Completion", "Valid Interrupt Vectors";
 *       APM 2 "Interrupt Control".
 */
#include "lapic_case.h"

/* What the APIC showed while the vector was in service. */
static bool isr_exact, irr_cleared;

static void serve_and_look(u32 vector)
{
	isr_exact = lapic_only(APIC_ISR, (int)vector);
	irr_cleared = lapic_only(APIC_IRR, -1);
	scratch_serve(vector);
}

/* One vector from ICR to EOI. IF=0; false, with a note, at the first flaw. */
static bool send_one(u32 v)
{
	bool pending, edge, served, clean;

	apic_send_self(v);
	pending = WAIT_FOR(lapic_test(APIC_IRR, v), WAIT_DEFAULT_US) &&
		  lapic_only(APIC_IRR, (int)v) && lapic_only(APIC_ISR, -1);
	edge = !lapic_test(APIC_TMR, v);
	local_irq_enable();
	served = WAIT_FOR(READ_ONCE(scratch_log.count[v]), WAIT_DEFAULT_US);
	local_irq_disable();
	clean = lapic_only(APIC_IRR, -1) && lapic_only(APIC_ISR, -1);
	if (pending && edge && served && clean && isr_exact && irr_cleared)
		return true;
	ktest_note("vector 0x%02x: pending=%d edge=%d served=%d isr=%d irr=%d "
		   "clean=%d",
		   v, pending, edge, served, isr_exact, irr_cleared, clean);
	return false;
}

TEST(lapic, every_vector_from_16_goes_through_irr_and_isr,
     "SDM 3A Interrupt Acceptance for Fixed Interrupts")
{
	u32 good = 0, exact = 0;

	if (!EXPECT_EQ(scratch_begin(serve_and_look), 0))
		return;
	local_irq_disable();
	for (u32 v = FIRST_APIC_VECTOR; v < NR_VECTORS; v++)
		good += send_one(v);
	local_irq_enable();
	scratch_end();
	for (u32 v = FIRST_APIC_VECTOR; v < NR_VECTORS; v++)
		exact += scratch_log.count[v] == 1;
	EXPECT_EQ(good, NR_VECTORS - FIRST_APIC_VECTOR);
	EXPECT_EQ(exact, NR_VECTORS - FIRST_APIC_VECTOR);
	EXPECT_EQ(scratch_log.n, NR_VECTORS - FIRST_APIC_VECTOR);
}

/* One bit a vector: what is pending is pending once. */
TEST(lapic, requests_merge_while_pending,
     "SDM 3A Interrupt Acceptance for Fixed Interrupts")
{
	struct arrivals a = { 0 };

	if (!EXPECT_EQ(irq_claim_vector(VEC_A, lapic_count_arrival, &a), 0))
		return;
	local_irq_disable();
	for (u32 i = 0; i < 3; i++) {
		apic_send_self(VEC_A);
		EXPECT_TRUE(
			WAIT_FOR(lapic_test(APIC_IRR, VEC_A), WAIT_DEFAULT_US));
	}
	udelay(SETTLE_US); /* all three have come home */
	local_irq_enable();
	lapic_arrived(&a, 1);
	EXPECT_EQ(a.count, 1);
	irq_release_vector(VEC_A);
}

static void serve_and_send_again(u32 vector)
{
	if (scratch_log.n == 0) {
		for (u32 i = 0; i < 2; i++) {
			apic_send_self(vector);
			WAIT_FOR(lapic_test(APIC_IRR, vector), WAIT_DEFAULT_US);
		}
		udelay(SETTLE_US);
	}
	scratch_serve(vector);
}

/* Two levels: one in service and one pending, not more. */
TEST(lapic, one_more_request_is_held_while_in_service,
     "SDM 3A Interrupt Acceptance for Fixed Interrupts")
{
	if (!EXPECT_EQ(scratch_begin(serve_and_send_again), 0))
		return;
	apic_send_self(VEC_A);
	WAIT_FOR(READ_ONCE(scratch_log.n) >= 2, WAIT_DEFAULT_US);
	udelay(SETTLE_US);
	scratch_end();
	EXPECT_EQ(scratch_log.n, 2);
	EXPECT_EQ(scratch_log.count[VEC_A], 2);
}

static u32 isr_before_eoi, isr_after_eoi, isr_after_second;

/* The outer one lets the inner one in; the inner one watches its own EOI. */
static void serve_nested(u32 vector)
{
	scratch_record(vector);
	if (vector == VEC_A) {
		apic_send_self(VEC_C);
		local_irq_enable();
		WAIT_FOR(READ_ONCE(scratch_log.count[VEC_C]), WAIT_DEFAULT_US);
		local_irq_disable();
	} else {
		isr_before_eoi = lapic_test(APIC_ISR, VEC_A) +
				 2 * lapic_test(APIC_ISR, VEC_C);
		apic_eoi();
		isr_after_eoi = lapic_test(APIC_ISR, VEC_A) +
				2 * lapic_test(APIC_ISR, VEC_C);
		return;
	}
	apic_eoi();
	isr_after_second = lapic_only(APIC_ISR, -1);
}

TEST(lapic, eoi_clears_exactly_the_highest_in_service,
     "SDM 3A Signaling Interrupt Servicing Completion")
{
	isr_before_eoi = isr_after_eoi = isr_after_second = 0;
	if (!EXPECT_EQ(scratch_begin(serve_nested), 0))
		return;
	apic_send_self(VEC_A);
	WAIT_FOR(READ_ONCE(isr_after_second), WAIT_DEFAULT_US);
	scratch_end();
	EXPECT_EQ(scratch_log.n, 2);
	EXPECT_EQ(isr_before_eoi, 3);
	EXPECT_EQ(isr_after_eoi, 1);
	EXPECT_EQ(isr_after_second, 1);
}

TEST(lapic, eoi_with_nothing_in_service_does_nothing,
     "SDM 3A Signaling Interrupt Servicing Completion")
{
	struct arrivals a = { 0 };

	if (!EXPECT_EQ(irq_claim_vector(VEC_A, lapic_count_arrival, &a), 0))
		return;
	local_irq_disable();
	apic_send_self(VEC_A);
	EXPECT_TRUE(WAIT_FOR(lapic_test(APIC_IRR, VEC_A), WAIT_DEFAULT_US));
	apic_eoi();
	EXPECT_TRUE(lapic_only(APIC_ISR, -1));
	EXPECT_TRUE(lapic_only(APIC_IRR, VEC_A));
	local_irq_enable();
	lapic_arrived(&a, 1);
	EXPECT_EQ(a.count, 1);
	irq_release_vector(VEC_A);
}
