// SPDX-License-Identifier: MIT
/*
 * The CPL 3 half of #DB: single step over what changes the privilege level or
 * faults, breakpoints of each kind and length. From CPL 3 the IST stack is
 * left for the entry stack, where every other event of CPL 3 is.
 *
 * Spec: SDM 3B "Debug Exceptions", "Single-Step Exception Condition";
 *       SDM 3A "Interrupt 1"; APM 2 "Debug Exceptions".
 */
#include <asm/irq_vectors.h>
#include <asm/special_insns.h>
#include <ktest/insn_db.h>
#include <ktest/insn_user.h>
#include <ktest/insn_user_fault.h>
#include <trap/signal.h>
#include <trap/traps.h>

#include "user_page.h"

#define STEP "SDM 3B Single-Step Exception Condition"
#define DATA "SDM 3B Data Memory and I/O Breakpoint Exception Conditions"
#define EXEC "SDM 3B Instruction-Breakpoint Exception Condition"

struct insn {
	const char *name;
	char *at, *end;
};

#define UF(name)                                  \
	{                                         \
#name, uf_##name, uf_##name##_end \
	}

/* One #DB, a trap: behind the instruction, with these bits of DR6. */
static const struct trap *traps(const struct insn *insn, struct pt_regs *regs,
				u64 dr6)
{
	struct place at = { __FILE__, __LINE__, insn->name };
	const struct trap *got;

	regs->ip = (u64)insn->at;
	write_dr6(DR6_RESERVED);
	got = judge_user(&at, regs, WANT(X86_TRAP_DB, 0, insn->end));
	EXPECT_EQ(got->dr6, DR6_RESERVED | dr6);
	return got;
}

static struct pt_regs *stepped(void)
{
	struct pt_regs *regs = user_regs(0);

	regs->flags |= X86_EFLAGS_TF;
	return regs;
}

/* Hypervisors emulate some of these, and forget. */
TEST(db, user_step_over_ordinary_instructions, STEP)
{
	static const struct insn list[] = { UF(nop), UF(cpuid), UF(load_rsp) };

	for (u32 i = 0; i < ARRAY_SIZE(list); i++)
		traps(&list[i], stepped(), DR_STEP);
}

TEST(db, user_step_over_in_and_out, STEP)
{
	static const struct insn list[] = { UF(in8), UF(out8) };

	for (u32 i = 0; i < ARRAY_SIZE(list); i++) {
		struct pt_regs *regs = stepped();

		regs->flags |= X86_EFLAGS_IOPL;
		traps(&list[i], regs, DR_STEP);
	}
}

static u32 taken;

static bool count(struct pt_regs *regs, void *data)
{
	taken++;
	return false;
}

/* INT clears TF on its way in: no step of its own, TF in the saved image. */
TEST(db, user_int_n_and_int3_have_no_step_of_their_own, STEP)
{
	static const struct {
		const char *name;
		char *at;
		u32 nr, size;
	} soft[] = { { "int $0x80", user_int_0x80, IA32_SYSCALL_VECTOR, 2 },
		     { "int3", user_int3, X86_TRAP_BP, 1 },
		     { "int $4", user_int_4, X86_TRAP_OF, 2 } };

	taken = 0;
	trap_hook(X86_TRAP_DB, count, NULL);
	for (u32 i = 0; i < ARRAY_SIZE(soft); i++) {
		struct place at = { __FILE__, __LINE__, soft[i].name };
		struct pt_regs *regs = stepped();

		regs->ip = (u64)soft[i].at;
		judge_user(&at, regs,
			   WANT(soft[i].nr, 0, soft[i].at + soft[i].size));
	}
	trap_hook(X86_TRAP_DB, NULL, NULL);
	EXPECT_EQ(taken, 0);
}

