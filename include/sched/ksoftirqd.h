/* SPDX-License-Identifier: MIT */
/*
 * ksoftirqd.h - the thread of each CPU for softirqs that no interrupt's exit
 * serves. Linux: kernel/softirq.c.
 */
#pragma once

#include <sched/task.h>

/* One for each CPU that is online. Boot CPU, task context. 0 or -ENOMEM. */
int spawn_ksoftirqd(void);

/* NULL before. */
struct task_struct *cpu_ksoftirqd(u32 cpu);
static inline struct task_struct *this_cpu_ksoftirqd(void)
{
	return cpu_ksoftirqd(smp_processor_id());
}
