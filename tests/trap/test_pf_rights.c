// SPDX-License-Identifier: MIT
/*
 * #PF, Page Fault, as a matter of rights: every combination of P, R/W, U/S
 * and XD in the leaf, of read, write and fetch, of CPL 0 and 3, and of what
 * modifies them: CR0.WP, CR4.SMEP, CR4.SMAP with RFLAGS.AC. For each the
 * manual's rule, in want_code(), says: no fault, or this error code.
 *
 * Spec: SDM 3A "Determination of Access Rights", "Page-Fault Exceptions",
 *       figure "Page-Fault Error Code"; APM 2 "Page-Translation Protection".
 */
#include <asm/special_insns.h>
#include <cpu/cpufeature.h>
#include <ktest/insn_mem.h>
#include <ktest/insn_user.h>
#include <mm/page_alloc.h>
#include <mm/paging.h>
#include <trap/decode.h>

#include "judge.h"

#define RULE	 "SDM 3A Determination of Access Rights"
#define PAGE_VA	 USER_VA
#define LARGE_VA (USER_VA + HUGE_PAGE_SIZE)
#define NO_FAULT (~0ull)
#define RET_AT	 0    /* in the page: where CPL 0 fetches */
#define INT80_AT 0x10 /* where CPL 3 fetches */
#define DATA_AT	 0x40

enum access { READ, WRITE, FETCH };

/* One combination. */
struct combo {
	u64 va, pte;
	enum access access;
	bool user, ac;
	u64 wp, smep, smap; /* the bits as they are in CR0, CR4 */
};

/* The manual's rule. XD is on (EFER.NXE), so I/D is told for each fetch. */
static u64 want_code(const struct combo *c)
{
	bool u = c->pte & _PAGE_USER, rw = c->pte & _PAGE_RW;
	u64 code = (c->access == WRITE ? X86_PF_WRITE : 0) |
		   (c->access == FETCH ? X86_PF_INSTR : 0) |
		   (c->user ? X86_PF_USER : 0);
	bool ok;

	if (!(c->pte & _PAGE_PRESENT))
		return code;
	if (c->access == FETCH)
		ok = !(c->pte & _PAGE_NX);
	else
		ok = c->access == READ || rw || (!c->user && !c->wp);
	if (c->user && !u)
		ok = false;
	if (!c->user && u && c->access == FETCH && c->smep)
		ok = false;
	if (!c->user && u && c->access != FETCH && c->smap && !c->ac)
		ok = false;
	return ok ? NO_FAULT : code | X86_PF_PROT;
}

static u64 offset_of(const struct combo *c)
{
	if (c->access != FETCH)
		return DATA_AT;
	return c->user ? INT80_AT : RET_AT;
}

static struct trap access_at_cpl_0(const struct combo *c, u64 addr)
{
	static void (*const fn[2][3])(void *) = {
		{ insn_mem_read, insn_mem_write, insn_mem_fetch },
		{ insn_mem_read_ac, insn_mem_write_ac, insn_mem_fetch_ac },
	};

	return catch_trap(fn[c->ac][c->access], (void *)addr);
}

static struct trap access_at_cpl_3(const struct combo *c, u64 addr)
{
	static char *const at[] = { user_read, user_write, user_jump };
	struct pt_regs *regs = user_regs((u64)at[c->access]);
	struct trap got;

	regs->di = addr;
	got = catch_user(regs);
	if (got.nr == 0x80)
		got.nr = TRAP_NONE;
	return got;
}

static void try(const struct combo *c)
{
	u64 addr = c->va + offset_of(c), code = want_code(c);
	u32 nr = code == NO_FAULT ? TRAP_NONE : X86_TRAP_PF;
	struct trap got =
		c->user ? access_at_cpl_3(c, addr) : access_at_cpl_0(c, addr);
	bool ok = EXPECT_TRAP(got, nr);

	if (ok && nr == X86_TRAP_PF) {
		ok = EXPECT_EQ(got.error_code, code);
		ok &= EXPECT_EQ(got.cr2, addr);
		if (c->access == FETCH)
			ok &= EXPECT_EQ(got.ip, addr);
	}
	if (!ok)
		ktest_note(
			"entry 0x%llx, access %u, user %u, AC %u, WP 0x%llx, "
			"SMEP 0x%llx, SMAP 0x%llx",
			(unsigned long long)c->pte, c->access, c->user, c->ac,
			(unsigned long long)c->wp, (unsigned long long)c->smep,
			(unsigned long long)c->smap);
}

