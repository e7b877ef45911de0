// SPDX-License-Identifier: MIT
/*
 * Far transfers between compatibility mode and 64-bit mode at CPL 3: the code
 * segment's L says which of the two comes.
 *
 * Spec: SDM 2A "CALL", "JMP"; SDM 2B "RET"; SDM 3A "Code-Segment Descriptor in
 *       64-bit Mode"; APM 3 "CALL (Far)", "JMP (Far)", "RET (Far)".
 */
#include <ktest/insn_syscall.h>
#include <mm/page_alloc.h>

#include "compat.h"

#define RULE "SDM 2A CALL; SDM 2A JMP; APM 3 CALL (Far); APM 3 JMP (Far)"

/* At insn, whose far pointer EDX names; stack and pointer share a page. */
static bool far_run(struct pt_regs *regs, u64 page, const void *to, u16 sel)
{
	*(u32 *)page = (u32)(u64)to;
	*(u16 *)(page + 4) = sel;
	regs->dx = DL_LOW_VA;
	regs->sp = DL_LOW_VA + 0x800;
	return compat_enter(regs);
}

/* Page of the stack, mapped; 0: the case has failed. */
static u64 map_low_page(void)
{
	u64 page = alloc_pages(1);

	if (EXPECT_NE(page, 0))
		EXPECT_EQ(map_range(DL_LOW_VA, page, PAGE_SIZE, PAGE_USER_RW),
			  0);
	return page;
}

static void unmap_low_page(u64 page)
{
	unmap_range(DL_LOW_VA, PAGE_SIZE);
	if (page)
		free_pages(page, 1);
}

static void judge_there(const struct pt_regs *regs, const void *at, u64 cs,
			u64 sp)
{
	EXPECT_EQ(probe.hits, 1);
	EXPECT_PLAIN(0, DL_BACK, at);
	EXPECT_EQ(plain(0)->cs, cs);
	EXPECT_EQ(plain(0)->sp, sp);
	EXPECT_EQ(plain(0)->ss, __USER_DS);
	EXPECT_EQ(plain(0)->flags, regs->flags);
	EXPECT_EQ(probe.hit[0].sp, sp_plain(probe_stack(0)));
}

static void judge_64_bit(const struct pt_regs *regs, u64 sp)
{
	judge_there(regs, insn_sc_u_mode + 8, __USER_CS, sp);
	EXPECT_MODE(insn_sc_u_mode, true);
}

TEST(compat, far_jump_leads_to_64_bit_mode, RULE)
{
	struct pt_regs regs = compat_regs(insn_compat_ljmp);
	u64 page = map_low_page();

	if (page)
		far_run(&regs, page, insn_sc_u_mode, __USER_CS);
	unmap_low_page(page);
	if (probe.hits)
		judge_64_bit(&regs, regs.sp);
}

/* Doublewords are pushed: the operand size is the caller's. */
TEST(compat, far_call_leads_to_64_bit_mode, RULE)
{
	struct pt_regs regs = compat_regs(insn_compat_lcall);
	u64 page = map_low_page();
	const u32 *pushed = (const u32 *)(page + 0x800 - 8);

	if (page && far_run(&regs, page, insn_sc_u_mode, __USER_CS)) {
		EXPECT_EQ(pushed[0], (u32)(u64)(insn_compat_lcall + 2));
		EXPECT_EQ((u16)pushed[1], __USER32_CS);
	}
	unmap_low_page(page);
	if (probe.hits)
		judge_64_bit(&regs, regs.sp - 8);
}

/* The callee's far return, of 32 bits as the call was. */
TEST(compat, far_return_from_64_bit_mode_comes_back, RULE "; SDM 2B RET")
{
	struct pt_regs regs = compat_regs(insn_compat_lcall);
	u64 page = map_low_page();

	if (page)
		far_run(&regs, page, insn_sc_u_lretl, __USER_CS);
	unmap_low_page(page);
	if (probe.hits)
		judge_there(&regs, insn_compat_lcall + 4, __USER32_CS, regs.sp);
}

/* Refused as anywhere, at the branch, nothing pushed. */
TEST(compat, far_branches_to_bad_code_are_gp_or_np, RULE)
{
	static const struct {
		u16 sel;
		u32 nr;
	} bad[] = {
		{ 3, X86_TRAP_GP },	      /* NULL */
		{ __USER_DS, X86_TRAP_GP },   /* data */
		{ __KERNEL_CS, X86_TRAP_GP }, /* another privilege */
		{ 0xfffb, X86_TRAP_GP },      /* beyond the table */
		{ SEL, X86_TRAP_NP },	      /* not present */
	};
	static char *const insn[] = { insn_compat_lcall, insn_compat_ljmp };
	u64 page = map_low_page();

	probe.gdt[SLOT] = probe.gdt[GDT_ENTRY_USER_CS];
	probe.gdt[SLOT].p = 0;
	for (u32 i = 0; page && i < 2 * ARRAY_SIZE(bad); i++) {
		struct pt_regs regs = compat_regs(insn[i & 1]);
		u16 sel = bad[i / 2].sel;

		if (!far_run(&regs, page, insn_sc_u_target, sel))
			break;
		EXPECT_EQ(probe.hits, 1);
		EXPECT_CODED(0, bad[i / 2].nr, sel & ~3, regs.ip);
		compat_judge(coded(0), (void *)regs.ip, &regs);
		EXPECT_EQ(coded(0)->flags, regs.flags | X86_EFLAGS_RF);
	}
	unmap_low_page(page);
}
