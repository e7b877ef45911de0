/* SPDX-License-Identifier: MIT */
/*
 * tsc_sync.h - do two CPUs' time-stamp counters agree?
 *
 * One CPU reads its TSC and says so, the other reads, and the first again: the
 * second's value must lie between. How far apart the two are nobody can know
 * better than by half of the shortest such round.
 *
 * Linux: arch/x86/kernel/tsc_sync.c, check_tsc_warp().
 */
#pragma once

#include <lib/types.h>

struct tsc_sync {
	u32 rounds;
	u64 max_warp; /* cycles by which time ran backwards; 0: never */
	s64 offset;   /* the other's TSC minus this one's, */
	u64 bound;    /* give or take so many cycles */
};

/*
 * Compare this CPU's TSC with cpu's for about a millisecond. 0; -ETIMEDOUT:
 * cpu does not answer. Task context, or IF=0 at boot.
 */
int tsc_sync_check(u32 cpu, struct tsc_sync *result);

/*
 * Compare the boot CPU's with the others', as many as a tenth of a second
 * allows, and say what came of it. Boot CPU.
 */
void tsc_sync_log(void);
