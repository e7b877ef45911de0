// SPDX-License-Identifier: MIT
/*
 * #MF by cause: each of x87's six, and the stack fault, masked and not. With
 * CR0.NE 1; what NE 0 raises is an interrupt of the 8259, which no case sees.
 *
 * Spec: SDM 3A "Interrupt 16-x87 FPU Floating-Point Error (#MF)"; SDM 1 "x87
 *       FPU Floating-Point Exception Conditions"; APM 2 "#MF-x87 Floating-
 *       Point Exception-Pending (Vector 16)".
 */
#include <asm/special_insns.h>
#include <ktest/insn_fpu.h>
#include <lib/string.h>

#include "judge.h"

#define RULE	 "SDM 3A Interrupt 16; APM 2 #MF"
#define FCW_INIT 0x037f
#define FSW_SF	 0x0040
#define FSW_ES	 0x0080

/* Flags and their masks have the same place: IE DE ZE OE UE PE. */
enum cause { IE, DE, ZE, OE, UE, PE };

/* Sign and exponent, and the upper half of the fraction: lower is 0. */
struct extended {
	u16 exponent;
	u32 fraction;
};

#define ZERO              \
	{                 \
		0x0000, 0 \
	}
#define ONE                        \
	{                          \
		0x3fff, 0x80000000 \
	}
#define THREE                      \
	{                          \
		0x4000, 0xc0000000 \
	}
#define MOST                       \
	{                          \
		0x7ffe, 0x80000000 \
	}
#define LEAST                      \
	{                          \
		0x0001, 0x80000000 \
	}
#define DENORMAL                   \
	{                          \
		0x0000, 0x40000000 \
	}

static const struct {
	const char *name;
	void (*fn)(void *);
	char *at;
	u8 cause;
	struct extended a, b;
} op[] = {
	{ "0 / 0", insn_x87_div, insn_x87_div_at, IE, ZERO, ZERO },
	{ "denormal * 1", insn_x87_mul, insn_x87_mul_at, DE, DENORMAL, ONE },
	{ "1 / 0", insn_x87_div, insn_x87_div_at, ZE, ONE, ZERO },
	{ "most * most", insn_x87_mul, insn_x87_mul_at, OE, MOST, MOST },
	{ "least * least", insn_x87_mul, insn_x87_mul_at, UE, LEAST, LEAST },
	{ "1 / 3", insn_x87_div, insn_x87_div_at, PE, ONE, THREE },
};

static void store(u8 *to, struct extended value)
{
	memset(to, 0, 10);
	memcpy(to + 4, &value.fraction, 4);
	memcpy(to + 8, &value.exponent, 2);
}

/* All masked, or all but the one. */
static void one_cause(u32 i, bool masked)
{
	struct x87_op x = { .cw = FCW_INIT };
	u32 flag = BIT(op[i].cause);

	if (!masked)
		x.cw &= (u16)~flag;
	store(x.a, op[i].a);
	store(x.b, op[i].b);
	judge(PLACE(op[i].name), op[i].fn, &x,
	      WANT(masked ? TRAP_NONE : X86_TRAP_MF, 0, op[i].at,
		   .fault = true));
	fninit();
	/* Another cause may come with it, as PE does with OE and UE. */
	if (!EXPECT_EQ(x.sw_after & flag, flag) ||
	    !EXPECT_EQ(x.sw_after & FSW_ES, masked ? 0 : FSW_ES))
		ktest_note("%s: status 0x%x", op[i].name, x.sw_after);
}

static void all_causes(bool masked, bool denormal)
{
	for (u32 i = 0; i < ARRAY_SIZE(op); i++) {
		if ((op[i].cause == DE) == denormal)
			one_cause(i, masked);
	}
}

TEST(mf, each_cause_that_is_masked_sets_its_flag, RULE)
{
	all_causes(true, false);
}

TEST(mf, each_cause_that_is_not_masked_is_a_fault, RULE)
{
	all_causes(false, false);
}

TEST(mf, denormal_operand_sets_its_flag, RULE)
{
	all_causes(true, true);
}

TEST(mf, denormal_operand_that_is_not_masked_is_a_fault, RULE)
{
	all_causes(false, true);
}

TEST(mf, mmx_instruction_raises_what_is_pending, RULE)
{
	EXPECT_FAULT_AT(insn_fdiv_mmx, NULL, X86_TRAP_MF, 0, insn_fdiv_mmx_at);
}

static void pop_empty(u16 cw, u32 nr)
{
	struct x87_op x = { .cw = cw };

	judge(PLACE("pop of an empty register"), insn_x87_pop, &x,
	      WANT(nr, 0, insn_x87_pop_at, .fault = true));
	fninit();
	EXPECT_EQ(x.sw_after & (FSW_SF | BIT(IE)), FSW_SF | BIT(IE));
}

TEST(mf, stack_underflow_is_an_invalid_operation, RULE)
{
	pop_empty(FCW_INIT, TRAP_NONE);
	pop_empty(FCW_INIT & ~(u16)BIT(IE), X86_TRAP_MF);
}
