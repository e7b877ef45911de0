// SPDX-License-Identifier: MIT
/*
 * What the CPU may remember of the page tables, and what makes it forget.
 * Never judged: that it does remember. A translation may be gone at any time.
 *
 * Spec: SDM 3A "Caching Translation Information", "Invalidation of TLBs and
 *       Paging-Structure Caches"; APM 2 "Translation-Lookaside Buffer (TLB)".
 */
#include <ktest/insn_pf.h>
#include <ktest/insn_user.h>
#include <mm/page_alloc.h>
#include <trap/traps.h>

#include "pf.h"

#define INVALIDATION "SDM 3A Invalidation of TLBs and Paging-Structure Caches"

/* The entry changes, and nothing tells the CPU. */
static void change(u64 *entry, u64 clear, u64 set)
{
	WRITE_ONCE(*entry, (*entry & ~clear) | set);
}

/* What may be cached of FIRST is: used for each access that is allowed. */
static void warm(u64 va)
{
	catch_trap(insn_mem_read_ac, (void *)(va + DATA_AT));
	catch_trap(insn_mem_fetch_ac, (void *)(va + RET_AT));
}

/*
 * The right that was missing is there. The old translation may give one fault,
 * which throws it away; a second would be for ever.
 */
static void once_at_most(enum pf_who who, enum pf_access access)
{
	struct pt_regs *regs =
		user_regs((u64)(access == PF_WRITE  ? user_write
				: access == PF_READ ? user_read
						    : user_jump));
	void (*fn)(void *) = access == PF_WRITE	 ? insn_mem_write_ac
			     : access == PF_READ ? insn_mem_read_ac
						 : insn_mem_fetch_ac;
	u64 before = trap_count(X86_TRAP_PF);

	if (access == PF_FETCH)
		regs->di = FIRST + (who == CPL3 ? INT80_AT : RET_AT);
	else
		regs->di = FIRST + DATA_AT;
	if (who == CPL3)
		catch_user(regs);
	else
		catch_trap(fn, (void *)regs->di);
	EXPECT_LE(trap_count(X86_TRAP_PF) - before, 1);
	pf_try(who, access, FIRST);
}

/* Refused once, so that the refusal may be cached; then the right is given. */
static void raised(enum pf_who who, enum pf_access access, u64 clear, u64 set)
{
	for (int level = 1; level <= pf.levels && ktest_ok(); level++) {
		for (int i = 0; i < pf.levels; i++)
			set_entry(pf.entry[i], FIRST, _PAGE_NX,
				  _PAGE_RW | (who == CPL3 ? _PAGE_USER : 0));
		set_entry(pf_entry(level), FIRST, set, clear);
		warm(FIRST);
		pf_try(who, access, FIRST);
		change(pf_entry(level), clear, set);
		once_at_most(who, access);
	}
}

TEST(pf, raised_right_gives_one_spurious_fault_at_most, INVALIDATION)
{
	raised(CPL0_AC, PF_WRITE, 0, _PAGE_RW);
	raised(CPL3, PF_WRITE, 0, _PAGE_RW);
}

TEST(pf, page_given_to_the_user_faults_once_at_most, INVALIDATION)
{
	raised(CPL3, PF_READ, 0, _PAGE_USER);
	raised(CPL3, PF_FETCH, 0, _PAGE_USER);
}

TEST(pf, page_made_executable_faults_once_at_most, INVALIDATION)
{
	raised(CPL0_AC, PF_FETCH, _PAGE_NX, 0);
	raised(CPL3, PF_FETCH, _PAGE_NX, 0);
}

/* What is not present is not cached: no fault, not even one. */
TEST(pf, entry_made_present_needs_no_invalidation, INVALIDATION)
{
	for (int level = 1; level <= pf.levels && ktest_ok(); level++) {
		set_entry(pf_entry(level), FIRST, _PAGE_PRESENT, 0);
		pf_try(CPL0_AC, PF_READ, FIRST);
		pf_try(CPL0_AC, PF_WRITE, FIRST);
		change(pf_entry(level), 0, _PAGE_PRESENT);
		pf_try(CPL0_AC, PF_READ, FIRST);
		pf_try(CPL0_AC, PF_WRITE, FIRST);
	}
}

/* Nor is what has a reserved bit. */
TEST(pf, entry_without_its_reserved_bit_needs_no_invalidation, INVALIDATION)
{
	if (boot_cpu_data.phys_bits >= 52)
		SKIP(return, "MAXPHYADDR is 52: no address bit is reserved");
	for (int level = 1; level <= pf.levels && ktest_ok(); level++) {
		set_entry(pf_entry(level), FIRST, 0, BIT(51));
		pf_try(CPL0_AC, PF_READ, FIRST);
		change(pf_entry(level), BIT(51), 0);
		pf_try(CPL0_AC, PF_READ, FIRST);
	}
}

