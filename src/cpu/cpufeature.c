// SPDX-License-Identifier: MIT
/*
 * cpufeature.c - CPUID, read once; a leaf above the maximum is never read.
 *
 * Spec: SDM 2A "CPUID"; APM 3 appendix E; APM 2 "Secure Memory Encryption". On
 * Intel a leaf above the maximum returns another leaf's data, so each read is
 * guarded.
 */
#include <cpu/cpufeature.h>

#include <asm/msr-index.h>
#include <asm/special_insns.h>
#include <lib/string.h>

struct cpuinfo boot_cpu_data;

static void copy_id(char *id, u32 a, u32 b, u32 c)
{
	memcpy(id, &a, 4);
	memcpy(id + 4, &b, 4);
	memcpy(id + 8, &c, 4);
	id[12] = '\0';
}

static void identify_model(struct cpuinfo *c, u32 eax)
{
	c->family = eax >> 8 & 0xf;
	c->model = eax >> 4 & 0xf;
	c->stepping = eax & 0xf;
	if (c->family == 6 || c->family == 15)
		c->model |= eax >> 12 & 0xf0;
	if (c->family == 15)
		c->family += eax >> 20 & 0xff;
}

static void identify_extended(struct cpuinfo *c)
{
	struct cpuid_regs r = cpuid_count(0x80000000, 0);

	c->phys_bits = 36;
	c->virt_bits = 48;
	if (r.eax < 0x80000001)
		return;
	c->max_ext_leaf = r.eax;
	r = cpuid_count(0x80000001, 0);
	c->word[CPUID_8000_0001_EDX] = r.edx;
	c->word[CPUID_8000_0001_ECX] = r.ecx;
	if (c->max_ext_leaf >= 0x80000008) {
		r = cpuid_count(0x80000008, 0);
		c->phys_bits = r.eax & 0xff;
		c->virt_bits = r.eax >> 8 & 0xff;
	}
}

/*
 * With memory encryption on, one of the address bits that CPUID leaves over is
 * the C-bit, and others are not addresses either: none is taken for reserved.
 */
static void identify_encryption(struct cpuinfo *c)
{
	if (c->vendor != VENDOR_AMD || c->max_ext_leaf < 0x8000001f ||
	    !(cpuid_count(0x8000001f, 0).eax & 1))
		return;
	if (rdmsr(MSR_AMD64_SYSCFG) & MSR_AMD64_SYSCFG_MEM_ENCRYPT)
		c->phys_bits = 52;
}

void cpu_identify(void)
{
	struct cpuinfo *c = &boot_cpu_data;
	struct cpuid_regs r = cpuid_count(0, 0);

	c->max_leaf = r.eax;
	copy_id(c->vendor_id, r.ebx, r.edx, r.ecx);
	c->vendor = !strcmp(c->vendor_id, "GenuineIntel")   ? VENDOR_INTEL
		    : !strcmp(c->vendor_id, "AuthenticAMD") ? VENDOR_AMD
							    : VENDOR_OTHER;
	r = cpuid_count(1, 0);
	identify_model(c, r.eax);
	c->word[CPUID_1_EDX] = r.edx;
	c->word[CPUID_1_ECX] = r.ecx;
	if (c->max_leaf >= 7) {
		r = cpuid_count(7, 0);
		c->word[CPUID_7_EBX] = r.ebx;
		c->word[CPUID_7_ECX] = r.ecx;
	}
	identify_extended(c);
	identify_encryption(c);
	if (cpu_has(X86_FEATURE_HYPERVISOR)) {
		r = cpuid_count(0x40000000, 0);
		copy_id(c->hypervisor_id, r.ebx, r.ecx, r.edx);
	}
}
