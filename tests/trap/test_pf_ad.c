// SPDX-License-Identifier: MIT
/*
 * Accessed and dirty bits: set in which entries, by what, and by what not.
 * Only what the manuals promise: A may be set by an access that faults or
 * that was speculative, D may not.
 *
 * Spec: SDM 3A "Accessed and Dirty Flags"; APM 2 "Accessed (A) Bit",
 *       "Dirty (D) Bit".
 */
#include "pf.h"

#define RULE "SDM 3A Accessed and Dirty Flags"
#define AD   (_PAGE_ACCESSED | _PAGE_DIRTY)

static u64 entry_before[5];

/* Everything allowed to everyone; A and D clear on all levels. */
static void all_clear(u64 va)
{
	for (int i = 0; i < pf.levels; i++) {
		set_entry(pf.entry[i], va, AD | _PAGE_NX,
			  _PAGE_USER | _PAGE_RW);
		entry_before[i] = *pf.entry[i];
	}
}

/* A in every entry down to the leaf, D perhaps in the leaf; nothing else. */
static void judge_entries(int leaf, u64 leaf_bits)
{
	for (int level = leaf; level <= pf.levels; level++) {
		u64 was = entry_before[pf.levels - level];
		u64 set = level == leaf ? leaf_bits : _PAGE_ACCESSED;

		if (!EXPECT_EQ(READ_ONCE(*pf_entry(level)), was | set))
			ktest_note("the entry of level %d", level);
	}
}

static void sets(enum pf_access access, u64 leaf_bits, int leaf, u64 va)
{
	for (u32 who = 0; who < NR_WHO; who++) {
		bool smep = access == PF_FETCH && who < CPL3;
		bool smap = access != PF_FETCH && who == CPL0;

		all_clear(va);
		if (smep || smap) { /* a page of the supervisor's then */
			set_entry(pf_entry(leaf), va, _PAGE_USER, 0);
			entry_before[pf.levels - leaf] = *pf_entry(leaf);
		}
		if (!pf_try(who, access, va))
			return;
		judge_entries(leaf, leaf_bits);
	}
}

static void sets_at_each_size(enum pf_access access, u64 leaf_bits)
{
	sets(access, leaf_bits, 1, FIRST);
	pf_put_back();
	sets(access, leaf_bits, 2, pf_use_large(2));
	pf_put_back();
	if (cpu_has(X86_FEATURE_GBPAGES))
		sets(access, leaf_bits, 3, pf_use_large(3));
}

TEST(pf, read_sets_accessed, RULE)
{
	sets_at_each_size(PF_READ, _PAGE_ACCESSED);
}

TEST(pf, fetch_sets_accessed, RULE)
{
	sets_at_each_size(PF_FETCH, _PAGE_ACCESSED);
}

TEST(pf, write_sets_accessed_and_dirty, RULE)
{
	sets_at_each_size(PF_WRITE, AD);
}

/* Also where an earlier read left a translation that is not dirty. */
TEST(pf, write_after_a_read_sets_dirty, RULE)
{
	all_clear(FIRST);
	pf_try(CPL3, PF_READ, FIRST);
	judge_entries(1, _PAGE_ACCESSED);
	pf_try(CPL3, PF_WRITE, FIRST);
	judge_entries(1, AD);
}

/* D cleared and INVLPG done, the next write sets it again. */
TEST(pf, dirty_is_set_again_after_invlpg, RULE)
{
	for (u32 i = 0; i < 3; i++) {
		all_clear(FIRST);
		pf_try(CPL3, PF_WRITE, FIRST);
		judge_entries(1, AD);
	}
}

TEST(pf, write_without_wp_sets_dirty, RULE)
{
	u64 cr0 = read_cr0();

	all_clear(FIRST);
	set_entry(PTE1, FIRST, _PAGE_RW | _PAGE_USER, 0);
	entry_before[pf.levels - 1] = *PTE1;
	write_cr0(cr0 & ~(u64)X86_CR0_WP);
	pf_try(CPL0, PF_WRITE, FIRST);
	write_cr0(cr0);
	judge_entries(1, AD);
}

/* The CPU sets the flags and never clears them: sticky. */
TEST(pf, flags_that_are_set_stay, RULE)
{
	all_clear(FIRST);
	for (int i = 0; i < pf.levels; i++) {
		set_entry(pf.entry[i], FIRST, 0, AD);
		entry_before[i] = *pf.entry[i];
	}
	pf_try_all(FIRST);
	judge_entries(1, AD);
}

/* One reason to refuse the write, in the leaf or above it. */
static void refused_write(enum pf_who who, int level, u64 clear)
{
	all_clear(FIRST);
	set_entry(pf_entry(level), FIRST, clear, 0);
	pf_try(who, PF_WRITE, FIRST);
	EXPECT_EQ(READ_ONCE(*PTE1) & _PAGE_DIRTY, 0);
	if (!ktest_ok())
		ktest_note("refused by the entry of level %d", level);
}

TEST(pf, write_that_faults_does_not_set_dirty, RULE)
{
	for (int level = 1; level <= pf.levels; level++) {
		refused_write(CPL0_AC, level, _PAGE_RW);
		refused_write(CPL3, level, _PAGE_RW);
		refused_write(CPL3, level, _PAGE_USER);
		refused_write(CPL3, level, _PAGE_PRESENT);
	}
}

TEST(pf, write_that_smap_refuses_does_not_set_dirty, RULE)
{
	if (!cpu_has(X86_FEATURE_SMAP))
		SKIP(return, "this CPU has no SMAP");
	refused_write(CPL0, 1, 0);
}

TEST(pf, write_that_a_key_refuses_does_not_set_dirty, RULE)
{
	if (!cpu_has(X86_FEATURE_PKU))
		SKIP(return, "this CPU has no protection keys");
	write_cr4(read_cr4() | X86_CR4_PKE);
	wrpkru(2);
	refused_write(CPL3, 1, 0);
	wrpkru(0);
	write_cr4(read_cr4() & ~(u64)X86_CR4_PKE);
}

/* All 63 other bits are software's: nothing may be written there. */
TEST(pf, entry_that_is_absent_is_not_written, RULE)
{
	for (int level = 1; level <= pf.levels; level++) {
		u64 value = 0x0123456789abcd9e & ~AD;

		all_clear(FIRST);
		WRITE_ONCE(*pf_entry(level), value);
		invlpg(FIRST);
		pf_try_all(FIRST);
		EXPECT_EQ(READ_ONCE(*pf_entry(level)), value);
		pf_put_back();
	}
}