/* A fault is no instruction completed; its image has TF and RF. */
TEST(db, user_fault_has_no_step, STEP)
{
	static const struct insn ud[] = { UF(ud0), UF(ud1) };

	taken = 0;
	trap_hook(X86_TRAP_DB, count, NULL);
	for (u32 i = 0; i < ARRAY_SIZE(ud); i++) {
		struct place at = { __FILE__, __LINE__, ud[i].name };
		struct pt_regs *regs = stepped();

		regs->ip = (u64)ud[i].at;
		judge_user(&at, regs,
			   WANT(X86_TRAP_UD, 0, ud[i].at, .fault = true));
	}
	trap_hook(X86_TRAP_DB, NULL, NULL);
	EXPECT_EQ(taken, 0);
}

/* POPF, from a page of its own, of flags with or without TF; then NOP. */
static struct trap popf(u64 before, u64 loaded)
{
	struct pt_regs *regs = user_regs((u64)uf_popf_nop);
	u64 page = map_user_page();
	struct trap got = { 0 };

	if (page) {
		*(u64 *)page = regs->flags | loaded;
		regs->flags |= before;
		regs->sp = USER_VA;
		got = catch_user(regs);
	}
	unmap_user_page(page);
	EXPECT_TRAP(got, X86_TRAP_DB);
	EXPECT_EQ(got.dr6, DR6_RESERVED | DR_STEP);
	EXPECT_EQ(got.flags & X86_EFLAGS_TF, loaded);
	EXPECT_EQ(got.sp, USER_VA + 8);
	return got;
}

/* TF as the instruction begins decides. */
TEST(db, user_popf_that_sets_tf_is_not_stepped, STEP)
{
	EXPECT_EQ(popf(0, X86_EFLAGS_TF).ip, uf_popf_nop_end);
}

TEST(db, user_popf_that_clears_tf_is_stepped, STEP)
{
	EXPECT_EQ(popf(X86_EFLAGS_TF, 0).ip, uf_popf_nop + 1);
}

static void set_bp(const void *addr, u32 rw, u32 len)
{
	write_dr6(DR6_RESERVED);
	write_dr0((u64)addr);
	write_dr7(DR7_FIXED | DR7_L(0) | DR7_RW(0, rw) | DR7_LEN(0, len));
}

static void clear_bp(void)
{
	write_dr7(DR7_FIXED);
	write_dr6(DR6_RESERVED);
	write_dr0(0);
}

/* Else POPF could switch off the next breakpoint. */
TEST(db, user_popf_does_not_load_rf, EXEC)
{
	struct pt_regs *regs = user_regs((u64)uf_popf_nop);
	u64 page = map_user_page();
	struct trap got = { 0 };

	if (page) {
		*(u64 *)page = regs->flags | X86_EFLAGS_RF;
		regs->sp = USER_VA;
		set_bp(uf_popf_nop + 1, DR_RW_EXECUTE, DR_LEN_1);
		got = catch_user(regs);
		clear_bp();
	}
	unmap_user_page(page);
	EXPECT_TRAP(got, X86_TRAP_DB);
	EXPECT_EQ(got.ip, uf_popf_nop + 1);
	EXPECT_EQ(got.flags & X86_EFLAGS_RF, 0);
}

static const struct {
	u32 len, dr_len;
	struct insn store, load;
} width[] = {
	{ 1, DR_LEN_1, UF(store1), UF(load1) },
	{ 2, DR_LEN_2, UF(store2), UF(load2) },
	{ 4, DR_LEN_4, UF(store4), UF(load4) },
	{ 8, DR_LEN_8, UF(store8), UF(load8) },
};

static struct pt_regs *pointing(u64 addr)
{
	struct pt_regs *regs = user_regs(0);

	regs->di = addr;
	return regs;
}

TEST(db, user_data_breakpoint_at_each_length, DATA)
{
	u64 page = map_user_page();

	for (u32 i = 0; page && i < ARRAY_SIZE(width); i++) {
		set_bp((void *)USER_VA, DR_RW_WRITE, width[i].dr_len);
		traps(&width[i].store, pointing(USER_VA), DR_TRAP0);
		set_bp((void *)USER_VA, DR_RW_READWRITE, width[i].dr_len);
		traps(&width[i].store, pointing(USER_VA), DR_TRAP0);
		traps(&width[i].load, pointing(USER_VA), DR_TRAP0);
	}
	clear_bp();
	unmap_user_page(page);
}

