// SPDX-License-Identifier: MIT
/*
 * The interrupt stack table: which stack a gate chooses, whatever raised it.
 *
 * Spec: SDM 3A "Interrupt Stack Table"; APM 2 "Interrupt Stack Table".
 */
#include <lib/string.h>

#include "delivery.h"

#define RULE "SDM 3A Interrupt Stack Table"

/* Three vectors that raise one another, each on the next stack. */
#define NEST_FIRST 0x52
#define NEST_LAST  0x54
#define IST_FIRST  5

/* Slot ist of the scratch TSS leads to a stack of ours; gate uses it. */
static void use_ist(u32 vector, u32 ist)
{
	probe_reset();
	probe.use_tss = true;
	probe.tss->ist[ist - 1] = probe_stack(ist);
	probe_gate(vector)->bits.ist = ist;
}

TEST(delivery, every_ist_serves_int_n, RULE)
{
	for (u32 ist = 1; ist <= NR_IST; ist++) {
		struct pt_regs regs = kernel_regs(insn_dl_int_back);

		use_ist(DL_INT, ist);
		probe.action[DL_INT] = PROBE_RETURN;
		run(&regs);
		EXPECT_EQ(probe.hits, 2);
		EXPECT_PLAIN(0, DL_INT, insn_dl_int_back + 2);
		EXPECT_EQ(probe.hit[0].sp, sp_plain(probe_stack(ist)));
		EXPECT_EQ(plain(0)->sp, regs.sp);
		EXPECT_EQ(plain(0)->ss, __KERNEL_DS);
		/* "Forced to NULL" by the rule, untouched by INT's pseudocode.
		 */
		EXPECT_TRUE(!probe.hit[0].ss || probe.hit[0].ss == __KERNEL_DS);
		EXPECT_EQ(plain(1)->sp, regs.sp);
	}
}

TEST(delivery, every_ist_serves_an_exception, RULE)
{
	for (u32 ist = 1; ist <= NR_IST; ist++) {
		struct pt_regs regs = kernel_regs(insn_dl_ud2);

		use_ist(X86_TRAP_UD, ist);
		run(&regs);
		EXPECT_PLAIN(0, X86_TRAP_UD, insn_dl_ud2);
		EXPECT_EQ(probe.hit[0].sp, sp_plain(probe_stack(ist)));
		EXPECT_EQ(plain(0)->sp, regs.sp);
	}
}

TEST(delivery, every_ist_serves_an_exception_with_an_error_code, RULE)
{
	for (u32 ist = 1; ist <= NR_IST; ist++) {
		struct pt_regs regs = kernel_regs(insn_dl_load);

		regs.dx = BIT(62);
		use_ist(X86_TRAP_GP, ist);
		run(&regs);
		EXPECT_CODED(0, X86_TRAP_GP, 0, insn_dl_load);
		EXPECT_EQ(probe.hit[0].sp, sp_coded(probe_stack(ist)));
		EXPECT_EQ(coded(0)->sp, regs.sp);
	}
}

TEST(delivery, every_ist_serves_a_hardware_interrupt, RULE)
{
	for (u32 ist = 1; ist <= NR_IST; ist++) {
		struct pt_regs regs = kernel_regs(insn_dl_nop);
		u64 flags = local_irq_save();

		use_ist(IRQ_LOW, ist);
		regs.flags = FLAGS_IF;
		if (EXPECT_TRUE(pend(IRQ_LOW)))
			run(&regs);
		local_irq_restore(flags);
		EXPECT_PLAIN(0, IRQ_LOW, insn_dl_nop);
		EXPECT_EQ(probe.hit[0].sp, sp_plain(probe_stack(ist)));
		EXPECT_EQ(plain(0)->sp, regs.sp);
		EXPECT_EQ(without_rf(plain(0)->flags), FLAGS_IF);
	}
}

