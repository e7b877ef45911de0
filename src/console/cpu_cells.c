// SPDX-License-Identifier: MIT
/* cpu_cells.c - a row of numbers, one a CPU. */
#include <console/cpu_cells.h>

#include <cpu/cpumask.h>
#include <lib/format.h>

const char *cpu_cells(char line[CPU_CELLS], u64 (*count)(u32 nr, u32 cpu),
		      u32 nr)
{
	u64 rest = 0;
	size_t n = 0;
	u32 cpu;

	line[0] = '\0';
	for_each_online_cpu (cpu) {
		u64 c = count(nr, cpu);

		if (cpu >= CPU_COLUMNS)
			rest += c;
		else
			n += scnprintf(line + n, CPU_CELLS - n, " %10llu",
				       (unsigned long long)c);
	}
	if (nr_cpu_ids > CPU_COLUMNS)
		scnprintf(line + n, CPU_CELLS - n, " %10llu",
			  (unsigned long long)rest);
	return line;
}