static void no_trap(const struct insn *insn, u64 addr)
{
	struct place at = { __FILE__, __LINE__, insn->name };
	struct pt_regs *regs = pointing(addr);

	regs->ip = (u64)insn->at;
	judge_user(&at, regs, WANT(IA32_SYSCALL_VECTOR, 0, insn->end + 2));
}

TEST(db, user_data_breakpoint_covers_its_length_and_no_more, DATA)
{
	u64 page = map_user_page(), base = USER_VA + 0x100;

	for (u32 i = 0; page && i < ARRAY_SIZE(width); i++) {
		set_bp((void *)base, DR_RW_READWRITE, width[i].dr_len);
		no_trap(&width[0].store, base - 1);
		for (u32 n = 0; n < width[i].len; n++)
			traps(&width[0].store, pointing(base + n), DR_TRAP0);
		no_trap(&width[0].store, base + width[i].len);
		/* An access that only overlaps it. */
		traps(&width[3].load, pointing(base - 7), DR_TRAP0);
	}
	clear_bp();
	unmap_user_page(page);
}

TEST(db, user_write_breakpoint_does_not_see_a_read, DATA)
{
	u64 page = map_user_page();

	if (page) {
		set_bp((void *)USER_VA, DR_RW_WRITE, DR_LEN_8);
		no_trap(&width[3].load, USER_VA);
	}
	clear_bp();
	unmap_user_page(page);
}

/* The access that faults was not made. */
TEST(db, user_data_breakpoint_does_not_see_an_access_that_faults, DATA)
{
	struct pt_regs *regs = pointing(USER_VA);

	regs->ip = (u64)uf_store8;
	set_bp((void *)USER_VA, DR_RW_READWRITE, DR_LEN_8);
	taken = 0;
	trap_hook(X86_TRAP_DB, count, NULL);
	judge_user(PLACE("store to an absent page"), regs,
		   WANT(X86_TRAP_PF, 6, uf_store8, .fault = true));
	trap_hook(X86_TRAP_DB, NULL, NULL);
	EXPECT_EQ(taken, 0);
	EXPECT_EQ(read_dr6() & 0xf, 0);
	clear_bp();
}

/* A stack of the user's is data like other data. */
TEST(db, user_push_meets_a_data_breakpoint, DATA)
{
	static const struct insn push = UF(push);
	u64 page = map_user_page();
	struct trap got;

	if (page) {
		struct pt_regs *regs = user_regs((u64)push.at);

		regs->sp = USER_VA + 0x100;
		set_bp((void *)(USER_VA + 0xf8), DR_RW_WRITE, DR_LEN_8);
		got = catch_user(regs);
		EXPECT_TRAP(got, X86_TRAP_DB);
		EXPECT_EQ(got.ip, push.end);
		EXPECT_EQ(got.sp, USER_VA + 0xf8);
		EXPECT_EQ(got.dr6, DR6_RESERVED | DR_TRAP0);
	}
	clear_bp();
	unmap_user_page(page);
}

TEST(db, user_io_breakpoint_is_a_trap, DATA)
{
	static const struct insn in = UF(in8_dx), out = UF(out8_dx);
	u64 cr4 = read_cr4();

	write_cr4(cr4 | X86_CR4_DE);
	set_bp((void *)0x80, DR_RW_IO, DR_LEN_1);
	for (u32 i = 0; i < 2; i++) {
		struct pt_regs *regs = user_regs(0);

		regs->dx = 0x80;
		regs->flags |= X86_EFLAGS_IOPL;
		traps(i ? &out : &in, regs, DR_TRAP0);
	}
	clear_bp();
	write_cr4(cr4);
}

