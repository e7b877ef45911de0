// SPDX-License-Identifier: MIT
/*
 * From CPL 3 to CPL 0 and back: the stack, the selectors, who may pass.
 *
 * Spec: SDM 3A "Stack Switching in IA-32e Mode", "Protection of Exception- and
 *       Interrupt-Handler Procedures"; APM 2 "Interrupt-Stack Alignment",
 *       "Stack Switch".
 */
#include "delivery.h"

#define STACK "SDM 3A Stack Switching in IA-32e Mode"
#define GUARD "SDM 3A Protection of Exception- and Interrupt-Handler Procedures"

static void allow_user_int(void)
{
	probe.use_tss = true;
	probe_gate(DL_INT)->bits.dpl = 3;
	probe_gate(DL_BACK)->bits.dpl = 3;
}

/* Hit i came from regs at CPL 3 to CPL 0: every pushed word, CS and SS. */
static void judge_entry(u32 i, const struct pt_regs *regs, u64 flags)
{
	EXPECT_EQ(plain(i)->cs, __USER_CS);
	EXPECT_EQ(plain(i)->flags, flags);
	EXPECT_EQ(plain(i)->sp, regs->sp);
	EXPECT_EQ(plain(i)->ss, __USER_DS);
	EXPECT_EQ(probe.hit[i].cs, __KERNEL_CS); /* RPL is the new CPL */
	EXPECT_EQ(probe.hit[i].ss, 0);		 /* NULL, RPL 0 */
}

TEST(delivery, from_cpl_3_the_stack_is_rsp0_and_ss_null, STACK)
{
	struct pt_regs regs = user_regs(insn_dl_u_int_back);

	allow_user_int();
	run(&regs);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_PLAIN(0, DL_INT, insn_dl_u_int_back + 2);
	EXPECT_EQ(probe.hit[0].sp, sp_plain(probe_stack(0)));
	judge_entry(0, &regs, FLAGS0);
}

TEST(delivery, int_n_at_cpl_3_lands_on_its_own_gate,
     "SDM 2A INT n: all 256 vectors")
{
	for (u32 v = 0; v < NR_VECTORS && ktest_ok(); v++) {
		struct pt_regs regs = user_regs(insn_dl_u_int_table + 2 * v);

		probe_reset();
		probe.use_tss = true;
		probe_take_gate(v);
		probe_gate(v)->bits.dpl = 3;
		run(&regs);
		EXPECT_EQ(probe.hits, 1);
		EXPECT_PLAIN(0, v, regs.ip + 2);
		EXPECT_EQ(probe.hit[0].sp, sp_plain(probe_stack(0)));
		judge_entry(0, &regs, FLAGS0);
	}
}

TEST(delivery, rsp0_is_aligned_down_to_16, STACK)
{
	for (u64 off = 0; off < 16; off++) {
		struct pt_regs regs = user_regs(insn_dl_u_int_back);

		allow_user_int();
		probe.tss->sp[0] = probe_stack(0) - off;
		run(&regs);
		EXPECT_PLAIN(0, DL_INT, insn_dl_u_int_back + 2);
		EXPECT_EQ(probe.hit[0].sp, sp_plain(probe_stack(0) - off));
	}
}

TEST(delivery, an_ist_wins_over_rsp0, STACK)
{
	for (u32 ist = 5; ist <= NR_IST; ist++) {
		struct pt_regs regs = user_regs(insn_dl_u_int_back);

		probe_reset();
		allow_user_int();
		probe_gate(DL_INT)->bits.ist = ist;
		run(&regs);
		EXPECT_PLAIN(0, DL_INT, insn_dl_u_int_back + 2);
		EXPECT_EQ(probe.hit[0].sp, sp_plain(probe_stack(ist)));
		judge_entry(0, &regs, FLAGS0);
	}
}

/* RSP1 and RSP2 are for gates into CPL 1 and 2, which nobody takes here. */
TEST(delivery, rsp1_and_rsp2_are_not_used_on_the_way_to_cpl_0, STACK)
{
	struct pt_regs regs = user_regs(insn_dl_u_int_back);

	allow_user_int();
	probe.tss->sp[1] = probe_stack(6);
	probe.tss->sp[2] = probe_stack(7);
	run(&regs);
	EXPECT_EQ(probe.hit[0].sp, sp_plain(probe_stack(0)));
}

