// SPDX-License-Identifier: MIT
/*
 * #DB, Debug, by single step and by instruction: vector 1, no error code. A
 * step is a trap with DR6.BS; INT1 and INT 1 leave DR6 alone.
 *
 * Spec: SDM 3B "Single-Step Exception Condition", "Debug Status Register
 *       (DR6)"; SDM 3A "Interrupt 1-Debug Exception (#DB)"; APM 2 "Single
 *       Stepping".
 */
#include <asm/special_insns.h>
#include <cpu/percpu.h>
#include <ktest/insn_db.h>
#include <ktest/insn_de.h>
#include <ktest/insn_user.h>
#include <trap/traps.h>

#include "judge.h"

#define RULE	  "SDM 3B Single-Step Exception Condition"
#define MAX_STEPS 12

/* What each #DB found; the body judges. */
struct steps {
	u32 n;
	u64 ip[MAX_STEPS], dr6[MAX_STEPS], flags[MAX_STEPS], cx[MAX_STEPS];
	enum stack_kind stack;
};

static bool on_step(struct pt_regs *regs, void *data)
{
	struct steps *s = data;
	u32 i = s->n++;

	if (i >= MAX_STEPS) {
		regs->flags &= ~(u64)X86_EFLAGS_TF;
		return true;
	}
	s->ip[i] = regs->ip;
	s->dr6[i] = this_cpu(debug_dr6);
	s->flags[i] = regs->flags;
	s->cx[i] = regs->cx;
	s->stack = stack_of((u64)regs).kind;
	return true;
}

/* Step fn(arg); every #DB must have been a step, on its stack, and n of them.
 */
static void step(void (*fn)(void *), void *arg, struct steps *s, u32 n)
{
	*s = (struct steps){ 0 };
	trap_hook(X86_TRAP_DB, on_step, s);
	EXPECT_RETURNS(fn, arg);
	trap_hook(X86_TRAP_DB, NULL, NULL);
	EXPECT_EQ(s->n, n);
	EXPECT_EQ(s->stack, STACK_IST1 + IST_DB - 1);
	for (u32 i = 0; i < min(s->n, (u32)MAX_STEPS); i++)
		EXPECT_EQ(s->dr6[i], DR6_RESERVED | DR_STEP);
}

TEST(db, step_comes_after_each_instruction, RULE)
{
	struct steps s;

	step(insn_step_nops, NULL, &s, 5);
	EXPECT_EQ(s.ip[0], insn_step_nops_at + 1);
	EXPECT_EQ(s.ip[1], insn_step_nops_at + 2);
	EXPECT_EQ(s.ip[4], insn_step_nops_end);
}

/* TF as the instruction began decides: the saved image has it cleared. */
TEST(db, step_comes_after_the_popf_that_clears_tf, RULE)
{
	struct steps s;

	step(insn_step_nops, NULL, &s, 5);
	EXPECT_EQ(s.flags[3] & X86_EFLAGS_TF, X86_EFLAGS_TF);
	EXPECT_EQ(s.flags[4] & X86_EFLAGS_TF, 0);
}

/* Hypervisors emulate these, and forget. */
TEST(db, step_over_cpuid, RULE)
{
	struct steps s;

	step(insn_step_cpuid, NULL, &s, 4);
	EXPECT_EQ(s.ip[0], insn_step_cpuid_at + 2);
}

TEST(db, step_over_in, RULE)
{
	struct steps s;

	step(insn_step_in, NULL, &s, 4);
	EXPECT_EQ(s.ip[0], insn_step_in_at + 2);
}

TEST(db, step_comes_after_each_iteration_of_rep, RULE)
{
	struct steps s;
	u8 buf[4] = { 0xff, 0xff, 0xff, 0xff };

	step(insn_step_rep, buf, &s, 6);
	for (u32 i = 0; i < 3; i++)
		EXPECT_EQ(s.cx[i], 2 - i);
	EXPECT_EQ(s.ip[0], insn_step_rep_at);
	EXPECT_EQ(s.ip[1], insn_step_rep_at);
	EXPECT_EQ(s.ip[2], insn_step_rep_at + 2);
	EXPECT_EQ(buf[3], 0xff);
}

