/* SPDX-License-Identifier: MIT */
/* internal.h - what the files of this room share. */
#pragma once

#include <asm/ptrace.h>
#include <ktest/runner.h>
#include <trap/traps.h>

#define SKIP_TEXT 120

/* What has become of the running case so far. Its CPU writes it. */
struct ktest_result {
	u32 checks, failures;
	u32 crashes_meant, bugs_meant; /* ktest_means_*() */
	bool skipped;
	char skip_reason[SKIP_TEXT];
};

extern struct ktest_result ktest_result;

/* select.c: the cases of this run, in order. */
int select_cases(const struct options *opt);
u32 selected_count(void);
const struct ktest_case *selected_case(u32 index);
const struct ktest_suite *suite_of(const struct ktest_case *c);
extern char nothing_selected[160]; /* why select_cases() is -ENOENT */

/* one_case.c */
void run_case(const struct ktest_case *c, struct ktest_result *result);

/* The CPU that ran the case began anew: what the case had is nobody's. */
void case_release(void);

/* on_cpu.c: does the case run on another CPU, too? Which one: 0 is none. */
u32 choose_other_cpu(const struct options *opt);
bool runs_on_other_cpu(const struct ktest_case *c);
void run_case_on_other_cpu(const struct ktest_case *c,
			   struct ktest_result *result);

/* state.c: the machine's state around a case. */
void state_save(void);
bool state_restore(void); /* false, and "# state: ..." lines: it had changed */

/*
 * raised.c: interrupts that the case said it raised against those counted.
 * False, and "# interrupts: ..." lines: they differ. The total is the run's.
 */
void raised_begin(void);
bool raised_compare(void);
u64 raised_total(void);

/* watchdog.c */
void watchdog_init(void);
void watchdog_arm(u32 ms, u32 uses);
void watchdog_disarm(void);
bool watchdog_fired(void);
void watchdog_tell_rest(void); /* CPUs that hung, too: without a report */
const char *watchdog_name(void);

/*
 * break_out.c: in an NMI's handler, behind what it has to say: shows (why, or
 * NULL: not) and ends who runs,
 * and (main_too) "ktest". NMI_NOT_MINE: there is no guard. And: is this the NMI
 * of somebody who wants a thread ended?
 */
enum nmi_verdict break_out(struct pt_regs *regs, const char *why,
			   bool main_too);
bool break_out_asked(struct pt_regs *regs, enum nmi_verdict *verdict);
void break_out_init(void);

/*
 * tracing.c: what the option trace asks for. Once before the first case, after
 * each case, and at the end of the run.
 */
void tracing_begin(const struct options *opt);
void tracing_after_case(void);
void tracing_end(void);

/*
 * locking.c: what the option lockdep asks for, before and behind all cases;
 * around each case: false if there was a report, which is in the log.
 */
void lockdep_begin(const struct options *opt);
void lockdep_end(void);
void locking_begin_case(void);
bool locking_end_case(void);

/* finish.c: leave as asked; never returns. */
enum verdict { VERDICT_PASS = 0x10, VERDICT_FAIL = 0x11, VERDICT_BAIL = 0x12 };
__noreturn void finish_run(enum finish how, enum verdict verdict);
