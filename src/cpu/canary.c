// SPDX-License-Identifier: MIT
/* canary.c - Linux: boot_init_stack_canary(), asm/stackprotector.h. */
#include <cpu/canary.h>

#include <asm/special_insns.h>
#include <cpu/cpufeature.h>
#include <cpu/percpu.h>

#define CANARY_MASK  0xffffffffffffff00ull
#define RDRAND_TRIES 10

static bool rdrand(u64 *val)
{
	bool ok;

	__asm__ volatile("rdrand %[val]"
			 : [val] "=r"(*val), "=@ccc"(ok)
			 :
			 : "memory");
	return ok;
}

/* Memory and bus timing: not much, but not the same at each boot. */
static u64 tsc_jitter(void)
{
	u64 mix = 0;

	for (u32 i = 0; i < 64; i++)
		mix = (mix << 5 | mix >> 59) ^ rdtsc_ordered();
	return mix;
}

__attribute__((no_stack_protector)) u64 get_random_canary(void)
{
	u64 random = tsc_jitter(), hw = 0, tsc = rdtsc();

	if (cpu_has(X86_FEATURE_RDRAND)) {
		for (u32 i = 0; i < RDRAND_TRIES && !rdrand(&hw); i++)
			;
		random ^= hw;
	}
	return (random + tsc + (tsc << 32)) & CANARY_MASK;
}

__attribute__((no_stack_protector)) void boot_init_stack_canary(void)
{
	this_cpu(fixed.stack_canary) = get_random_canary();
}
