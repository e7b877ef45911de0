// SPDX-License-Identifier: MIT
/*
 * #PF by protection keys: of user pages by PKRU, of the supervisor's by
 * IA32_PKRS; each key, each pair of AD and WD, beside all other rights.
 *
 * Spec: SDM 3A "Protection Keys"; APM 2 "Memory Protection Keys (MPK) Bit".
 */
#include <asm/msr-index.h>
#include <lib/random.h>

#include "pf.h"

#define RULE "SDM 3A Protection Keys"

#define ACCESS_OFF   1u
#define WRITE_OFF    2u
#define RIGHTS(k, r) ((u32)(r) << 2 * (k))
#define KEY_BITS     _PAGE_PKEY(15)

#define NO_PKU "this CPU has no protection keys for user pages"
#define NO_PKS "this CPU has no protection keys for supervisor pages"

struct sweep {
	u32 rights; /* of the page's key */
	bool rest;  /* every other key is denied all */
	bool pks;
	int level;
	u64 va;
};

/* A case that an exception ended may have left PKRU or PKRS as it was. */
static bool pku_on(void)
{
	if (!cpu_has(X86_FEATURE_PKU))
		return false;
	write_cr4(read_cr4() | X86_CR4_PKE);
	wrpkru(0);
	return true;
}

static void pku_off(void)
{
	wrpkru(0);
	write_cr4(read_cr4() & ~(u64)X86_CR4_PKE);
}

static bool pks_on(void)
{
	if (!cpu_has(X86_FEATURE_PKS))
		return false;
	wrmsr(MSR_IA32_PKRS, 0);
	write_cr4(read_cr4() | X86_CR4_PKS);
	return true;
}

static void pks_off(void)
{
	wrmsr(MSR_IA32_PKRS, 0);
	write_cr4(read_cr4() & ~(u64)X86_CR4_PKS);
}

static void set_rights(const struct sweep *s, u32 key)
{
	u32 reg = RIGHTS(key, s->rights);

	if (s->rest)
		reg |= ~RIGHTS(key, ACCESS_OFF | WRITE_OFF);
	if (!s->pks)
		return wrpkru(reg);
	/* Our own pages have key 0. */
	wrmsr(MSR_IA32_PKRS, reg & ~RIGHTS(0, ACCESS_OFF | WRITE_OFF));
}

static void every_leaf(const struct sweep *s, u32 key)
{
	u64 rights = _PAGE_RW | _PAGE_USER | _PAGE_NX;

	for (u32 i = 0; i < 4 && ktest_ok(); i++) {
		set_entry(pf_entry(s->level), s->va, rights | KEY_BITS,
			  _PAGE_PKEY(key) | (i & 1 ? _PAGE_RW : 0) |
				  (i & 2 ? _PAGE_USER : 0));
		pf_try_all(s->va);
	}
}

static void every_key(void *arg)
{
	const struct sweep *s = arg;
	u32 step = ktest_stress() ? 1 : 5; /* 0, 5, 10, 15 */

	for (u32 key = 0; key < 16 && ktest_ok(); key += step) {
		set_rights(s, key);
		every_leaf(s, key);
	}
}

static void over_user_pages(struct sweep s)
{
	if (!pku_on())
		SKIP(return, NO_PKU);
	if (!s.level) {
		s.level = 1;
		s.va = FIRST;
	}
	pf_each_mode(DIM_WP | DIM_SMAP, every_key, &s);
	pku_off();
}

TEST(pf, protection_key_that_forbids_access, RULE)
{
	over_user_pages((struct sweep){ .rights = ACCESS_OFF });
}

/* CPL 0 may write all the same without WP. */
TEST(pf, protection_key_that_forbids_writing, RULE)
{
	over_user_pages((struct sweep){ .rights = WRITE_OFF });
}

TEST(pf, protection_key_that_forbids_both, RULE)
{
	over_user_pages((struct sweep){ .rights = ACCESS_OFF | WRITE_OFF });
}

TEST(pf, other_protection_key_does_not_matter, RULE)
{
	over_user_pages((struct sweep){ .rest = true });
}

