// SPDX-License-Identifier: MIT
/*
 * tsc.c - the time-stamp counter as a clock, and its rate: declared by CPUID
 * where it is, measured otherwise, cross-checked in both cases.
 *
 * Read:    tsc_calibrate().
 * Uses:    time/clock.h to measure.  Used by: every deadline, through tsc_khz.
 * Context: boot CPU, once; readers of the result any.
 * Spec:    SDM 2A "CPUID" leaves 15H, 16H; SDM 3B "Time-Stamp Counter";
 *          leaf 40000010H as VMware and KVM define it: EAX is the TSC's kHz.
 */
#include <time/tsc.h>

#include <cpu/cpufeature.h>
#include <cpu/deadline.h>
#include <lib/errno.h>

/* clang-format off */
#define CPUID_TSC		0x15
#define CPUID_FREQUENCY		0x16
#define CPUID_HYPERVISOR	0x40000000u
#define CPUID_HYPERVISOR_TSC	0x40000010u
#define CPUID_POWER		0x80000007u
#define   CPUID_POWER_INVARIANT	  BIT(8)
/* clang-format on */

/* First the rate itself, then, shorter, the second opinion. */
#define MEASURE_US 20000
#define CHECK_US   10000

/* How far a declared rate may be off before a measurement is believed. */
#define DECLARED_PPM 10000
#define DERIVED_PPM  100

/* No x86-64 CPU ticks slower, none is faster than deadlines assume. */
#define TSC_MIN_HZ 100000000ull
#define TSC_MAX_HZ (TSC_KHZ_UNKNOWN * 1000ull)

static struct tsc_calibration calibration; /* written by tsc_calibrate() */

struct clock tsc_clock = {
	/* freq_hz written by tsc_calibrate() */
	.name = "tsc",
	.read = rdtsc_ordered,
	.bits = 64,
};

static const struct {
	enum tsc_source source;
	enum clock_id clock;
} measurable[] = {
	{ TSC_BY_HPET, CLOCK_HPET },
	{ TSC_BY_PMTIMER, CLOCK_PMTIMER },
	{ TSC_BY_PIT, CLOCK_PIT },
};

const char *tsc_source_name(enum tsc_source source)
{
	static const char *const names[NR_TSC_SOURCES] = {
		[TSC_BY_NOTHING] = "none",
		[TSC_BY_CPUID15] = "cpuid15",
		[TSC_BY_HYPERVISOR] = "hypervisor",
		[TSC_BY_HPET] = "hpet",
		[TSC_BY_PMTIMER] = "pmtimer",
		[TSC_BY_PIT] = "pit",
	};

	return source < NR_TSC_SOURCES ? names[source] : "?";
}

const struct tsc_calibration *tsc_calibration(void)
{
	return &calibration;
}

u64 tsc_hz_from_cpuid(const struct cpuid_regs *leaf15,
		      const struct cpuid_regs *leaf16, u64 *crystal)
{
	u32 denominator = leaf15->eax, numerator = leaf15->ebx;

	*crystal = 0;
	if (!denominator || !numerator)
		return 0;
	*crystal = leaf15->ecx;
	if (!*crystal) /* the base frequency ticks as the TSC does */
		*crystal = mul_div_u64((leaf16->eax & 0xffff) * 1000000ull,
				       denominator, numerator);
	return mul_div_u64(*crystal, numerator, denominator);
}

static bool plausible(u64 hz)
{
	return hz >= TSC_MIN_HZ && hz <= TSC_MAX_HZ;
}

/* Beyond the maximum leaf Intel CPUs answer with the maximum leaf's data. */
static struct cpuid_regs cpuid_within(u32 leaf, u32 max_leaf)
{
	return leaf <= max_leaf ? cpuid_count(leaf, 0)
				: (struct cpuid_regs){ 0 };
}

/* The rate somebody declares. *slack: ppm by which it may well be off. */
static void declared_rate(struct tsc_calibration *cal, s32 *slack)
{
	u32 max_leaf = boot_cpu_data.max_leaf;
	struct cpuid_regs r15 = cpuid_within(CPUID_TSC, max_leaf);
	struct cpuid_regs r16 = cpuid_within(CPUID_FREQUENCY, max_leaf);
	u64 hz = tsc_hz_from_cpuid(&r15, &r16, &cal->crystal_hz);
	struct cpuid_regs r;

	*slack = r15.ecx ? DECLARED_PPM : DERIVED_PPM;
	if (plausible(hz)) {
		cal->hz = hz;
		cal->source = TSC_BY_CPUID15;
		return;
	}
	if (!cpu_has(X86_FEATURE_HYPERVISOR))
		return;
	r = cpuid_count(CPUID_HYPERVISOR, 0);
	r = cpuid_within(CPUID_HYPERVISOR_TSC, r.eax);
	if (!plausible(r.eax * 1000ull))
		return;
	*slack = DECLARED_PPM;
	cal->hz = r.eax * 1000ull;
	cal->source = TSC_BY_HYPERVISOR;
}

/* The rate by measurable[i], or an error. */
static int measured_rate(size_t i, u32 window_us, struct clock_rate *rate)
{
	const struct clock *ref = clock_get(measurable[i].clock);
	int err;

	if (!ref)
		return -ENODEV;
	err = clock_measure(ref, &tsc_clock, window_us, rate);
	if (err)
		return err;
	return plausible(rate->hz) ? 0 : -ERANGE;
}

static void set_check(struct tsc_calibration *cal, enum tsc_source source,
		      u64 hz, u32 uncertainty_ppm)
{
	cal->check = source;
	cal->check_hz = hz;
	cal->check_uncertainty_ppm = uncertainty_ppm;
	cal->check_ppm = ppm_error(hz, cal->hz);
}

/* A measurement comes in: the rate itself, or the check of a better one. */
static void take_measurement(struct tsc_calibration *cal, size_t i,
			     const struct clock_rate *rate, s32 slack)
{
	enum tsc_source old = cal->source;
	u64 old_hz = cal->hz;
	u32 old_ppm = cal->uncertainty_ppm;
	s64 limit = (s64)slack + rate->uncertainty_ppm;

	if (old != TSC_BY_NOTHING)
		set_check(cal, measurable[i].source, rate->hz,
			  rate->uncertainty_ppm);
	if (old != TSC_BY_NOTHING &&
	    (old > TSC_BY_HYPERVISOR ||
	     (cal->check_ppm <= limit && cal->check_ppm >= -limit)))
		return;
	cal->source = measurable[i].source;
	cal->hz = rate->hz;
	cal->uncertainty_ppm = rate->uncertainty_ppm;
	if (old != TSC_BY_NOTHING) /* contradicted: now it is the check */
		set_check(cal, old, old_hz, old_ppm);
}

int tsc_calibrate(void)
{
	struct tsc_calibration cal = { 0 };
	struct cpuid_regs power =
		cpuid_within(CPUID_POWER, boot_cpu_data.max_ext_leaf);
	struct clock_rate rate;
	s32 slack = 0;

	cal.invariant = power.edx & CPUID_POWER_INVARIANT;
	declared_rate(&cal, &slack);
	for (size_t i = 0; i < ARRAY_SIZE(measurable) && !cal.check; i++) {
		u32 us = cal.source ? CHECK_US : MEASURE_US;

		if (measured_rate(i, us, &rate) == 0)
			take_measurement(&cal, i, &rate, slack);
	}
	calibration = cal;
	if (cal.source == TSC_BY_NOTHING)
		return -ENODEV;
	tsc_clock.freq_hz = cal.hz;
	tsc_khz = (u32)((cal.hz + 500) / 1000);
	return 0;
}
