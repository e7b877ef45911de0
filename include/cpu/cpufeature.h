/* SPDX-License-Identifier: MIT */
/* cpufeature.h - what CPUID declares, read once on the boot CPU. */
#pragma once

#include <asm/cpufeatures.h>
#include <lib/types.h>

enum cpu_vendor { VENDOR_INTEL, VENDOR_AMD, VENDOR_OTHER };

struct cpuinfo {
	char vendor_id[13];
	char hypervisor_id[13]; /* "" without the hypervisor bit */
	enum cpu_vendor vendor;
	u32 family, model, stepping;
	u32 max_leaf, max_ext_leaf;
	u32 word[CPUID_WORDS];
	u8 phys_bits; /* MAXPHYADDR; 52 where the C-bit is one of them */
	u8 virt_bits;
};

extern struct cpuinfo boot_cpu_data; /* written by cpu_identify() only */

/* Fill boot_cpu_data. Boot CPU, before anything asks cpu_has(). */
void cpu_identify(void);

static inline bool cpu_has(u32 feature)
{
	return boot_cpu_data.word[feature / 32] >> (feature % 32) & 1;
}
