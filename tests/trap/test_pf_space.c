// SPDX-License-Identifier: MIT
/*
 * test_pf_space.c - see pf.h: the branch of the page tables that suite pf
 * works on, and NX taken out of all tables and put back.
 */
#include "pf.h"

#include <asm/msr-index.h>
#include <cpu/irqflags.h>
#include <mm/page_alloc.h>

/* A bit the CPU ignores in every entry: it had NX. */
#define HAD_NX BIT(58)

/* No other case maps anything in this entry of the top level. */
#define SLOT 0x0000700000000000ull

struct pf_space pf;

static bool nx_is_off;

static bool find_entries(void)
{
	struct pt_walk walk;

	if (paging_walk(FIRST, &walk) || walk.page_size != PAGE_SIZE)
		return false;
	pf.levels = walk.levels;
	for (int i = 0; i < walk.levels; i++) {
		pf.entry[i] = (u64 *)walk.level[i].entry_addr;
		pf.saved[i] = *pf.entry[i];
	}
	return true;
}

static int pf_setup(void)
{
	bool la57 = read_cr4() & X86_CR4_LA57;

	/* With five levels a PML5E of our own too. */
	pf.va = SLOT + (la57 ? 1ull << 48 : 0);
	pf.page = alloc_pages(2);
	if (!pf.page)
		return -1;
	for (u64 page = pf.page; page <= pf.page + PAGE_SIZE;
	     page += PAGE_SIZE) {
		u8 *code = (u8 *)page;

		code[RET_AT] = 0xc3;
		code[INT80_AT] = 0xcd;
		code[INT80_AT + 1] = 0x80;
	}
	if (map_range(FIRST, pf.page, 2 * PAGE_SIZE, PAGE_KERNEL))
		return -1;
	return find_entries() ? 0 : -1;
}

void pf_put_back(void)
{
	for (int i = 0; i < pf.levels; i++)
		WRITE_ONCE(*pf.entry[i], pf.saved[i]);
	invlpg(FIRST);
	invlpg(pf.large_va); /* a large page may be cached in pieces */
}

static void pf_teardown(void)
{
	if (nx_is_off)
		pf_nx_on();
	if (pf.levels)
		pf_put_back();
	unmap_range(FIRST, 2 * PAGE_SIZE);
	if (pf.page)
		free_pages(pf.page, 2);
	pf = (struct pf_space){ 0 };
}

SUITE(pf, .setup = pf_setup, .teardown = pf_teardown);

/* The large page need not be ours: only our page within it is touched. */
u64 pf_use_large(int level)
{
	u64 size = level == 2 ? LARGE_PAGE_SIZE : HUGE_PAGE_SIZE;
	u64 *entry = pf_entry(level);

	WRITE_ONCE(*entry, ALIGN_DOWN(pf.page, size) | PAGE_KERNEL | _PAGE_PSE);
	pf.large_va = FIRST + (pf.page & (size - 1));
	invlpg(FIRST);
	invlpg(pf.large_va);
	return pf.large_va;
}

/* Every entry that is present, by a cursor a level. */
static void each_entry(void (*fn)(u64 *entry))
{
	u64 *table[6] = { 0 };
	u32 at[6] = { 0 };

	table[pf.levels] = (u64 *)paging_root();
	for (int level = pf.levels; level <= pf.levels;) {
		u64 *entry = &table[level][at[level]];

		if (at[level]++ == 512) {
			level++;
			continue;
		}
		if (!(*entry & _PAGE_PRESENT))
			continue;
		fn(entry);
		if (level == 1 || (level < 4 && *entry & _PAGE_PSE))
			continue;
		table[--level] = (u64 *)(*entry & PTE_PFN_MASK);
		at[level] = 0;
	}
}

static void take_nx(u64 *entry)
{
	if (*entry & _PAGE_NX)
		*entry = (*entry & ~_PAGE_NX) | HAD_NX;
}

static void give_nx(u64 *entry)
{
	if (*entry & HAD_NX)
		*entry = (*entry & ~HAD_NX) | _PAGE_NX;
}

static void flush_all(void)
{
	u64 cr4 = read_cr4();

	write_cr4(cr4 ^ X86_CR4_PGE);
	write_cr4(cr4);
}

/* With NXE clear a set NX bit is a reserved one: all must go before. */
void pf_nx_off(void)
{
	u64 flags = local_irq_save();

	nx_is_off = true;
	each_entry(take_nx);
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) & ~(u64)EFER_NX);
	flush_all();
	local_irq_restore(flags);
}

void pf_nx_on(void)
{
	u64 flags = local_irq_save();

	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_NX);
	each_entry(give_nx);
	flush_all();
	local_irq_restore(flags);
	nx_is_off = false;
}
