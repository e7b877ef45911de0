// SPDX-License-Identifier: MIT
/*
 * might_sleep.c - sleeping where one must not: said with a backtrace, counted,
 * and survived.
 *
 * Linux: kernel/sched/core.c __schedule_bug(), __might_sleep().
 */
#include <bh/softirq.h>
#include <console/printk.h>
#include <cpu/irqflags.h>
#include <trap/report.h>

#include "internal.h"

static u32 bugs;

u32 sched_bug_count(void)
{
	return READ_ONCE(bugs) + preempt_leak_count();
}

static void backtrace(void)
{
	__atomic_fetch_add(&bugs, 1, __ATOMIC_RELAXED);
	report_backtrace((u64)__builtin_return_address(0),
			 *(u64 *)__builtin_frame_address(0));
}

bool sched_is_atomic(void)
{
	if (likely(!preempt_count()))
		return false;
	printk("# BUG: scheduling while atomic: %s/%u/0x%08x", current->comm,
	       smp_processor_id(), preempt_count());
	backtrace();
	return true;
}

void might_sleep_at(const char *file, int line)
{
	if (likely(!preempt_count() && !irqs_disabled()))
		return;
	printk("# BUG: sleeping function called from invalid context at %s:%d",
	       file, line);
	printk("# in_atomic(): %d, irqs_disabled(): %d, name: %s",
	       preempt_count() != 0, irqs_disabled(), current->comm);
	backtrace();
}
