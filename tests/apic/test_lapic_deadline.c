// SPDX-License-Identifier: MIT
/*
 * The timer in TSC-deadline mode: armed by a TSC value, not by a count.
 *
 * Spec: SDM 3A "TSC-Deadline Mode".
 */
#include "lapic_case.h"

#include <cpu/cpufeature.h>
#include <time/clockmath.h>

#define DEADLINE_RULE "SDM 3A TSC-Deadline Mode"
#define DEADLINE_MODE (APIC_LVT_TIMER_TSCDEADLINE | VEC_A)

#define FAR_US (1000 * USEC_PER_SEC) /* no case lasts so long */

static struct arrivals fired;
static u32 old_lvtt;

static void arm(u64 tsc)
{
	wrmsr(MSR_IA32_TSC_DEADLINE, tsc);
}

static u64 armed(void)
{
	return rdmsr(MSR_IA32_TSC_DEADLINE);
}

/* In xAPIC mode the LVT is memory: MFENCE before the MSR relies on it. */
static void set_lvtt(u32 lvtt)
{
	apic_write(APIC_LVTT, lvtt);
	mb();
}

static bool deadline_begin(void)
{
	fired = (struct arrivals){ 0 };
	if (!EXPECT_EQ(irq_claim_vector(VEC_A, lapic_count_arrival, &fired), 0))
		return false;
	old_lvtt = apic_read(APIC_LVTT);
	set_lvtt(DEADLINE_MODE);
	return EXPECT_EQ(apic_read(APIC_LVTT), DEADLINE_MODE);
}

static void deadline_end(void)
{
	arm(0);
	set_lvtt(old_lvtt);
	apic_write(APIC_TMICT, 0);
	lapic_flush();
	irq_release_vector(VEC_A);
}

TEST(lapic, deadline_in_the_past_fires_once, DEADLINE_RULE,
     .needs = NEEDS_TSC_DEADLINE)
{
	if (!deadline_begin())
		return;
	arm(1);
	EXPECT_TRUE(lapic_arrived(&fired, 1));
	EXPECT_EQ(armed(), 0);
	deadline_end();
	EXPECT_EQ(fired.count, 1);
}

TEST(lapic, deadline_in_the_future_fires_once_and_never_early, DEADLINE_RULE,
     .needs = NEEDS_TSC_DEADLINE)
{
	u64 when;

	if (!deadline_begin())
		return;
	when = rdtsc_ordered() + us_to_tsc(300);
	arm(when);
	EXPECT_TRUE(lapic_arrived(&fired, 1));
	udelay(300);
	EXPECT_EQ(armed(), 0);
	deadline_end();
	EXPECT_EQ(fired.count, 1);
	EXPECT_GE(fired.tsc, when);
}

TEST(lapic, deadline_reads_back_until_it_fires, DEADLINE_RULE,
     .needs = NEEDS_TSC_DEADLINE)
{
	u64 when, seen;

	if (!deadline_begin())
		return;
	when = rdtsc_ordered() + us_to_tsc(FAR_US);
	arm(when);
	seen = armed();
	deadline_end();
	EXPECT_EQ(seen, when);
	EXPECT_EQ(fired.count, 0);
}

TEST(lapic, deadline_of_0_disarms, DEADLINE_RULE, .needs = NEEDS_TSC_DEADLINE)
{
	if (!deadline_begin())
		return;
	local_irq_disable();
	arm(rdtsc_ordered() + us_to_tsc(2000));
	arm(0);
	EXPECT_EQ(armed(), 0);
	local_irq_enable();
	udelay(3000);
	deadline_end();
	EXPECT_EQ(fired.count, 0);
}

TEST(lapic, deadline_is_replaced_by_a_later_write, DEADLINE_RULE,
     .needs = NEEDS_TSC_DEADLINE)
{
	u64 when;

	if (!deadline_begin())
		return;
	arm(rdtsc_ordered() + us_to_tsc(FAR_US));
	when = rdtsc_ordered() + us_to_tsc(100);
	arm(when);
	EXPECT_TRUE(lapic_arrived(&fired, 1));
	deadline_end();
	EXPECT_EQ(fired.count, 1);
	EXPECT_GE(fired.tsc, when);
}

TEST(lapic, deadline_mode_ignores_the_initial_count, DEADLINE_RULE,
     .needs = NEEDS_TSC_DEADLINE)
{
	u32 now;

	if (!deadline_begin())
		return;
	apic_write(APIC_TMICT, 1000);
	now = apic_read(APIC_TMCCT);
	udelay(500);
	deadline_end();
	EXPECT_EQ(now, 0);
	EXPECT_EQ(fired.count, 0);
}

/* A change of the timer's mode disarms it, for good. */
TEST(lapic, deadline_is_disarmed_by_leaving_its_mode, DEADLINE_RULE,
     .needs = NEEDS_TSC_DEADLINE)
{
	if (!deadline_begin())
		return;
	local_irq_disable();
	arm(rdtsc_ordered() + us_to_tsc(2000));
	set_lvtt(APIC_LVT_TIMER_ONESHOT | VEC_A);
	EXPECT_EQ(armed(), 0);
	set_lvtt(DEADLINE_MODE);
	EXPECT_EQ(armed(), 0);
	local_irq_enable();
	udelay(3000);
	deadline_end();
	EXPECT_EQ(fired.count, 0);
}

TEST(lapic, deadline_is_ignored_outside_its_mode, DEADLINE_RULE,
     .needs = NEEDS_TSC_DEADLINE)
{
	if (!deadline_begin())
		return;
	set_lvtt(APIC_LVT_TIMER_ONESHOT | VEC_A);
	arm(rdtsc_ordered() + us_to_tsc(100));
	EXPECT_EQ(armed(), 0);
	udelay(500);
	deadline_end();
	EXPECT_EQ(fired.count, 0);
}

/* Masked it is spent all the same. */
TEST(lapic, deadline_masked_passes_silently, DEADLINE_RULE,
     .needs = NEEDS_TSC_DEADLINE)
{
	if (!deadline_begin())
		return;
	set_lvtt(APIC_LVT_MASKED | DEADLINE_MODE);
	arm(rdtsc_ordered() + us_to_tsc(100));
	EXPECT_TRUE(WAIT_FOR(!armed(), WAIT_DEFAULT_US));
	set_lvtt(DEADLINE_MODE);
	udelay(500);
	deadline_end();
	EXPECT_EQ(fired.count, 0);
}

/* The count of the mode before is stopped, not carried on. */
TEST(lapic, deadline_mode_entered_stops_a_running_count, DEADLINE_RULE,
     .needs = NEEDS_TSC_DEADLINE)
{
	u32 before, after;

	if (!deadline_begin())
		return;
	set_lvtt(APIC_LVT_MASKED | APIC_LVT_TIMER_ONESHOT | VEC_A);
	apic_write(APIC_TMICT, 0x40000000);
	before = apic_read(APIC_TMCCT);
	set_lvtt(DEADLINE_MODE);
	after = apic_read(APIC_TMCCT);
	deadline_end();
	EXPECT_NE(before, 0);
	EXPECT_EQ(after, 0);
}

TEST(lapic, deadline_msr_is_absent_where_cpuid_says_so, DEADLINE_RULE)
{
	if (cpu_has(X86_FEATURE_TSC_DEADLINE))
		SKIP(return, "CPUID declares TSC-deadline mode");
	expect_rdmsr_gp(MSR_IA32_TSC_DEADLINE);
}
