// SPDX-License-Identifier: MIT
/*
 * test_irq_stray.c - vectors that nobody asked for, and counters.
 *
 * Linux: arch/x86/kernel/irq.c common_interrupt() "No irq handler for vector".
 * Spec:  SDM 3A "Interrupt Acceptance for Fixed Interrupts", "Signaling
 *        Interrupt Servicing Completion", "Spurious Interrupt".
 */
#include "irq.h"

#include <apic/apic_timer.h>
#include <apic/lapic.h>
#include <cpu/deadline.h>
#include <cpu/irqflags.h>
#include <cpu/preempt.h>
#include <irq/irqstat.h>
#include <irq/sysvec.h>
#include <ktest/insn_irq.h>
#include <ktest/raised.h>

#define STRAY "Linux arch/x86/kernel/irq.c, common_interrupt()"
#define EOI   "SDM 3A \"Signaling Interrupt Servicing Completion\""
#define STATS "Linux Documentation/filesystems/proc.rst, /proc/interrupts"

TEST(irq, a_stray_vector_is_counted_by_number, STRAY)
{
	u64 before = stray_count();

	raised_strays(1);
	EXPECT_EQ(apic_send_self(VECTOR_HIGH), 0);
	EXPECT_TRUE(WAIT_FOR(stray_count() != before, WAIT_DEFAULT_US));
	EXPECT_EQ(stray_count(), before + 1);
	EXPECT_EQ(stray_last(), VECTOR_HIGH);
	EXPECT_EQ(preempt_count(), 0);
}

/* Without the EOI its class and all below would be blocked for ever. */
TEST(irq, a_stray_vector_is_acknowledged, EOI)
{
	struct irq_probe probe = { .answer = IRQ_HANDLED };
	u64 before = stray_count();

	raised_strays(1);
	EXPECT_EQ(irq_claim_vector(VECTOR_LOW, irq_probe_handler, &probe), 0);
	EXPECT_EQ(apic_send_self(VECTOR_HIGH), 0);
	EXPECT_TRUE(WAIT_FOR(stray_count() != before, WAIT_DEFAULT_US));
	EXPECT_FALSE(lapic_test(APIC_ISR, VECTOR_HIGH));
	EXPECT_TRUE(irq_raise(VECTOR_LOW, &probe));
	EXPECT_EQ(probe.calls, 1);
}

TEST(irq, a_released_vector_is_a_stray_again,
     "irqbed include/irq/irq.h, irq_release_vector()")
{
	struct irq_probe probe = { .answer = IRQ_HANDLED };
	u64 before = stray_count();

	EXPECT_EQ(irq_claim_vector(VECTOR_HIGH, irq_probe_handler, &probe), 0);
	EXPECT_TRUE(irq_raise(VECTOR_HIGH, &probe));
	EXPECT_EQ(stray_count(), before);
	irq_release_vector(VECTOR_HIGH);
	raised_strays(1);
	EXPECT_EQ(apic_send_self(VECTOR_HIGH), 0);
	EXPECT_TRUE(WAIT_FOR(stray_count() != before, WAIT_DEFAULT_US));
	EXPECT_EQ(stray_count(), before + 1);
	EXPECT_EQ(probe.calls, 1);
}

/* 203 of them, but the log stays readable: the first few are named. */
TEST(irq, int_n_on_any_unclaimed_vector_is_a_stray, STRAY)
{
	u64 before = stray_count(), n = 0;

	for (u32 v = FIRST_EXTERNAL_VECTOR; v < FIRST_SYSTEM_VECTOR; v++) {
		if (v == IA32_SYSCALL_VECTOR)
			continue;
		raised_strays(1);
		insn_irq_raise(v);
		n++;
		if (!EXPECT_EQ(stray_count(), before + n) ||
		    !EXPECT_EQ(stray_last(), v))
			return;
	}
}

static bool isr_before, isr_after;

static void int_within_service(void)
{
	isr_before = lapic_test(APIC_ISR, VECTOR_LOW);
	raised_strays(1);
	insn_irq_raise(VECTOR_HIGH);
	isr_after = lapic_test(APIC_ISR, VECTOR_LOW);
}

/* INT n sets no ISR bit: an EOI for it would end somebody else's. */
TEST(irq, int_n_on_an_unclaimed_vector_sends_no_eoi, EOI)
{
	struct irq_probe probe = { .answer = IRQ_HANDLED,
				   .then = int_within_service };
	u64 before = stray_count();

	EXPECT_EQ(irq_claim_vector(VECTOR_LOW, irq_probe_handler, &probe), 0);
	EXPECT_TRUE(irq_raise(VECTOR_LOW, &probe));
	EXPECT_TRUE(isr_before);
	EXPECT_TRUE(isr_after);
	EXPECT_EQ(stray_count(), before + 1);
	EXPECT_FALSE(lapic_test(APIC_ISR, VECTOR_LOW));
}

static void spurious_within_service(void)
{
	isr_before = lapic_test(APIC_ISR, VECTOR_LOW);
	insn_irq_raise(SPURIOUS_APIC_VECTOR);
	isr_after = lapic_test(APIC_ISR, VECTOR_LOW);
}

