// SPDX-License-Identifier: MIT
/* late.c - a wait that was in vain is said, for its caller may not tell. */
#include <bh/late.h>

#include <console/printk.h>

u32 sync_wait_us = WAIT_DEFAULT_US;

void warn_late(const char *who, const char *what, const void *object,
	       const void *fn, u64 began)
{
	printk("# warning: %s: %s 0x%016llx, function 0x%016llx, has not ended "
	       "in %llu ms",
	       who, what, (unsigned long long)(u64)object,
	       (unsigned long long)(u64)fn,
	       (unsigned long long)(tsc_to_us(rdtsc() - began) / 1000));
}
