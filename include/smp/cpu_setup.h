/* SPDX-License-Identifier: MIT */
/*
 * cpu_setup.h - what every CPU has of its own: per-CPU area, stacks, GDT, TSS.
 */
#pragma once

#include <lib/types.h>

/* Allocate and fill them for cpu. 0 or -ENOMEM. Boot CPU. */
int cpu_prepare(u32 cpu);

/* Load GS base, GDT, TR and SYSCALL's MSRs on cpu itself. IF=0. */
void cpu_init(u32 cpu);
