/* SPDX-License-Identifier: MIT */
/* lockdep.h - what the cases of suites lockdep and irqsoff share. */
#pragma once

#include <cpu/spinlock.h>
#include <ktest/ktest.h>
#include <lockdep/lockdep.h>

#define STATS	"Linux kernel/locking/lockdep_proc.c, lockdep_stats_debug_show()"
#define IRQSOFF "Linux Documentation/trace/ftrace.rst, \"irqsoff\""
#define DESIGN	"Linux Documentation/locking/lockdep-design.rst, "
#define STATE	DESIGN "\"Single-lock state rules\""
#define ORDER	DESIGN "\"Multi-lock dependency rules\""

/* The suites' setup and teardown: on, and as it was. */
int lockdep_open(void);
void lockdep_close(void);

/* An interrupt of this CPU to order, by INT n: fn runs in its handler. */
#define LD_VECTOR 0x73
bool ld_claim(void (*fn)(void));
void ld_interrupt(void);

/*
 * fn makes that many interrupts and exceptions, and these counts: hardirq ons,
 * offs, redundant ons, offs; the same of softirqs. It may be called again.
 */
void ld_counts_are(const char *file, int line, void (*fn)(void), u64 entries,
		   const u8 *want);
#define EXPECT_COUNTS(fn, entries, ...)                                       \
	do {                                                                  \
		static const u8 ld_want[NR_LOCKDEP_EVENTS] = { __VA_ARGS__ }; \
		ld_counts_are(__FILE__, __LINE__, fn, entries, ld_want);      \
	} while (0)

/* fn() on another CPU, waited for; false, and a failure: it did not end. */
bool ld_on(u32 cpu, void (*fn)(void *), void *arg);

/*
 * What fn() makes lockdep report goes into ld_text, and nowhere else. Are these
 * words in it? If not, that and all of it is noted.
 */
extern char ld_text[4096];
void ld_report_of(void (*fn)(void));
bool ld_told(const char *words);

/*
 * A lock of the case and who points at it. Its class is its own, made where
 * this stands, and named "&lock": no function could do that.
 */
#define NEW_LOCK(lock, at)     \
	spinlock_t lock;       \
	spin_lock_init(&lock); \
	at = &lock
