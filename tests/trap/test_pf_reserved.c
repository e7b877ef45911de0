// SPDX-License-Identifier: MIT
/*
 * #PF by reserved bits: which bits of which entry, which ones are ignored,
 * and what comes first. The error code's P beside RSVD has a case of its own,
 * reserved_bit_is_told_for_each_access; the others leave it out.
 *
 * Spec: SDM 3A "Page-Fault Exceptions", "Paging-Structure Entries"; APM 2
 *       "Page-Translation-Table Entry Fields", "Reserved Bits".
 */
#include <asm/msr-index.h>

#include "pf.h"

#define RULE	 "SDM 3A Page-Fault Exceptions"
#define ENTRIES	 "SDM 3A Paging-Structure Entries"
#define CODE_BIT (X86_PF_PROT | X86_PF_RSVD)

#define NO_RESERVED "MAXPHYADDR is 52: no address bit is reserved"
#define NO_GBPAGES  "this CPU has no 1 GiB pages"

static bool have_reserved(void)
{
	return boot_cpu_data.phys_bits < 52;
}

TEST(pf, reserved_bit_is_told_for_each_access, RULE)
{
	if (!have_reserved())
		SKIP(return, NO_RESERVED);
	set_entry(PTE1, FIRST, _PAGE_NX, BIT(boot_cpu_data.phys_bits));
	FAULTS(insn_mem_read, FIRST, CODE_BIT, FIRST);
	FAULTS(insn_mem_write, FIRST, CODE_BIT | X86_PF_WRITE, FIRST);
	FAULTS(insn_mem_fetch, FIRST, CODE_BIT | X86_PF_INSTR, FIRST);
}

/* Each bit of mask by itself, in the entry of that level. */
static void each_bit(int level, u64 mask, u64 va)
{
	u64 *entry = pf_entry(level), was = *entry;

	for (u32 bit = 0; bit < 64 && ktest_ok(); bit++) {
		if (!(mask & BIT(bit)))
			continue;
		set_entry(entry, va, BIT(bit), ~was & BIT(bit));
		pf_try_all(va);
		set_entry(entry, va, ~0ull, was);
	}
}

/* Fetching is allowed, so that what forbids it is the bit. */
static void allow_all(u64 va)
{
	for (int i = 0; i < pf.levels; i++)
		set_entry(pf.entry[i], va, _PAGE_NX, _PAGE_USER | _PAGE_RW);
}

TEST(pf, address_bits_from_maxphyaddr_up_are_reserved, RULE)
{
	u64 bits = PTE_PFN_MASK & ~(BIT(boot_cpu_data.phys_bits) - 1);

	if (!have_reserved())
		SKIP(return, NO_RESERVED);
	allow_all(FIRST);
	for (int level = 1; level <= pf.levels; level++)
		each_bit(level, bits, FIRST);
}

TEST(pf, address_bits_within_a_large_page_are_reserved, ENTRIES)
{
	u64 va = pf_use_large(2);

	allow_all(va);
	each_bit(2, LARGE_PAGE_SIZE - 2 * PAGE_SIZE, va);
}

TEST(pf, address_bits_within_a_huge_page_are_reserved, ENTRIES)
{
	u64 va;

	if (!cpu_has(X86_FEATURE_GBPAGES))
		SKIP(return, NO_GBPAGES);
	va = pf_use_large(3);
	allow_all(va);
	each_bit(3, HUGE_PAGE_SIZE - 2 * PAGE_SIZE, va);
}

TEST(pf, page_size_bit_above_the_pdpt_is_reserved, ENTRIES)
{
	allow_all(FIRST);
	for (int level = 4; level <= pf.levels; level++)
		each_bit(level, _PAGE_PSE, FIRST);
}

TEST(pf, page_size_bit_of_a_pdpte_is_reserved_without_1_gib_pages, ENTRIES)
{
	u64 va;

	if (cpu_has(X86_FEATURE_GBPAGES))
		SKIP(return, "this CPU has 1 GiB pages");
	va = pf_use_large(3);
	allow_all(va);
	pf_try_all(va);
}

TEST(pf, execute_disable_is_reserved_without_nxe, RULE)
{
	pf_nx_off();
	allow_all(FIRST);
	for (int level = 1; level <= pf.levels; level++)
		each_bit(level, _PAGE_NX, FIRST);
	pf_nx_on();
}

