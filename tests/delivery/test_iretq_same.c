// SPDX-License-Identifier: MIT
/*
 * IRETQ that stays at CPL 0, or goes to what only some segments allow: each
 * flag by itself, the stack segment, conforming code, a 32-bit limit.
 *
 * Spec: SDM 2A IRET "Operation" and exceptions; APM 3 "IRETQ".
 */
#include <ktest/insn_iret.h>
#include <lib/string.h>
#include <mm/page_alloc.h>

#include "delivery.h"

#define FLAGS "SDM 2A IRET: the flags it loads"
#define RULE  "SDM 2A IRET/IRETD/IRETQ: 64-bit mode exceptions"
#define SLOT  10 /* free in our GDT */
#define SEL   (SLOT * 8)

static u64 flags_after(u64 flags)
{
	struct pt_regs regs = kernel_regs(insn_dl_int_back);

	regs.flags = flags;
	run(&regs);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_EQ(probe.hit[0].vector, DL_INT);
	return plain(0)->flags;
}

/* TF and RF, which end with the next instruction: suites db, saved_rf. */
TEST(delivery, iretq_at_cpl_0_loads_each_flag, FLAGS)
{
	static const u32 flag[] = {
		X86_EFLAGS_CF, X86_EFLAGS_PF,	X86_EFLAGS_AF, X86_EFLAGS_ZF,
		X86_EFLAGS_SF, X86_EFLAGS_IF,	X86_EFLAGS_DF, X86_EFLAGS_OF,
		X86_EFLAGS_NT, X86_EFLAGS_AC,	X86_EFLAGS_ID, BIT(12),
		BIT(13),       X86_EFLAGS_IOPL,
	};

	for (u32 i = 0; i < ARRAY_SIZE(flag); i++)
		EXPECT_EQ(flags_after(FLAGS0 | flag[i]), FLAGS0 | flag[i]);
}

TEST(delivery, iretq_at_cpl_0_loads_vif_and_vip, FLAGS)
{
	static const u32 flag[] = { X86_EFLAGS_VIF, X86_EFLAGS_VIP };

	if (!cpu_has(X86_FEATURE_VME))
		SKIP(return, "this CPU has no VME");
	for (u32 i = 0; i < ARRAY_SIZE(flag); i++)
		EXPECT_EQ(flags_after(FLAGS0 | flag[i]), FLAGS0 | flag[i]);
}

/* Bits 3, 5, 15 and those above ID are 0, bit 1 is 1, and VM is not loaded. */
TEST(delivery, iretq_ignores_vm_and_reserved_flags, FLAGS)
{
	EXPECT_EQ(flags_after(FLAGS0 | X86_EFLAGS_VM), FLAGS0);
	EXPECT_EQ(flags_after(0), FLAGS0);
	for (u32 bit = 22; bit < 64; bit++)
		EXPECT_EQ(flags_after(FLAGS0 | BIT(bit)), FLAGS0);
	EXPECT_EQ(flags_after(FLAGS0 | BIT(3) | BIT(5) | BIT(15)), FLAGS0);
}

static void refused(struct pt_regs *regs, u32 vector, u64 code)
{
	probe.use_tss = true;
	run(regs);
	EXPECT_EQ(probe.hits, 1);
	if (probe.hit[0].vector != vector)
		ktest_note("to CS 0x%llx, SS 0x%llx",
			   (unsigned long long)regs->cs,
			   (unsigned long long)regs->ss);
	EXPECT_CODED(0, vector, code, probe_enter_iretq);
	EXPECT_EQ(coded(0)->cs, __KERNEL_CS);
	EXPECT_EQ(coded(0)->sp, &iret_regs()->ip);
	EXPECT_EQ(coded(0)->ss, __KERNEL_DS);
}

