// SPDX-License-Identifier: MIT
/*
 * RF in the pushed image: 1 where the instruction will run again and must not
 * meet its own breakpoint a second time, else as it was.
 *
 * Spec: SDM 3B "Instruction-Breakpoint Exception Condition";
 *       APM 2 "Resume Flag (RF) Bit".
 */
#include <asm/special_insns.h>
#include <mm/page_alloc.h>

#include "delivery.h"

#define RULE "SDM 3B Instruction-Breakpoint Exception Condition"

static void break_on(const void *insn)
{
	write_dr6(DR6_RESERVED);
	write_dr0((u64)insn);
	write_dr7(DR7_FIXED | DR7_G(0)); /* execute, length 1: all zeroes */
}

static void break_off(void)
{
	write_dr7(DR7_FIXED);
	write_dr6(DR6_RESERVED);
	write_dr0(0);
}

/* #DB's stub: go on, and let the instruction pass this time. */
static enum probe_action set_rf(struct probe_regs *regs)
{
	((struct iret_frame *)regs->top)->flags |= X86_EFLAGS_RF;
	return PROBE_RETURN;
}

TEST(delivery, a_fault_saves_rf_set, RULE)
{
	struct pt_regs regs = kernel_regs(insn_dl_ud2);

	run(&regs);
	EXPECT_PLAIN(0, X86_TRAP_UD, insn_dl_ud2);
	EXPECT_EQ(plain(0)->flags, FLAGS0 | X86_EFLAGS_RF);
	EXPECT_EQ(probe.hit[0].flags, FLAGS0);

	regs = kernel_regs(insn_dl_load);
	regs.dx = BIT(62);
	run(&regs);
	EXPECT_CODED(0, X86_TRAP_GP, 0, insn_dl_load);
	EXPECT_EQ(coded(0)->flags, FLAGS0 | X86_EFLAGS_RF);

	regs.dx = DL_PAGE_VA; /* nothing is mapped there */
	run(&regs);
	EXPECT_CODED(0, X86_TRAP_PF, 0, insn_dl_load);
	EXPECT_EQ(probe.hit[0].cr2, DL_PAGE_VA);
	EXPECT_EQ(coded(0)->flags, FLAGS0 | X86_EFLAGS_RF);
	EXPECT_EQ(probe.hit[0].flags, FLAGS0);
}

/* Intel: RF is cleared at the start of a software interrupt. */
TEST(delivery, int_n_saves_rf_clear, RULE)
{
	struct pt_regs regs = kernel_regs(insn_dl_int_back);

	run(&regs);
	EXPECT_EQ(plain(0)->flags, FLAGS0);
	regs.flags |= X86_EFLAGS_RF;
	run(&regs);
	if (boot_cpu_data.vendor == VENDOR_INTEL)
		EXPECT_EQ(plain(0)->flags, FLAGS0);
	else /* AMD's manual says only what happens after an instruction */
		EXPECT_EQ(without_rf(plain(0)->flags), FLAGS0);
	EXPECT_EQ(probe.hit[0].flags, FLAGS0);
}

TEST(delivery, an_interrupt_between_instructions_saves_rf_as_it_was, RULE)
{
	for (u64 rf = 0; rf <= X86_EFLAGS_RF; rf += X86_EFLAGS_RF) {
		struct pt_regs regs = kernel_regs(insn_dl_nop);
		u64 flags = local_irq_save();

		regs.flags = FLAGS_IF | rf;
		if (EXPECT_TRUE(pend(IRQ_LOW)))
			run(&regs);
		local_irq_restore(flags);
		EXPECT_PLAIN(0, IRQ_LOW, insn_dl_nop);
		EXPECT_EQ(plain(0)->flags, regs.flags);
		EXPECT_EQ(probe.hit[0].flags, FLAGS0);
	}
}

TEST(delivery, an_instruction_breakpoint_saves_rf_clear, RULE)
{
	struct pt_regs regs = kernel_regs(insn_dl_nop);

	break_on(insn_dl_nop);
	run(&regs);
	break_off();
	EXPECT_PLAIN(0, X86_TRAP_DB, insn_dl_nop);
	EXPECT_EQ(plain(0)->flags, FLAGS0);
	EXPECT_EQ(probe.hit[0].dr6 & (DR_TRAP0 | DR_STEP | DR_BD), DR_TRAP0);
}

static enum probe_action map_page(struct probe_regs *regs)
{
	*lookup_pte(DL_PAGE_VA) |= _PAGE_PRESENT;
	invlpg(DL_PAGE_VA);
	return PROBE_RETURN_CODE;
}

/* #DB, RF by its handler, #PF with RF saved, and the load: no #DB again. */
TEST(delivery, a_fault_does_not_meet_its_breakpoint_again, RULE)
{
	struct pt_regs regs = kernel_regs(insn_dl_load);
	u64 page = alloc_pages(1);

	if (!EXPECT_NE(page, 0))
		return;
	*(u64 *)page = 0x1122334455667788;
	EXPECT_EQ(map_range(DL_PAGE_VA, page, PAGE_SIZE,
			    PAGE_KERNEL & ~_PAGE_PRESENT),
		  0);
	probe.hook[X86_TRAP_DB] = set_rf;
	probe.hook[X86_TRAP_PF] = map_page;
	regs.dx = DL_PAGE_VA;
	break_on(insn_dl_load);
	run(&regs);
	break_off();
	unmap_range(DL_PAGE_VA, PAGE_SIZE);
	free_pages(page, 1);
	EXPECT_EQ(probe.hits, 3);
	EXPECT_PLAIN(0, X86_TRAP_DB, insn_dl_load);
	EXPECT_CODED(1, X86_TRAP_PF, 0, insn_dl_load);
	EXPECT_EQ(coded(1)->flags, FLAGS0 | X86_EFLAGS_RF);
	EXPECT_PLAIN(2, DL_BACK, insn_dl_load_next + 2);
	EXPECT_EQ(probe.hit[2].regs.ax, 0x1122334455667788);
}

TEST(delivery, iretq_honours_rf, RULE)
{
	struct pt_regs regs = kernel_regs(insn_dl_nop);

	regs.flags = FLAGS0 | X86_EFLAGS_RF;
	break_on(insn_dl_nop);
	run(&regs);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_PLAIN(0, DL_BACK, insn_dl_nop + 4);
	regs.flags = FLAGS0;
	run(&regs);
	break_off();
	EXPECT_EQ(probe.hits, 1);
	EXPECT_PLAIN(0, X86_TRAP_DB, insn_dl_nop);
}

TEST(delivery, the_next_instruction_clears_rf, RULE)
{
	struct pt_regs regs = kernel_regs(insn_dl_nop);

	regs.flags = FLAGS0 | X86_EFLAGS_RF;
	run(&regs);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_PLAIN(0, DL_BACK, insn_dl_nop + 4);
	EXPECT_EQ(plain(0)->flags, FLAGS0); /* two NOPs later */
}
