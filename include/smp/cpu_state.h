/* SPDX-License-Identifier: MIT */
/*
 * cpu_state.h - what is a CPU's own and has to be the same on every CPU: what
 * irqbed sets, what CPUID declares, and what the firmware leaves.
 *
 * Spec: SDM 3A "MTRR Considerations in MP Systems", "Multiple-Processor (MP)
 *       Initialization".
 */
#pragma once

#include <lib/types.h>

enum cpu_state_group {
	CPU_STATE_OURS,	    /* control registers and MSRs: we set them */
	CPU_STATE_FEATURES, /* CPUID: what is judged holds on each */
	CPU_STATE_APIC,	    /* its version, and how it is set */
	CPU_STATE_MTRR,	    /* memory types: the firmware's duty */
	CPU_STATE_TSC,	    /* TSC_ADJUST: what is added to time here */
	CPU_STATE_SAID,	    /* may differ between sockets, is only said */
};

/*
 * Read this CPU's values into its area, where others may look. Any context
 * with IF=0: smp_call_function() as well as the bring-up.
 */
void cpu_state_read(void);

/* Load what INIT does not: EFER, XCR0 and MXCSR as the boot CPU has them. */
void cpu_state_follow(void);

/* By index, below cpu_state_count(). */
u32 cpu_state_count(void);
const char *cpu_state_name(u32 index);
enum cpu_state_group cpu_state_group(u32 index);

/* As cpu last read it; 0 where this machine has no such thing. */
u64 cpu_state(u32 index, u32 cpu);

/*
 * How many online CPUs differ from the boot CPU in it; *first is the lowest.
 */
u32 cpu_state_differing(u32 index, u32 *first);

/* Say what differs, a line each, and how many of them. Boot CPU. */
void cpu_state_log(void);