TEST(delivery, return_to_cpl_3_restores_all_gprs_and_rflags, STACK)
{
	static const u64 patterns[] = {
		0,
		X86_EFLAGS_IF,
		X86_EFLAGS_CF | X86_EFLAGS_AF | X86_EFLAGS_SF | X86_EFLAGS_DF,
		X86_EFLAGS_PF | X86_EFLAGS_ZF | X86_EFLAGS_OF,
		X86_EFLAGS_NT | X86_EFLAGS_AC | X86_EFLAGS_ID,
		X86_EFLAGS_IOPL | X86_EFLAGS_IF,
	};

	allow_user_int();
	probe.action[DL_INT] = PROBE_RETURN;
	for (u32 n = 0; n < ARRAY_SIZE(patterns); n++) {
		struct pt_regs regs = user_regs(insn_dl_u_int_back);

		for (u32 i = 0; i < 15; i++)
			(&regs.r15)[i] = 0xfedcba9876543211ull * (i + n + 2);
		regs.sp = 0x3333333333333; /* any: CPL 3 pushes nothing */
		regs.flags |= patterns[n];
		run(&regs);
		EXPECT_EQ(probe.hits, 2);
		EXPECT_PLAIN(0, DL_INT, insn_dl_u_int_back + 2);
		judge_entry(0, &regs, regs.flags);
		EXPECT_PLAIN(1, DL_BACK, insn_dl_u_int_back + 4);
		judge_entry(1, &regs, regs.flags);
		for (u32 i = 0; i < 15; i++)
			EXPECT_EQ((&probe.hit[1].regs.r15)[i], (&regs.r15)[i]);
	}
}

TEST(delivery, int_n_from_cpl_3_needs_dpl_3, GUARD)
{
	for (u32 dpl = 0; dpl <= 3; dpl++) {
		struct pt_regs regs = user_regs(insn_dl_u_int_back);

		allow_user_int();
		probe_gate(DL_INT)->bits.dpl = dpl;
		run(&regs);
		EXPECT_EQ(probe.hits, 1);
		if (dpl == 3) {
			EXPECT_PLAIN(0, DL_INT, insn_dl_u_int_back + 2);
			continue;
		}
		EXPECT_CODED(0, X86_TRAP_GP, IDT_CODE(DL_INT),
			     insn_dl_u_int_back);
		EXPECT_EQ(coded(0)->cs, __USER_CS);
		EXPECT_EQ(coded(0)->sp, regs.sp);
		EXPECT_EQ(coded(0)->ss, __USER_DS);
		EXPECT_EQ(probe.hit[0].sp, sp_coded(probe_stack(0)));
	}
}

/* SDM 2A INT n: the privilege is looked at before the P bit. */
TEST(delivery, dpl_is_checked_before_presence, GUARD)
{
	struct pt_regs regs = user_regs(insn_dl_u_int_back);

	allow_user_int();
	probe_gate(DL_INT)->bits.dpl = 0;
	probe_gate(DL_INT)->bits.p = 0;
	run(&regs);
	EXPECT_CODED(0, X86_TRAP_GP, IDT_CODE(DL_INT), insn_dl_u_int_back);
	probe_gate(DL_INT)->bits.dpl = 3;
	run(&regs);
	EXPECT_CODED(0, X86_TRAP_NP, IDT_CODE(DL_INT), insn_dl_u_int_back);
}

TEST(delivery, an_exception_from_cpl_3_ignores_the_gates_dpl, GUARD)
{
	for (u32 dpl = 0; dpl <= 3; dpl++) {
		struct pt_regs regs = user_regs(insn_dl_u_ud2);

		allow_user_int();
		probe_gate(X86_TRAP_UD)->bits.dpl = dpl;
		run(&regs);
		EXPECT_EQ(probe.hits, 1);
		EXPECT_PLAIN(0, X86_TRAP_UD, insn_dl_u_ud2);
		judge_entry(0, &regs, FLAGS0 | X86_EFLAGS_RF);
	}
}

TEST(delivery, an_interrupt_at_cpl_3_ignores_the_gates_dpl, GUARD)
{
	for (u32 dpl = 0; dpl <= 3; dpl++) {
		struct pt_regs regs = user_regs(insn_dl_u_nop);
		u64 flags = local_irq_save();

		allow_user_int();
		probe_gate(IRQ_LOW)->bits.dpl = dpl;
		regs.flags = FLAGS_IF;
		if (EXPECT_TRUE(pend(IRQ_LOW)))
			run(&regs);
		local_irq_restore(flags);
		EXPECT_PLAIN(0, IRQ_LOW, insn_dl_u_nop);
		EXPECT_EQ(probe.hit[0].sp, sp_plain(probe_stack(0)));
		((struct iret_frame *)plain(0))->flags &= ~(u64)X86_EFLAGS_RF;
		judge_entry(0, &regs, FLAGS_IF);
	}
}
