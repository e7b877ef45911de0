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

TEST(pf, other_exceptions_leave_cr2_alone, RULE)
{
	write_cr2(0x123456789abcull);
	EXPECT_FAULT(insn_ud2, NULL, X86_TRAP_UD, 0);
	EXPECT_EQ(read_cr2(), 0x123456789abcull);
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
		return (void)EXPECT_EQ(READ_ONCE(*PTE1) & _PAGE_DIRTY,
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
