// SPDX-License-Identifier: MIT
/*
 * #PF, Page Fault: vector 14, a fault, an error code and CR2. Here CR2, and
 * which addresses are #PF's at all; the rest of the suite is in test_pf_*.c:
 * rights (matrix, keys, reserved, implicit), A and D (ad), what a fault in the
 * middle leaves (straddle, insn), what is cached (tlb).
 *
 * Spec: SDM 3A "Interrupt 14-Page-Fault Exception (#PF)", "Canonical
 *       Addressing"; APM 2 "#PF-Page-Fault Exception (Vector 14)".
 */
#include <asm/msr-index.h>
#include <ktest/insn.h>
#include <ktest/insn_pf.h>
#include <ktest/insn_user.h>

#include "pf.h"

#define RULE "SDM 3A Interrupt 14"

TEST(pf, other_exceptions_leave_cr2_alone, RULE)
{
	write_cr2(0x123456789abcull);
	EXPECT_FAULT(insn_ud2, NULL, X86_TRAP_UD, 0);
	EXPECT_EQ(read_cr2(), 0x123456789abcull);
}

/* An address no page can have is not #PF's to tell: CR2 does not get it. */
TEST(pf, a_noncanonical_address_leaves_cr2_alone, RULE)
{
	struct pt_regs *regs = user_regs((u64)user_read8);
	struct trap got;

	write_cr2(0x123456789abcull);
	got = catch_trap(insn_pf_read8, (void *)NONCANONICAL);
	EXPECT_TRAP(got, X86_TRAP_GP);
	EXPECT_EQ(read_cr2(), 0x123456789abcull);
	regs->di = NONCANONICAL;
	write_cr2(0x123456789abcull);
	got = catch_user(regs);
	EXPECT_TRAP(got, X86_TRAP_GP);
	EXPECT_EQ(read_cr2(), 0x123456789abcull);
}

/* The end of the lower half, and the first address of the hole. */
static u64 hole(void)
{
	return 1ull << (9 * pf.levels + 11);
}

TEST(pf, edges_of_the_hole_are_pf_within_and_gp_beyond,
     "SDM 3A Canonical Addresses")
{
	u64 low = hole(), high = -low;

	FAULTS(insn_pf_read8, low - 8, 0, low - 8);
	FAULTS(insn_pf_write8, low - 8, X86_PF_WRITE, low - 8);
	EXPECT_FAULT(insn_pf_read8, low, X86_TRAP_GP, 0);
	EXPECT_FAULT(insn_pf_read8, high - 8, X86_TRAP_GP, 0);
	EXPECT_FAULT(insn_pf_write8, high - 8, X86_TRAP_GP, 0);
	FAULTS(insn_pf_read8, high, 0, high);
	FAULTS(insn_pf_write8, high, X86_PF_WRITE, high);
}

/* CPL 3 is told that it was CPL 3, for either half. */
TEST(pf, edges_of_the_hole_at_cpl_3, "SDM 3A Canonical Addresses")
{
	const struct {
		u64 addr;
		u32 nr;
	} edge[] = { { hole() - 8, X86_TRAP_PF },
		     { hole(), X86_TRAP_GP },
		     { -hole() - 8, X86_TRAP_GP },
		     { -hole(), X86_TRAP_PF } };

	for (u32 i = 0; i < ARRAY_SIZE(edge); i++) {
		struct pt_regs *regs = user_regs((u64)user_read8);
		bool pf_here = edge[i].nr == X86_TRAP_PF;
		const struct trap *got;

		regs->di = edge[i].addr;
		got = judge_user(PLACE("a read at CPL 3"), regs,
				 WANT(edge[i].nr, pf_here ? X86_PF_USER : 0,
				      user_read8, .fault = true));
		if (pf_here)
			EXPECT_EQ(got->cr2, edge[i].addr);
	}
}

/* CR2 holds all 64 bits, canonical or not, and only #PF loads it. */
TEST(pf, cr2_holds_any_value, "SDM 3A Control Registers")
{
	static const u64 value[] = { 0, ~0ull, 1ull << 63, 0x8000123456789abc };

	for (u32 i = 0; i < ARRAY_SIZE(value); i++) {
		write_cr2(value[i]);
		EXPECT_EQ(read_cr2(), value[i]);
		FAULTS(insn_pf_read8, hole() - 8, 0, hole() - 8);
	}
}

/* The segment's base is in it, and the address size. */
TEST(pf, cr2_is_the_linear_address, RULE)
{
	u64 base = rdmsr(MSR_FS_BASE);

	set_entry(PTE2, SECOND, _PAGE_PRESENT, 0);
	wrmsr(MSR_FS_BASE, FIRST + 0x123);
	FAULTS(insn_pf_read_fs, PAGE_SIZE, 0, SECOND + 0x123);
	FAULTS(insn_pf_read_fs, -0x123 - FIRST + SECOND, 0, SECOND);
	wrmsr(MSR_FS_BASE, base);
	FAULTS(insn_pf_read_addr32, 0x5a5a5a5a00000018, 0, 0x18);
}

#define SMAP_RULE "SDM 3A Determination of Access Rights"

TEST(pf, stac_lifts_smap_and_clac_ends_that, SMAP_RULE)
{
	struct trap got;

	if (!cpu_has(X86_FEATURE_SMAP))
		SKIP(return, "this CPU has no SMAP");
	set_entry(PTE1, FIRST, 0, _PAGE_USER);
	EXPECT_RETURNS(insn_pf_stac_read, FIRST);
	got = catch_trap(insn_pf_stac_clac_read, (void *)FIRST);
	EXPECT_TRAP(got, X86_TRAP_PF);
	EXPECT_EQ(got.error_code, X86_PF_PROT);
	EXPECT_EQ(got.cr2, FIRST);
	EXPECT_EQ(got.ip, insn_pf_stac_clac_read_at);
	EXPECT_EQ(got.flags & X86_EFLAGS_AC, 0);
}
