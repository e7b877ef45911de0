// SPDX-License-Identifier: MIT
/*
 * The error status register and the error interrupt.
 *
 * A send of an illegal vector (0..15) is the error every mode can make; a
 * platform that delivers it instead is caught by a hook on that exception.
 *
 * Spec: SDM 3A "Error Handling", "Valid Interrupt Vectors"; APM 2 "APIC Error
 *       Interrupts".
 */
#include "lapic_case.h"

#include <cpu/cpufeature.h>
#include <irq/irqstat.h>
#include <ktest/raised.h>
#include <trap/traps.h>

#define ESR_RULE "SDM 3A Error Handling"

/* An exception nobody else raises, without an error code. */
#define ILLEGAL_VECTOR X86_TRAP_SPURIOUS
#define NO_SUCH_REG    0x040 /* reserved in xAPIC's page */

static u32 delivered;
static u32 old_lvterr;

static bool absorb(struct pt_regs *regs, void *data)
{
	WRITE_ONCE(delivered, delivered + 1);
	apic_eoi();
	return true;
}

/* Error interrupts at lvterr, ESR as clear as it gets. */
static void esr_begin(u32 lvterr)
{
	delivered = 0;
	trap_hook(ILLEGAL_VECTOR, absorb, NULL);
	old_lvterr = apic_read(APIC_LVTERR);
	apic_write(APIC_LVTERR, lvterr);
	lapic_esr();
	lapic_esr();
}

static void esr_end(void)
{
	udelay(SETTLE_US);
	lapic_esr();
	apic_write(APIC_LVTERR, old_lvterr);
	trap_hook(ILLEGAL_VECTOR, NULL, NULL);
}

#define MASKED_ERROR (APIC_LVT_MASKED | ERROR_APIC_VECTOR)

static void send_illegal(void)
{
	apic_send_self(ILLEGAL_VECTOR);
	apic_wait_icr_idle();
	udelay(SETTLE_US);
}

/* One error of the simplest kind this mode has; returns its ESR bit. */
static u32 make_error(void)
{
	if (apic_is_x2apic) {
		send_illegal();
		return APIC_ESR_SENDILL;
	}
	apic_read(NO_SUCH_REG);
	udelay(SETTLE_US);
	return APIC_ESR_ILLREGA;
}

/* The sender logs it; the receiver, itself, may too. Nothing else. */
TEST(lapic, sending_an_illegal_vector_is_logged, ESR_RULE)
{
	u32 esr;

	esr_begin(MASKED_ERROR);
	send_illegal();
	esr = lapic_esr();
	esr_end();
	EXPECT_EQ(esr & ~APIC_ESR_RECVILL, APIC_ESR_SENDILL);
}

TEST(lapic, an_illegal_vector_sent_is_not_delivered,
     "SDM 3A Valid Interrupt Vectors")
{
	bool pending;

	esr_begin(MASKED_ERROR);
	local_irq_disable();
	send_illegal();
	pending = lapic_test(APIC_IRR, ILLEGAL_VECTOR);
	local_irq_enable();
	esr_end();
	EXPECT_FALSE(pending);
	EXPECT_EQ(delivered, 0);
}

TEST(lapic, x2apic_self_ipi_of_an_illegal_vector_is_logged, ESR_RULE,
     .needs = NEEDS_X2APIC)
{
	u32 esr;

	esr_begin(MASKED_ERROR);
	wrmsr(X2APIC_MSR(APIC_SELF_IPI), ILLEGAL_VECTOR);
	udelay(SETTLE_US);
	esr = lapic_esr();
	esr_end();
	EXPECT_EQ(esr & ~APIC_ESR_RECVILL, APIC_ESR_SENDILL);
}

TEST(lapic, x2apic_self_ipi_of_an_illegal_vector_is_not_delivered,
     "SDM 3A Valid Interrupt Vectors", .needs = NEEDS_X2APIC)
{
	esr_begin(MASKED_ERROR);
	wrmsr(X2APIC_MSR(APIC_SELF_IPI), ILLEGAL_VECTOR);
	udelay(SETTLE_US);
	esr_end();
	EXPECT_EQ(delivered, 0);
}

/*
 * The timer as a source whose vector is illegal. Returns the errors logged
 * until one says so, or until the vector is delivered all the same.
 */
static u32 fire_timer_at_illegal_vector(void)
{
	u32 old_lvtt = apic_read(APIC_LVTT), esr = 0;

	esr_begin(MASKED_ERROR);
	apic_write(APIC_LVTT, APIC_LVT_TIMER_ONESHOT | ILLEGAL_VECTOR);
	apic_write(APIC_TMICT, 1000);
	EXPECT_TRUE(WAIT_FOR(READ_ONCE(delivered) ||
				     (esr |= lapic_esr()) & APIC_ESR_RECVILL,
			     WAIT_DEFAULT_US));
	lapic_flush();
	apic_write(APIC_LVTT, old_lvtt);
	apic_write(APIC_TMICT, 0);
	esr_end();
	return esr;
}

TEST(lapic, an_illegal_vector_in_an_lvt_is_logged_as_received, ESR_RULE)
{
	EXPECT_EQ(fire_timer_at_illegal_vector(), APIC_ESR_RECVILL);
}

