// SPDX-License-Identifier: MIT
/*
 * percpu.c - the per-CPU areas. The template is the boot CPU's first area:
 * head.S points GS base at it, so C code works from its first instruction.
 */
#include <cpu/percpu.h>

#include <asm/msr-index.h>
#include <asm/special_insns.h>
#include <cpu/sections.h>
#include <lib/string.h>

/* Must be the section's head: the canary lies at %gs:40. */
static __attribute__((section(".data..percpu..first"),
		      used)) struct pcpu_hot pcpu_hot = { .self = &pcpu_hot };

unsigned long per_cpu_offset[NR_CPUS];

size_t per_cpu_size(void)
{
	return (size_t)(__per_cpu_end - __per_cpu_start);
}

void per_cpu_init_area(u32 cpu, void *area)
{
	struct pcpu_hot *hot = area;

	memcpy(area, __per_cpu_start, per_cpu_size());
	per_cpu_offset[cpu] =
		(unsigned long)area - (unsigned long)__per_cpu_start;
	hot->this_cpu_off = per_cpu_offset[cpu];
	hot->cpu_number = cpu;
	hot->self = hot;
}

void per_cpu_load(u32 cpu)
{
	wrmsr(MSR_GS_BASE, (u64)__per_cpu_start + per_cpu_offset[cpu]);
}