/* Each way to forget, told of an address, after an entry has gone. */
typedef void (*forget_fn)(u64 va);

static void by_invlpg(u64 va)
{
	invlpg(va);
}

static void by_cr3(u64 va)
{
	write_cr3(read_cr3());
}

/* PGE toggled: everything goes, global or not. */
static void by_pge(u64 va)
{
	u64 cr4 = read_cr4();

	write_cr4(cr4 ^ X86_CR4_PGE);
	write_cr4(cr4);
}

/* From 0 to 1, says the SDM; the APM does not say. */
static void by_smep(u64 va)
{
	u64 cr4 = read_cr4();

	write_cr4(cr4 & ~(u64)X86_CR4_SMEP);
	write_cr4(cr4 | X86_CR4_SMEP);
}

static void forgets(forget_fn forget, u64 va, u64 told, int level, u64 bits)
{
	set_entry(pf_entry(level), va, 0, bits);
	warm(va);
	change(pf_entry(level), _PAGE_PRESENT, 0);
	forget(told);
	pf_try_all(va);
	set_entry(pf_entry(level), va, bits, _PAGE_PRESENT);
}

/* Each level's entry; then leaves that are large. */
static void forgets_all(forget_fn forget, u64 bits)
{
	for (int level = 1; level <= pf.levels && ktest_ok(); level++)
		forgets(forget, FIRST, FIRST, level, level == 1 ? bits : 0);
	for (int level = 2; level <= 3 && ktest_ok(); level++) {
		u64 va;

		pf_put_back();
		if (level == 3 && !cpu_has(X86_FEATURE_GBPAGES))
			return;
		va = pf_use_large(level);
		forgets(forget, va, va, level, bits);
	}
}

/* What INVLPG threw away is looked up again, present or not, global or not. */
TEST(pf, invlpg_ends_an_old_translation, INVALIDATION)
{
	forgets_all(by_invlpg, 0);
}

TEST(pf, invlpg_ends_a_global_translation, INVALIDATION)
{
	forgets_all(by_invlpg, _PAGE_GLOBAL);
}

/* Whatever pieces the CPU made of a large page. */
TEST(pf, invlpg_of_any_address_ends_a_large_page, INVALIDATION)
{
	u64 va = pf_use_large(2), base = FIRST;

	for (u64 at = 0; at < LARGE_PAGE_SIZE; at += LARGE_PAGE_SIZE / 8)
		forgets(by_invlpg, va, base + at + 0x123, 2, 0);
	pf_put_back();
	if (!cpu_has(X86_FEATURE_GBPAGES))
		return;
	va = pf_use_large(3);
	for (u64 at = 0; at < HUGE_PAGE_SIZE; at += HUGE_PAGE_SIZE / 8)
		forgets(by_invlpg, va, base + at + 0x123, 3, 0);
}

/* Loading CR3 ends those of pages that are not global. */
TEST(pf, cr3_ends_an_old_translation, INVALIDATION)
{
	forgets_all(by_cr3, 0);
}

/* Without PGE there are no global pages, whatever G says. */
TEST(pf, cr3_ends_all_translations_without_pge, INVALIDATION)
{
	u64 cr4 = read_cr4();

	write_cr4(cr4 & ~(u64)X86_CR4_PGE);
	forgets_all(by_cr3, _PAGE_GLOBAL);
	write_cr4(cr4);
}

TEST(pf, change_of_pge_ends_global_translations_too, INVALIDATION)
{
	forgets_all(by_pge, 0);
	forgets_all(by_pge, _PAGE_GLOBAL);
}

TEST(pf, smep_set_ends_old_translations, INVALIDATION)
{
	if (!cpu_has(X86_FEATURE_SMEP))
		SKIP(return, "this CPU has no SMEP");
	if (boot_cpu_data.vendor != VENDOR_INTEL)
		SKIP(return, "a rule of the SDM alone");
	forgets_all(by_smep, 0);
}

/* PCID 0, PCIDE being clear: types 0 to 3. */
static u32 invpcid_type;

static void by_invpcid(u64 va)
{
	struct invpcid_arg arg = { .type = invpcid_type, .addr = va };

	insn_pf_invpcid(&arg);
}

TEST(pf, invpcid_ends_old_translations, "SDM 2A INVPCID")
{
	if (!cpu_has(X86_FEATURE_INVPCID))
		SKIP(return, "this CPU has no INVPCID");
	for (invpcid_type = 0; invpcid_type < 4; invpcid_type++)
		forgets_all(by_invpcid, 0);
	invpcid_type = 2; /* of all contexts, global ones too */
	forgets_all(by_invpcid, _PAGE_GLOBAL);
}

