// SPDX-License-Identifier: MIT
/*
 * one_case.c - one case, from a known state back to it, whatever happens.
 */
#include <ktest/runner.h>

#include <asm/processor-flags.h>
#include <asm/special_insns.h>
#include <bh/timer.h>
#include <console/printk.h>
#include <cpu/irqflags.h>
#include <dev/pci.h>
#include <irq/ipi.h>
#include <irq/irq.h>
#include <lib/string.h>
#include <sched/kthread.h>
#include <sched/left.h>
#include <smp/smp.h>
#include <trap/catch.h>
#include <trap/traps.h>

#include "internal.h"

#define DEADLINE_MS 10000

static u32 present;

static const char *const needs_text[] = {
	"x2APIC mode",
	"xAPIC mode",
	"an IOAPIC",
	"an HPET",
	"a PIT",
	"the 8259 pair",
	"an RTC",
	"an ACPI PM timer",
	"a UART",
	"a second CPU",
	"an i8042",
	"TSC-deadline",
	"a companion on the host",
};

void ktest_set_present(u32 needs_bit, bool is_present)
{
	if (is_present)
		present |= needs_bit;
	else
		present &= ~needs_bit;
}

static bool skip_unmet(u32 needs)
{
	u32 missing = needs & ~present;

	if (!missing)
		return false;
	ktest_skip("this machine lacks %s", needs_text[__builtin_ctz(missing)]);
	return true;
}

static void body(void *arg)
{
	const struct ktest_case *c = arg;
	const struct ktest_suite *suite = suite_of(c);

	if (suite && suite->setup && suite->setup()) {
		ktest_result.failures++;
		printk("# the setup of suite %s failed", suite->name);
		return;
	}
	c->run();
}

static void teardown(void *arg)
{
	const struct ktest_suite *suite = suite_of(arg);

	if (suite && suite->teardown)
		suite->teardown();
}

/* What another CPU had called here was broken off with the case. */
static void abandon_calls(void)
{
	u64 flags = local_irq_save();

	smp_call_abandon();
	local_irq_restore(flags);
}

/* Of whoever was taken out of what he did. */
static void reset_locks(void)
{
	irq_reset_locks();
	pci_reset_lock();
	sched_reset_locks();
}

/* Run fn guarded; an exception that escapes it fails the case. */
static void guarded(const struct ktest_case *c, void (*fn)(void *))
{
	struct catch_frame frame;

	if (!catch_run(&frame, CATCH_GUARD, fn, (void *)c))
		return;
	write_dr7(DR7_FIXED); /* a breakpoint of its own must not be next */
	reset_locks();
	abandon_calls();
	hrtimers_recover();
	timers_recover();
	ktest_result.failures++;
	if (!watchdog_fired())
		printk("# the case was ended by an unexpected exception");
}

/* What other CPUs do for the case must be over before the next one begins. */
static void settle_cpus(u32 recovered)
{
	if (!smp_processor_id() && !run_on_settle(ktest_result.failures))
		ktest_result.failures++;
	recovered = smp_recovered_count() - recovered;
	if (!recovered)
		return;
	watchdog_tell_rest();
	reset_locks();
	printk("# taken out of what they did: %u times a CPU", recovered);
	ktest_result.failures++;
}

/* What nobody ended. */
static void settle_threads(bool irq_threads)
{
	if (!smp_processor_id() && sched_clear_left(irq_threads))
		ktest_result.failures++;
}

static void compare_count(const char *what, u32 count, u32 meant)
{
	if (count == meant)
		return;
	printk("# %s: %u, meant: %u", what, count, meant);
	ktest_result.failures++;
}

static void compare_bugs(u32 crashed, u32 bugs)
{
	compare_count("threads ended by an exception",
		      kthread_crash_count() - crashed,
		      ktest_result.crashes_meant);
	compare_count("sleeping, scheduling or leaving where one must not",
		      sched_bug_count() - bugs, ktest_result.bugs_meant);
}

static void take_timer(u32 uses)
{
	if (uses & USES_APIC_TIMER)
		hrtimers_suspend();
}

static void give_timer(u32 uses)
{
	if (uses & USES_APIC_TIMER)
		hrtimers_resume();
}

void case_release(void)
{
	watchdog_disarm();
	trap_hooks_clear();
	irq_release_claims();
	raised_compare(); /* the next case must not find what this one raised */
	irq_free_lines();
}

void run_case(const struct ktest_case *c, struct ktest_result *result)
{
	const struct ktest_suite *suite = suite_of(c);
	u32 needs = c->needs | (suite ? suite->needs : 0);
	u32 uses = c->uses | (suite ? suite->uses : 0);
	u32 ms = c->deadline_ms ? c->deadline_ms : DEADLINE_MS;
	u32 recovered = smp_recovered_count();
	u32 crashed = kthread_crash_count(), bugs = sched_bug_count();

	memset(&ktest_result, 0, sizeof(ktest_result));
	if (!skip_unmet(needs)) {
		state_save();
		raised_begin();
		locking_begin_case();
		watchdog_arm(ms, uses);
		take_timer(uses);
		guarded(c, body);
		guarded(c, teardown);
		give_timer(uses);
		watchdog_disarm();
		settle_cpus(recovered);
		settle_threads(false); /* one may share this CPU */
		trap_hooks_clear();
		irq_release_claims();
		if (!state_restore())
			ktest_result.failures++;
		if (!raised_compare())
			ktest_result.failures++;
		if (!locking_end_case())
			ktest_result.failures++;
		irq_free_lines(); /* after: a line left open is a leak */
		settle_threads(true);
		compare_bugs(crashed, bugs);
		if (!ktest_result.checks && !ktest_result.skipped &&
		    !ktest_result.failures) {
			printk("# the case made no check");
			ktest_result.failures++;
		}
	}
	*result = ktest_result;
}
