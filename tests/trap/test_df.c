// SPDX-License-Identifier: MIT
/*
 * #DF, Double Fault: vector 8, an abort, error code 0, on a stack of its own:
 * stacks that nothing can be pushed to, met on the live tables. Which pairs
 * of events are double: tests/delivery/test_df_*.c.
 *
 * Spec: SDM 3A "Interrupt 8-Double Fault Exception (#DF)"; APM 2 "#DF-Double-
 *       Fault Exception (Vector 8)".
 */
#include <asm/msr-index.h>
#include <asm/special_insns.h>
#include <cpu/irqflags.h>
#include <cpu/percpu.h>
#include <ktest/insn_seg.h>
#include <ktest/insn_user.h>

#include "judge.h"

#define RULE	 "SDM 3A Conditions for Generating a Double Fault"
#define DF_STACK ((enum stack_kind)(STACK_IST1 + IST_DF - 1))
#define NO_STACK USER_VA /* nothing is mapped there */

/* Every stack push fails: #UD's, then #PF's. The #DF stack does not. */
TEST(df, rsp_that_points_to_nothing, RULE)
{
	struct trap got;

	local_irq_disable();
	got = catch_trap(insn_ud2_on, (void *)NO_STACK);
	local_irq_enable();
	EXPECT_TRAP(got, X86_TRAP_DF);
	EXPECT_EQ(got.error_code, 0);
	EXPECT_EQ(got.stack, DF_STACK);
	EXPECT_EQ(got.sp, NO_STACK);
	EXPECT_EQ(got.cr2, NO_STACK - 8);
}

TEST(df, rsp_that_is_not_canonical, RULE)
{
	struct trap got;

	local_irq_disable();
	got = catch_trap(insn_ud2_on, (void *)NONCANONICAL);
	local_irq_enable();
	EXPECT_TRAP(got, X86_TRAP_DF);
	EXPECT_EQ(got.error_code, 0);
	EXPECT_EQ(got.stack, DF_STACK);
	EXPECT_EQ(got.sp, NONCANONICAL);
}

/* From CPL 3 all frames go to RSP0: #UD's, then #PF's, cannot. */
TEST(df, rsp0_that_points_to_nothing, RULE)
{
	struct tss *tss = this_cpu(tss);
	u64 rsp0 = tss->sp[0], gs = rdmsr(MSR_GS_BASE);
	struct trap got;

	local_irq_disable();
	tss->sp[0] = NO_STACK;
	got = catch_user(user_regs((u64)user_ud2));
	tss->sp[0] = rsp0;
	local_irq_enable();
	EXPECT_TRAP(got, X86_TRAP_DF);
	EXPECT_EQ(got.error_code, 0);
	EXPECT_EQ(got.stack, DF_STACK);
	EXPECT_EQ(got.cs, __USER_CS);
	EXPECT_EQ(got.sp, USER_SP);
	EXPECT_EQ(got.cr2, NO_STACK - 8);
	EXPECT_EQ(rdmsr(MSR_GS_BASE), gs);
}

/*
 * A push at each stack's lowest word: #PF, whose frame has no room either.
 * The #DF stack's own overflow takes that stack again, from its top.
 */
TEST(df, an_overflow_of_each_stack_is_a_double_fault, RULE)
{
	for (u32 kind = 0; kind < NR_STACKS; kind++) {
		u64 bottom = stack_top(smp_processor_id(), kind) - STACK_SIZE;
		struct trap got;

		local_irq_disable();
		got = catch_trap(insn_push, (void *)bottom);
		local_irq_enable();
		if (!EXPECT_TRAP(got, X86_TRAP_DF))
			ktest_note("the %s stack", stack_name(kind));
		EXPECT_EQ(got.error_code, 0);
		EXPECT_EQ(got.stack, DF_STACK);
		EXPECT_EQ(got.handler_sp,
			  stack_top(smp_processor_id(), DF_STACK));
		EXPECT_EQ(got.cr2, bottom - 8);
		EXPECT_TRUE(stack_of(got.cr2).guard);
		EXPECT_EQ(stack_of(got.cr2).kind, kind);
	}
}
