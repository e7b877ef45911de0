/* SPDX-License-Identifier: MIT */
/* bench.h - what the files of suite bench share. */
#pragma once

#include <lib/types.h>

#define REPEATS 8

/* Under -icount shift=0 it does; else the cases SKIP. */
bool tsc_counts_instructions(void);
