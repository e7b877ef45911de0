// SPDX-License-Identifier: MIT
/*
 * Frames at the edge of what can be pushed to: nothing is left half done.
 *
 * Spec: SDM 2A INT n "Operation"; SDM 3A "Interrupt 14-Page-Fault Exception
 *       (#PF)", "64-Bit Mode Stack Frame".
 */
#include <mm/page_alloc.h>

#include "delivery.h"

#define RULE  "SDM 2A INT n: pushes that fault"
#define WRITE 2
#define PROT  1
#define FRAME sizeof(struct iret_frame)

/* INT DL_INT with RSP sp is #PF(code), whose handler has a stack of its own. */
static void judge_pf(u64 sp, u64 code, u64 cr2_from, u64 cr2_last)
{
	struct pt_regs regs = kernel_regs(insn_dl_int_back);

	probe.use_tss = true;
	probe_gate(X86_TRAP_PF)->bits.ist = 6;
	probe_gate(X86_TRAP_SS)->bits.ist = 7;
	probe_gate(X86_TRAP_GP)->bits.ist = 7;
	regs.sp = sp;
	run(&regs);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_CODED(0, X86_TRAP_PF, code, insn_dl_int_back);
	EXPECT_EQ(coded(0)->sp, sp);
	EXPECT_EQ(coded(0)->flags, FLAGS0 | X86_EFLAGS_RF);
	EXPECT_GE(probe.hit[0].cr2, cr2_from);
	EXPECT_LE(probe.hit[0].cr2, cr2_last);
}

/* Below 0 lies the highest address, which is canonical. */
TEST(delivery, a_push_at_rsp_0_wraps_to_the_highest_address, RULE)
{
	judge_pf(0, WRITE, (u64)-FRAME, (u64)-8);
}

/* RSP is not canonical, but what is pushed to is. */
TEST(delivery, the_first_address_above_the_lower_half_may_be_rsp, RULE)
{
	u64 top = is_canonical(BIT(47)) ? BIT(56) : BIT(47);

	judge_pf(top, WRITE, top - FRAME, top - 8);
}

TEST(delivery, a_frame_that_does_not_fit_is_not_begun, RULE)
{
	u64 page = alloc_pages(1);

	EXPECT_EQ(map_range(DL_PAGE_VA, page, PAGE_SIZE, PAGE_KERNEL), 0);
	for (u64 room = 0; room < FRAME; room++) {
		u64 sp = DL_PAGE_VA + room;

		judge_pf(sp, WRITE, (sp & ~15ull) - FRAME, DL_PAGE_VA - 8);
	}
	unmap_range(DL_PAGE_VA, PAGE_SIZE);
	free_pages(page, 1);
}

TEST(delivery, a_frame_may_fill_a_page_to_its_first_byte, RULE)
{
	struct pt_regs regs = kernel_regs(insn_dl_int_back);
	u64 page = alloc_pages(1);

	EXPECT_EQ(map_range(DL_PAGE_VA, page, PAGE_SIZE, PAGE_KERNEL), 0);
	probe_gate_offset(DL_INT, (u64)insn_dl_nop);
	probe.use_tss = true;
	probe_gate(DL_BACK)->bits.ist = 6;
	regs.sp = DL_PAGE_VA + 48;
	run(&regs);
	unmap_range(DL_PAGE_VA, PAGE_SIZE);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_PLAIN(0, DL_BACK, insn_dl_nop + 4);
	EXPECT_EQ(plain(0)->sp, DL_PAGE_VA + 8);
	EXPECT_EQ(*(u64 *)(page + 8), insn_dl_int_back + 2);
	EXPECT_EQ(*(u64 *)(page + 40), __KERNEL_DS);
	free_pages(page, 1);
}

TEST(delivery, a_frame_may_lie_across_two_pages, RULE)
{
	u64 page = alloc_pages(2);

	probe.use_tss = true;
	for (u64 above = 16; above < FRAME; above += 16) {
		struct pt_regs regs = kernel_regs(insn_dl_int_back);

		probe_gate_offset(DL_INT, (u64)insn_dl_nop);
		probe_gate(DL_BACK)->bits.ist = 6;
		regs.sp = page + PAGE_SIZE + above;
		run(&regs);
		EXPECT_EQ(probe.hits, 1);
		EXPECT_PLAIN(0, DL_BACK, insn_dl_nop + 4);
		EXPECT_EQ(plain(0)->sp, sp_plain(regs.sp));
		EXPECT_EQ(*(u64 *)sp_plain(regs.sp), insn_dl_int_back + 2);
	}
	free_pages(page, 2);
}

TEST(delivery, a_read_only_stack_is_a_protection_fault, RULE)
{
	u64 page = alloc_pages(1), top = DL_PAGE_VA + 0x200;

	EXPECT_EQ(map_range(DL_PAGE_VA, page, PAGE_SIZE, PAGE_KERNEL_RO), 0);
	judge_pf(top, PROT | WRITE, top - FRAME, top - 8);
	unmap_range(DL_PAGE_VA, PAGE_SIZE);
	free_pages(page, 1);
}
