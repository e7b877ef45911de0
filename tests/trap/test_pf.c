// SPDX-License-Identifier: MIT
/*
 * #PF, Page Fault: vector 14, a fault, an error code and CR2. Rights are in
 * test_pf_matrix.c; here reserved bits, CR2, accessed and dirty bits, stale
 * translations, implicit accesses and protection keys.
 *
 * Spec: SDM 3A "Interrupt 14-Page-Fault Exception (#PF)", "Accessed and Dirty
 *       Flags", "Invalidation of TLBs and Paging-Structure Caches",
 *       "Protection Keys"; APM 2 "#PF-Page-Fault Exception (Vector 14)".
 */
#include <cpu/irqflags.h>
#include <ktest/insn.h>
#include <ktest/insn_de.h>
#include <ktest/insn_mem.h>
#include <ktest/insn_user.h>

#include "pf.h"

#define RULE	"SDM 3A Interrupt 14"
#define AD_RULE "SDM 3A Accessed and Dirty Flags"

TEST(pf, reserved_bit_is_told_for_each_access, RULE)
{
	u64 bit = BIT(boot_cpu_data.phys_bits);

	if (boot_cpu_data.phys_bits >= 52)
		SKIP(return, "MAXPHYADDR is 52: no bit is reserved");
	set_entry(PTE1, FIRST, _PAGE_NX, bit);
	FAULTS(insn_mem_read, FIRST, X86_PF_PROT | X86_PF_RSVD, FIRST);
	FAULTS(insn_mem_write, FIRST, X86_PF_PROT | X86_PF_RSVD | X86_PF_WRITE,
	       FIRST);
	FAULTS(insn_mem_fetch, FIRST, X86_PF_PROT | X86_PF_RSVD | X86_PF_INSTR,
	       FIRST);
	set_entry(PTE1, FIRST, bit, BIT(51));
	FAULTS(insn_mem_read, FIRST, X86_PF_PROT | X86_PF_RSVD, FIRST);
}

/* A page that is not present has no reserved bits. */
TEST(pf, reserved_bits_of_an_absent_page_are_ignored, RULE)
{
	set_entry(PTE1, FIRST, _PAGE_PRESENT, BIT(51));
	FAULTS(insn_mem_read, FIRST, 0, FIRST);
}

TEST(pf, cr2_of_an_access_into_the_next_page, RULE)
{
	set_entry(PTE2, SECOND, _PAGE_PRESENT, 0);
	for (u64 i = 1; i < 8; i++) {
		FAULTS(insn_mem_read8, SECOND - i, 0, SECOND);
		FAULTS(insn_mem_write8, SECOND - i, X86_PF_WRITE, SECOND);
	}
	FAULTS(insn_mem_read8, SECOND, 0, SECOND);
	FAULTS(insn_mem_read8, SECOND + 9, 0, SECOND + 9);
}

TEST(pf, cr2_of_an_access_from_an_absent_page, RULE)
{
	set_entry(PTE1, FIRST, _PAGE_PRESENT, 0);
	for (u64 i = 1; i < 8; i++)
		FAULTS(insn_mem_read8, SECOND - i, 0, SECOND - i);
}

/* A fault can be restarted: no byte of the first page may be written. */
TEST(pf, straddling_write_that_faults_writes_nothing, RULE)
{
	u64 *last = (u64 *)(pf.page + PAGE_SIZE - 8);

	*last = 0;
	set_entry(PTE2, SECOND, _PAGE_PRESENT, 0);
	FAULTS(insn_mem_write8, SECOND - 4, X86_PF_WRITE, SECOND);
	EXPECT_EQ(*last, 0);
}

TEST(pf, other_exceptions_leave_cr2_alone, RULE)
{
	write_cr2(0x123456789abcull);
	EXPECT_FAULT(insn_ud2, NULL, X86_TRAP_UD, 0);
	EXPECT_EQ(read_cr2(), 0x123456789abcull);
}

static u64 ad_bits(const u64 *entry)
{
	return READ_ONCE(*entry) & (_PAGE_ACCESSED | _PAGE_DIRTY);
}

TEST(pf, read_sets_accessed, AD_RULE)
{
	set_entry(PTE1, FIRST, _PAGE_ACCESSED | _PAGE_DIRTY, 0);
	EXPECT_RETURNS(insn_mem_read, FIRST);
	EXPECT_EQ(ad_bits(PTE1), _PAGE_ACCESSED);
}

