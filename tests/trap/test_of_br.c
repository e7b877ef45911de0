// SPDX-License-Identifier: MIT
/*
 * #OF, Overflow, and #BR, Bound Range Exceeded: vectors 4 and 5. In 64-bit
 * mode INTO and BOUND are no more: INT 4 and the MPX checks are what is left.
 *
 * Spec: SDM 3A "Interrupt 4-Overflow Exception (#OF)", "Interrupt 5-BOUND
 *       Range Exceeded Exception (#BR)"; SDM 2A "INT n/INTO/INT3/INT1",
 *       "BOUND"; APM 3 "Instructions Invalid in 64-Bit Mode".
 */
#include <asm/msr-index.h>
#include <asm/special_insns.h>
#include <cpu/cpufeature.h>
#include <ktest/insn_de.h>
#include <ktest/insn_user.h>

#include "judge.h"

TEST(of, int_4_is_a_trap, "SDM 3A Interrupt 4")
{
	EXPECT_TRAPPED(insn_int_4, NULL, X86_TRAP_OF, insn_int_4_at);
}

TEST(of, user_int_4_is_let_through_the_gate, "SDM 3A Interrupt 4")
{
	EXPECT_USER_TRAPPED(user_int_4, X86_TRAP_OF, user_int_4 + 2);
}

/* OF or not: the opcode itself is gone. */
TEST(of, into_is_an_invalid_opcode, "SDM 2A INTO: 64-Bit Mode Exceptions")
{
	EXPECT_FAULT(insn_into, NULL, X86_TRAP_UD, 0);
}

/* 62 begins an EVEX prefix now, or nothing; this one is neither's. */
TEST(br, bound_is_an_invalid_opcode, "SDM 2A BOUND: 64-Bit Mode Exceptions")
{
	EXPECT_FAULT(insn_bound, NULL, X86_TRAP_UD, 0);
}

TEST(br, bndcl_below_the_bound_is_a_fault, "SDM 3A Interrupt 5; SDM 2A BNDCL")
{
	u64 xcr0, bndcfgs;

	if (!cpu_has(X86_FEATURE_MPX) || !cpu_has(X86_FEATURE_XSAVE))
		SKIP(return, "this CPU has no MPX, or no XSAVE to enable it");
	xcr0 = xgetbv(0);
	bndcfgs = rdmsr(MSR_IA32_BNDCFGS);
	xsetbv(0, xcr0 | XCR0_MPX);
	wrmsr(MSR_IA32_BNDCFGS, BNDCFG_ENABLE);
	EXPECT_FAULT_AT(insn_bndcl, &xcr0, X86_TRAP_BR, 0, insn_bndcl_at);
	wrmsr(MSR_IA32_BNDCFGS, bndcfgs);
	xsetbv(0, xcr0);
}
