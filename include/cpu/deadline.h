/* SPDX-License-Identifier: MIT */
/*
 * deadline.h - the only legal way to wait: a bound in time on every poll.
 *
 * Until tsc_khz is calibrated a rate above any real TSC is assumed, so that
 * a wait is never shorter than asked. Deadlines detect hangs, they judge
 * nothing; the user's scale= stretches all of them.
 */
#pragma once

#include <asm/special_insns.h>

#define TSC_KHZ_UNKNOWN 10000000 /* 10 GHz */

extern u32 tsc_khz;	   /* written by time/ once calibrated */
extern u32 deadline_scale; /* option scale=, 1 until parsed */

#define WAIT_DEFAULT_US 2000000 /* at least this long before "it hangs" */

/* The TSC value usec (scaled) from now. Any context. */
u64 deadline_after(u64 usec);

static inline bool deadline_passed(u64 deadline)
{
	return (s64)(rdtsc() - deadline) >= 0;
}

/* Busy-wait at least usec, not scaled. Any context. */
void udelay(u64 usec);

/* Microseconds of a TSC interval, and back. */
u64 tsc_to_us(u64 ticks);
u64 tsc_to_ns(u64 ticks);
u64 us_to_tsc(u64 usec);

/*
 * Poll cond until true or usec passed; the value is cond's last. Interrupts
 * stay as they are, so with IF=1 handlers run in between.
 */
#define WAIT_FOR(cond, usec)                              \
	({                                                \
		u64 wait_deadline = deadline_after(usec); \
		bool wait_done;                           \
		while (!(wait_done = !!(cond)) &&         \
		       !deadline_passed(wait_deadline))   \
			cpu_relax();                      \
		wait_done || (cond);                      \
	})
