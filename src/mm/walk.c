// SPDX-License-Identifier: MIT
/*
 * walk.c - follow the live tables for one address, level by level, trusting
 * nothing: the tables may be what is broken.
 *
 * Spec: SDM 3A "4-Level Paging and 5-Level Paging".
 */
#include <mm/paging.h>

#include <asm/special_insns.h>
#include <lib/errno.h>
#include <lib/string.h>

static const char *const level_name[] = { "PT", "PD", "PDPT", "PML4", "PML5" };

int (*mm_read_nofault)(void *dst, u64 addr, size_t len);

static void take_leaf(struct pt_walk *walk, u64 va, u64 entry, int level)
{
	walk->present = true;
	walk->page_size = 1ull << (PAGE_SHIFT + 9 * (level - 1));
	walk->phys = (entry & PTE_PFN_MASK & ~(walk->page_size - 1)) |
		     (va & (walk->page_size - 1));
	walk->pkey = entry >> 59 & 0xf;
}

int paging_walk(u64 va, struct pt_walk *walk)
{
	u64 table = read_cr3() & PTE_PFN_MASK;
	int top = read_cr4() & X86_CR4_LA57 ? 5 : 4;

	memset(walk, 0, sizeof(*walk));
	if (!is_canonical(va))
		return -EINVAL;
	walk->write = walk->user = true;
	for (int level = top; level >= 1; level--) {
		u64 addr = table +
			   (va >> (PAGE_SHIFT + 9 * (level - 1)) & 511) * 8;
		u64 entry;

		if (!mm_read_nofault || mm_read_nofault(&entry, addr, 8))
			return -EFAULT;
		walk->level[walk->levels].name = level_name[level - 1];
		walk->level[walk->levels].entry_addr = addr;
		walk->level[walk->levels].entry = entry;
		walk->levels++;
		if (!(entry & _PAGE_PRESENT))
			return -ENOENT;
		walk->write &= !!(entry & _PAGE_RW);
		walk->user &= !!(entry & _PAGE_USER);
		walk->nx |= !!(entry & _PAGE_NX);
		if (level == 1 || (level < 4 && entry & _PAGE_PSE)) {
			take_leaf(walk, va, entry, level);
			return 0;
		}
		table = entry & PTE_PFN_MASK;
	}
	return -EFAULT;
}
