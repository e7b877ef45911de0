// SPDX-License-Identifier: MIT
/* cpumask.c - counting and walking sets of CPUs. */
#include <cpu/cpumask.h>

#include <lib/format.h>

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

void cpulist_scnprintf(char *buf, size_t size, const struct cpumask *mask)
{
	u32 first = cpumask_next(0, mask), end;
	size_t n = 0;

	buf[0] = '\0';
	while (first < nr_cpu_ids && n < size - 16) {
		end = first + 1;
		while (end < nr_cpu_ids && cpumask_test_cpu(end, mask))
			end++;
		n += scnprintf(buf + n, size - n, "%s%u", n ? "," : "", first);
		if (end - first > 1)
			n += scnprintf(buf + n, size - n, "-%u", end - 1);
		first = cpumask_next(end, mask);
	}
	if (first < nr_cpu_ids)
		scnprintf(buf + n, size - n, ",...");
}

u64 per_cpu_sum(const u64 *counter)
{
	u64 sum = 0;
	u32 cpu;

	for_each_online_cpu (cpu)
		sum += READ_ONCE(*per_cpu_ptr(counter, cpu));
	return sum;
}
