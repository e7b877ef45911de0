/* SPDX-License-Identifier: MIT */
/*
 * insn_bench.h - straight lines between two RDTSCs, to count instructions by
 * under -icount shift=0. See src/ktest/insn_bench.S.
 */
#pragma once

#include <lib/compiler.h>

/* TSC ticks across 100 and 200 NOPs: they differ by 100 where 1 is 1. */
u64 bench_100_nops(void);
u64 bench_200_nops(void);

/*
 * TSC ticks across STI, some NOPs, CLI. Called with IF=0; an interrupt that is
 * pending is taken inside, and what it executed is in the result.
 */
u64 bench_open_window(void);

/* TSC ticks across PAUSE, at which the emulator lets other CPUs run. */
u64 bench_yield(void);

/* TSC ticks across a call of fn. */
u64 bench_call(void (*fn)(void));
