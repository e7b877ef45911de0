// SPDX-License-Identifier: MIT
/*
 * What every delivery does: which stub, what is pushed where, which flags
 * change, and that IRETQ undoes it.
 *
 * Spec: SDM 3A "64-Bit Mode Stack Frame", "Flag Usage By Exception- or
 *       Interrupt-Handler Procedure"; APM 2 "Long-Mode Interrupt Control
 *       Transfers".
 */
#include "delivery.h"

SUITE(delivery, .setup = probe_reset, .teardown = probe_teardown,
      .uses = USES_APIC_TIMER);

#define FRAME "SDM 3A 64-Bit Mode Stack Frame"
#define FLAGS "SDM 3A Flag Usage By Exception- or Interrupt-Handler Procedure"

/* A pattern for the bits that CPL 0's IRETQ loads and handlers may change. */
static const u64 patterns[] = {
	0,
	X86_EFLAGS_CF | X86_EFLAGS_AF | X86_EFLAGS_SF | X86_EFLAGS_DF,
	X86_EFLAGS_PF | X86_EFLAGS_ZF | X86_EFLAGS_OF | X86_EFLAGS_AC,
	X86_EFLAGS_NT,
	X86_EFLAGS_IOPL,
	X86_EFLAGS_ID | X86_EFLAGS_DF | X86_EFLAGS_AC,
	X86_EFLAGS_TF,
	0x254cd5 | X86_EFLAGS_IOPL, /* all of them but IF and RF */
};

TEST(delivery, int_n_lands_on_its_own_gate, "SDM 2A INT n: all 256 vectors")
{
	for (u32 v = 0; v < NR_VECTORS && ktest_ok(); v++) {
		void (*fn)(void *) = insn_dl_int(v);

		probe_reset(); /* and then not even NMI's gate is the real one
				*/
		probe_take_gate(v);
		probe.action[v] = PROBE_RETURN;
		EXPECT_FALSE(probe_call(fn, NULL));
		EXPECT_EQ(probe.hits, 1);
		EXPECT_PLAIN(0, v, (u64)fn + 2);
		/* The call's return address is all that lies above: no code. */
		EXPECT_EQ(probe.hit[0].sp, sp_plain(plain(0)->sp));
		EXPECT_EQ(plain(0)->cs, __KERNEL_CS);
		EXPECT_EQ(plain(0)->ss, __KERNEL_DS);
	}
}

TEST(delivery, ss_rsp_are_pushed_without_a_cpl_change, FRAME)
{
	struct pt_regs regs = kernel_regs(insn_dl_int_back);

	probe.action[DL_INT] = PROBE_RETURN;
	run(&regs);
	EXPECT_EQ(probe.hits, 2);
	EXPECT_PLAIN(0, DL_INT, insn_dl_int_back + 2);
	EXPECT_EQ(plain(0)->cs, __KERNEL_CS);
	EXPECT_EQ(plain(0)->flags, FLAGS0);
	EXPECT_EQ(plain(0)->sp, regs.sp);
	EXPECT_EQ(plain(0)->ss, __KERNEL_DS);
	EXPECT_EQ(probe.hit[0].cs, __KERNEL_CS);
	EXPECT_EQ(probe.hit[0].ss, __KERNEL_DS);
}

TEST(delivery, rsp_is_aligned_to_16_before_the_pushes, FRAME)
{
	probe.action[DL_INT] = PROBE_RETURN;
	for (u64 off = 0; off < 16; off++) {
		struct pt_regs regs = kernel_regs(insn_dl_int_back);

		regs.sp -= off;
		run(&regs);
		EXPECT_EQ(probe.hits, 2);
		EXPECT_EQ(probe.hit[0].sp, sp_plain(regs.sp));
		EXPECT_EQ(plain(0)->sp, regs.sp); /* as it was, not aligned */
		EXPECT_EQ(plain(1)->sp,
			  regs.sp); /* and IRETQ brought it back */
	}
}

