/* SPDX-License-Identifier: MIT */
/*
 * lockdep.h - who keeps interrupts and softirqs off, how often and how long,
 * and in which order and context locks are taken.
 *
 * All of it is compiled in. Off, a point costs an untaken branch
 * (cpu/irqflags.h, cpu/spinlock.h), and an interrupt nothing: on, the gates
 * lead to other stubs. NMIs are not seen, nor #DB, #DF, #MC and #VC that hit
 * CPL 0: their stacks may have interrupted anything.
 *
 * Linux: kernel/locking/lockdep.c, kernel/trace/trace_irqsoff.c.
 */
#pragma once

#include <asm/ptrace.h>
#include <cpu/irqflags.h>

/*
 * Begin, or end: what was counted and learnt stays. Returns whether it was on.
 * Boot CPU, task context, IF=1.
 */
bool lockdep_set(bool on);

/*
 * Reports so far: what fails a case that did not expect any. While text is
 * captured it goes there instead of the log, a line each, and is no report of
 * the count; NULL ends it. One CPU at a time.
 */
u32 lockdep_reports(void);
void lockdep_capture(char *text, size_t size);

/* What this CPU held was broken off, with what held it. */
void lockdep_forget_held(void);

/* In the order of /proc/lockdep_stats. */
enum lockdep_event {
	HARDIRQS_ON_EVENTS,
	HARDIRQS_OFF_EVENTS,
	REDUNDANT_HARDIRQS_ON, /* IF was 1 already */
	REDUNDANT_HARDIRQS_OFF,
	SOFTIRQS_ON_EVENTS,
	SOFTIRQS_OFF_EVENTS,
	REDUNDANT_SOFTIRQS_ON,
	REDUNDANT_SOFTIRQS_OFF,
	NR_LOCKDEP_EVENTS
};

/* This CPU's counts, or all CPUs'; entries: interrupts and exceptions. */
struct lockdep_counts {
	u64 event[NR_LOCKDEP_EVENTS];
	u64 entries;
};
struct lockdep_counts lockdep_counts(void);
struct lockdep_counts lockdep_counts_sum(void);

/* A time without: from the address that switched off to the one that on. */
struct irqsoff {
	u64 tsc; /* its length; 0: there was none yet */
	u64 from, to;
	u32 cpu;
};
enum irqsoff_kind { IRQSOFF_HARDIRQ, IRQSOFF_SOFTIRQ, NR_IRQSOFF };

/* The longest of cpu, and of all. Any context. */
struct irqsoff irqsoff_longest(enum irqsoff_kind kind, u32 cpu);
struct irqsoff irqsoff_longest_of_all(enum irqsoff_kind kind);

/* This CPU's becomes *now, and what it was is returned. IF any. */
struct irqsoff irqsoff_exchange(enum irqsoff_kind kind,
				const struct irqsoff *now);

/* /proc/lockdep_stats, and what irqsoff's latency says, "# " first. */
void show_lockdep_stats(void);
void show_irqsoff(void);

/*
 * bh/: softirqs of this CPU are kept off from here on, or will not be any more.
 * preempt_count() tells which level it is: of the inner ones an off is
 * redundant, an on is nothing; an on of none is redundant. IF any; any context.
 */
void lockdep_softirqs(bool off, u64 ip);

static __always_inline void trace_softirqs_off(const void *ip)
{
	if (lockdep_on())
		lockdep_softirqs(true, (u64)ip);
}

static __always_inline void trace_softirqs_on(const void *ip)
{
	if (lockdep_on())
		lockdep_softirqs(false, (u64)ip);
}

/*
 * irq/: an interrupt's first and last act, IF=0, in C. from: its handler. The
 * return itself, for entry.S, which is at ip: regs goes back to IF=1.
 */
void lockdep_irq_enter(const struct pt_regs *regs, u64 from);
void lockdep_irq_exit(struct pt_regs *regs);
void lockdep_irq_return(const struct pt_regs *regs, u64 ip);

/* entry/ leads interrupts through the traced stubs, or as ever. */
extern void (*lockdep_gates_hook)(bool on);
