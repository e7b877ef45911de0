// SPDX-License-Identifier: MIT
/*
 * #GP by misalignment of SSE and AVX operands, at CPL 0, where #AC cannot be.
 *
 * Spec: SDM 3A "Interrupt 13-General Protection Exception (#GP)"; SDM 2A
 *       "Exceptions Type 1" to "Type 5"; SDM 1 "Memory Alignment" of AVX.
 */
#include <asm/special_insns.h>
#include <cpu/cpufeature.h>

#include "ud_group.h"

#define RULE	 "SDM 3A Interrupt 13; SDM 2A Exceptions Type 1"
#define XCR0_YMM 7

static char *misaligned(u32 by)
{
	return (char *)ud_operand + by;
}

TEST(gp, moves_that_must_be_aligned, RULE)
{
	EXPECT_RUNS(align_move);
	for (u32 i = 1; i < 16 && ktest_ok(); i += 7)
		ud_judge_arg(UD_GROUP(align_move), X86_TRAP_GP, misaligned(i));
}

TEST(gp, sse_operands_of_16_bytes_must_be_aligned, RULE)
{
	EXPECT_RUNS(align_operand);
	ud_judge_arg(UD_GROUP(align_operand), X86_TRAP_GP, misaligned(8));
	ud_judge_arg(UD_GROUP(align_operand), X86_TRAP_GP, misaligned(1));
}

TEST(gp, operands_of_unpcklps_andps_xorps_and_shufps_must_be_aligned, RULE)
{
	EXPECT_RUNS(align_logic);
	ud_judge_arg(UD_GROUP(align_logic), X86_TRAP_GP, misaligned(8));
}

TEST(gp, other_sse_operands_need_no_alignment, RULE)
{
	EXPECT_RUNS(align_none);
	ud_judge_arg(UD_GROUP(align_none), TRAP_NONE, misaligned(1));
	fninit();
}

/* 16 is not enough for 32 bytes, but is for the first three. */
TEST(gp, vex_moves_that_must_be_aligned, RULE)
{
	u64 xcr0;

	if (!cpu_has(X86_FEATURE_AVX) || !cpu_has(X86_FEATURE_XSAVE))
		SKIP(return, "this CPU has no AVX");
	xcr0 = xgetbv(0);
	xsetbv(0, XCR0_YMM);
	EXPECT_RUNS(align_vex);
	ud_judge_arg(UD_GROUP(align_vex), X86_TRAP_GP, misaligned(8));
	for (u32 i = 3; i < 6; i++)
		ud_judge_slot(UD_GROUP(align_vex),
			      insn_ud_align_vex + i * UD_SLOT, "bytes",
			      X86_TRAP_GP, misaligned(16));
	xsetbv(0, xcr0);
}

TEST(gp, other_vex_operands_need_no_alignment, RULE)
{
	u64 xcr0;

	if (!cpu_has(X86_FEATURE_AVX) || !cpu_has(X86_FEATURE_XSAVE))
		SKIP(return, "this CPU has no AVX");
	xcr0 = xgetbv(0);
	xsetbv(0, XCR0_YMM);
	ud_judge_arg(UD_GROUP(align_vex_none), TRAP_NONE, misaligned(1));
	xsetbv(0, xcr0);
}