TEST(delivery, an_error_code_lies_below_the_aligned_frame, FRAME)
{
	for (u64 off = 0; off < 16; off++) {
		struct pt_regs regs = kernel_regs(insn_dl_load);

		regs.sp -= off;
		regs.dx = BIT(62); /* not canonical */
		run(&regs);
		EXPECT_CODED(0, X86_TRAP_GP, 0, insn_dl_load);
		EXPECT_EQ(probe.hit[0].sp, sp_coded(regs.sp));
		EXPECT_EQ(coded(0)->sp, regs.sp);
		EXPECT_EQ(coded(0)->ss, __KERNEL_DS);
	}
}

TEST(delivery, the_frame_may_name_a_null_ss, FRAME)
{
	struct pt_regs regs = kernel_regs(insn_dl_int_back);

	regs.ss = 0; /* what CPL 0 has after coming from CPL 3 */
	probe.action[DL_INT] = PROBE_RETURN;
	run(&regs);
	EXPECT_EQ(probe.hits, 2);
	EXPECT_EQ(plain(0)->ss, 0);
	EXPECT_EQ(probe.hit[0].ss, 0);
	EXPECT_EQ(plain(1)->ss, 0);
}

TEST(delivery, an_interrupt_gate_clears_if, FLAGS)
{
	struct pt_regs regs = kernel_regs(insn_dl_int_back);

	regs.flags = FLAGS_IF;
	run(&regs);
	EXPECT_EQ(plain(0)->flags, FLAGS_IF);
	EXPECT_EQ(probe.hit[0].flags, FLAGS0);
}

TEST(delivery, a_trap_gate_leaves_if, FLAGS)
{
	struct pt_regs regs = kernel_regs(insn_dl_int_back);

	probe_gate(DL_INT)->bits.type = GATE_TRAP;
	regs.flags = FLAGS_IF;
	run(&regs);
	EXPECT_EQ(plain(0)->flags, FLAGS_IF);
	EXPECT_EQ(probe.hit[0].flags, FLAGS_IF);
	regs.flags = FLAGS0; /* nor does it set it */
	run(&regs);
	EXPECT_EQ(probe.hit[0].flags, FLAGS0);
}

/* Either gate; the image is judged bit for bit, and the flags inside. */
static void judge_flags(u32 type)
{
	const u64 cleared = X86_EFLAGS_TF | X86_EFLAGS_NT | X86_EFLAGS_RF;

	probe_gate(DL_INT)->bits.type = type;
	probe.action[DL_INT] = PROBE_RETURN;
	for (u32 i = 0; i < ARRAY_SIZE(patterns); i++) {
		struct pt_regs regs = kernel_regs(insn_dl_int_back);

		regs.flags = FLAGS0 | patterns[i];
		run(&regs);
		EXPECT_EQ(probe.hits, 2);
		EXPECT_EQ(plain(0)->flags, regs.flags);
		EXPECT_EQ(probe.hit[0].flags, regs.flags & ~cleared);
		EXPECT_PLAIN(1, DL_BACK, insn_dl_int_back + 4);
		EXPECT_EQ(plain(1)->flags, regs.flags); /* IRETQ's work */
	}
}

TEST(delivery, an_interrupt_gate_clears_tf_and_nt_and_nothing_else, FLAGS)
{
	judge_flags(GATE_INTERRUPT);
}

TEST(delivery, a_trap_gate_clears_tf_and_nt_and_nothing_else, FLAGS)
{
	judge_flags(GATE_TRAP);
}

TEST(delivery, gprs_are_untouched_by_delivery_and_return, FRAME)
{
	struct pt_regs regs = kernel_regs(insn_dl_int_back);

	for (u32 i = 0; i < 15; i++)
		(&regs.r15)[i] = 0x0123456789abcdefull * (i + 3);
	probe.action[DL_INT] = PROBE_RETURN;
	run(&regs);
	EXPECT_EQ(probe.hits, 2);
	for (u32 i = 0; i < 15; i++) {
		EXPECT_EQ((&probe.hit[0].regs.r15)[i], (&regs.r15)[i]);
		EXPECT_EQ((&probe.hit[1].regs.r15)[i], (&regs.r15)[i]);
	}
}
