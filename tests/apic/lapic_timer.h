/* SPDX-License-Identifier: MIT */
/*
 * lapic_timer.h - what the cases of the APIC's timer share: a run of it with
 * its own vector counted, and the least time it must take by the TSC.
 */
#pragma once

#include "lapic_case.h"

/* What two measured rates may differ by beyond their own uncertainties. */
#define EXTRA_PPM 200

#define NR_DIVIDERS 8
extern const struct divider {
	u32 divisor, tdcr;
} dividers[NR_DIVIDERS];

/* Arrivals at VEC_A since timer_begin(). */
extern struct arrivals ticks;

/* Measure the rate at divider 16, claim VEC_A. False: the case has failed. */
bool timer_begin(void);
/* Stop; what was on its way has arrived; give the vector back. */
void timer_done(void);

/* Start: LVT first, then the count. Returns the TSC from before it ran. */
u64 timer_run(u32 lvtt, u32 count);

/* At divider 16. */
u32 us_to_count(u32 us);

/* TSC ticks that count must last at least, as surely as we know the rates. */
u64 least_tsc(u64 count);
