// SPDX-License-Identifier: MIT
/*
 * #MF, x87 Floating-Point Error: vector 16, a fault of the next instruction
 * that waits. #XM, SIMD Floating-Point: vector 19, a fault of the instruction
 * itself. #AC, Alignment Check: vector 17, a fault, error code 0, CPL 3 only.
 *
 * Spec: SDM 3A "Interrupt 16-x87 FPU Floating-Point Error (#MF)", "Interrupt
 *       17-Alignment Check Exception (#AC)", "Interrupt 19-SIMD Floating-Point
 *       Exception (#XM)"; APM 2 the same by vector.
 */
#include <asm/special_insns.h>
#include <ktest/insn_fpu.h>
#include <ktest/insn_mem.h>
#include <ktest/insn_user.h>
#include <mm/page_alloc.h>
#include <mm/paging.h>

#include "judge.h"

#define FSW_ZE_ES 0x84 /* zero divide, and the summary bit */

/* C judges in between: nothing pending may be left in x87. */
static void mf_teardown(void)
{
	fninit();
}

SUITE(mf, .teardown = mf_teardown);

TEST(mf, fwait_raises_what_is_pending, "SDM 3A Interrupt 16")
{
	EXPECT_FAULT_AT(insn_fdiv_fwait, NULL, X86_TRAP_MF, 0,
			insn_fdiv_fwait_at);
}

TEST(mf, next_x87_instruction_raises_what_is_pending, "SDM 3A Interrupt 16")
{
	EXPECT_FAULT_AT(insn_fdiv_fld1, NULL, X86_TRAP_MF, 0,
			insn_fdiv_fld1_at);
}

TEST(mf, instructions_that_do_not_wait_raise_nothing, "SDM 3A Interrupt 16")
{
	u64 status = 0;

	EXPECT_RETURNS(insn_fdiv_no_wait, &status);
	EXPECT_EQ(status & 0xff, FSW_ZE_ES);
}

/* Flags: IE 0, DE 1, ZE 2, OE 3, UE 4, PE 5; each mask is 7 bits higher. */
#define MXCSR_DEFAULT 0x1f80u
#define MXCSR_DE      1
#define ONE	      0x3f800000
#define THREE	      0x40400000
#define MINUS_ONE     0xbf800000
#define HUGE	      0x7f000000
#define TINY	      0x00800000
#define DENORMAL      0x00000001

static const struct {
	const char *name;
	void (*fn)(void *);
	char *at;
	u32 bit, a, b;
} cause[] = {
	{ "invalid", insn_sse_sqrt, insn_sse_sqrt_at, 0, 0, MINUS_ONE },
	{ "denormal", insn_sse_mul, insn_sse_mul_at, 1, DENORMAL, ONE },
	{ "zero divide", insn_sse_div, insn_sse_div_at, 2, ONE, 0 },
	{ "overflow", insn_sse_mul, insn_sse_mul_at, 3, HUGE, HUGE },
	{ "underflow", insn_sse_mul, insn_sse_mul_at, 4, TINY, TINY },
	{ "precision", insn_sse_div, insn_sse_div_at, 5, ONE, THREE },
};

static void xm_teardown(void)
{
	struct sse_op op = { .mxcsr = MXCSR_DEFAULT };

	insn_ldmxcsr(&op);
}

SUITE(xm, .teardown = xm_teardown);

/* A masked cause: no exception, its flag, no mask changed. */
static void sets_its_flag(u32 i)
{
	struct sse_op op = { .mxcsr = MXCSR_DEFAULT,
			     .a = cause[i].a,
			     .b = cause[i].b };

	judge(PLACE(cause[i].name), cause[i].fn, &op, WANT(TRAP_NONE, 0, 0));
	if (!EXPECT_TRUE(op.mxcsr_after >> cause[i].bit & 1))
		ktest_note("MXCSR 0x%x after %s", op.mxcsr_after,
			   cause[i].name);
	EXPECT_EQ(op.mxcsr_after & ~0x3fu, MXCSR_DEFAULT);
}

TEST(xm, each_cause_that_is_masked_sets_its_flag, "SDM 3A Interrupt 19")
{
	for (u32 i = 0; i < ARRAY_SIZE(cause); i++) {
		if (cause[i].bit != MXCSR_DE)
			sets_its_flag(i);
	}
}

TEST(xm, masked_denormal_operand_sets_its_flag, "SDM 3A Interrupt 19")
{
	sets_its_flag(MXCSR_DE);
}

