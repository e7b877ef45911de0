/* SPDX-License-Identifier: MIT */
/*
 * tsc.h - the time-stamp counter's rate: what CPUID says, else measured.
 *
 * Spec: SDM 2A "CPUID" leaves 15H and 16H; SDM 3B "Time-Stamp Counter",
 *       "Determining the Processor Base Frequency".
 */
#pragma once

#include <asm/special_insns.h>
#include <time/clock.h>

enum tsc_source {
	TSC_BY_NOTHING, /* tsc_khz keeps its conservative guess */
	TSC_BY_CPUID15,
	TSC_BY_HYPERVISOR, /* leaf 0x40000010 */
	TSC_BY_HPET,
	TSC_BY_PMTIMER,
	TSC_BY_PIT,
	NR_TSC_SOURCES,
};

struct tsc_calibration {
	u64 hz;
	enum tsc_source source, check; /* check: the second opinion */
	u32 uncertainty_ppm;	       /* of hz; 0 if declared */
	u64 check_hz;		       /* 0: no second opinion */
	u32 check_uncertainty_ppm;
	s32 check_ppm;	/* check_hz against hz */
	u64 crystal_hz; /* CPUID 15H ECX, or derived from 16H; 0: unknown */
	bool invariant; /* CPUID 80000007H EDX bit 8 */
};

/*
 * Settle the TSC's rate: CPUID 15H, hypervisor leaf, HPET, PM timer, PIT, in
 * this order; compare with the next source that can be measured. Writes
 * tsc_khz and CLOCK_TSC's freq_hz. A declared rate loses to a measurement
 * that contradicts it by more than 1 %, or 100 ppm where the crystal was only
 * derived from leaf 16H (whose MHz are rounded). Boot CPU, after
 * clocks_init(), once; about 30 ms. Returns 0, or -ENODEV: no source, tsc_khz
 * unchanged.
 */
int tsc_calibrate(void);

/* RDTSC behind LFENCE. */
extern struct clock tsc_clock;

/* The result; all zero before tsc_calibrate(). Read-only after it. */
const struct tsc_calibration *tsc_calibration(void);

const char *tsc_source_name(enum tsc_source source);

/*
 * Pure: the TSC's Hz from CPUID. leaf15 and leaf16 are all zero where the
 * maximum leaf is lower. *crystal gets the crystal's Hz or 0. Returns 0 if
 * the leaves do not say.
 */
u64 tsc_hz_from_cpuid(const struct cpuid_regs *leaf15,
		      const struct cpuid_regs *leaf16, u64 *crystal);