TEST(pf, fetch_sets_accessed, AD_RULE)
{
	*(u8 *)pf.page = 0xc3;
	set_entry(PTE1, FIRST, _PAGE_ACCESSED | _PAGE_DIRTY | _PAGE_NX, 0);
	EXPECT_RETURNS(insn_mem_fetch, FIRST);
	EXPECT_EQ(ad_bits(PTE1), _PAGE_ACCESSED);
}

/* Also where an earlier read left a translation that is not dirty. */
TEST(pf, write_sets_accessed_and_dirty, AD_RULE)
{
	set_entry(PTE1, FIRST, _PAGE_ACCESSED | _PAGE_DIRTY, 0);
	EXPECT_RETURNS(insn_mem_write, FIRST);
	EXPECT_EQ(ad_bits(PTE1), _PAGE_ACCESSED | _PAGE_DIRTY);
	set_entry(PTE1, FIRST, _PAGE_ACCESSED | _PAGE_DIRTY, 0);
	EXPECT_RETURNS(insn_mem_read, FIRST);
	EXPECT_RETURNS(insn_mem_write, FIRST);
	EXPECT_EQ(ad_bits(PTE1), _PAGE_ACCESSED | _PAGE_DIRTY);
}

TEST(pf, write_that_faults_does_not_set_dirty, AD_RULE)
{
	set_entry(PTE1, FIRST, _PAGE_ACCESSED | _PAGE_DIRTY | _PAGE_RW, 0);
	FAULTS(insn_mem_write, FIRST, X86_PF_PROT | X86_PF_WRITE, FIRST);
	EXPECT_EQ(ad_bits(PTE1) & _PAGE_DIRTY, 0);
}

/* Every level says yes, or it is no. */
TEST(pf, rights_are_those_of_all_levels,
     "SDM 3A Determination of Access Rights")
{
	struct pt_walk walk;
	u64 *table;

	EXPECT_EQ(paging_walk(FIRST, &walk), 0);
	for (int i = 0; i < walk.levels - 1; i++) {
		table = (u64 *)walk.level[i].entry_addr;
		EXPECT_RETURNS(insn_mem_write, FIRST);
		set_entry(table, FIRST, _PAGE_RW, 0);
		write_cr3(read_cr3());
		FAULTS(insn_mem_write, FIRST, X86_PF_PROT | X86_PF_WRITE,
		       FIRST);
		set_entry(table, FIRST, _PAGE_PRESENT, _PAGE_RW);
		write_cr3(read_cr3());
		FAULTS(insn_mem_read, FIRST, 0, FIRST);
		set_entry(table, FIRST, 0, _PAGE_PRESENT);
	}
}

/* The old translation may be used once; the fault itself throws it away. */
TEST(pf, raised_right_gives_one_spurious_fault_at_most, "SDM 3A Invalidation")
{
	struct trap got;

	set_entry(PTE1, FIRST, _PAGE_RW, 0);
	EXPECT_RETURNS(insn_mem_read, FIRST);
	WRITE_ONCE(*PTE1, *PTE1 | _PAGE_RW);
	got = catch_trap(insn_mem_write, (void *)FIRST);
	if (got.nr == TRAP_NONE)
		return (void)EXPECT_EQ(ad_bits(PTE1) & _PAGE_DIRTY,
				       _PAGE_DIRTY);
	EXPECT_TRAP(got, X86_TRAP_PF);
	EXPECT_RETURNS(insn_mem_write, FIRST);
}

/* What INVLPG threw away is looked up again, present or not. */
TEST(pf, invlpg_ends_an_old_translation, "SDM 3A Invalidation of TLBs")
{
	EXPECT_RETURNS(insn_mem_read, FIRST);
	set_entry(PTE1, FIRST, _PAGE_PRESENT, 0);
	FAULTS(insn_mem_read, FIRST, 0, FIRST);
	set_entry(PTE1, FIRST, 0, _PAGE_PRESENT | _PAGE_GLOBAL);
	EXPECT_RETURNS(insn_mem_read, FIRST);
	set_entry(PTE1, FIRST, _PAGE_PRESENT, 0);
	FAULTS(insn_mem_read, FIRST, 0, FIRST);
}

