// SPDX-License-Identifier: MIT
/*
 * #BP, Breakpoint: vector 3, a trap, pushes no error code, through a gate
 * that CPL 3 may use.
 *
 * Spec: SDM 3A "Interrupt 3-Breakpoint Exception (#BP)"; SDM 2A "INT n/INTO/
 *       INT3/INT1"; APM 2 "#BP-Breakpoint Exception (Vector 3)".
 */
#include <ktest/insn_de.h>
#include <ktest/insn_user.h>
#include <trap/traps.h>

#include "judge.h"

#define RULE "SDM 3A Interrupt 3"

TEST(bp, int3_returns_behind_its_one_byte, RULE)
{
	EXPECT_EQ(insn_int3_at - (char *)insn_int3, 1);
	EXPECT_TRAPPED(insn_int3, NULL, X86_TRAP_BP, insn_int3_at);
}

TEST(bp, int_3_returns_behind_its_two_bytes, RULE)
{
	EXPECT_EQ(insn_int_3_at - (char *)insn_int_3, 2);
	EXPECT_TRAPPED(insn_int_3, NULL, X86_TRAP_BP, insn_int_3_at);
}

TEST(bp, user_int3_is_let_through_the_gate, RULE)
{
	EXPECT_USER_TRAPPED(user_int3, X86_TRAP_BP, user_int3 + 1);
}

TEST(bp, user_int_3_is_let_through_the_gate, RULE)
{
	EXPECT_USER_TRAPPED(user_int_3, X86_TRAP_BP, user_int_3 + 2);
}

static bool count(struct pt_regs *regs, void *data)
{
	(*(u32 *)data)++;
	return true;
}

/* One INT3, one exception; and the code behind it goes on. */
TEST(bp, execution_goes_on_behind_it, RULE)
{
	u32 n = 0;

	trap_hook(X86_TRAP_BP, count, &n);
	EXPECT_RETURNS(insn_int3, NULL);
	EXPECT_EQ(n, 1);
	EXPECT_RETURNS(insn_int_3, NULL);
	EXPECT_EQ(n, 2);
}