static void all_causes(u32 nr)
{
	for (u32 i = 0; i < ARRAY_SIZE(cause); i++) {
		struct sse_op op = {
			.mxcsr = MXCSR_DEFAULT & ~(u32)BIT(cause[i].bit + 7),
			.a = cause[i].a,
			.b = cause[i].b,
		};

		judge(PLACE(cause[i].name), cause[i].fn, &op,
		      WANT(nr, 0, cause[i].at, .fault = true));
	}
}

TEST(xm, each_cause_that_is_not_masked_is_a_fault, "SDM 3A Interrupt 19")
{
	all_causes(X86_TRAP_XF);
}

TEST(xm, without_osxmmexcpt_it_is_an_invalid_opcode, "SDM 3A CR4.OSXMMEXCPT")
{
	u64 cr4 = read_cr4();

	write_cr4(cr4 & ~(u64)X86_CR4_OSXMMEXCPT);
	all_causes(X86_TRAP_UD);
	write_cr4(cr4);
}

/* AMD's MM, bit 17, is a bit where CPUID says so. */
TEST(gp, ldmxcsr_of_reserved_bits, "SDM 3A Interrupt 13; SDM 2A LDMXCSR")
{
	for (u32 bit = 18; bit < 32; bit++) {
		struct sse_op op = { .mxcsr = MXCSR_DEFAULT | (u32)BIT(bit) };

		EXPECT_FAULT(insn_ldmxcsr, &op, X86_TRAP_GP, 0);
	}
	xm_teardown();
}

#define AC_RULE "SDM 3A Interrupt 17, table Alignment Requirements by Data Type"

static const struct {
	char *insn;
	u64 misaligned;
} access[] = {
	{ user_read2, 1 },  { user_read4, 2 },	{ user_read8, 4 },
	{ user_write2, 1 }, { user_write4, 2 }, { user_write8, 4 },
};

/* One access at CPL 3; nr 0x80 if it does not fault. */
static void aligned_access(u32 i, u64 offset, u64 ac, u32 nr)
{
	struct pt_regs *regs = user_regs((u64)access[i].insn);
	struct trap got;

	regs->di = USER_VA + offset;
	regs->flags |= ac;
	got = catch_user(regs);
	if (!EXPECT_TRAP(got, nr)) {
		ktest_note("access %u at offset %llu", i,
			   (unsigned long long)offset);
		return;
	}
	EXPECT_EQ(got.error_code, 0);
	if (nr == X86_TRAP_AC)
		EXPECT_EQ(got.ip, access[i].insn);
}

/* The page the accesses are to, and AM as asked; all put back after. */
static void all_accesses(u64 am, u64 ac, bool misaligned, u32 nr)
{
	u64 page = alloc_pages(1), cr0 = read_cr0();

	if (!EXPECT_EQ(map_range(USER_VA, page, PAGE_SIZE, PAGE_USER_RW), 0))
		return;
	write_cr0((cr0 & ~(u64)X86_CR0_AM) | am);
	for (u32 i = 0; i < ARRAY_SIZE(access); i++)
		aligned_access(i, misaligned ? access[i].misaligned : 0, ac,
			       nr);
	write_cr0(cr0);
	unmap_range(USER_VA, PAGE_SIZE);
	free_pages(page, 1);
}

TEST(ac, user_with_am_and_ac_at_each_size, AC_RULE)
{
	all_accesses(X86_CR0_AM, X86_EFLAGS_AC, true, X86_TRAP_AC);
}

TEST(ac, aligned_accesses_do_not_fault, AC_RULE)
{
	all_accesses(X86_CR0_AM, X86_EFLAGS_AC, false, 0x80);
}

TEST(ac, it_takes_both_am_and_ac, AC_RULE)
{
	all_accesses(X86_CR0_AM, 0, true, 0x80);
	all_accesses(0, X86_EFLAGS_AC, true, 0x80);
}

/* RFLAGS.AC then means SMAP's exception, nothing else. */
TEST(ac, never_at_cpl_0, AC_RULE)
{
	u64 data[2] = { 0 }, cr0 = read_cr0();

	write_cr0(cr0 | X86_CR0_AM);
	for (u32 i = 1; i < 8; i++)
		EXPECT_RETURNS(insn_mem_read8_ac, (char *)data + i);
	write_cr0(cr0);
}
