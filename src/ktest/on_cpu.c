// SPDX-License-Identifier: MIT
/*
 * on_cpu.c - which CPU a case runs on. The suites that judge a CPU itself run
 * on the boot CPU and then on another one: cpu=, or one that the seed chooses;
 * with cpu=0 on no other.
 */
#include <bh/hrtimer.h>
#include <console/printk.h>
#include <cpu/cpumask.h>
#include <lib/random.h>
#include <lib/string.h>
#include <smp/smp.h>

#include "internal.h"

#define CASE_US 600000000ull /* the case's own deadline comes first */

/*
 * Events of the CPU's own making: no controller, no device, no companion. And
 * "elsewhere", which hangs on another CPU only, on purpose.
 */
static const char *const suites[] = {
	"ac",	    "bp",   "br", "call_gate", "cp", "db",	"de",
	"delivery", "df",   "gp", "io_bitmap", "mf", "nm",	"nmi",
	"np",	    "of",   "pf", "signal",    "ss", "syscall", "ts",
	"ud",	    "user", "xm", "elsewhere",
};

/* 0: no case runs anywhere but on the boot CPU. Set before the first case. */
static u32 other_cpu;

struct job {
	const struct ktest_case *c;
	struct ktest_result *result;
};

static u32 chosen_by_seed(u64 seed)
{
	u32 n = num_online_cpus() - 1, cpu;

	if (!n)
		return 0;
	cpu = cpumask_next(1, &cpu_online_mask);
	for (n = random_below(&seed, n); n; n--)
		cpu = cpumask_next(cpu + 1, &cpu_online_mask);
	return cpu;
}

u32 choose_other_cpu(const struct options *opt)
{
	bool given = opt->cpu >= 0 && cpu_online((u32)opt->cpu);

	if (opt->cpu >= 0 && !given)
		printk("# options.error=cpu=%d: no such CPU is online, %u are",
		       opt->cpu, num_online_cpus());
	other_cpu = given ? (u32)opt->cpu : chosen_by_seed(opt->seed);
	return other_cpu;
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

	hrtimers_suspend();
	run_case(job->c, job->result);
	hrtimers_resume();
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
		case_release();
	}
	if (result->failures)
		printk("# the case failed on CPU %u, not on the boot CPU",
		       other_cpu);
}
