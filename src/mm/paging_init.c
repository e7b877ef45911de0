// SPDX-License-Identifier: MIT
/*
 * paging_init.c - what is mapped where, and the CPU's protections.
 *
 * Paging mode is not changed: entering with LA57 on means five levels, since
 * leaving it needs a trip through 32-bit code.
 */
#include <mm/paging.h>

#include <asm/msr-index.h>
#include <asm/special_insns.h>
#include <cpu/cpufeature.h>
#include <cpu/sections.h>
#include <cpu/stacks.h>
#include <lib/errno.h>
#include <mm/page_alloc.h>
#include <mm/regions.h>

#include "internal.h"

/* Entry 0 WB, 1 WC, 2 UC-, 3 UC, 4 WB, 5 WP, 6 UC-, 7 WT: Linux's order. */
#define PAT_VALUE 0x0407050600070106ull

bool smap_on;

static bool is_ram(u32 type)
{
	return type != MEM_MMIO && type != MEM_MMIO_PORT &&
	       type != MEM_UNUSABLE && type != MEM_RESERVED &&
	       type < NR_MEM_TYPES;
}

static int map_ram(const struct boot_info *info)
{
	for (u32 i = 0; i < info->nr_regions; i++) {
		u64 base = info->region[i].base;
		u64 size = info->region[i].pages * PAGE_SIZE;
		int err;

		if (!is_ram(info->region[i].type))
			continue;
		if (base == 0 && size) { /* NULL stays absent */
			base += PAGE_SIZE;
			size -= PAGE_SIZE;
		}
		err = map_range(base, base, size, PAGE_KERNEL);
		if (err)
			return err;
	}
	return 0;
}

static int protect_image(void)
{
	static const struct {
		char *start, *end;
		u64 prot;
	} part[] = {
		{ _text, __user_text_start, PAGE_KERNEL_ROX },
		{ __user_text_start, __user_text_end, PAGE_USER_RX },
		{ __rodata_start, __rodata_end, PAGE_KERNEL_RO },
		{ __data_start, __data_rel_ro_end, PAGE_KERNEL_RO },
	};

	for (u32 i = 0; i < ARRAY_SIZE(part); i++) {
		u64 start = (u64)part[i].start;
		int err = protect_range(start, (u64)part[i].end - start,
					part[i].prot);

		if (err)
			return err;
	}
	/* The PE headers: nobody's business after boot. */
	return protect_range((u64)ImageBase, PAGE_SIZE, PAGE_KERNEL_RO);
}

void paging_setup_cpu(void)
{
	u64 cr4 = read_cr4() & (X86_CR4_LA57 | X86_CR4_PAE);

	/* What no CPUID denies in 64-bit mode; the rest by what it declares. */
	cr4 |= X86_CR4_DE | X86_CR4_PGE | X86_CR4_OSFXSR | X86_CR4_OSXMMEXCPT;
	cr4 |= cpu_has(X86_FEATURE_MCE) ? X86_CR4_MCE : 0;
	cr4 |= cpu_has(X86_FEATURE_SMEP) ? X86_CR4_SMEP : 0;
	cr4 |= cpu_has(X86_FEATURE_SMAP) ? X86_CR4_SMAP : 0;
	cr4 |= cpu_has(X86_FEATURE_UMIP) ? X86_CR4_UMIP : 0;
	cr4 |= cpu_has(X86_FEATURE_FSGSBASE) ? X86_CR4_FSGSBASE : 0;
	cr4 |= cpu_has(X86_FEATURE_XSAVE) ? X86_CR4_OSXSAVE : 0;
	write_cr0(X86_CR0_PE | X86_CR0_MP | X86_CR0_ET | X86_CR0_NE |
		  X86_CR0_WP | X86_CR0_AM | X86_CR0_PG);
	write_cr4(cr4);
	smap_on = cr4 & X86_CR4_SMAP;
	if (cpu_has(X86_FEATURE_PAT))
		wrmsr(MSR_IA32_PAT, PAT_VALUE);
	fninit();
}

int paging_init(const struct boot_info *info)
{
	int err = paging_alloc_root();

	if (err)
		return err;
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_NX);
	err = map_ram(info);
	if (!err)
		err = protect_image();
	if (err)
		return err;
	/* A load of CR3 spares global pages: the firmware's must go as well. */
	write_cr4(read_cr4() & ~X86_CR4_PGE);
	write_cr3(paging_root());
	paging_setup_cpu();
	return 0;
}