TEST(delivery, iretq_at_cpl_0_to_a_bad_ss_is_gp_of_that_selector, RULE)
{
	static const u16 bad[] = {
		__KERNEL_CS,	 /* code */
		__USER_DS,	 /* RPL and DPL are not CPL */
		__USER_DS & ~3,	 /* DPL is not */
		__KERNEL_DS | 1, /* RPL is not */
		__TSS_SEL,	 /* a system segment */
		GDT_ENTRIES * 8, /* beyond the table */
		__KERNEL_DS | 4, /* in the LDT, which is NULL */
	};

	for (u32 i = 0; i < ARRAY_SIZE(bad); i++) {
		struct pt_regs regs = kernel_regs(insn_dl_nop);

		regs.ss = bad[i];
		refused(&regs, X86_TRAP_GP, bad[i] & ~3);
	}
}

TEST(delivery, iretq_to_compatibility_mode_with_a_null_ss_is_gp_0, RULE)
{
	for (u64 rpl = 0; rpl <= 3; rpl++) {
		struct pt_regs regs = user_regs(insn_dl_u_nop);

		regs.cs = __USER32_CS;
		regs.ss = rpl;
		refused(&regs, X86_TRAP_GP, 0);
	}
}

TEST(delivery, iretq_checks_cs_before_ss, RULE)
{
	struct pt_regs regs = user_regs(insn_dl_u_nop);

	regs.cs = __USER_DS;
	regs.ss = __KERNEL_DS;
	refused(&regs, X86_TRAP_GP, __USER_DS & ~3);
}

TEST(delivery, iretq_from_a_frame_that_is_absent_is_pf, RULE)
{
	struct pt_regs regs = kernel_regs(insn_iretq);
	struct iret_frame frame = { (u64)insn_dl_nop, __KERNEL_CS, FLAGS0,
				    probe_stack(5), __KERNEL_DS };
	u64 page = alloc_pages(1);

	probe.use_tss = true;
	probe_gate(X86_TRAP_PF)->bits.ist = 6;
	EXPECT_EQ(map_range(DL_PAGE_VA, page, PAGE_SIZE, PAGE_KERNEL), 0);
	for (u64 there = 0; there < sizeof(frame); there += 8) {
		regs.sp = DL_PAGE_VA + PAGE_SIZE - there;
		memcpy((void *)(page + PAGE_SIZE - there), &frame, there);
		run(&regs);
		EXPECT_EQ(probe.hits, 1);
		EXPECT_CODED(0, X86_TRAP_PF, 0, insn_iretq);
		EXPECT_EQ(coded(0)->sp, regs.sp);
		EXPECT_GE(probe.hit[0].cr2, DL_PAGE_VA + PAGE_SIZE);
		EXPECT_LT(probe.hit[0].cr2, regs.sp + 40);
	}
	unmap_range(DL_PAGE_VA, PAGE_SIZE);
	free_pages(page, 1);
}

/* A conforming segment of CPL 0 serves CPL 3, but not the reverse. */
TEST(delivery, iretq_to_conforming_code_wants_dpl_up_to_rpl, RULE)
{
	struct pt_regs regs = user_regs(insn_dl_u_nop);

	probe.use_tss = true;
	probe_gate(DL_BACK)->bits.dpl = 3;
	probe.gdt[SLOT] = probe.gdt[GDT_ENTRY_KERNEL_CS];
	probe.gdt[SLOT].type = 0xf;
	regs.cs = SEL | 3;
	run(&regs);
	EXPECT_PLAIN(0, DL_BACK, insn_dl_u_nop + 4);
	EXPECT_EQ(plain(0)->cs, SEL | 3);
	for (u32 dpl = 1; dpl <= 3; dpl++) {
		regs = kernel_regs(insn_dl_nop);
		regs.cs = SEL;
		probe.gdt[SLOT].dpl = dpl;
		refused(&regs, X86_TRAP_GP, SEL);
	}
}

/* In compatibility mode code has a limit again. */
TEST(delivery, iretq_beyond_a_32_bit_limit_is_gp_0, "SDM 2A IRET")
{
	struct pt_regs regs = user_regs((void *)0x20001);

	probe.gdt[SLOT] = probe.gdt[GDT_ENTRY_USER32_CS];
	probe.gdt[SLOT].limit0 = 0xffff;
	probe.gdt[SLOT].limit1 = 1;
	probe.gdt[SLOT].g = 0;
	regs.cs = SEL | 3;
	refused(&regs, X86_TRAP_GP, 0);
}
