// SPDX-License-Identifier: MIT
/*
 * runner.c - the log's head, a result line a case, the log's end.
 *
 * The form is DESIGN's contract: TAP 13, flat, plan first, and an END line
 * whose CRC covers every byte before it.
 */
#include <ktest/runner.h>

#include <bh/softirq.h>
#include <console/printk.h>
#include <cpu/deadline.h>
#include <irq/irqstat.h>
#include <lib/errno.h>
#include <sched/left.h>
#include <smp/stop.h>
#include <trap/report.h>

#include "internal.h"

#define FAILED_SHOWN 32

static struct {
	const struct options *opt;
	u32 run_id, pass, fail, skip;
	u32 failed[FAILED_SHOWN]; /* indices, for the list before END */
} run;

bool ktest_stress(void)
{
	return run.opt && run.opt->stress;
}

u64 ktest_seed(void)
{
	return run.opt ? run.opt->seed : 0;
}

static void write_end(void)
{
	u32 crc = printk_crc();

	printk("# IRQBED-END run=%08x pass=%u fail=%u skip=%u crc32=%08x",
	       run.run_id, run.pass, run.fail, run.skip, crc);
}

static void bail(void)
{
	write_end();
	finish_run(run.opt ? run.opt->finish : FINISH_DEFAULT, VERDICT_BAIL);
}

static void write_list(void)
{
	for (u32 i = 0; i < selected_count(); i++) {
		const struct ktest_case *c = selected_case(i);

		printk("# %s\t%s", c->name, c->rule);
	}
}

void ktest_begin(const struct options *opt)
{
	int err = select_cases(opt);

	run.opt = opt;
	run.run_id = (u32)(rdtsc() * 0x9e3779b97f4a7c15ull >> 32);
	bail_out_hook = bail;
	printk("%s", "");
	printk_crc_begin();
	printk("TAP version 13");
	printk("1..%u", opt->list || err ? 0 : selected_count());
	printk("# IRQBED-BEGIN run=%08x version=%s", run.run_id,
	       IRQBED_VERSION);
	if (err == -ENOENT)
		bail_out_reported("%s", nothing_selected);
	if (err)
		bail_out("more cases than the runner holds");
}

void ktest_list(void)
{
	if (!run.opt->list)
		return;
	write_list();
	write_end();
	finish_run(run.opt->finish, VERDICT_PASS);
}

static void write_result(u32 n, const struct ktest_case *c,
			 const struct ktest_result *r)
{
	if (r->failures) {
		if (run.fail < FAILED_SHOWN)
			run.failed[run.fail] = n;
		run.fail++;
		printk("# rule: %s", c->rule);
		printk("not ok %u - %s", n + 1, c->name);
	} else if (r->skipped) {
		run.skip++;
		printk("ok %u - %s # SKIP %s", n + 1, c->name, r->skip_reason);
	} else {
		run.pass++;
		printk("ok %u - %s", n + 1, c->name);
	}
}

/* One after the other; what the boot CPU skips nobody runs. */
static void run_everywhere(const struct ktest_case *c, struct ktest_result *r)
{
	struct ktest_result other = { 0 };

	run_case(c, r);
	if (r->failures || r->skipped || !runs_on_other_cpu(c))
		return;
	run_case_on_other_cpu(c, &other);
	r->failures += other.failures;
}

static void run_repeated(u32 n)
{
	const struct ktest_case *c = selected_case(n);
	struct ktest_result r = { .failures = 1 };
	u64 start = rdtsc();

	if (run.opt->verbose)
		printk("# running %s", c->name);
	for (u32 i = 0; i < run.opt->repeat; i++) {
		run_everywhere(c, &r);
		if (!r.failures)
			continue;
		if (run.opt->repeat > 1)
			printk("# failed in repetition %u of %u", i + 1,
			       run.opt->repeat);
		break;
	}
	if (run.opt->verbose)
		printk("# us=%llu",
		       (unsigned long long)tsc_to_us(rdtsc() - start));
	tracing_after_case();
	write_result(n, c, &r);
}

static void write_failed(void)
{
	for (u32 i = 0; i < run.fail && i < FAILED_SHOWN; i++) {
		printk("# failed: %s", selected_case(run.failed[i])->name);
	}
	if (run.fail > FAILED_SHOWN)
		printk("# failed: and %u more", run.fail - FAILED_SHOWN);
}

__noreturn void ktest_run(void)
{
	u64 start = rdtsc();
	u32 other;

	watchdog_init();
	printk("# watchdog=%s", watchdog_name());
	other = choose_other_cpu(run.opt);
	if (other)
		printk("# cpu=%u runs what judges a CPU, too", other);
	if (run.opt->shuffle || other)
		printk("# seed=0x%llx", (unsigned long long)run.opt->seed);
	sched_keep_all();
	tracing_begin(run.opt);
	lockdep_begin(run.opt);
	for (u32 n = 0; n < selected_count(); n++)
		run_repeated(n);
	tracing_end();
	show_interrupts();
	show_softirqs();
	lockdep_end();
	printk("# interrupts.raised_and_counted=%llu",
	       (unsigned long long)raised_total());
	printk("# run.us=%llu", (unsigned long long)tsc_to_us(rdtsc() - start));
	write_failed();
	smp_send_stop();
	printk_take_over(); /* nobody speaks behind the END line */
	write_end();
	finish_run(run.opt->finish, run.fail ? VERDICT_FAIL : VERDICT_PASS);
}