TEST(pf, protection_key_of_a_large_page, RULE)
{
	over_user_pages((struct sweep){
		.rights = WRITE_OFF, .level = 2, .va = pf_use_large(2) });
}

TEST(pf, protection_key_of_a_huge_page, RULE)
{
	if (!cpu_has(X86_FEATURE_GBPAGES))
		SKIP(return, "this CPU has no 1 GiB pages");
	over_user_pages((struct sweep){
		.rights = ACCESS_OFF, .level = 3, .va = pf_use_large(3) });
}

/* Bits 62:59 above the leaf are nobody's. */
TEST(pf, protection_key_is_the_leafs_alone, RULE)
{
	if (!pku_on())
		SKIP(return, NO_PKU);
	wrpkru(~RIGHTS(0, ACCESS_OFF | WRITE_OFF));
	for (int level = 1; level <= pf.levels; level++)
		set_entry(pf_entry(level), FIRST, _PAGE_NX,
			  _PAGE_USER | (level > 1 ? KEY_BITS : 0));
	pf_try_all(FIRST);
	pku_off();
}

/* PKRU holds what it held; without PKE nothing looks at it. */
TEST(pf, protection_keys_are_ignored_without_pke, RULE)
{
	if (!pku_on())
		SKIP(return, NO_PKU);
	wrpkru(~RIGHTS(0, ACCESS_OFF | WRITE_OFF));
	set_entry(PTE1, FIRST, _PAGE_NX, _PAGE_USER | KEY_BITS);
	write_cr4(read_cr4() & ~(u64)X86_CR4_PKE);
	pf_try_all(FIRST);
	write_cr4(read_cr4() | X86_CR4_PKE);
	EXPECT_EQ(rdpkru(), ~RIGHTS(0, ACCESS_OFF | WRITE_OFF));
	pku_off();
}

/* WRPKRU itself ends what was cached under the old rights. */
TEST(pf, wrpkru_acts_on_the_next_access, RULE)
{
	if (!pku_on())
		SKIP(return, NO_PKU);
	set_entry(PTE1, FIRST, _PAGE_NX, _PAGE_USER | KEY_BITS);
	for (u32 i = 0; i < 16 && ktest_ok(); i++) {
		wrpkru(RIGHTS(15, i & 3));
		pf_try(CPL0_AC, PF_READ, FIRST);
		pf_try(CPL3, PF_WRITE, FIRST);
	}
	pku_off();
}

static void over_supervisor_pages(struct sweep s)
{
	if (!pks_on())
		SKIP(return, NO_PKS);
	s.pks = true;
	s.level = 1;
	s.va = FIRST;
	pf_each_mode(DIM_WP | DIM_SMAP, every_key, &s);
	pks_off();
}

TEST(pf, supervisor_key_that_forbids_access, RULE)
{
	over_supervisor_pages((struct sweep){ .rights = ACCESS_OFF });
}

TEST(pf, supervisor_key_that_forbids_writing, RULE)
{
	over_supervisor_pages((struct sweep){ .rights = WRITE_OFF });
}

TEST(pf, other_supervisor_key_does_not_matter, RULE)
{
	over_supervisor_pages((struct sweep){ .rest = true });
}

/* Each register is asked about its own kind of page. */
TEST(pf, pkru_and_pkrs_do_not_meet, RULE)
{
	u64 seed = 2;

	if (!cpu_has(X86_FEATURE_PKU) || !pks_on())
		SKIP(return, "this CPU has not both kinds of protection keys");
	pku_on();
	for (u32 i = 0; i < (ktest_stress() ? 2000 : 64) && ktest_ok(); i++) {
		u32 key = 1 + random_below(&seed, 15);

		wrpkru((u32)random_next(&seed));
		wrmsr(MSR_IA32_PKRS, (u32)random_next(&seed) & ~3u);
		set_entry(PTE1, FIRST, KEY_BITS | _PAGE_USER | _PAGE_NX,
			  _PAGE_PKEY(key) | (i & 1 ? _PAGE_USER : 0));
		pf_try_all(FIRST);
	}
	pks_off();
	pku_off();
}
