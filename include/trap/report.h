/* SPDX-License-Identifier: MIT */
/* report.h - everything there is to say about an unexpected exception. */
#pragma once

#include <asm/ptrace.h>

/*
 * Print the full report of regs, "# " before each line, on this CPU's report
 * stack: vector, class, error code, context, stack, registers, control and
 * debug registers, code bytes, #UD/#PF/#DF in depth, backtrace, signal. Reads
 * memory only by copy_from_kernel_nofault(). Any context. why is the first
 * line's reason, e.g. "unexpected exception".
 */
void report_exception(struct pt_regs *regs, const char *why);

/* Parts of it: the registers, and the way to an exception or to a call. */
void report_regs(const struct pt_regs *regs);
void report_backtrace_regs(const struct pt_regs *regs);
void report_backtrace(u64 ip, u64 bp);

/*
 * Who and where this CPU is: a line, and the backtrace of regs, or the
 * caller's if regs is NULL. Any context.
 */
void report_where(const struct pt_regs *regs);

/* A few lines of an NMI that nobody sent, as Linux's unknown_nmi_error(). */
void report_unknown_nmi(const struct pt_regs *regs, u64 count);

/*
 * The run cannot go on: the others say where they are and are stopped, then
 * "Bail out! reason", END, then finish. Any CPU, any context; of several CPUs
 * the first one goes on, the others wait to be stopped. Set by ktest through
 * bail_out_hook; before that, the console.
 */
__noreturn void bail_out(const char *fmt, ...) __printf(1, 2);

/* The same without the caller's backtrace: a full report has been printed. */
__noreturn void bail_out_reported(const char *fmt, ...) __printf(1, 2);
extern void (*bail_out_hook)(void);

/* What becomes of the other CPUs then; smp/ fills it. */
extern void (*panic_cpus_hook)(void);

/* Another CPU is at it: this one need not report anything any more. */
bool panic_elsewhere(void);

/*
 * Our own mistakes: says what and where, then raises #UD, so that everything
 * an exception's report has comes with it. Inside a case the case fails.
 */
__noreturn void bug(const char *what, const char *file, int line);

#define BUG_ON(cond)                                    \
	do {                                            \
		if (unlikely(cond))                     \
			bug(#cond, __FILE__, __LINE__); \
	} while (0)
