// SPDX-License-Identifier: MIT
/*
 * locking.c - the option lockdep: the whole run is watched, and what was
 * counted stands before the totals.
 */
#include <lockdep/lockdep.h>

#include "internal.h"

static bool wanted;
static u32 reports_before;

void lockdep_begin(const struct options *opt)
{
	wanted = opt->lockdep;
	if (wanted)
		lockdep_set(true);
}

void lockdep_end(void)
{
	if (!wanted)
		return;
	lockdep_set(false);
	show_lockdep_stats();
	show_irqsoff();
}

void locking_begin_case(void)
{
	reports_before = lockdep_reports();
}

/* A case that ended inside a lock, or captures still, has left that, too. */
bool locking_end_case(void)
{
	lockdep_capture(NULL, 0);
	lockdep_forget_held();
	return lockdep_reports() == reports_before;
}