TEST(lapic, an_illegal_vector_in_an_lvt_is_not_delivered,
     "SDM 3A Valid Interrupt Vectors")
{
	fire_timer_at_illegal_vector();
	EXPECT_EQ(delivered, 0);
}

TEST(lapic, xapic_access_to_no_register_is_logged, ESR_RULE,
     .needs = NEEDS_XAPIC)
{
	u32 esr;

	esr_begin(MASKED_ERROR);
	apic_read(NO_SUCH_REG);
	esr = lapic_esr();
	esr_end();
	EXPECT_EQ(esr, APIC_ESR_ILLREGA);
}

/* There #GP says it. */
TEST(lapic, x2apic_access_to_no_register_is_not_logged, ESR_RULE,
     .needs = NEEDS_X2APIC)
{
	struct trap got;
	u32 esr;
	u64 val;

	esr_begin(MASKED_ERROR);
	got = catch_rdmsr(X2APIC_MSR(NO_SUCH_REG), &val);
	esr = lapic_esr();
	esr_end();
	EXPECT_TRAP(got, X86_TRAP_GP);
	if (boot_cpu_data.vendor == VENDOR_INTEL) /* AMD's does not say */
		EXPECT_EQ(esr & APIC_ESR_ILLREGA, 0);
}

/* Errors are collected out of sight; the write brings them in. */
TEST(lapic, esr_shows_an_error_only_after_a_write, ESR_RULE)
{
	u32 before, after, want;

	esr_begin(MASKED_ERROR);
	want = make_error();
	before = apic_read(APIC_ESR);
	after = lapic_esr();
	esr_end();
	EXPECT_EQ(before, 0);
	EXPECT_EQ(after & ~APIC_ESR_RECVILL, want);
}

TEST(lapic, esr_is_cleared_by_the_next_write, ESR_RULE)
{
	u32 first, again, second, want;

	esr_begin(MASKED_ERROR);
	want = make_error();
	first = lapic_esr();
	again = apic_read(APIC_ESR);
	second = lapic_esr();
	esr_end();
	EXPECT_EQ(first & ~APIC_ESR_RECVILL, want);
	EXPECT_EQ(again, first);
	EXPECT_EQ(second, 0);
}

TEST(lapic, an_error_raises_the_error_interrupt, ESR_RULE)
{
	struct arrivals a = { 0 };

	if (!EXPECT_EQ(irq_claim_vector(VEC_C, lapic_count_arrival, &a), 0))
		return;
	esr_begin(VEC_C);
	make_error();
	lapic_flush();
	esr_end();
	EXPECT_EQ(a.count, 1);
	irq_release_vector(VEC_C);
}

TEST(lapic, a_masked_error_interrupt_stays_silent, ESR_RULE)
{
	struct arrivals a = { 0 };

	if (!EXPECT_EQ(irq_claim_vector(VEC_C, lapic_count_arrival, &a), 0))
		return;
	esr_begin(APIC_LVT_MASKED | VEC_C);
	make_error();
	lapic_flush();
	esr_end();
	EXPECT_EQ(a.count, 0);
	irq_release_vector(VEC_C);
}

/* Intel: the write to ESR rearms it. AMD does not say: once or twice. */
TEST(lapic, the_error_interrupt_is_rearmed_by_the_write, ESR_RULE)
{
	struct arrivals a = { 0 };
	u32 first, second;

	if (!EXPECT_EQ(irq_claim_vector(VEC_C, lapic_count_arrival, &a), 0))
		return;
	esr_begin(VEC_C);
	make_error();
	lapic_flush();
	first = a.count;
	make_error();
	lapic_flush();
	second = a.count;
	lapic_esr();
	make_error();
	lapic_flush();
	esr_end();
	EXPECT_EQ(first, 1);
	if (boot_cpu_data.vendor == VENDOR_INTEL)
		EXPECT_EQ(second, 1);
	else
		EXPECT_LE(second, 2);
	EXPECT_EQ(a.count, second + 1);
	irq_release_vector(VEC_C);
}

/* irqbed's own handler: counted, and the cause kept. */
TEST(lapic, the_error_vector_counts_and_keeps_the_cause, ESR_RULE)
{
	struct irq_cpustat *s = this_irq_stat();
	u64 errors = s->error;
	u32 want;

	s->last_esr = 0;
	esr_begin(ERROR_APIC_VECTOR);
	want = make_error();
	lapic_flush();
	esr_end();
	EXPECT_EQ(s->error, errors + 1);
	EXPECT_EQ(s->last_esr & ~APIC_ESR_RECVILL, want);
}

/* The handler by itself, whether or not the platform ever calls it. */
TEST(lapic, the_error_vector_is_ended, ESR_RULE)
{
	struct irq_cpustat *s = this_irq_stat();
	u64 errors = s->error;

	raised_vectors(ERROR_APIC_VECTOR, 1);
	apic_send_self(ERROR_APIC_VECTOR);
	EXPECT_TRUE(WAIT_FOR(READ_ONCE(s->error) != errors, WAIT_DEFAULT_US));
	EXPECT_TRUE(lapic_only(APIC_ISR, -1));
	lapic_flush();
	EXPECT_EQ(s->error, errors + 1);
}
