// SPDX-License-Identifier: MIT
/*
 * A pending x87 exception and another fault of the instruction that meets it:
 * #NM and #UD, which are found by decoding, come first; a fault of the operand
 * of an instruction that waits comes before or after, and neither is lost.
 *
 * Spec: SDM 3A "Prioritization of Concurrent Events", "Interrupt 16-x87 FPU
 *       Floating-Point Error (#MF)"; APM 2 "Priorities", "#MF-x87 Floating-
 *       Point Exception-Pending (Vector 16)".
 */
#include <asm/special_insns.h>
#include <ktest/insn_fpu.h>
#include <trap/decode.h>

#include "judge.h"

#define RULE "SDM 3A Prioritization of Concurrent Events; SDM 3A Interrupt 16"

static const struct {
	const char *name;
	void (*fn)(void *);
	u64 cr0;
	u32 nr;
} decoded[] = {
	{ "FWAIT, MP and TS", insn_fwait, X86_CR0_MP | X86_CR0_TS,
	  X86_TRAP_NM },
	{ "FLD1, TS", insn_fld1, X86_CR0_TS, X86_TRAP_NM },
	{ "FLD1, EM", insn_fld1, X86_CR0_EM, X86_TRAP_NM },
	{ "PXOR, TS", insn_mmx, X86_CR0_TS, X86_TRAP_NM },
	{ "PXOR, EM", insn_mmx, X86_CR0_EM, X86_TRAP_UD },
};

/* And what was pending still is: FWAIT raises it. */
TEST(mf, what_is_pending_comes_after_faults_of_decoding, RULE)
{
	u64 cr0 = read_cr0();

	for (u32 i = 0; i < ARRAY_SIZE(decoded); i++) {
		insn_fdiv_pend(NULL);
		write_cr0((cr0 & ~(u64)X86_CR0_MP) | decoded[i].cr0);
		judge(PLACE(decoded[i].name), decoded[i].fn, NULL,
		      WANT(decoded[i].nr, 0, decoded[i].fn, .fault = true));
		write_cr0(cr0);
		EXPECT_FAULT(insn_fwait, NULL, X86_TRAP_MF, 0);
		fninit();
	}
}

/* Their operand's fault is theirs; to report what is pending is FWAIT's. */
TEST(mf, an_instruction_that_does_not_wait_has_its_operands_fault_alone, RULE)
{
	static void (*const list[])(void *) = { insn_fstcw_to, insn_fstsw_to,
						insn_fstenv_to, insn_fsave_to };

	for (u32 i = 0; i < ARRAY_SIZE(list); i++) {
		const struct trap *got;

		insn_fdiv_pend(NULL);
		got = judge(PLACE("FNST"), list[i], (void *)USER_VA,
			    WANT(X86_TRAP_PF, X86_PF_WRITE, list[i],
				 .fault = true));
		EXPECT_GE(got->cr2, USER_VA);
		EXPECT_LT(got->cr2, USER_VA + 108);
		EXPECT_FAULT(insn_fwait, NULL, X86_TRAP_MF, 0);
		fninit();
	}
}

/* #PF and then #MF, or #MF and then #PF: both are faults of executing it. */
static void both_come(const char *name, void (*fn)(void *))
{
	static u64 present;
	struct place at = { __FILE__, __LINE__, name };
	const struct want pf = { X86_TRAP_PF, 0, (u64)fn, .fault = true };
	const struct want mf = { X86_TRAP_MF, 0, (u64)fn, .fault = true };
	void *absent = (void *)USER_VA;

	insn_fdiv_pend(NULL);
	if (catch_trap(fn, absent).nr == X86_TRAP_PF) {
		EXPECT_EQ(judge(&at, fn, absent, &pf)->cr2, USER_VA);
		judge(&at, fn, &present, &mf);
	} else {
		judge(&at, fn, absent, &mf);
		fninit();
		EXPECT_EQ(judge(&at, fn, absent, &pf)->cr2, USER_VA);
	}
	fninit();
}

TEST(mf, what_is_pending_and_a_fault_of_the_operand_both_come, RULE)
{
	both_come("FLD", insn_fld_from);
	both_come("MOVQ", insn_mmx_from);
}
