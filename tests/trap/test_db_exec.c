// SPDX-License-Identifier: MIT
/*
 * #DB by instruction breakpoint, RF, general detect and the shadow of MOV SS,
 * raw: what is pushed, and in which order two reasons are reported.
 *
 * Spec: SDM 3B "Instruction-Breakpoint Exception Condition", "General-Detect
 *       Exception Condition"; SDM 3A "Masking Exceptions and Interrupts When
 *       Switching Stacks"; APM 2 "Software-Debug Resources".
 */
#include "db.h"

#define RULE	 "SDM 3B Instruction-Breakpoint Exception Condition"
#define SS_RULE	 "SDM 3A Masking Exceptions and Interrupts When Switching Stacks"
#define PRIORITY RULE "; SDM 3A Priority Among Concurrent Events"
#define GD_RULE	 "SDM 3B General-Detect Exception Condition"

static void exec_break(u32 n, const void *at)
{
	db_break(n, at, DR_RW_EXECUTE, DR_LEN_1);
}

/* Event i: at ip, of these bits of DR6 alone. */
static void expect_event(u32 i, const void *ip, u64 bits)
{
	EXPECT_EQ(db.at[i].ip, ip);
	EXPECT_EQ(db.at[i].dr6, DR6_RESERVED | bits);
}

/* A fault, but RF is 0 in the image: software sets it to go on. */
TEST(db, exec_breakpoint_pushes_rf_as_0, RULE)
{
	db_begin(insn_one_nop);
	exec_break(1, insn_one_nop);
	db_run();
	EXPECT_EQ(db.n, 1);
	expect_event(0, insn_one_nop, DR_TRAP0 << 1);
	EXPECT_EQ(db.at[0].flags, X86_EFLAGS_FIXED);
}

TEST(db, four_exec_breakpoints_at_one_address_are_one_fault, "SDM 3B DR6")
{
	db_begin(insn_one_nop);
	for (u32 n = 0; n < 4; n++)
		exec_break(n, insn_one_nop);
	db_run();
	EXPECT_EQ(db.n, 1);
	expect_event(0, insn_one_nop, 0xf);
}

/* Its first byte, which may be a prefix: not the opcode behind that. */
TEST(db, exec_breakpoint_behind_a_prefix_is_none,
     "SDM 3B Breakpoint Field Recognition")
{
	for (u32 i = 0; i < 2; i++) {
		db_begin(insn_one_rep_0);
		exec_break(0, insn_one_rep_0 + i);
		db_run();
		EXPECT_EQ(db.n, !i);
	}
}

TEST(db, rf_loaded_by_iret_passes_one_instruction, "SDM 3B RF - Resume Flag")
{
	struct pt_regs *regs = db_begin(insn_one_nop);

	regs->flags |= X86_EFLAGS_RF;
	exec_break(0, insn_one_nop);
	exec_break(1, insn_one_nop_at);
	db_run();
	EXPECT_EQ(db.n, 1);
	expect_event(0, insn_one_nop_at, DR_TRAP0 << 1);
}

TEST(db, popf_does_not_load_rf, "SDM 2B POPF; SDM 3B RF - Resume Flag")
{
	struct pt_regs *regs = db_begin(insn_one_popf_rf);

	*(u64 *)regs->sp = X86_EFLAGS_FIXED | X86_EFLAGS_RF;
	exec_break(0, insn_one_popf_rf_at);
	db_run();
	EXPECT_EQ(db.n, 1);
	expect_event(0, insn_one_popf_rf_at, DR_TRAP0);
}

/* One instruction, however many iterations. */
TEST(db, rf_passes_all_of_a_rep, RULE)
{
	struct pt_regs *regs = db_begin(insn_one_rep_stos);

	regs->cx = 5;
	exec_break(0, insn_one_rep_stos);
	db_run();
	EXPECT_EQ(db.n, 1);
	EXPECT_EQ(db.at[0].cx, 5);
	expect_event(0, insn_one_rep_stos, DR_TRAP0);
}

/* The trap of one instruction before the fault of the next. */
TEST(db, a_step_is_reported_before_the_breakpoint_behind_it, PRIORITY)
{
	struct pt_regs *regs = db_begin(insn_one_nop);

	regs->flags |= X86_EFLAGS_TF;
	exec_break(0, insn_one_nop_at);
	db_run();
	EXPECT_EQ(db.n, 4);
	EXPECT_EQ(db.at[0].ip, insn_one_nop_at);
	EXPECT_EQ(db.at[0].dr6 & (DR_STEP | DR_BD | DR_BT), DR_STEP);
	expect_event(1, insn_one_nop_at, DR_TRAP0);
	expect_event(2, insn_one_nop_at + 1, DR_STEP);
	expect_event(3, insn_one_nop_at + 2, DR_STEP);
}

static enum probe_action skip_ud2(struct probe_regs *regs)
{
	regs->top[0] += 2;
	return PROBE_RETURN;
}