/* CR3 changes, its tables do not; what PCID 0 has cached is not PCID 1's. */
TEST(pf, translation_of_another_pcid_is_not_used, INVALIDATION)
{
	u64 cr3 = read_cr3(), cr4 = read_cr4();

	if (!cpu_has(X86_FEATURE_PCID))
		SKIP(return, "this CPU has no PCIDs");
	write_cr4(cr4 | X86_CR4_PCIDE);
	write_cr3(cr3 | 1); /* and nothing old of PCID 1 is left */
	write_cr3(cr3);
	warm(FIRST);
	change(PTE1, _PAGE_PRESENT, 0);
	write_cr3(cr3 | 1);
	pf_try_all(FIRST);
	write_cr3(cr3);
	pf_try_all(FIRST);
	write_cr4(cr4);
}

TEST(pf, cr3_ends_translations_of_its_own_pcid, INVALIDATION)
{
	u64 cr4 = read_cr4();

	if (!cpu_has(X86_FEATURE_PCID))
		SKIP(return, "this CPU has no PCIDs");
	write_cr4(cr4 | X86_CR4_PCIDE);
	forgets_all(by_cr3, 0);
	forgets_all(by_invlpg, _PAGE_GLOBAL);
	write_cr4(cr4);
}

/* A lowered right is refused from the next access on. */
static void lowered(u64 clear, u64 set)
{
	for (int level = 1; level <= pf.levels && ktest_ok(); level++) {
		for (int i = 0; i < pf.levels; i++)
			set_entry(pf.entry[i], FIRST, _PAGE_NX,
				  _PAGE_RW | _PAGE_USER);
		pf_try_all(FIRST);
		set_entry(pf_entry(level), FIRST, clear, set);
		pf_try_all(FIRST);
		set_entry(pf_entry(level), FIRST, set, clear);
	}
}

TEST(pf, lowered_right_is_refused_after_invlpg, INVALIDATION)
{
	lowered(_PAGE_RW, 0);
	lowered(_PAGE_USER, 0);
	lowered(0, _PAGE_NX);
}

/*
 * Another table under an entry of each level: one that maps nothing. INVLPG
 * ends what the paging-structure caches hold, not only the leaf.
 */
TEST(pf, invlpg_ends_a_cached_table, INVALIDATION)
{
	u64 empty = alloc_pages(1);

	if (!EXPECT_NE(empty, 0))
		return;
	for (int level = 2; level <= pf.levels && ktest_ok(); level++) {
		u64 *entry = pf_entry(level), was = *entry;

		warm(FIRST);
		change(entry, PTE_PFN_MASK, empty);
		invlpg(FIRST);
		EXPECT_FAULT(insn_pf_read8, FIRST, X86_TRAP_PF, 0);
		set_entry(entry, FIRST, ~0ull, was);
		EXPECT_RETURNS(insn_pf_read8, FIRST);
	}
	free_pages(empty, 1);
}

static u64 word_at(u64 va)
{
	return READ_ONCE(*(u64 *)va);
}

/* One page's word, then the other's, through the same address. */
TEST(pf, page_behind_an_address_changes_with_invlpg, INVALIDATION)
{
	u64 *one = (u64 *)(pf.page + 0x100);
	u64 *two = (u64 *)(pf.page + PAGE_SIZE + 0x100);

	*one = 1;
	*two = 2;
	for (u32 i = 0; i < 8; i++) {
		u64 to = pf.page + (i & 1 ? PAGE_SIZE : 0);

		set_entry(PTE1, FIRST, PTE_PFN_MASK, to);
		EXPECT_EQ(word_at(FIRST + 0x100), i & 1 ? 2 : 1);
	}
}

/* A 2 MiB page becomes a table of small ones, and a page again. */
TEST(pf, split_and_joined_page_is_seen_after_invlpg, INVALIDATION)
{
	u64 at = 0x100, *word = (u64 *)(pf.page + at);
	u64 va = pf_use_large(2), large = *pf_entry(2);
	u64 table = pf.saved[pf.levels - 2];

	*word = 0x5a;
	for (u32 i = 0; i < 4; i++) {
		set_entry(pf_entry(2), va, ~0ull, large);
		EXPECT_EQ(word_at(va + at), 0x5a);
		EXPECT_RETURNS(insn_pf_write8, va + at);
		set_entry(pf_entry(2), va, ~0ull, table);
		invlpg(FIRST);
		EXPECT_EQ(word_at(FIRST + at), ~0ull);
		*word = 0x5a;
		/* The small pages map no more than two: the rest is gone. */
		if (ALIGN_DOWN(va, 2 * PAGE_SIZE) != FIRST)
			EXPECT_FAULT(insn_pf_read8, va, X86_TRAP_PF, 0);
	}
}
