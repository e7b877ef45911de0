/* SPDX-License-Identifier: MIT */
/* cpu_cells.h - tables with a column a CPU, as /proc has them. */
#pragma once

#include <lib/types.h>

/* A log line has no room for hundreds: the others share the last column. */
#define CPU_COLUMNS 16
#define CPU_CELLS   (CPU_COLUMNS * 11 + 12) /* what a row's cells take */

/* count(nr, cpu) of every online CPU, " %10llu" each, into line; returns it. */
const char *cpu_cells(char line[CPU_CELLS], u64 (*count)(u32 nr, u32 cpu),
		      u32 nr);
