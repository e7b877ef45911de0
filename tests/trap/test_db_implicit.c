// SPDX-License-Identifier: MIT
/*
 * Breakpoints on what the delivery of an event itself reads and writes: the
 * stack it pushes to, the gate. Neither manual promises a report of these
 * accesses. If there is one, it is a trap behind the delivery, at the
 * handler's first instruction, and the delivery is whole.
 *
 * Only run when the suite is named: QEMU's TCG (10.0.2) ends itself, with
 * "bql_lock_impl: assertion failed", at the first of them.
 *
 * Spec: SDM 3B "Data Memory and I/O Breakpoint Exception Conditions".
 */
#include "db.h"

#define DATA "SDM 3B Data Memory and I/O Breakpoint Exception Conditions"

SUITE(db_implicit, .manual = true);

static void implicit(const void *addr, u32 rw)
{
	db_break(1, addr, rw, DR_LEN_8);
	db_run();
	EXPECT_EQ(probe.count[STEP_INT], 1);
	EXPECT_LE(db.n, 1);
	if (!db.n)
		return;
	EXPECT_EQ(db.at[0].ip, gate_offset(probe_gate(STEP_INT)));
	EXPECT_EQ(db.at[0].dr6, DR6_RESERVED | DR_TRAP0 << 1);
}

TEST(db_implicit, a_breakpoint_on_what_delivery_pushes_comes_behind_it, DATA)
{
	for (u32 word = 1; word <= 5; word++) {
		struct pt_regs *regs = db_begin(insn_one_int_n);

		implicit((void *)(regs->sp - word * 8), DR_RW_WRITE);
	}
}

TEST(db_implicit, a_breakpoint_on_an_ist_stack_comes_behind_delivery, DATA)
{
	u64 top = stack_top(smp_processor_id(), STACK_IST1 + IST_TEST_A - 1);

	for (u32 word = 1; word <= 5; word++) {
		db_begin(insn_one_int_n);
		probe_gate(STEP_INT)->bits.ist = IST_TEST_A;
		implicit((void *)(top - word * 8), DR_RW_WRITE);
	}
}

TEST(db_implicit, a_breakpoint_on_the_gate_comes_behind_delivery, DATA)
{
	db_begin(insn_one_int_n);
	implicit(probe_gate(STEP_INT), DR_RW_READWRITE);
}