/*
 * Software's bits, those of levels that have no use for them, and A. G above
 * the leaf is ignored by the SDM only; protection keys are off.
 */
static u64 ignored_bits(int level, bool leaf)
{
	u64 bits = BIT(9) | BIT(10) | BIT(11) | 0x7full << 52 | _PAGE_PKEY(15) |
		   _PAGE_ACCESSED | _PAGE_DIRTY;

	if (leaf)
		return bits | _PAGE_GLOBAL;
	if (boot_cpu_data.vendor == VENDOR_INTEL)
		bits |= _PAGE_GLOBAL;
	return bits;
}

TEST(pf, ignored_bits_of_every_level_are_ignored, ENTRIES)
{
	allow_all(FIRST);
	for (int level = 1; level <= pf.levels; level++)
		each_bit(level, ignored_bits(level, level == 1), FIRST);
}

TEST(pf, ignored_bits_of_large_pages_are_ignored, ENTRIES)
{
	u64 va = pf_use_large(2);

	allow_all(va);
	each_bit(2, ignored_bits(2, true), va);
	pf_put_back();
	if (!cpu_has(X86_FEATURE_GBPAGES))
		return;
	va = pf_use_large(3);
	allow_all(va);
	each_bit(3, ignored_bits(3, true), va);
}

/* Only reads: the page is cached under another type as well. */
static void reads_with(int level, u64 bit, u64 va)
{
	set_entry(pf_entry(level), va, 0, bit);
	pf_try(CPL0_AC, PF_READ, va);
	pf_try(CPL3, PF_READ, va);
	set_entry(pf_entry(level), va, bit, 0);
}

TEST(pf, memory_type_bits_do_not_fault, ENTRIES)
{
	const u64 large_pat = BIT(12);
	u64 va;

	allow_all(FIRST);
	for (int level = 1; level <= pf.levels; level++) {
		reads_with(level, _PAGE_PCD, FIRST);
		reads_with(level, _PAGE_PWT, FIRST);
	}
	if (cpu_has(X86_FEATURE_PAT))
		reads_with(1, BIT(7), FIRST);
	va = pf_use_large(2);
	allow_all(va);
	if (cpu_has(X86_FEATURE_PAT))
		reads_with(2, large_pat, va);
}

/* A page that is not present has no reserved bits. */
TEST(pf, reserved_bits_of_an_absent_page_are_ignored, RULE)
{
	for (int level = 1; level <= pf.levels; level++) {
		set_entry(pf_entry(level), FIRST, _PAGE_PRESENT,
			  ~(u64)_PAGE_PRESENT);
		pf_try_all(FIRST);
		pf_put_back();
	}
}

/* An absent entry below is never reached, nor is a reserved bit below it. */
TEST(pf, walk_ends_at_the_first_bad_entry, RULE)
{
	if (!have_reserved())
		SKIP(return, NO_RESERVED);
	for (int high = 2; high <= pf.levels; high++) {
		for (int low = 1; low < high; low++) {
			set_entry(pf_entry(high), FIRST, 0, BIT(51));
			set_entry(pf_entry(low), FIRST, _PAGE_PRESENT, 0);
			pf_try_all(FIRST);
			pf_put_back();
			set_entry(pf_entry(high), FIRST, _PAGE_PRESENT, 0);
			set_entry(pf_entry(low), FIRST, 0, BIT(51));
			pf_try_all(FIRST);
			pf_put_back();
		}
	}
}

/* What else would forbid the access is not told then. */
TEST(pf, reserved_bit_outranks_rights_and_keys, RULE)
{
	bool keys = cpu_has(X86_FEATURE_PKU);

	if (!have_reserved())
		SKIP(return, NO_RESERVED);
	if (keys) {
		write_cr4(read_cr4() | X86_CR4_PKE);
		wrpkru(~0u);
	}
	for (u32 i = 0; i < 4; i++) {
		set_entry(PTE1, FIRST, _PAGE_RW | _PAGE_USER,
			  BIT(51) | (i & 1 ? _PAGE_RW : 0) |
				  (i & 2 ? _PAGE_USER : 0));
		pf_try_all(FIRST);
	}
	if (keys) {
		wrpkru(0);
		write_cr4(read_cr4() & ~(u64)X86_CR4_PKE);
	}
}