TEST(delivery, ist_0_keeps_the_stack, RULE)
{
	struct pt_regs regs = kernel_regs(insn_dl_int_back);

	probe.use_tss = true;
	regs.sp = probe_stack(3) - 0x100;
	run(&regs);
	EXPECT_PLAIN(0, DL_INT, insn_dl_int_back + 2);
	EXPECT_EQ(probe.hit[0].sp, sp_plain(regs.sp));
}

TEST(delivery, an_unaligned_ist_is_aligned_down, RULE)
{
	for (u64 off = 0; off < 16; off++) {
		struct pt_regs regs = kernel_regs(insn_dl_int_back);

		use_ist(DL_INT, IST_TEST_B);
		probe.tss->ist[IST_TEST_B - 1] -= off;
		run(&regs);
		EXPECT_PLAIN(0, DL_INT, insn_dl_int_back + 2);
		EXPECT_EQ(probe.hit[0].sp,
			  sp_plain(probe_stack(IST_TEST_B) - off));
	}
}

/* In the stub of DL_INT, on the stack that NEST_FIRST's gate names too. */
static enum probe_action take_it_again(struct probe_regs *regs)
{
	insn_dl_int(NEST_FIRST)(NULL);
	return PROBE_LEAVE;
}

TEST(delivery, the_same_ist_taken_twice_overwrites_the_first_frame, RULE)
{
	struct pt_regs regs = kernel_regs(insn_dl_int_back);
	u64 sp = sp_plain(probe_stack(IST_TEST_A));

	use_ist(DL_INT, IST_TEST_A);
	probe_gate(NEST_FIRST)->bits.ist = IST_TEST_A;
	probe.hook[DL_INT] = take_it_again;
	run(&regs);
	EXPECT_EQ(probe.hits, 2);
	EXPECT_PLAIN(0, DL_INT, insn_dl_int_back + 2);
	EXPECT_PLAIN(1, NEST_FIRST, (u64)insn_dl_int(NEST_FIRST) + 2);
	EXPECT_EQ(probe.hit[0].sp, sp);
	EXPECT_EQ(probe.hit[1].sp, sp); /* the very same words */
	/* The second interrupted code that was running on that stack. */
	EXPECT_LT(plain(1)->sp, sp);
	EXPECT_GT(plain(1)->sp, sp - PAGE_SIZE);
}

static u64 after_nested[NEST_LAST + 1][5];

/* Raise the next vector, then keep what is left of the own frame. */
static enum probe_action nest(struct probe_regs *regs)
{
	if (regs->vector < NEST_LAST)
		insn_dl_int((u32)regs->vector + 1)(NULL);
	memcpy(after_nested[regs->vector], regs->top, sizeof(after_nested[0]));
	return PROBE_RETURN;
}

static enum probe_action start_nesting(struct probe_regs *regs)
{
	insn_dl_int(NEST_FIRST)(NULL);
	return PROBE_RETURN;
}

TEST(delivery, nested_events_on_different_ists_return_intact, RULE)
{
	struct pt_regs regs = kernel_regs(insn_dl_int_back);

	probe.use_tss = true;
	probe.hook[DL_INT] = start_nesting;
	for (u32 v = NEST_FIRST; v <= NEST_LAST; v++) {
		probe_gate(v)->bits.ist = IST_FIRST + v - NEST_FIRST;
		probe.hook[v] = nest;
	}
	regs.bx = 0x1234;
	run(&regs);
	EXPECT_EQ(probe.hits, 5);
	for (u32 v = NEST_FIRST; v <= NEST_LAST; v++) {
		u32 i = v - NEST_FIRST + 1;

		EXPECT_PLAIN(i, v, (u64)insn_dl_int(v) + 2);
		EXPECT_EQ(probe.hit[i].sp,
			  sp_plain(probe_stack(IST_FIRST + i - 1)));
		EXPECT_EQ(memcmp(after_nested[v], plain(i),
				 sizeof(after_nested[0])),
			  0);
	}
	EXPECT_PLAIN(4, DL_BACK, insn_dl_int_back + 4);
	EXPECT_EQ(plain(4)->sp, regs.sp);
	EXPECT_EQ(probe.hit[4].regs.bx, 0x1234);
}