/* All 16 leaves for one access; *entry is the leaf that maps c->va. */
static void all_leaves(struct combo *c, u64 *entry)
{
	u64 leaf = *entry;

	for (u32 i = 0; i < 16 && ktest_ok(); i++) {
		c->pte = (leaf & (PTE_PFN_MASK | _PAGE_PSE)) | _PAGE_ACCESSED |
			 _PAGE_DIRTY | (i & 1 ? _PAGE_PRESENT : 0) |
			 (i & 2 ? _PAGE_RW : 0) | (i & 4 ? _PAGE_USER : 0) |
			 (i & 8 ? _PAGE_NX : 0);
		*entry = c->pte;
		invlpg(c->va);
		try(c);
	}
	*entry = leaf;
	invlpg(c->va);
}

/* Run fn for each setting of WP, SMEP and SMAP the CPU has. */
static void all_modes(struct combo *c, u64 *entry)
{
	u64 cr0 = read_cr0(), cr4 = read_cr4();
	u64 wp = X86_CR0_WP;
	u64 smep = cpu_has(X86_FEATURE_SMEP) ? X86_CR4_SMEP : 0;
	u64 smap = cpu_has(X86_FEATURE_SMAP) ? X86_CR4_SMAP : 0;

	for (u32 i = 0; i < 8; i++) {
		c->wp = i & 1 ? wp : 0;
		c->smep = i & 2 ? smep : 0;
		c->smap = i & 4 ? smap : 0;
		write_cr0((cr0 & ~wp) | c->wp);
		write_cr4((cr4 & ~(smep | smap)) | c->smep | c->smap);
		all_leaves(c, entry);
	}
	write_cr4(cr4);
	write_cr0(cr0);
}

/* A page with a RET and an INT $0x80 in it, mapped at PAGE_VA. */
static void small_page(struct combo c)
{
	u64 page = alloc_pages(1);
	u8 *code = (u8 *)page;

	if (!EXPECT_EQ(map_range(PAGE_VA, page, PAGE_SIZE, PAGE_KERNEL), 0))
		return;
	code[RET_AT] = 0xc3;
	code[INT80_AT] = 0xcd;
	code[INT80_AT + 1] = 0x80;
	c.va = PAGE_VA;
	all_modes(&c, lookup_pte(PAGE_VA));
	unmap_range(PAGE_VA, PAGE_SIZE);
	free_pages(page, 1);
}

TEST(pf, supervisor_read, RULE)
{
	small_page((struct combo){ .access = READ });
}

TEST(pf, supervisor_write, RULE)
{
	small_page((struct combo){ .access = WRITE });
}

TEST(pf, supervisor_fetch, RULE)
{
	small_page((struct combo){ .access = FETCH });
}

TEST(pf, supervisor_read_with_ac, RULE)
{
	small_page((struct combo){ .access = READ, .ac = true });
}

TEST(pf, supervisor_write_with_ac, RULE)
{
	small_page((struct combo){ .access = WRITE, .ac = true });
}

/* AC lifts SMAP, not SMEP. */
TEST(pf, supervisor_fetch_with_ac, RULE)
{
	small_page((struct combo){ .access = FETCH, .ac = true });
}

TEST(pf, user_read, RULE)
{
	small_page((struct combo){ .access = READ, .user = true });
}

TEST(pf, user_write, RULE)
{
	small_page((struct combo){ .access = WRITE, .user = true });
}

TEST(pf, user_fetch, RULE)
{
	small_page((struct combo){ .access = FETCH, .user = true });
}

/* The entry that maps 2 MiB at LARGE_VA, from the walk. */
static u64 *large_entry(void)
{
	struct pt_walk walk;

	if (paging_walk(LARGE_VA, &walk) || walk.page_size != LARGE_PAGE_SIZE)
		return NULL;
	return (u64 *)walk.level[walk.levels - 1].entry_addr;
}

/* 2 MiB of RAM need not be ours: only one page within is touched. */
static void large_page(bool user)
{
	u64 page = alloc_pages(1), base = ALIGN_DOWN(page, LARGE_PAGE_SIZE);
	struct combo c = { .va = LARGE_VA + page - base, .user = user };
	u8 *code = (u8 *)page;
	u64 *entry;

	EXPECT_EQ(map_range(LARGE_VA, base, LARGE_PAGE_SIZE, PAGE_KERNEL), 0);
	entry = large_entry();
	if (!EXPECT_NE(entry, NULL))
		return;
	code[RET_AT] = 0xc3;
	code[INT80_AT] = 0xcd;
	code[INT80_AT + 1] = 0x80;
	for (c.access = READ; c.access <= FETCH; c.access++)
		all_modes(&c, entry);
	*entry = 0;
	invlpg(LARGE_VA);
	free_pages(page, 1);
}

TEST(pf, large_page_supervisor, RULE)
{
	large_page(false);
}

TEST(pf, large_page_user, RULE)
{
	large_page(true);
}
