// SPDX-License-Identifier: MIT
/*
 * on_cpu.c - which CPU a case runs on. The suites that judge a CPU itself run
 * on the boot CPU and then on another one: cpu=, or one that the seed chooses.
 */
#include <console/printk.h>
#include <cpu/cpumask.h>
#include <lib/random.h>
#include <lib/string.h>
#include <smp/smp.h>
#include <smp/watch.h>

#include "internal.h"

#define CASE_US 600000000ull /* the case's own deadline comes first */

/* Events of the CPU's own making: no controller, no device, no companion. */
static const char *const suites[] = {
	"ac", "bp",	  "br", "call_gate", "cp",	  "db",
	"de", "delivery", "df", "gp",	     "io_bitmap", "mf",
	"nm", "nmi",	  "np", "of",	     "pf",	  "signal",
	"ss", "syscall",  "ts", "ud",	     "user",	  "xm",
};

/* 0: no case runs anywhere but on the boot CPU. Set before the first case. */
static u32 other_cpu;

struct job {
	const struct ktest_case *c;
	struct ktest_result *result;
};

u32 choose_other_cpu(const struct options *opt)
{
	u32 n = num_online_cpus() - 1, cpu = 0;
	u64 state = opt->seed;

	if (opt->cpu >= 0 && !cpu_online((u32)opt->cpu)) {
		printk("# options.error=cpu=%d: no such CPU is online",
		       opt->cpu);
	} else if (opt->cpu >= 0) {
		cpu = (u32)opt->cpu;
	} else if (n) {
		n = random_below(&state, n);
		cpu = cpumask_next(1, &cpu_online_mask);
		while (n--)
			cpu = cpumask_next(cpu + 1, &cpu_online_mask);
	}
	other_cpu = cpu;
	return cpu;
}

bool runs_on_other_cpu(const struct ktest_case *c)
{
	if (!other_cpu || c->needs & NEEDS_COMPANION)
		return false;
	for (u32 i = 0; i < ARRAY_SIZE(suites); i++) {
		size_t len = strlen(suites[i]);

		if (!strncmp(c->name, suites[i], len) && c->name[len] == '.')
			return true;
	}
	return false;
}

/* The CPU's timer is the case's for now; whoever waits for it looks after it.
 */
static void run_here(void *arg)
{
	const struct job *job = arg;

	watch_stop_ticks();
	run_case(job->c, job->result);
	watch_start_ticks();
}

void run_case_on_other_cpu(const struct ktest_case *c,
			   struct ktest_result *result)
{
	struct job job = { c, result };
	int err = run_on(other_cpu, run_here, &job, CASE_US);

	if (err) {
		printk("# CPU %u did not end the case: error %d", other_cpu,
		       err);
		result->failures++;
	}
	if (result->failures)
		printk("# the case failed on CPU %u, not on the boot CPU",
		       other_cpu);
}
