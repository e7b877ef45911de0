// SPDX-License-Identifier: MIT
/*
 * paging.c - build, change and load irqbed's page tables.
 *
 * Spec: SDM 3A "Paging", "Page-Level Protection and Execute-Disable Bit".
 */
#include <mm/paging.h>

#include <asm/special_insns.h>
#include <cpu/cpufeature.h>
#include <cpu/irqflags.h>
#include <cpu/spinlock.h>
#include <lib/errno.h>
#include <mm/page_alloc.h>
#include <mm/regions.h>

#include "internal.h"

#define LEVEL_SHIFT(level) (PAGE_SHIFT + 9 * ((level)-1))

/* Written by paging_init() on the boot CPU. */
static u64 root;
static int levels;

/* Linux: init_mm.page_table_lock. Held while entries are made or split. */
static DEFINE_SPINLOCK(page_table_lock);

u64 paging_root(void)
{
	return root;
}

bool is_canonical(u64 va)
{
	int shift = 64 - (PAGE_SHIFT + 9 * (levels ? levels : 4));

	return (u64)((s64)(va << shift) >> shift) == va;
}

static u64 *entry_at(u64 *table, u64 va, int level)
{
	return &table[va >> LEVEL_SHIFT(level) & 511];
}

/* Turn a large page into a table of the next size down, same rights. */
static int split(u64 *entry, int level)
{
	u64 old = *entry, size = 1ull << LEVEL_SHIFT(level - 1);
	u64 flags = old & ~PTE_PFN_MASK;
	u64 *table = (u64 *)alloc_pages(1);

	if (!table)
		return -ENOMEM;
	if (level == 2)
		flags &= ~_PAGE_PSE;
	for (u32 i = 0; i < 512; i++)
		table[i] = ((old & PTE_PFN_MASK) + i * size) | flags;
	*entry = (u64)table | __PAGE_BASE | _PAGE_RW | _PAGE_USER;
	return 0;
}

/* The entry for va at the level wanted, making tables on the way. */
static int walk_create(u64 va, int level, u64 **out)
{
	u64 *table = (u64 *)root;

	for (int l = levels; l > level; l--) {
		u64 *entry = entry_at(table, va, l);

		if (*entry & _PAGE_PRESENT && *entry & _PAGE_PSE && l < 4) {
			int err = split(entry, l);

			if (err)
				return err;
		} else if (!(*entry & _PAGE_PRESENT)) {
			u64 page = alloc_pages(1);

			if (!page)
				return -ENOMEM;
			*entry = page | __PAGE_BASE | _PAGE_RW | _PAGE_USER;
		}
		table = (u64 *)(*entry & PTE_PFN_MASK);
	}
	*out = entry_at(table, va, level);
	return 0;
}

static int leaf_level(u64 va, u64 pa, u64 size)
{
	u64 both = va | pa;

	if (!(both & (HUGE_PAGE_SIZE - 1)) && size >= HUGE_PAGE_SIZE &&
	    cpu_has(X86_FEATURE_GBPAGES))
		return 3;
	if (!(both & (LARGE_PAGE_SIZE - 1)) && size >= LARGE_PAGE_SIZE)
		return 2;
	return 1;
}

void (*flush_tlb_others)(u64 start, u64 end);

/* CR3 alone spares global pages. */
void __flush_tlb_all(void)
{
	u64 cr4 = read_cr4();

	write_cr4(cr4 ^ X86_CR4_PGE);
	write_cr4(cr4);
}

/*
 * A leaf has changed. In place of a table it stands for up to 512 small pages,
 * of each of which something may be remembered: INVLPG ends but one.
 */
static void flush_leaf(u64 va, u64 size, u64 old)
{
	u64 flags = local_irq_save();

	if (size > PAGE_SIZE && old & _PAGE_PRESENT && !(old & _PAGE_PSE))
		__flush_tlb_all();
	else
		invlpg(va);
	local_irq_restore(flags);
}

/* What a change replaced: from the first entry to behind the last. */
struct replaced {
	bool any;
	u64 start, end;
};

static void set_entry(struct replaced *r, u64 va, u64 *entry, u64 val, u64 size)
{
	u64 old = *entry;

	if (old & _PAGE_PRESENT) {
		r->start = r->any ? r->start : va;
		r->end = va + size;
		r->any = true;
		*entry = val;
		flush_leaf(va, size, old);
		return;
	}
	*entry = val;
}

/*
 * No CPU may go on with what it remembers. What was not present none does:
 * SDM 3A "Optional Invalidation"; most new mappings disturb nobody.
 */
static int changed(int err, const struct replaced *r)
{
	if (flush_tlb_others && r->any)
		flush_tlb_others(r->start, r->end);
	return err;
}

int map_range(u64 va, u64 pa, u64 size, u64 prot)
{
	struct replaced old = { 0 };
	int err = 0;

	if ((va | pa | size) & ~PAGE_MASK || !is_canonical(va))
		return -EINVAL;
	spin_lock(&page_table_lock);
	while (size) {
		int level = leaf_level(va, pa, size);
		u64 step = 1ull << LEVEL_SHIFT(level);
		u64 *entry;

		err = walk_create(va, level, &entry);
		if (err)
			break;
		set_entry(&old, va, entry,
			  pa | prot | (level > 1 ? _PAGE_PSE : 0), step);
		va += step;
		pa += step;
		size -= step;
	}
	spin_unlock(&page_table_lock);
	return changed(err, &old);
}

u64 *lookup_pte(u64 va)
{
	u64 *table = (u64 *)root, *entry = NULL;

	for (int l = levels; l >= 1; l--) {
		entry = entry_at(table, va, l);
		if (!(*entry & _PAGE_PRESENT))
			return l == 1 ? entry : NULL;
		if (l > 1 && *entry & _PAGE_PSE)
			return NULL;
		table = (u64 *)(*entry & PTE_PFN_MASK);
	}
	return entry;
}

static int change_range(u64 va, u64 size, u64 prot)
{
	struct replaced old = { 0 };
	u64 end = va + size;
	int err = 0;

	if ((va | size) & ~PAGE_MASK || !is_canonical(va))
		return -EINVAL;
	spin_lock(&page_table_lock);
	for (; va < end; va += PAGE_SIZE) {
		u64 *entry;

		err = walk_create(va, 1, &entry);
		if (err)
			break;
		set_entry(&old, va, entry,
			  prot ? (*entry & PTE_PFN_MASK) | prot : 0, PAGE_SIZE);
	}
	spin_unlock(&page_table_lock);
	return changed(err, &old);
}

int protect_range(u64 va, u64 size, u64 prot)
{
	return change_range(va, size, prot);
}

int unmap_range(u64 va, u64 size)
{
	return change_range(va, size, 0);
}

int ioremap(u64 phys, u64 size)
{
	u64 start = phys & PAGE_MASK;
	u64 end = ALIGN_UP(phys + size, PAGE_SIZE);

	regions_add_mmio(phys, size);
	return map_range(start, start, end - start, PAGE_UNCACHED);
}

int paging_alloc_root(void)
{
	levels = read_cr4() & X86_CR4_LA57 ? 5 : 4;
	root = alloc_pages(1);
	return root ? 0 : -ENOMEM;
}
