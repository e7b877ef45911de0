// SPDX-License-Identifier: MIT
/* deadline.c - time bounds over the TSC. */
#include <cpu/deadline.h>

u32 tsc_khz = TSC_KHZ_UNKNOWN;
u32 deadline_scale = 1;

/* 64-bit arithmetic holds 2^64 / 10^7 us: more than twenty days at 10 GHz. */
u64 us_to_tsc(u64 usec)
{
	return usec * tsc_khz / 1000;
}

u64 tsc_to_us(u64 ticks)
{
	u64 seconds = ticks / tsc_khz / 1000;
	u64 rest = ticks - seconds * tsc_khz * 1000;

	return seconds * 1000000 + rest * 1000 / tsc_khz;
}

u64 tsc_to_ns(u64 ticks)
{
	u64 ms = ticks / tsc_khz, rest = ticks % tsc_khz;

	return ms * 1000000 + rest * 1000000 / tsc_khz;
}

u64 deadline_after(u64 usec)
{
	return rdtsc() + us_to_tsc(usec * deadline_scale);
}

void udelay(u64 usec)
{
	u64 end = rdtsc_ordered() + us_to_tsc(usec) + 1;

	while (!deadline_passed(end))
		cpu_relax();
}
