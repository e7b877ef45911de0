// SPDX-License-Identifier: MIT
/*
 * locking.c - the option lockdep: the whole run is watched, and what was
 * counted stands before the totals.
 */
#include <lockdep/lockdep.h>

#include "internal.h"

static bool wanted;

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
