// SPDX-License-Identifier: MIT
/*
 * proc.c - what was counted, in the shape of Linux's /proc/lockdep_stats, and
 * the longest sections in the words of its irqsoff tracer.
 *
 * Linux: kernel/locking/lockdep_proc.c lockdep_stats_show().
 */
#include <console/printk.h>
#include <cpu/deadline.h>
#include <cpu/irqflags.h>

#include "internal.h"

static void show_count(const char *name, u64 count)
{
	printk("#  %-30s %11llu", name, (unsigned long long)count);
}

static void show_events(void)
{
	static const char *const names[NR_LOCKDEP_EVENTS] = {
		[HARDIRQS_ON_EVENTS] = "hardirq on events:",
		[HARDIRQS_OFF_EVENTS] = "hardirq off events:",
		[REDUNDANT_HARDIRQS_ON] = "redundant hardirq ons:",
		[REDUNDANT_HARDIRQS_OFF] = "redundant hardirq offs:",
		[SOFTIRQS_ON_EVENTS] = "softirq on events:",
		[SOFTIRQS_OFF_EVENTS] = "softirq off events:",
		[REDUNDANT_SOFTIRQS_ON] = "redundant softirq ons:",
		[REDUNDANT_SOFTIRQS_OFF] = "redundant softirq offs:",
	};
	struct lockdep_counts sum = lockdep_counts_sum();

	for (u32 i = 0; i < NR_LOCKDEP_EVENTS; i++)
		show_count(names[i], sum.event[i]);
}

static void show_max(const char *name, u64 count, u32 max)
{
	printk("#  %-30s %11llu [max: %u]", name, (unsigned long long)count,
	       max);
}

static u64 classes_used(enum lock_usage a, enum lock_usage b)
{
	u64 n = 0;

	for (u32 nr = 1; nr <= lock_classes(); nr++)
		n += (class_state(nr)->usage & (BIT(a) | BIT(b))) != 0;
	return n;
}

static u64 forward_deps(void)
{
	u64 n = 0;

	for (u32 nr = 1; nr <= lock_classes(); nr++) {
		for (u64 set = reach(nr, true); set; set &= set - 1)
			n++;
	}
	return n;
}

static void show_locks(void)
{
	static const struct {
		const char *name;
		enum lock_usage a, b;
	} rows[] = {
		{ "hardirq-safe locks:", LOCK_USED_IN_HARDIRQ,
		  LOCK_USED_IN_HARDIRQ },
		{ "hardirq-unsafe locks:", LOCK_ENABLED_HARDIRQ,
		  LOCK_ENABLED_HARDIRQ },
		{ "softirq-safe locks:", LOCK_USED_IN_SOFTIRQ,
		  LOCK_USED_IN_SOFTIRQ },
		{ "softirq-unsafe locks:", LOCK_ENABLED_SOFTIRQ,
		  LOCK_ENABLED_SOFTIRQ },
		{ "irq-safe locks:", LOCK_USED_IN_HARDIRQ,
		  LOCK_USED_IN_SOFTIRQ },
		{ "irq-unsafe locks:", LOCK_ENABLED_HARDIRQ,
		  LOCK_ENABLED_SOFTIRQ },
	};

	show_max("lock-classes:", lock_classes(), MAX_LOCK_CLASSES - 1);
	show_max("direct dependencies:", lock_dependencies(), MAX_LOCK_ENTRIES);
	show_count("indirect dependencies:", forward_deps());
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		show_count(rows[i].name, classes_used(rows[i].a, rows[i].b));
	show_count("max locking depth:", max_lock_depth());
}

void show_lockdep_stats(void)
{
	show_locks();
	show_events();
	show_count("debug_locks:", !lockdep_reports()); /* Linux: 0 after one */
}

static void show_longest(const char *name, enum irqsoff_kind kind)
{
	struct irqsoff longest = irqsoff_longest_of_all(kind);

	if (!longest.tsc)
		return;
	printk("# %s latency: %llu us, %llu cycles, CPU#%u", name,
	       (unsigned long long)tsc_to_us(longest.tsc),
	       (unsigned long long)longest.tsc, longest.cpu);
	printk("#  => started at: 0x%016llx", (unsigned long long)longest.from);
	printk("#  => ended at:   0x%016llx", (unsigned long long)longest.to);
}

void show_irqsoff(void)
{
	show_longest("irqsoff", IRQSOFF_HARDIRQ);
	show_longest("bhoff", IRQSOFF_SOFTIRQ);
}
