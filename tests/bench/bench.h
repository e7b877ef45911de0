/* SPDX-License-Identifier: MIT */
/* bench.h - what the files of suite bench share. */
#pragma once

#include <lib/types.h>

#define REPEATS	 8
#define VEC_NOOP 0x51
#define LINE	 13 /* edge on every PC, and nobody's today: the FPU's */

/* Under -icount shift=0 it does; else the cases SKIP. */
bool tsc_counts_instructions(void);

/* IF=0. Instructions that this vector's interrupt executes on this CPU. */
u64 path_of(u32 vector);

/* floor*.S: the least each can cost, one straight line. See floor.h. */
void floor_irq(void);
void floor_softirq(void);
void floor_tasklet(void);
void floor_work(void);
void floor_work_setup(void *stack_top);
void floor_irq_handled(void);
void floor_irq_thread(void);
void floor_irq_thread_setup(void *stack_top);

/* How often each has called its function. */
extern u32 floor_softirq_ran, floor_tasklet_ran, floor_work_ran;
extern u32 floor_irq_thread_ran;
