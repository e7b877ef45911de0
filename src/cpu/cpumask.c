// SPDX-License-Identifier: MIT
/* cpumask.c - counting and walking sets of CPUs. */
#include <cpu/cpumask.h>

struct cpumask cpu_online_mask = { .bits = { 1 } };
u32 nr_cpu_ids = 1;

u32 cpumask_weight(const struct cpumask *mask)
{
	u32 n = 0;

	for (u32 i = 0; i < NR_CPUS / 64; i++) {
		u64 word = __atomic_load_n(&mask->bits[i], __ATOMIC_RELAXED);

		for (; word; word &= word - 1)
			n++;
	}
	return n;
}

u32 cpumask_next(u32 cpu, const struct cpumask *mask)
{
	while (cpu < nr_cpu_ids) {
		u64 word = __atomic_load_n(&mask->bits[cpu / 64],
					   __ATOMIC_ACQUIRE) >>
			   (cpu % 64);

		if (word)
			return min(cpu + (u32)__builtin_ctzll(word),
				   nr_cpu_ids);
		cpu = (cpu / 64 + 1) * 64;
	}
	return nr_cpu_ids;
}

u64 per_cpu_sum(const u64 *counter)
{
	u64 sum = 0;
	u32 cpu;

	for_each_online_cpu (cpu)
		sum += READ_ONCE(*per_cpu_ptr(counter, cpu));
	return sum;
}