/* Loading CR3 ends those of pages that are not global. */
TEST(pf, cr3_ends_an_old_translation, "SDM 3A Invalidation of TLBs")
{
	EXPECT_RETURNS(insn_mem_read, FIRST);
	WRITE_ONCE(*PTE1, *PTE1 & ~_PAGE_PRESENT);
	write_cr3(read_cr3());
	FAULTS(insn_mem_read, FIRST, 0, FIRST);
}

/* The IDT lies half in FIRST, half in SECOND, which is absent. */
static void idt_across(bool user, u64 user_bit)
{
	struct desc_ptr live, ptr = { .size = sizeof(scratch_idt) - 1,
				      .address = SECOND - 0x800 };
	gate_desc *gate = (gate_desc *)(pf.page + PAGE_SIZE - 0x800);
	struct trap got;

	store_idt(&live);
	for (u32 i = 0; i < 128; i++)
		gate[i] = ((gate_desc *)CPU_ENTRY_IDT)[i];
	set_entry(PTE2, SECOND, _PAGE_PRESENT, user_bit);
	local_irq_disable();
	load_idt(&ptr);
	got = user ? catch_user(user_regs((u64)user_int_0x80))
		   : catch_trap(insn_int_0x81, NULL);
	load_idt(&live);
	local_irq_enable();
	EXPECT_TRAP(got, X86_TRAP_PF);
	EXPECT_EQ(got.error_code, 0);
	EXPECT_EQ(ALIGN_DOWN(got.cr2, 16), SECOND + (user ? 0 : 16));
}

TEST(pf, idt_in_an_absent_page, "SDM 3A Page-Fault Exceptions")
{
	idt_across(false, 0);
}

/* The CPU reads it as supervisor: U is 0 in the error code. */
TEST(pf, implicit_access_from_cpl_3_is_a_supervisor_access,
     "SDM 3A Determination of Access Rights")
{
	idt_across(true, 0);
}

/* An address and a PKRU for insn_mem_*_pkru. */
struct keyed {
	u64 addr;
	u32 pkru;
};

#define KEY	   5
#define ACCESS_OFF (1u << (2 * KEY))
#define WRITE_OFF  (2u << (2 * KEY))
#define PK_RULE	   "SDM 3A Protection Keys"

static bool keys_on(void)
{
	if (!cpu_has(X86_FEATURE_PKU))
		return false;
	write_cr4(read_cr4() | X86_CR4_PKE);
	set_entry(PTE1, FIRST, 0, _PAGE_PKEY(KEY) | _PAGE_USER);
	return true;
}

static void keys_off(void)
{
	struct keyed none = { .addr = (u64)&none };

	insn_mem_read_pkru(&none);
	write_cr4(read_cr4() & ~(u64)X86_CR4_PKE);
}

TEST(pf, protection_key_that_forbids_access, PK_RULE)
{
	struct keyed k = { .addr = FIRST, .pkru = ACCESS_OFF };

	if (!keys_on())
		SKIP(return, "this CPU has no protection keys");
	FAULTS(insn_mem_read_pkru, (u64)&k, X86_PF_PROT | X86_PF_PK, FIRST);
	FAULTS(insn_mem_write_pkru, (u64)&k,
	       X86_PF_PROT | X86_PF_PK | X86_PF_WRITE, FIRST);
	keys_off();
}

/* CPL 0 may write all the same without WP. */
TEST(pf, protection_key_that_forbids_writing, PK_RULE)
{
	struct keyed k = { .addr = FIRST, .pkru = WRITE_OFF };
	u64 cr0 = read_cr0();

	if (!keys_on())
		SKIP(return, "this CPU has no protection keys");
	EXPECT_RETURNS(insn_mem_read_pkru, &k);
	FAULTS(insn_mem_write_pkru, (u64)&k,
	       X86_PF_PROT | X86_PF_PK | X86_PF_WRITE, FIRST);
	write_cr0(cr0 & ~(u64)X86_CR0_WP);
	EXPECT_RETURNS(insn_mem_write_pkru, &k);
	write_cr0(cr0);
	keys_off();
}

TEST(pf, other_protection_key_does_not_matter, PK_RULE)
{
	struct keyed k = { .addr = FIRST, .pkru = ~(ACCESS_OFF | WRITE_OFF) };

	if (!keys_on())
		SKIP(return, "this CPU has no protection keys");
	/* Key 0 too is refused, but only where U/S says user. */
	EXPECT_RETURNS(insn_mem_read_pkru, &k);
	EXPECT_RETURNS(insn_mem_write_pkru, &k);
	keys_off();
}
