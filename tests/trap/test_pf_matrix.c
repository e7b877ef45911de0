// SPDX-License-Identifier: MIT
/*
 * #PF as a matter of rights: every combination of P, R/W, U/S and XD in the
 * leaf and above it, of read, write and fetch, of CPL 0 and 3, of page sizes,
 * and of what modifies them: CR0.WP, CR4.SMEP, CR4.SMAP with RFLAGS.AC. The
 * verdict on each is pf_model()'s.
 *
 * Spec: SDM 3A "Determination of Access Rights", "Page-Fault Exceptions",
 *       figure "Page-Fault Error Code"; APM 2 "Page-Protection Checks".
 */
#include <lib/random.h>

#include "pf.h"

#define RULE	 "SDM 3A Determination of Access Rights"
#define ALL_DIMS (DIM_WP | DIM_SMEP | DIM_SMAP)
#define RIGHTS	 (_PAGE_PRESENT | _PAGE_RW | _PAGE_USER | _PAGE_NX)

/* One access, or all of them, through a leaf of some size. */
struct sweep {
	enum pf_who who;
	enum pf_access access;
	int level; /* of the leaf */
	u64 va;
	u64 bit; /* for sweeps of one right over the levels */
};

static u64 rights_of(u32 i)
{
	return (i & 1 ? _PAGE_PRESENT : 0) | (i & 2 ? _PAGE_RW : 0) |
	       (i & 4 ? _PAGE_USER : 0) | (i & 8 ? _PAGE_NX : 0);
}

static void all_leaves(void *arg)
{
	const struct sweep *s = arg;

	for (u32 i = 0; i < 16 && ktest_ok(); i++) {
		set_entry(pf_entry(s->level), s->va, RIGHTS, rights_of(i));
		pf_try(s->who, s->access, s->va);
	}
}

static void small_page(enum pf_who who, enum pf_access access)
{
	struct sweep s = {
		.who = who, .access = access, .level = 1, .va = FIRST
	};

	pf_each_mode(ALL_DIMS, all_leaves, &s);
}

TEST(pf, supervisor_read, RULE)
{
	small_page(CPL0, PF_READ);
}

TEST(pf, supervisor_write, RULE)
{
	small_page(CPL0, PF_WRITE);
}

TEST(pf, supervisor_fetch, RULE)
{
	small_page(CPL0, PF_FETCH);
}

TEST(pf, supervisor_read_with_ac, RULE)
{
	small_page(CPL0_AC, PF_READ);
}

TEST(pf, supervisor_write_with_ac, RULE)
{
	small_page(CPL0_AC, PF_WRITE);
}

/* AC lifts SMAP, not SMEP. */
TEST(pf, supervisor_fetch_with_ac, RULE)
{
	small_page(CPL0_AC, PF_FETCH);
}

TEST(pf, user_read, RULE)
{
	small_page(CPL3, PF_READ);
}

TEST(pf, user_write, RULE)
{
	small_page(CPL3, PF_WRITE);
}

TEST(pf, user_fetch, RULE)
{
	small_page(CPL3, PF_FETCH);
}

/* AC is CPL 3's for alignment only. */
TEST(pf, user_access_with_ac, RULE)
{
	for (u32 access = PF_READ; access <= PF_FETCH; access++)
		small_page(CPL3_AC, access);
}

/* 2 MiB or 1 GiB; each access by first, and by first with AC. */
static void large_page(int level, enum pf_who first)
{
	struct sweep s = { .level = level, .va = pf_use_large(level) };

	for (s.who = first; s.who <= first + 1; s.who++) {
		for (s.access = 0; s.access <= PF_FETCH; s.access++)
			pf_each_mode(ALL_DIMS, all_leaves, &s);
	}
}

TEST(pf, large_page_supervisor, RULE)
{
	large_page(2, CPL0);
}

TEST(pf, large_page_user, RULE)
{
	large_page(2, CPL3);
}

TEST(pf, huge_page_supervisor, RULE)
{
	if (!cpu_has(X86_FEATURE_GBPAGES))
		SKIP(return, "this CPU has no 1 GiB pages");
	large_page(3, CPL0);
}

TEST(pf, huge_page_user, RULE)
{
	if (!cpu_has(X86_FEATURE_GBPAGES))
		SKIP(return, "this CPU has no 1 GiB pages");
	large_page(3, CPL3);
}

/* s->bit set at the levels of mask alone. */
static void place_bit(const struct sweep *s, u32 mask)
{
	for (int i = 0; i < pf.levels; i++)
		set_entry(pf.entry[i], FIRST, s->bit,
			  mask >> i & 1 ? s->bit : 0);
}

static void all_placements(void *arg)
{
	const struct sweep *s = arg;

	for (u32 mask = 0; mask < 1u << pf.levels && ktest_ok(); mask++) {
		place_bit(s, mask);
		pf_try_all(FIRST);
	}
}

/* One right in every combination of levels; what else may forbid is not set. */
static void over_levels(u64 bit, u32 dims)
{
	struct sweep s = { .bit = bit };

	for (int i = 0; i < pf.levels; i++)
		set_entry(pf.entry[i], FIRST, _PAGE_NX, _PAGE_USER | _PAGE_RW);
	pf_each_mode(dims, all_placements, &s);
}

TEST(pf, present_is_what_all_levels_say, RULE)
{
	over_levels(_PAGE_PRESENT, DIM_SMAP);
}

TEST(pf, writable_is_what_all_levels_say, RULE)
{
	over_levels(_PAGE_RW, DIM_WP);
}

TEST(pf, user_is_what_all_levels_say, RULE)
{
	over_levels(_PAGE_USER, DIM_SMEP | DIM_SMAP);
}

TEST(pf, execute_disable_is_what_any_level_says, RULE)
{
	over_levels(_PAGE_NX, DIM_SMEP);
}

/* Rights of all levels at once, a page of any size, any mode. */
static void at_random(void *arg)
{
	u32 rounds = ktest_stress() ? 4000 : 40;
	u64 *seed = arg;

	for (u32 i = 0; i < rounds && ktest_ok(); i++) {
		u32 sizes = cpu_has(X86_FEATURE_GBPAGES) ? 3 : 2;
		u32 leaf = 1 + random_below(seed, sizes);
		u64 va = FIRST;

		pf_put_back();
		if (leaf > 1)
			va = pf_use_large((int)leaf);
		for (int n = 0; n < pf.levels; n++) {
			u64 set = rights_of(random_below(seed, 16));

			/* Mostly present, or nothing below would matter. */
			if (random_below(seed, 8))
				set |= _PAGE_PRESENT;
			set_entry(pf.entry[n], va, RIGHTS, set);
		}
		pf_try_all(va);
	}
}

TEST(pf, rights_of_all_levels_at_once, RULE)
{
	u64 seed = 1;

	pf_each_mode(ALL_DIMS, at_random, &seed);
}

static void no_nxe(void *arg)
{
	for (u32 i = 0; i < 8 && ktest_ok(); i++) {
		set_entry(PTE1, FIRST, RIGHTS, rights_of(i));
		pf_try_all(FIRST);
	}
}

/* Then nothing forbids a fetch but U/S and SMEP; I/D is told with SMEP. */
TEST(pf, rights_without_execute_disable, RULE)
{
	pf_nx_off();
	pf_each_mode(ALL_DIMS, no_nxe, NULL);
	pf_nx_on();
}