/* An access that IOPL and the bitmap refuse is not made. */
TEST(db, user_io_breakpoint_does_not_see_a_refused_port, DATA)
{
	struct pt_regs *regs = user_regs((u64)uf_in8);
	u64 cr4 = read_cr4();

	write_cr4(cr4 | X86_CR4_DE);
	set_bp((void *)0x80, DR_RW_IO, DR_LEN_1);
	judge_user(PLACE("in, refused"), regs,
		   WANT(X86_TRAP_GP, 0, uf_in8, .fault = true));
	EXPECT_EQ(read_dr6() & 0xf, 0);
	clear_bp();
	write_cr4(cr4);
}

/* RF as IRETQ loads it lets the instruction pass, once. */
TEST(db, user_rf_passes_an_exec_breakpoint, EXEC)
{
	struct pt_regs *regs = user_regs((u64)uf_nop);

	set_bp(uf_nop, DR_RW_EXECUTE, DR_LEN_1);
	regs->flags |= X86_EFLAGS_RF;
	EXPECT_EQ(catch_user(regs).nr, IA32_SYSCALL_VECTOR);
	regs->flags &= ~(u64)X86_EFLAGS_RF;
	EXPECT_EQ(catch_user(regs).nr, X86_TRAP_DB);
	clear_bp();
}

/* The breakpoint comes first, then, with RF, the fault. */
TEST(db, user_exec_breakpoint_comes_before_the_fault, EXEC)
{
	struct pt_regs *regs = user_regs((u64)uf_ud1);
	const struct trap *got;

	set_bp(uf_ud1, DR_RW_EXECUTE, DR_LEN_1);
	got = judge_user(PLACE("ud1"), regs, WANT(X86_TRAP_DB, 0, uf_ud1));
	EXPECT_EQ(got->dr6, DR6_RESERVED | DR_TRAP0);
	regs->flags |= X86_EFLAGS_RF;
	EXPECT_EQ(catch_user(regs).nr, X86_TRAP_UD);
	clear_bp();
}

/* CPL 3 may not touch them, GD or not. Then ours, which ends GD. */
TEST(db, user_general_detect_does_not_outrank_privilege,
     "SDM 2B MOV-Debug Registers")
{
	struct trap user, ours;

	write_dr7(DR7_FIXED | DR7_GD);
	user = catch_user(user_regs((u64)user_mov_from_dr0));
	ours = catch_trap(insn_mov_to_dr0, NULL);
	EXPECT_TRAP(user, X86_TRAP_GP);
	EXPECT_EQ(user.ip, user_mov_from_dr0);
	EXPECT_EQ(user.error_code, 0);
	EXPECT_TRAP(ours, X86_TRAP_DB);
	EXPECT_EQ(ours.dr6, DR6_RESERVED | DR_BD);
}

static struct {
	u32 n;
	u64 ip[6], cx[6];
} steps;

static bool on_step(const struct kernel_siginfo *info, struct pt_regs *regs,
		    void *data)
{
	if (steps.n < ARRAY_SIZE(steps.ip)) {
		steps.ip[steps.n] = regs->ip;
		steps.cx[steps.n] = regs->cx;
	}
	steps.n++;
	return true;
}

/* A trap after each iteration; between two, RIP is the instruction itself. */
TEST(db, user_step_comes_after_each_iteration_of_rep, STEP)
{
	struct pt_regs *regs = pointing(USER_VA);
	u64 page = map_user_page();

	steps.n = 0;
	if (page) {
		regs->ip = (u64)uf_rep_stosq;
		regs->cx = 3;
		regs->flags |= X86_EFLAGS_TF;
		signal_handler(SIGTRAP, on_step, NULL);
		EXPECT_EQ(catch_user(regs).nr, IA32_SYSCALL_VECTOR);
		signal_handler(SIGTRAP, NULL, NULL);
	}
	unmap_user_page(page);
	EXPECT_EQ(steps.n, 3);
	for (u32 i = 0; i < 3; i++) {
		EXPECT_EQ(steps.cx[i], 2 - i);
		EXPECT_EQ(steps.ip[i],
			  i == 2 ? uf_rep_stosq_end : uf_rep_stosq);
	}
}
