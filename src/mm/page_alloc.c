// SPDX-License-Identifier: MIT
/*
 * page_alloc.c - a bitmap an arena. The first arena is the pool that efi/
 * allocated, so that page tables never depend on the memory map's honesty;
 * the others are conventional memory above 1 MiB, the bitmap in their head.
 */
#include <mm/page_alloc.h>

#include <asm/pgtable.h>
#include <cpu/spinlock.h>
#include <lib/compiler.h>
#include <lib/string.h>

#define MAX_ARENAS	8
#define ARENA_PAGES_MAX (1u << 18) /* 1 GiB each is plenty */

struct arena {
	u64 base;
	u32 pages, next, free;
	u64 *bitmap; /* bit set: in use */
};

/* Task context of any CPU, under the lock; the table itself at boot only. */
static struct arena arenas[MAX_ARENAS];
static u32 nr_arenas;
static DEFINE_SPINLOCK(page_lock);

static bool page_used(const struct arena *a, u32 page)
{
	return a->bitmap[page / 64] >> (page % 64) & 1;
}

static void mark(struct arena *a, u32 page, u32 n, bool used)
{
	for (u32 i = page; i < page + n; i++) {
		if (used)
			a->bitmap[i / 64] |= BIT(i % 64);
		else
			a->bitmap[i / 64] &= ~BIT(i % 64);
	}
	a->free += used ? -n : n;
}

static void add_arena(u64 base, u64 pages)
{
	struct arena *a = &arenas[nr_arenas];
	u32 bitmap_pages;

	if (nr_arenas == MAX_ARENAS || pages < 16)
		return;
	a->base = base;
	a->pages = (u32)min(pages, (u64)ARENA_PAGES_MAX);
	a->free = a->pages;
	a->bitmap = (u64 *)base;
	bitmap_pages = (u32)(ALIGN_UP(a->pages / 8 + 8, PAGE_SIZE) / PAGE_SIZE);
	memset(a->bitmap, 0, bitmap_pages * PAGE_SIZE);
	mark(a, 0, bitmap_pages, true);
	nr_arenas++;
}

void page_alloc_init(const struct boot_info *info)
{
	add_arena(info->pool_base, info->pool_pages);
	for (u32 i = 0; i < info->nr_regions; i++) {
		const struct mem_region *r = &info->region[i];

		if (r->type == MEM_CONVENTIONAL && r->base >= 0x100000)
			add_arena(r->base, r->pages);
	}
}

/* How many of the n pages from page on are free before the first used one. */
static u32 free_run(const struct arena *a, u32 page, u32 n)
{
	u32 i = 0;

	while (i < n && !page_used(a, page + i))
		i++;
	return i;
}

/* Behind a used page: where no page may be free, a word of them at a time. */
static u32 behind_used(const struct arena *a, u32 page)
{
	page++;
	while (page % 64 == 0 && page + 64 <= a->pages &&
	       a->bitmap[page / 64] == ~0ull)
		page += 64;
	return page;
}

static u64 take(struct arena *a, u32 from, u32 n)
{
	u32 page = from;

	while (page + n <= a->pages) {
		u32 run = free_run(a, page, n);

		if (run < n) {
			page = behind_used(a, page + run);
			continue;
		}
		mark(a, page, n, true);
		a->next = page + n;
		return a->base + page * PAGE_SIZE;
	}
	return 0;
}

static u64 take_anywhere(u32 n)
{
	for (u32 i = 0; i < nr_arenas; i++) {
		struct arena *a = &arenas[i];
		u64 addr;

		if (a->free < n)
			continue;
		addr = take(a, a->next, n);
		if (!addr)
			addr = take(a, 0, n);
		if (addr)
			return addr;
	}
	return 0;
}

u64 alloc_pages(u32 n)
{
	u64 addr;

	spin_lock(&page_lock);
	addr = take_anywhere(n);
	spin_unlock(&page_lock);
	if (addr)
		memset((void *)addr, 0, n * PAGE_SIZE);
	return addr;
}

void free_pages(u64 addr, u32 n)
{
	spin_lock(&page_lock);
	for (u32 i = 0; i < nr_arenas; i++) {
		struct arena *a = &arenas[i];
		u32 page = (u32)((addr - a->base) / PAGE_SIZE);

		if (addr < a->base || addr >= a->base + a->pages * PAGE_SIZE)
			continue;
		mark(a, page, n, false);
		a->next = min(a->next, page); /* soon again, or never tested */
	}
	spin_unlock(&page_lock);
}

u64 free_page_count(void)
{
	u64 n = 0;

	for (u32 i = 0; i < nr_arenas; i++)
		n += arenas[i].free;
	return n;
}