TEST(db, step_begins_behind_the_iret_that_sets_tf, RULE)
{
	struct steps s;

	step(insn_step_iret, NULL, &s, 4);
	EXPECT_EQ(s.ip[0], insn_step_iret_at + 1);
}

static bool skip_ud2(struct pt_regs *regs, void *data)
{
	*(u64 *)data = regs->flags;
	regs->ip += 2;
	return true;
}

/* A fault is no completed instruction; its image keeps TF for the return. */
TEST(db, step_does_not_come_after_a_fault, RULE)
{
	struct steps s;
	u64 flags = 0;

	trap_hook(X86_TRAP_UD, skip_ud2, &flags);
	step(insn_step_ud2, NULL, &s, 3);
	EXPECT_EQ(flags & X86_EFLAGS_TF, X86_EFLAGS_TF);
	EXPECT_EQ(s.ip[0], insn_step_ud2_at + 3);
}

#define TRAP_ON_IST(fn)                     \
	judge(PLACE(#fn), fn, NULL,         \
	      WANT(X86_TRAP_DB, 0, fn##_at, \
		   .stack = (enum stack_kind)(STACK_IST1 + IST_DB - 1)))

TEST(db, icebp_is_a_trap_that_leaves_dr6_alone, "SDM 2A INT1; SDM 3B DR6")
{
	const struct trap *got = TRAP_ON_IST(insn_icebp);

	EXPECT_EQ(got->dr6, DR6_RESERVED);
}

TEST(db, int_1_is_a_trap_that_leaves_dr6_alone, "SDM 2A INT n; SDM 3B DR6")
{
	const struct trap *got = TRAP_ON_IST(insn_int_1);

	EXPECT_EQ(got->dr6, DR6_RESERVED);
}

/* The CPU sets bits of DR6 and clears none but B0 to B3. */
TEST(db, dr6_bits_stay_until_software_clears_them, "SDM 3B DR6")
{
	struct steps s = { 0 };

	trap_hook(X86_TRAP_DB, on_step, &s);
	write_dr6(DR6_RESERVED | DR_BD);
	EXPECT_RETURNS(insn_step_nops, NULL);
	trap_hook(X86_TRAP_DB, NULL, NULL);
	EXPECT_EQ(s.dr6[0], DR6_RESERVED | DR_BD | DR_STEP);
	EXPECT_EQ(s.dr6[1], DR6_RESERVED | DR_STEP);
}

static u8 watched __aligned(8);

/*
 * On the case's own stack, so that where the CPU makes two of them the second
 * does not overwrite the first one's frame on the IST stack.
 */
TEST(db, step_and_breakpoint_are_one_exception, "SDM 3B DR6")
{
	struct steps s = { 0 };

	scratch_idt_begin();
	scratch_idt[X86_TRAP_DB].bits.ist = IST_NONE;
	trap_hook(X86_TRAP_DB, on_step, &s);
	write_dr0((u64)&watched);
	write_dr7(DR7_FIXED | DR7_G(0) | DR7_RW(0, DR_RW_WRITE));
	EXPECT_RETURNS(insn_step_store, &watched);
	write_dr7(DR7_FIXED);
	trap_hook(X86_TRAP_DB, NULL, NULL);
	scratch_idt_end();
	EXPECT_EQ(s.n, 4);
	EXPECT_EQ(s.ip[0], insn_step_store_at + 3);
	EXPECT_EQ(s.dr6[0], DR6_RESERVED | DR_STEP | DR_TRAP0);
	EXPECT_EQ(s.dr6[1], DR6_RESERVED | DR_STEP);
}

TEST(db, user_step, RULE)
{
	struct pt_regs *regs = user_regs((u64)user_nop);
	const struct trap *got;

	regs->flags |= X86_EFLAGS_TF;
	got = judge_user(PLACE("nop"), regs,
			 WANT(X86_TRAP_DB, 0, user_nop + 1));
	EXPECT_EQ(got->dr6, DR6_RESERVED | DR_STEP);
}

/* The gate's DPL is 0: INT1 passes as hardware does, INT 1 would not. */
TEST(db, user_icebp_does_not_look_at_the_gate, "SDM 2A INT1")
{
	const struct trap *got =
		EXPECT_USER_TRAPPED(user_icebp, X86_TRAP_DB, user_icebp + 1);

	EXPECT_EQ(got->dr6, DR6_RESERVED);
}
