// SPDX-License-Identifier: MIT
/*
 * proc.c - how often each softirq ran on each CPU, as /proc/softirqs shows it.
 *
 * Linux: fs/proc/softirqs.c show_softirqs().
 */
#include <bh/softirq.h>

#include <console/cpu_cells.h>
#include <console/printk.h>
#include <cpu/cpumask.h>
#include <lib/format.h>

static void show_head(void)
{
	char line[CPU_CELLS];
	size_t n = 0;
	u32 cpu;

	line[0] = '\0';
	for_each_online_cpu (cpu) {
		if (cpu < CPU_COLUMNS)
			n += scnprintf(line + n, sizeof(line) - n, "CPU%-8u",
				       cpu);
	}
	if (nr_cpu_ids > CPU_COLUMNS)
		scnprintf(line + n, sizeof(line) - n, "the rest");
	printk("#                     %s", line);
}

static void show_softirq(u32 nr)
{
	char line[CPU_CELLS];

	printk("# %12s:%s", softirq_name(nr),
	       cpu_cells(line, softirq_count_cpu, nr));
}

void show_softirqs(void)
{
	show_head();
	for (u32 nr = 0; nr < NR_SOFTIRQS; nr++)
		show_softirq(nr);
}
