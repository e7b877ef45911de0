/* SPDX-License-Identifier: MIT */
/*
 * late.h - what waits for another's end says so when that does not come.
 *
 * A function that waits until something ends gives it sync_wait_us, times
 * scale=; then it says for whom it waited, and how long, and returns.
 */
#pragma once

#include <cpu/deadline.h>

/* WAIT_DEFAULT_US; a case that makes one wait in vain lowers it. */
extern u32 sync_wait_us;

/*
 * "# warning: WHO: WHAT 0xOBJECT, function 0xFN, has not ended in N ms", began:
 * the TSC when the wait did. fn may be NULL. Any context.
 */
void warn_late(const char *who, const char *what, const void *object,
	       const void *fn, u64 began);
