// SPDX-License-Identifier: MIT
/*
 * Stacks that delivery cannot use: a TSS too short for the slot, a pointer
 * that is not canonical.
 *
 * A TSS too short for RSP0, RSP1 or RSP2 is suite ts's: test_ts.c.
 *
 * Spec: SDM 2A INT n "Operation"; SDM 3A "Interrupt 10-Invalid TSS Exception
 *       (#TS)", "Interrupt 12-Stack Fault Exception (#SS)".
 */
#include "delivery.h"

#define RULE_TS "SDM 3A Interrupt 10"
#define RULE_SS "SDM 3A Interrupt 12"

/* Last byte of IST slot ist in the TSS. */
static u16 ist_end(u32 ist)
{
	return offsetof(struct tss, ist) + ist * 8 - 1;
}

static void limit_tss(u16 limit)
{
	struct tss_desc *desc = (void *)&probe.gdt[GDT_ENTRY_TSS];

	probe.use_tss = true;
	desc->limit0 = limit;
}

TEST(delivery, an_ist_slot_beyond_the_tss_limit_is_ts, RULE_TS)
{
	for (u32 ist = 1; ist <= NR_IST; ist++) {
		struct pt_regs regs = kernel_regs(insn_dl_int_back);

		probe_reset();
		limit_tss(ist_end(ist) - 1);
		probe.tss->ist[ist - 1] = probe_stack(ist);
		probe_gate(DL_INT)->bits.ist = ist;
		run(&regs);
		EXPECT_EQ(probe.hits, 1);
		EXPECT_CODED(0, X86_TRAP_TS, __TSS_SEL, insn_dl_int_back);
		EXPECT_EQ(probe.hit[0].sp, sp_coded(regs.sp));
	}
}

TEST(delivery, an_ist_slot_that_ends_at_the_tss_limit_is_used, RULE_TS)
{
	for (u32 ist = 5; ist <= NR_IST; ist++) {
		struct pt_regs regs = kernel_regs(insn_dl_int_back);

		probe_reset();
		limit_tss(ist_end(ist));
		probe_gate(DL_INT)->bits.ist = ist;
		run(&regs);
		EXPECT_PLAIN(0, DL_INT, insn_dl_int_back + 2);
		EXPECT_EQ(probe.hit[0].sp, sp_plain(probe_stack(ist)));
	}
}

TEST(delivery, from_cpl_3_ts_arrives_on_rsp0, RULE_TS)
{
	struct pt_regs regs = user_regs(insn_dl_u_int_back);

	limit_tss(ist_end(6));
	probe_gate(DL_INT)->bits.ist = 7;
	probe_gate(DL_INT)->bits.dpl = 3;
	run(&regs);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_CODED(0, X86_TRAP_TS, __TSS_SEL, insn_dl_u_int_back);
	EXPECT_EQ(coded(0)->cs, __USER_CS);
	EXPECT_EQ(coded(0)->ss, __USER_DS);
	EXPECT_EQ(probe.hit[0].sp, sp_coded(probe_stack(0)));
}

TEST(delivery, ts_of_an_interrupt_sets_ext, "SDM 3A Error Code")
{
	struct pt_regs regs = kernel_regs(insn_dl_nop);
	u64 flags = local_irq_save();

	limit_tss(ist_end(6));
	probe_gate(IRQ_LOW)->bits.ist = 7;
	probe.eoi[X86_TRAP_TS] = true;
	regs.flags = FLAGS_IF;
	if (EXPECT_TRUE(pend(IRQ_LOW)))
		run(&regs);
	local_irq_restore(flags);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_CODED(0, X86_TRAP_TS, __TSS_SEL | CODE_EXT, insn_dl_nop);
}

/* Whatever is raised instead must find a stack: report it, do not die. */
static void spare_stacks(void)
{
	probe.use_tss = true;
	probe_gate(X86_TRAP_SS)->bits.ist = 6;
	probe_gate(X86_TRAP_GP)->bits.ist = 7;
	probe_gate(X86_TRAP_PF)->bits.ist = 7;
}

TEST(delivery, an_ist_pointer_not_canonical_is_ss_0, RULE_SS)
{
	struct pt_regs regs = kernel_regs(insn_dl_int_back);

	spare_stacks();
	probe.tss->ist[4] = BIT(62);
	probe_gate(DL_INT)->bits.ist = 5;
	run(&regs);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_CODED(0, X86_TRAP_SS, 0, insn_dl_int_back);
	EXPECT_EQ(coded(0)->sp, regs.sp);
	EXPECT_EQ(probe.hit[0].sp, sp_coded(probe_stack(6)));
}

TEST(delivery, an_rsp0_not_canonical_is_ss_0, RULE_SS)
{
	struct pt_regs regs = user_regs(insn_dl_u_int_back);

	spare_stacks();
	probe.tss->sp[0] = BIT(62);
	probe_gate(DL_INT)->bits.dpl = 3;
	run(&regs);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_CODED(0, X86_TRAP_SS, 0, insn_dl_u_int_back);
	EXPECT_EQ(coded(0)->cs, __USER_CS);
	EXPECT_EQ(coded(0)->sp, regs.sp);
	EXPECT_EQ(coded(0)->ss, __USER_DS);
	EXPECT_EQ(probe.hit[0].sp, sp_coded(probe_stack(6)));
}

/* The interrupted RSP itself, on a gate that keeps the stack. */
TEST(delivery, an_rsp_not_canonical_at_cpl_0_is_ss_0, RULE_SS)
{
	struct pt_regs regs = kernel_regs(insn_dl_int_back);

	spare_stacks();
	regs.sp = BIT(62);
	run(&regs);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_CODED(0, X86_TRAP_SS, 0, insn_dl_int_back);
	EXPECT_EQ(coded(0)->sp, regs.sp);
	EXPECT_EQ(probe.hit[0].sp, sp_coded(probe_stack(6)));
}
