/* SPDX-License-Identifier: MIT */
/*
 * cpumask.h - sets of CPUs, and which of ours run.
 *
 * CPU 0 is the one that booted; the others are numbered in the MADT's order.
 * Linux: include/linux/cpumask.h.
 */
#pragma once

#include <cpu/percpu.h>
#include <cpu/sections.h>

struct cpumask {
	u64 bits[NR_CPUS / 64];
};

/* CPUs that run our threads. A bit is set by its own CPU. */
extern struct cpumask cpu_online_mask;

/* 1 + the highest number that a CPU has, online or not. */
extern u32 nr_cpu_ids;

static inline bool cpumask_test_cpu(u32 cpu, const struct cpumask *mask)
{
	return cpu < NR_CPUS &&
	       __atomic_load_n(&mask->bits[cpu / 64], __ATOMIC_ACQUIRE) >>
			       (cpu % 64) &
		       1;
}

/* Atomic: two CPUs may change one mask. cpu < NR_CPUS. */
static inline void cpumask_set_cpu(u32 cpu, struct cpumask *mask)
{
	__atomic_fetch_or(&mask->bits[cpu / 64], BIT(cpu % 64),
			  __ATOMIC_ACQ_REL);
}

static inline void cpumask_clear_cpu(u32 cpu, struct cpumask *mask)
{
	__atomic_fetch_and(&mask->bits[cpu / 64], ~BIT(cpu % 64),
			   __ATOMIC_ACQ_REL);
}

static inline bool cpu_online(u32 cpu)
{
	return cpumask_test_cpu(cpu, &cpu_online_mask);
}

/* How many CPUs mask holds; the first one from cpu on, or nr_cpu_ids. */
u32 cpumask_weight(const struct cpumask *mask);
u32 cpumask_next(u32 cpu, const struct cpumask *mask);

/* "1-3,5", cut with "..." where it does not fit. size >= 24. */
void cpulist_scnprintf(char *buf, size_t size, const struct cpumask *mask);

static inline u32 num_online_cpus(void)
{
	return cpumask_weight(&cpu_online_mask);
}

#define for_each_cpu(cpu, mask)                                 \
	for ((cpu) = cpumask_next(0, mask); (cpu) < nr_cpu_ids; \
	     (cpu) = cpumask_next((cpu) + 1, mask))
#define for_each_online_cpu(cpu) for_each_cpu (cpu, &cpu_online_mask)

/* What a per-CPU counter says on all CPUs that are online. */
u64 per_cpu_sum(const u64 *counter);

/* Another CPU's area: its counters, its queue. */
static inline struct pcpu_hot *cpu_hot(u32 cpu)
{
	return per_cpu_ptr((struct pcpu_hot *)__per_cpu_start, cpu);
}
