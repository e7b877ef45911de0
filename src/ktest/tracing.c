// SPDX-License-Identifier: MIT
/*
 * tracing.c - the option trace: the whole run's events, the last ones of each
 * CPU, before the totals; with verbose each case's own behind it.
 */
#include <console/printk.h>
#include <ktest/ktest.h>
#include <trace/trace.h>

#include "internal.h"

static bool wanted, each_case;

bool ktest_tracing(void)
{
	return wanted;
}

void tracing_begin(const struct options *opt)
{
	int err = opt->trace ? trace_start(TRACE_ENTRIES) : -1;

	wanted = !err;
	each_case = opt->verbose;
	if (opt->trace && err)
		printk("# warning: no memory to trace in");
}

void tracing_after_case(void)
{
	if (!wanted || !each_case)
		return;
	trace_stop();
	trace_dump();
	trace_clear();
	trace_resume();
}

void tracing_end(void)
{
	if (!wanted)
		return;
	trace_stop();
	if (!each_case)
		trace_dump();
}
