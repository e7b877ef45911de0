// SPDX-License-Identifier: MIT
/*
 * proc.c - how often each softirq ran on each CPU, as /proc/softirqs shows it.
 *
 * Linux: fs/proc/softirqs.c show_softirqs().
 */
#include <bh/softirq.h>

#include <console/printk.h>
#include <cpu/cpumask.h>
#include <lib/format.h>

#define COLUMNS 16 /* a log line has no room for hundreds of CPUs */
#define LINE	(COLUMNS * 22)

static void show_head(void)
{
	char line[LINE];
	size_t n = 0;
	u32 cpu;

	line[0] = '\0';
	for_each_online_cpu (cpu) {
		if (cpu < COLUMNS)
			n += scnprintf(line + n, sizeof(line) - n, "CPU%-8u",
				       cpu);
	}
	printk("#                     %s", line);
}

static void show_softirq(u32 nr)
{
	char line[LINE];
	size_t n = 0;
	u32 cpu;

	line[0] = '\0';
	for_each_online_cpu (cpu) {
		if (cpu < COLUMNS)
			n += scnprintf(
				line + n, sizeof(line) - n, " %10llu",
				(unsigned long long)softirq_count_cpu(nr, cpu));
	}
	printk("# %12s:%s", softirq_name(nr), line);
}

void show_softirqs(void)
{
	show_head();
	for (u32 nr = 0; nr < NR_SOFTIRQS; nr++)
		show_softirq(nr);
}
