/* SPDX-License-Identifier: MIT */
/* cpu_stacks.h - map the stacks that cpu/stacks.h names. */
#pragma once

#include <lib/types.h>

/*
 * Allocate and map every stack of cpu, a guard below each, and write gs_base
 * into each one's lowest word: how a paranoid entry finds its CPU. 0 or
 * -ENOMEM. Boot CPU.
 */
int map_cpu_stacks(u32 cpu, u64 gs_base);

/* The same for one more: STACK_THREAD + n. Task context. */
int map_cpu_stack(u32 cpu, u32 kind, u64 gs_base);
