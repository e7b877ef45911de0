// SPDX-License-Identifier: MIT
/*
 * #UD, Invalid Opcode: vector 6, a fault, pushes no error code.
 *
 * Spec: SDM 3A "Interrupt 6-Invalid Opcode Exception (#UD)";
 *       APM 2 "#UD-Invalid-Opcode Exception (Vector 6)".
 */
#include <asm/trapnr.h>
#include <ktest/insn.h>
#include <ktest/ktest.h>
#include <trap/catch.h>

/* A fault reports the instruction itself: IP must not have advanced. */
TEST(ud, ud2_faults_at_its_own_address, "SDM 3A Interrupt 6")
{
	struct trap got = catch_trap(insn_ud2, NULL);

	EXPECT_TRAP(got, X86_TRAP_UD);
	EXPECT_EQ(got.error_code, 0);
	EXPECT_EQ(got.ip, insn_ud2);
}
