// SPDX-License-Identifier: MIT
/*
 * TLB shootdown: what a CPU has used of the page tables it sees anew once
 * another one has changed them. Each page is used on every CPU first, so that
 * there is something to forget.
 *
 * Spec: SDM 3A "Propagation of Paging-Structure Changes to Multiple
 *       Processors".
 */
#include "smp_case.h"

#include <asm/pgtable.h>
#include <ktest/insn_mem.h>
#include <mm/page_alloc.h>
#include <mm/paging.h>
#include <trap/catch.h>

#define TLB_RULE                                                      \
	"SDM 3A Propagation of Paging-Structure Changes to Multiple " \
	"Processors"

#define VA 0x0000540000000000ull
#define CEILING                                                      \
	33 /* more pages than this are flushed as a whole: smp/tlb.c \
	    */
#define SET	   (CEILING + 1)
#define OLD	   0x01d00000ull
#define NEW	   0x2e300000ull
#define LARGE_PTES (LARGE_PAGE_SIZE / PAGE_SIZE)

/* A range, and what each of its pages begins with: tag + its number. */
struct range {
	u64 va, tag;
	u32 pages;
};

static DEFINE_PER_CPU(u32, wrong_pages);

static void look(void *arg)
{
	const struct range *r = arg;
	u32 wrong = 0;

	for (u32 i = 0; i < r->pages; i++)
		wrong += *(volatile u64 *)(r->va + i * PAGE_SIZE) != r->tag + i;
	*this_cpu_ptr(&wrong_pages) = wrong;
}

/* Every CPU looks; how many of them see but one page otherwise. */
static u32 cpus_wrong(u64 tag, u32 pages)
{
	struct range r = { VA, tag, pages };
	u32 cpu, n = 0;

	EXPECT_EQ(on_each_cpu(look, &r, true), 0);
	for_each_online_cpu (cpu)
		n += *per_cpu_ptr(&wrong_pages, cpu) != 0;
	return n;
}

static bool all_see(u64 tag, u32 pages)
{
	u32 cpu;

	if (!cpus_wrong(tag, pages))
		return EXPECT_EQ(0, 0);
	for_each_online_cpu (cpu) {
		u32 n = *per_cpu_ptr(&wrong_pages, cpu);

		if (n)
			ktest_note("CPU %u sees %u of %u pages otherwise", cpu,
				   n, pages);
	}
	return EXPECT_EQ(cpus_wrong(tag, pages), 0);
}

static void fill(u64 pa, u64 tag, u32 pages)
{
	for (u32 i = 0; i < pages; i++)
		*(u64 *)(pa + i * PAGE_SIZE) = tag + i;
}

/* Two sets of pages, the first mapped and used by all. 0: no memory. */
static u64 map_old(u32 pages, u64 prot)
{
	u64 pa = alloc_pages(2 * pages);

	if (!EXPECT_NE(pa, 0))
		return 0;
	fill(pa, OLD, pages);
	fill(pa + pages * PAGE_SIZE, NEW, pages);
	EXPECT_EQ(map_range(VA, pa, pages * PAGE_SIZE, prot), 0);
	all_see(OLD, pages);
	return pa;
}

static void put_away(u64 pa, u32 pages)
{
	EXPECT_EQ(unmap_range(VA, pages * PAGE_SIZE), 0);
	free_pages(pa, 2 * pages);
}

static void judge_remap(u32 pages, u64 prot)
{
	u64 pa = map_old(pages, prot);

	if (!pa)
		return;
	EXPECT_EQ(
		map_range(VA, pa + pages * PAGE_SIZE, pages * PAGE_SIZE, prot),
		0);
	all_see(NEW, pages);
	put_away(pa, pages);
}

TEST(smp, tlb_of_every_cpu_follows_a_page, TLB_RULE, .needs = NEEDS_SMP)
{
	judge_remap(1, PAGE_KERNEL);
}

TEST(smp, tlb_of_every_cpu_follows_a_range_page_by_page, TLB_RULE,
     .needs = NEEDS_SMP)
{
	judge_remap(CEILING, PAGE_KERNEL);
}

TEST(smp, tlb_of_every_cpu_follows_a_range_flushed_as_a_whole, TLB_RULE,
     .needs = NEEDS_SMP)
{
	judge_remap(SET, PAGE_KERNEL);
}

/* CR4.PGE is set: neither way to flush may spare them. */
TEST(smp, tlb_of_every_cpu_follows_global_pages, TLB_RULE, .needs = NEEDS_SMP)
{
	EXPECT_TRUE(read_cr4() & X86_CR4_PGE);
	judge_remap(1, PAGE_KERNEL | _PAGE_GLOBAL);
	judge_remap(SET, PAGE_KERNEL | _PAGE_GLOBAL);
}

/* Two aligned regions of 2 MiB, of which each small page has its number. */
static u64 large_pages(u64 *block)
{
	u64 pa;

	*block = alloc_pages(3 * LARGE_PTES);
	pa = ALIGN_UP(*block, LARGE_PAGE_SIZE);
	if (!EXPECT_NE(*block, 0))
		return 0;
	fill(pa, OLD, LARGE_PTES);
	fill(pa + LARGE_PAGE_SIZE, NEW, LARGE_PTES);
	return pa;
}

static void map_small(u64 pa)
{
	for (u64 at = 0; at < LARGE_PAGE_SIZE; at += LARGE_PAGE_SIZE / 2)
		EXPECT_EQ(map_range(VA + at, pa + at, LARGE_PAGE_SIZE / 2,
				    PAGE_KERNEL),
			  0);
}