TEST(irq, a_spurious_interrupt_is_counted_and_not_ended,
     "SDM 3A \"Spurious Interrupt\"")
{
	struct irq_probe probe = { .answer = IRQ_HANDLED,
				   .then = spurious_within_service };
	u64 before = this_irq_stat()->spurious;

	EXPECT_EQ(irq_claim_vector(VECTOR_LOW, irq_probe_handler, &probe), 0);
	raised_vectors(SPURIOUS_APIC_VECTOR, 1);
	EXPECT_TRUE(irq_raise(VECTOR_LOW, &probe));
	EXPECT_TRUE(isr_before);
	EXPECT_TRUE(isr_after);
	EXPECT_EQ(this_irq_stat()->spurious, before + 1);
}

/* The eleven system vectors and where each is counted. */
static const struct {
	u8 vector;
	u16 offset; /* in struct irq_cpustat */
} counted[] = {
#define C(v, field)                                    \
	{                                              \
		v, offsetof(struct irq_cpustat, field) \
	}
	C(RESCHEDULE_VECTOR, irq_resched),
	C(CALL_FUNCTION_VECTOR, irq_call),
	C(CALL_FUNCTION_SINGLE_VECTOR, irq_call_single),
	C(THERMAL_APIC_VECTOR, thermal),
	C(THRESHOLD_APIC_VECTOR, threshold),
	C(REBOOT_VECTOR, reboot),
	C(X86_PLATFORM_IPI_VECTOR, platform_ipis),
	C(IRQ_WORK_VECTOR, irq_work),
	C(LOCAL_TIMER_VECTOR, apic_timer_irqs),
	C(ERROR_APIC_VECTOR, error),
	C(SPURIOUS_APIC_VECTOR, spurious),
#undef C
};

static u64 counter(const struct irq_cpustat *s, u32 i)
{
	return *(const volatile u64 *)((const char *)s + counted[i].offset);
}

TEST(irq, statistics_equal_what_was_raised, STATS, .uses = USES_APIC_TIMER)
{
	struct irq_cpustat before = *this_irq_stat();

	for (u32 i = 0; i < ARRAY_SIZE(counted); i++) {
		for (u32 n = 1; n <= i + 1; n++) {
			u64 want = counter(&before, i) + n;

			raised_vectors(counted[i].vector, 1);
			EXPECT_EQ(apic_send_self(counted[i].vector), 0);
			EXPECT_TRUE(
				WAIT_FOR(counter(this_irq_stat(), i) == want,
					 WAIT_DEFAULT_US));
		}
	}
	for (u32 i = 0; i < ARRAY_SIZE(counted); i++)
		EXPECT_EQ(counter(this_irq_stat(), i) - counter(&before, i),
			  i + 1);
	EXPECT_EQ(lapic_highest(APIC_ISR), -1);
}

TEST(irq, a_line_is_counted_once_an_interrupt, STATS, .needs = NEEDS_IOAPIC)
{
	struct irq_probe a = { .answer = IRQ_HANDLED };
	struct irq_probe b = { .answer = IRQ_NONE };
	u64 before = kstat_irqs(QUIET_IRQ);

	if (!irq_have_line())
		SKIP(return, "no IOAPIC pin for irq %u", QUIET_IRQ);
	EXPECT_EQ(
		request_irq(QUIET_IRQ, irq_probe_handler, IRQF_SHARED, "a", &a),
		0);
	EXPECT_EQ(
		request_irq(QUIET_IRQ, irq_probe_handler, IRQF_SHARED, "b", &b),
		0);
	for (u32 n = 0; n < 5; n++)
		EXPECT_TRUE(irq_raise(irq_to_desc(QUIET_IRQ)->vector, &b));
	EXPECT_EQ(kstat_irqs(QUIET_IRQ) - before, 5);
	EXPECT_EQ(a.calls, 5);
	EXPECT_EQ(b.calls, 5);
	EXPECT_EQ(free_irq(QUIET_IRQ, &a), 0);
	EXPECT_EQ(free_irq(QUIET_IRQ, &b), 0);
	EXPECT_EQ(kstat_irqs(NR_IRQS), 0);
}

static u32 timer_context;
static u64 timer_flags;
static bool timer_had_regs;

static void on_timer(void)
{
	timer_context = preempt_count();
	timer_flags = native_save_fl();
	timer_had_regs = get_irq_regs() != NULL;
}

TEST(irq, the_timer_event_runs_as_a_hardirq, STATS, .uses = USES_APIC_TIMER)
{
	u64 before = this_irq_stat()->apic_timer_irqs;

	timer_had_regs = false;
	timer_context = 0;
	apic_timer_set_handler(on_timer);
	raised_vectors(LOCAL_TIMER_VECTOR, 1);
	if (!EXPECT_EQ(apic_timer_start(TIMER_ONESHOT, 200), 0))
		return;
	EXPECT_TRUE(WAIT_FOR(READ_ONCE(timer_context), WAIT_DEFAULT_US));
	apic_timer_stop();
	apic_timer_set_handler(NULL);
	EXPECT_EQ(timer_context, HARDIRQ_OFFSET);
	EXPECT_EQ(timer_flags & X86_EFLAGS_IF, 0);
	EXPECT_TRUE(timer_had_regs);
	EXPECT_EQ(this_irq_stat()->apic_timer_irqs, before + 1);
}