TEST(db, exec_breakpoint_comes_before_the_fault_of_its_instruction, PRIORITY)
{
	db_begin(insn_one_ud2);
	probe.hook[X86_TRAP_UD] = skip_ud2;
	exec_break(3, insn_one_ud2);
	db_run();
	EXPECT_EQ(db.n, 1);
	expect_event(0, insn_one_ud2, DR_TRAP0 << 3);
	EXPECT_EQ(probe.count[X86_TRAP_UD], 1);
	EXPECT_EQ(probe.hit[0].vector, X86_TRAP_DB);
	EXPECT_EQ(probe.hit[1].top[2], X86_EFLAGS_FIXED | X86_EFLAGS_RF);
}

static struct pt_regs *begin_mov_ss(const char *insn)
{
	struct pt_regs *regs = db_begin(insn);

	*(u16 *)regs->di = __KERNEL_DS;
	return regs;
}

/* Right behind it may be suppressed; one instruction on it may not. */
TEST(db, exec_breakpoint_behind_mov_ss_is_held_for_one_alone, SS_RULE)
{
	begin_mov_ss(insn_one_mov_ss);
	exec_break(0, insn_one_mov_ss_at);
	db_run();
	EXPECT_LE(db.n, 1);
	if (db.n)
		expect_event(0, insn_one_mov_ss_at, DR_TRAP0);
	begin_mov_ss(insn_one_mov_ss);
	exec_break(0, insn_one_mov_ss_at + 1);
	db_run();
	EXPECT_EQ(db.n, 1);
	expect_event(0, insn_one_mov_ss_at + 1, DR_TRAP0);
}

/*
 * A watched MOV SS holds its #DB; the software interrupt behind it is
 * delivered first. So #DB comes at the first instruction of that handler, or
 * is lost: never before the handler.
 */
static void into_handler(const char *insn, u32 vector)
{
	struct pt_regs *regs = begin_mov_ss(insn);

	db_break(0, (void *)regs->di, DR_RW_READWRITE, DR_LEN_2);
	db_run();
	EXPECT_EQ(probe.count[vector], 1);
	EXPECT_LE(db.n, 1);
	if (!db.n)
		return;
	expect_event(0, (void *)gate_offset(probe_gate(vector)), DR_TRAP0);
	EXPECT_EQ(probe.hit[0].vector, X86_TRAP_DB);
}

TEST(db, a_watched_mov_ss_is_not_reported_before_int3, SS_RULE)
{
	into_handler(insn_one_mov_ss_int3, X86_TRAP_BP);
}

TEST(db, a_watched_mov_ss_is_not_reported_before_int_n, SS_RULE)
{
	into_handler(insn_one_mov_ss_int_n, STEP_INT);
}

/* BD, before the move is done; the CPU clears GD, and then it is done. */
#define DETECTS(name, value)                             \
	do {                                             \
		db_begin(insn_one_##name)->ax = value;   \
		db_dr7(DR7_GD);                          \
		db_run();                                \
		if (!EXPECT_EQ(db.n, 1))                 \
			ktest_note(#name);               \
		expect_event(0, insn_one_##name, DR_BD); \
	} while (0)

TEST(db, general_detect_sees_each_mov_to_a_debug_register, GD_RULE)
{
	DETECTS(to_dr0, 0);
	DETECTS(to_dr1, 0);
	DETECTS(to_dr2, 0);
	DETECTS(to_dr3, 0);
	DETECTS(to_dr6, DR6_RESERVED);
	DETECTS(to_dr7, DR7_FIXED);
}

TEST(db, general_detect_sees_each_mov_from_a_debug_register, GD_RULE)
{
	DETECTS(from_dr0, 0);
	DETECTS(from_dr1, 0);
	DETECTS(from_dr2, 0);
	DETECTS(from_dr3, 0);
	DETECTS(from_dr6, 0);
	DETECTS(from_dr7, 0);
}

/* What reads as 0 or 1 stays so; a CPU may have BLD and RTM (11, 16). */
TEST(db, dr6_takes_its_own_bits_alone, "SDM 3B DR6; APM 2 DR6")
{
	u64 own = 0xf | DR_BD | DR_STEP | DR_BT, optional = BIT(11) | BIT(16);

	write_dr6(own | DR6_RESERVED);
	EXPECT_EQ(read_dr6(), own | DR6_RESERVED);
	write_dr6(own);
	EXPECT_EQ(read_dr6() | optional, own | DR6_RESERVED);
	write_dr6(DR6_RESERVED);
	EXPECT_EQ(read_dr6(), DR6_RESERVED);
}

/* Without GD, or the read would not be done; no breakpoint is enabled. */
TEST(db, dr7_takes_its_own_bits_alone, "SDM 3B DR7; APM 2 DR7")
{
	u64 own = 0xffff0000ul | DR7_LE | DR7_GE;

	write_dr7(own); /* bit 10 reads as 1 all the same */
	EXPECT_EQ(read_dr7(), own | DR7_FIXED);
	write_dr7(0);
	EXPECT_EQ(read_dr7(), DR7_FIXED);
}
