// SPDX-License-Identifier: MIT
/*
 * The machine's clocks against each other, and the ACPI PM timer.
 *
 * Two oscillators agree to 500 ppm beyond what the measurement itself leaves
 * uncertain; see time/clockmath.h.
 *
 * Spec: SDM 3B "Time-Stamp Counter"; SDM 3A "APIC Timer"; ACPI Specification,
 *       "Power Management Timer".
 */
#include <acpi/tables.h>
#include <apic/apic_timer.h>
#include <asm/io.h>
#include <time/pmtimer.h>
#include <time/tsc.h>

#include "timers.h"

#define WINDOW_US 5000

static const struct clock *lapic_timer(void)
{
	return apic_timer_clock.freq_hz ? &apic_timer_clock : NULL;
}

/* What its nominal rate itself is uncertain by. */
static u32 nominal_ppm(const struct clock *clk)
{
	return clk == &tsc_clock ? tsc_calibration()->uncertainty_ppm : 0;
}

/* The table of all pairs is part of the log, whether they agree or not. */
void clocks_expect_agreement(const char *a, const char *b, s32 ppm,
			     u32 uncertainty_ppm)
{
	ktest_note("clock.%s/%s=%d ppm (+-%u)", a, b, ppm, uncertainty_ppm);
	EXPECT_LE(ppm < 0 ? -ppm : ppm, AGREE_PPM + uncertainty_ppm);
}

static void expect_agreement(const struct clock *ref, const struct clock *clk)
{
	struct clock_rate rate;
	s32 ppm;

	if (!ref || !clk || !ref->freq_hz || !clk->freq_hz)
		SKIP(return, "this machine lacks one of the two clocks");
	if (!EXPECT_EQ(clock_measure(ref, clk, WINDOW_US, &rate), 0))
		return;
	ppm = ppm_error(rate.hz, clk->freq_hz);
	clocks_expect_agreement(clk->name, ref->name, ppm,
				rate.uncertainty_ppm + nominal_ppm(ref) +
					nominal_ppm(clk));
}

#define AGREE(a, b, ref, clk, ...)                                         \
	TEST(timers, a##_and_##b##_agree,                                  \
	     "SDM 3B Time-Stamp Counter; irqbed include/time/clockmath.h", \
	     __VA_ARGS__)                                                  \
	{                                                                  \
		expect_agreement(ref, clk);                                \
	}

#define HPET_CLOCK    clock_get(CLOCK_HPET)
#define PMTIMER_CLOCK clock_get(CLOCK_PMTIMER)
#define PIT_CLOCK     clock_get(CLOCK_PIT)
#define TSC_CLOCK     clock_get(CLOCK_TSC)

AGREE(hpet, tsc, HPET_CLOCK, TSC_CLOCK, .needs = NEEDS_HPET)
AGREE(pmtimer, tsc, PMTIMER_CLOCK, TSC_CLOCK, .needs = NEEDS_PMTIMER)
AGREE(pit, tsc, PIT_CLOCK, TSC_CLOCK, .needs = NEEDS_PIT)
AGREE(hpet, pmtimer, HPET_CLOCK, PMTIMER_CLOCK,
      .needs = NEEDS_HPET | NEEDS_PMTIMER)
AGREE(hpet, pit, HPET_CLOCK, PIT_CLOCK, .needs = NEEDS_HPET | NEEDS_PIT)
AGREE(pmtimer, pit, PMTIMER_CLOCK, PIT_CLOCK,
      .needs = NEEDS_PMTIMER | NEEDS_PIT)
AGREE(hpet, apic_timer, HPET_CLOCK, lapic_timer(), .needs = NEEDS_HPET)
AGREE(pmtimer, apic_timer, PMTIMER_CLOCK, lapic_timer(), .needs = NEEDS_PMTIMER)
AGREE(pit, apic_timer, PIT_CLOCK, lapic_timer(), .needs = NEEDS_PIT)
AGREE(tsc, apic_timer, TSC_CLOCK, lapic_timer())

TEST(timers, tsc_never_runs_backwards, "SDM 3B Time-Stamp Counter")
{
	u64 last = rdtsc_ordered();

	for (u32 i = 0; i < 20000; i++) {
		u64 now = rdtsc_ordered();

		if (now < last && !EXPECT_GE(now, last))
			return;
		last = now;
	}
	EXPECT_TRUE(true);
}

TEST(timers, udelay_is_never_early, "irqbed include/time/clockmath.h")
{
	static const u32 us[] = { 1, 10, 100, 1000 };
	const struct clock *clk = HPET_CLOCK ? HPET_CLOCK : PMTIMER_CLOCK;

	if (!clk)
		SKIP(return, "no clock beside the TSC to judge by");
	for (u32 i = 0; i < ARRAY_SIZE(us); i++) {
		u64 a = clk->read(), ns, want = us[i] * 1000;

		udelay(us[i]);
		ns = clock_ticks_to_ns(clk, clock_delta(clk, a, clk->read()));
		EXPECT_GE(ns + slack_ns(want), want);
	}
}

#define PM_RULE "ACPI 6.5 Power Management Timer"

TEST(timers, pmtimer_never_runs_backwards, PM_RULE, .needs = NEEDS_PMTIMER)
{
	u64 last = pmtimer_clock.read();

	for (u32 i = 0; i < 2000; i++) {
		u64 now = pmtimer_clock.read();

		if (!EXPECT_LT(clock_delta(&pmtimer_clock, last, now),
			       pmtimer_clock.modulus / 2))
			return;
		last = now;
	}
}

TEST(timers, pmtimer_of_24_bits_reads_zeros_above, PM_RULE,
     .needs = NEEDS_PMTIMER)
{
	u16 port = (u16)acpi_tables.fadt.pm_timer.address;

	if (pmtimer_clock.bits != 24)
		SKIP(return, "the FADT declares 32 bits");
	for (u32 i = 0; i < 100; i++)
		EXPECT_EQ(inl(port) >> 24, 0);
}