/* Large for large, small for large, large for small: all of their pages. */
TEST(smp, tlb_of_every_cpu_follows_a_large_page, TLB_RULE, .needs = NEEDS_SMP)
{
	u64 block, pa = large_pages(&block), pb = pa + LARGE_PAGE_SIZE;

	if (!pa)
		return;
	EXPECT_EQ(map_range(VA, pa, LARGE_PAGE_SIZE, PAGE_KERNEL), 0);
	all_see(OLD, LARGE_PTES);
	EXPECT_EQ(map_range(VA, pb, LARGE_PAGE_SIZE, PAGE_KERNEL), 0);
	all_see(NEW, LARGE_PTES);
	map_small(pa);
	all_see(OLD, LARGE_PTES);
	EXPECT_EQ(map_range(VA, pb, LARGE_PAGE_SIZE, PAGE_KERNEL), 0);
	all_see(NEW, LARGE_PTES);
	EXPECT_EQ(unmap_range(VA, LARGE_PAGE_SIZE), 0);
	free_pages(block, 3 * LARGE_PTES);
}

/* An access on another CPU, with the fault as a value. */
struct access {
	void (*insn)(void *va);
	struct trap got;
};

static void try_access(void *arg)
{
	struct access *a = arg;

	a->got = catch_trap(a->insn, (void *)VA);
}

static struct trap access_on(u32 cpu, void (*insn)(void *))
{
	struct access a = { insn, { .nr = TRAP_NONE } };

	EXPECT_EQ(run_on(cpu, try_access, &a, RUN_US), 0);
	return a.got;
}

#define PF_PRESENT 1
#define PF_WRITE   2

static void expect_pf(struct trap got, u64 error_code)
{
	if (!EXPECT_TRAP(got, X86_TRAP_PF))
		return;
	EXPECT_EQ(got.error_code, error_code);
	EXPECT_EQ(got.cr2, VA);
}

TEST(smp, tlb_of_another_cpu_loses_a_right_that_is_taken, TLB_RULE,
     .needs = NEEDS_SMP)
{
	u64 pa = map_old(1, PAGE_KERNEL);
	u32 cpu = smp_last();

	if (!pa)
		return;
	EXPECT_TRAP(access_on(cpu, insn_mem_write), TRAP_NONE);
	EXPECT_EQ(protect_range(VA, PAGE_SIZE, PAGE_KERNEL_RO), 0);
	expect_pf(access_on(cpu, insn_mem_write), PF_PRESENT | PF_WRITE);
	EXPECT_TRAP(access_on(cpu, insn_mem_read), TRAP_NONE);
	EXPECT_EQ(unmap_range(VA, PAGE_SIZE), 0);
	expect_pf(access_on(cpu, insn_mem_read), 0);
	put_away(pa, 1);
}

struct remap {
	u64 pa;
	int err;
};

static void remap_here(void *arg)
{
	struct remap *r = arg;

	r->err = map_range(VA, r->pa, PAGE_SIZE, PAGE_KERNEL);
}

/* Whoever changes the tables: the boot CPU is nothing special. */
TEST(smp, tlb_of_the_boot_cpu_follows_another_cpu, TLB_RULE, .needs = NEEDS_SMP)
{
	struct remap r = { 0 };
	u64 pa = map_old(1, PAGE_KERNEL);

	if (!pa)
		return;
	r.pa = pa + PAGE_SIZE;
	EXPECT_EQ(run_on(smp_last(), remap_here, &r, RUN_US), 0);
	EXPECT_EQ(r.err, 0);
	all_see(NEW, 1);
	put_away(pa, 1);
}

/* It uses the old translation with IF=0, and says when it has done. */
struct user {
	u32 ready, done;
};

#define USE_US 3000

static void use_with_irqs_off(void *arg)
{
	struct user *u = arg;
	struct range r = { VA, OLD, 1 };

	local_irq_disable();
	look(&r);
	WRITE_ONCE(u->ready, 1);
	udelay(USE_US);
	WRITE_ONCE(u->done, 1);
	local_irq_enable();
}

/* Before the change returns nobody can still be using what was. */
TEST(smp, tlb_shootdown_waits_for_a_cpu_with_interrupts_off, TLB_RULE,
     .needs = NEEDS_SMP)
{
	u64 pa = map_old(1, PAGE_KERNEL);
	struct user u = { 0 };
	u32 cpu = smp_last();

	if (!pa)
		return;
	EXPECT_EQ(run_on_start(cpu, use_with_irqs_off, &u, RUN_US), 0);
	EXPECT_TRUE(WAIT_FOR(READ_ONCE(u.ready), WAIT_DEFAULT_US));
	EXPECT_EQ(unmap_range(VA, PAGE_SIZE), 0);
	EXPECT_EQ(READ_ONCE(u.done), 1);
	EXPECT_EQ(run_on_wait(cpu), 0);
	put_away(pa, 1);
}

/* A CPU may forget at any time: what it remembers is told, not judged. */
TEST(smp, tlb_without_a_shootdown_may_keep_the_old_page, TLB_RULE,
     .needs = NEEDS_SMP)
{
	void (*shootdown)(u64 start, u64 end) = flush_tlb_others;
	u64 pa = map_old(1, PAGE_KERNEL);

	if (!pa)
		return;
	flush_tlb_others = NULL;
	EXPECT_EQ(map_range(VA, pa + PAGE_SIZE, PAGE_SIZE, PAGE_KERNEL), 0);
	flush_tlb_others = shootdown;
	ktest_note("%u CPUs used the old page", cpus_wrong(NEW, 1));
	flush_tlb_others(VA, VA + PAGE_SIZE);
	all_see(NEW, 1);
	put_away(pa, 1);
}
