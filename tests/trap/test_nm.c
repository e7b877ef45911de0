// SPDX-License-Identifier: MIT
/*
 * #NM, Device Not Available: vector 7, a fault, pushes no error code. CR0's
 * EM, TS and MP decide which instruction raises it; SSE with EM is #UD.
 *
 * Spec: SDM 3A "Interrupt 7-Device Not Available Exception (#NM)", table
 *       "Action Taken By x87 FPU Instructions for Different Combinations of
 *       EM, MP, and TS"; APM 2 "#NM-Device-Not-Available Exception".
 */
#include <asm/special_insns.h>
#include <cpu/cpufeature.h>
#include <ktest/insn_fpu.h>
#include <ktest/insn_user.h>

#include "judge.h"

#define RULE "SDM 3A Interrupt 7; SDM 3A CR0.EM, MP, TS"
#define BITS ((u64)(X86_CR0_EM | X86_CR0_MP | X86_CR0_TS))

/* Every case ends with CR0 as it was, whatever it raised. */
#define with_cr0(bits, fn, nr) run_with_cr0(PLACE(#fn), bits, fn, nr)
static void run_with_cr0(const struct place *at, u64 bits, void (*fn)(void *),
			 u32 nr)
{
	u64 cr0 = read_cr0();

	write_cr0((cr0 & ~BITS) | bits);
	judge(at, fn, NULL, WANT(nr, 0, fn, .fault = true));
	write_cr0(cr0);
	fninit();
}

TEST(nm, x87_with_ts, RULE)
{
	with_cr0(X86_CR0_TS, insn_fld1, X86_TRAP_NM);
	with_cr0(X86_CR0_TS | X86_CR0_MP, insn_fld1, X86_TRAP_NM);
}

TEST(nm, x87_with_em, RULE)
{
	with_cr0(X86_CR0_EM, insn_fld1, X86_TRAP_NM);
	with_cr0(X86_CR0_EM | X86_CR0_MP, insn_fld1, X86_TRAP_NM);
}

/* Neither waits for the x87, both need it. */
TEST(nm, fninit_and_fnop_are_no_exceptions_to_it, RULE)
{
	with_cr0(X86_CR0_TS, insn_fninit, X86_TRAP_NM);
	with_cr0(X86_CR0_TS, insn_fnop, X86_TRAP_NM);
}

TEST(nm, wait_needs_both_mp_and_ts, RULE)
{
	with_cr0(X86_CR0_MP | X86_CR0_TS, insn_fwait, X86_TRAP_NM);
	with_cr0(X86_CR0_TS, insn_fwait, TRAP_NONE);
	with_cr0(X86_CR0_MP, insn_fwait, TRAP_NONE);
}

TEST(nm, wait_does_not_look_at_em, RULE)
{
	with_cr0(X86_CR0_EM, insn_fwait, TRAP_NONE);
	with_cr0(X86_CR0_EM | X86_CR0_MP | X86_CR0_TS, insn_fwait, X86_TRAP_NM);
}

TEST(nm, mmx_and_sse_with_ts, RULE)
{
	with_cr0(X86_CR0_TS, insn_mmx, X86_TRAP_NM);
	with_cr0(X86_CR0_TS, insn_sse_add, X86_TRAP_NM);
}

/* There EM means: no such instruction, not: no such device. */
TEST(nm, mmx_and_sse_with_em_are_invalid_opcodes, RULE)
{
	with_cr0(X86_CR0_EM, insn_mmx, X86_TRAP_UD);
	with_cr0(X86_CR0_EM, insn_sse_add, X86_TRAP_UD);
}

TEST(nm, em_outranks_ts_for_sse, "SDM 3A CR0.TS: set and EM clear")
{
	if (boot_cpu_data.vendor != VENDOR_INTEL)
		SKIP(return, "only the Intel manual orders EM and TS");
	with_cr0(X86_CR0_EM | X86_CR0_TS, insn_sse_add, X86_TRAP_UD);
}

TEST(nm, fxsave_with_ts_and_with_em, "SDM 2A FXSAVE: 64-Bit Mode Exceptions")
{
	static u8 area[512] __aligned(16);
	u64 cr0 = read_cr0();

	write_cr0(cr0 | X86_CR0_TS);
	EXPECT_FAULT(insn_fxsave, area, X86_TRAP_NM, 0);
	write_cr0(cr0 | X86_CR0_EM);
	EXPECT_FAULT(insn_fxsave, area, X86_TRAP_NM, 0);
	write_cr0(cr0);
	EXPECT_RETURNS(insn_fxsave, area);
}

TEST(nm, clts_ends_it, RULE)
{
	with_cr0(X86_CR0_TS, insn_clts_fld1, TRAP_NONE);
}

TEST(nm, user_x87_with_ts, RULE)
{
	u64 cr0 = read_cr0();

	write_cr0(cr0 | X86_CR0_TS);
	EXPECT_USER_FAULT(user_fld1, X86_TRAP_NM, 0);
	write_cr0(cr0);
	fninit();
}
