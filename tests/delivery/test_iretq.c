// SPDX-License-Identifier: MIT
/*
 * IRETQ in 64-bit mode: what it restores, and what it refuses. A refused one
 * is a fault of the IRETQ, at CPL 0, with nothing popped.
 *
 * Spec: SDM 2A IRET "Operation"; SDM 3A "IRET in IA-32e Mode"; APM 3 "IRETQ".
 */
#include <ktest/insn_syscall.h>
#include <mm/page_alloc.h>

#include "delivery.h"

#define RULE "SDM 2A IRET/IRETD/IRETQ: 64-bit mode exceptions"
#define DOES "SDM 3A IRET in IA-32e Mode"
#define SLOT 10 /* free in our GDT */
#define SEL  (SLOT * 8)

/* IRETQ to regs faults at itself, having changed nothing. */
static void judge(struct pt_regs *regs, u32 vector, u64 code)
{
	probe.use_tss = true; /* should it come from CPL 3 */
	run(regs);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_CODED(0, vector, code, probe_enter_iretq);
	EXPECT_EQ(coded(0)->cs, __KERNEL_CS);
	EXPECT_EQ(coded(0)->sp, &iret_regs()->ip);
	EXPECT_EQ(coded(0)->ss, __KERNEL_DS);
}

/* A descriptor that works as a user's code or data segment, to be spoilt. */
static union desc_struct *slot_like(u32 entry)
{
	probe_reset();
	probe.gdt[SLOT] = probe.gdt[entry];
	return &probe.gdt[SLOT];
}

TEST(delivery, iretq_to_a_rip_not_canonical_is_gp_0, RULE)
{
	struct pt_regs regs = kernel_regs((void *)BIT(62));

	judge(&regs, X86_TRAP_GP, 0);
}

TEST(delivery, iretq_to_cpl_3_with_a_rip_not_canonical_is_gp_0, RULE)
{
	struct pt_regs regs = user_regs((void *)BIT(62));

	judge(&regs, X86_TRAP_GP, 0);
}

TEST(delivery, iretq_with_nt_set_is_gp_0, RULE)
{
	struct pt_regs regs = kernel_regs(insn_dl_nop);

	run_by(probe_enter_nt, &regs);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_CODED(0, X86_TRAP_GP, 0, probe_enter_nt_iretq);
	EXPECT_EQ(coded(0)->sp, &iret_regs()->ip);
	EXPECT_EQ(coded(0)->flags & X86_EFLAGS_NT, X86_EFLAGS_NT);
	EXPECT_EQ(probe.hit[0].flags & X86_EFLAGS_NT, 0);
}

TEST(delivery, iretq_to_a_null_cs_is_gp_0, RULE)
{
	for (u64 rpl = 0; rpl <= 3; rpl++) {
		struct pt_regs regs = kernel_regs(insn_dl_nop);

		regs.cs = rpl;
		judge(&regs, X86_TRAP_GP, 0);
	}
}

TEST(delivery, iretq_to_a_bad_cs_is_gp_of_that_selector, RULE)
{
	static const u16 bad[] = {
		__KERNEL_DS,	 /* data */
		__TSS_SEL,	 /* a system segment */
		GDT_ENTRIES * 8, /* beyond the table */
		__KERNEL_CS | 4, /* in the LDT, which is NULL */
		__KERNEL_CS | 3, /* not conforming: DPL is not RPL */
		__USER_CS & ~3,
	};

	for (u32 i = 0; i < ARRAY_SIZE(bad); i++) {
		struct pt_regs regs = kernel_regs(insn_dl_nop);

		regs.cs = bad[i];
		judge(&regs, X86_TRAP_GP, bad[i] & ~3);
	}
}

/* AMD reserves the combination, and says no more. */
TEST(delivery, iretq_to_a_cs_with_both_l_and_d_is_gp, RULE)
{
	struct pt_regs regs;

	if (boot_cpu_data.vendor != VENDOR_INTEL)
		SKIP(return, "AMD's manual reserves L and D both set");
	slot_like(GDT_ENTRY_KERNEL_CS)->d = 1;
	regs = kernel_regs(insn_dl_nop);
	regs.cs = SEL;
	judge(&regs, X86_TRAP_GP, SEL);
}

TEST(delivery, iretq_to_a_cs_not_present_is_np, RULE)
{
	struct pt_regs regs;

	slot_like(GDT_ENTRY_USER_CS)->p = 0;
	regs = user_regs(insn_dl_u_nop);
	regs.cs = SEL | 3;
	judge(&regs, X86_TRAP_NP, SEL);
}

TEST(delivery, iretq_to_cpl_3_with_a_null_ss_is_gp_0, RULE)
{
	for (u64 rpl = 0; rpl <= 3; rpl++) {
		struct pt_regs regs = user_regs(insn_dl_u_nop);

		regs.ss = rpl;
		judge(&regs, X86_TRAP_GP, 0);
	}
}

TEST(delivery, iretq_to_cpl_3_with_a_bad_ss_is_gp_of_that_selector, RULE)
{
	static const u16 bad[] = {
		__USER_DS & ~3,	     /* RPL is not the new CPL */
		__KERNEL_DS | 3,     /* DPL is not */
		__USER_CS,	     /* code */
		GDT_ENTRIES * 8 | 3, /* beyond the table */
	};

	for (u32 i = 0; i < ARRAY_SIZE(bad); i++) {
		struct pt_regs regs = user_regs(insn_dl_u_nop);

		regs.ss = bad[i];
		judge(&regs, X86_TRAP_GP, bad[i] & ~3);
	}
}

TEST(delivery, iretq_to_a_read_only_ss_is_gp, RULE)
{
	struct pt_regs regs;

	slot_like(GDT_ENTRY_USER_DS)->type = 0x1;
	regs = user_regs(insn_dl_u_nop);
	regs.ss = SEL | 3;
	judge(&regs, X86_TRAP_GP, SEL);
}

TEST(delivery, iretq_to_an_ss_not_present_is_ss, RULE)
{
	struct pt_regs regs;

	slot_like(GDT_ENTRY_USER_DS)->p = 0;
	regs = user_regs(insn_dl_u_nop);
	regs.ss = SEL | 3;
	judge(&regs, X86_TRAP_SS, SEL);
}

TEST(delivery, iretq_at_cpl_0_restores_if_and_iopl, DOES)
{
	for (u64 n = 0; n < 8; n++) {
		struct pt_regs regs = kernel_regs(insn_dl_nop);

		regs.flags |= (n & 1) * X86_EFLAGS_IF | (n >> 1) << 12;
		run(&regs);
		EXPECT_EQ(probe.hits, 1);
		EXPECT_PLAIN(0, DL_BACK, insn_dl_nop + 4);
		EXPECT_EQ(plain(0)->flags, regs.flags);
	}
}

/* From CPL 3, with a frame on its own stack and IOPL 0 or 3. */
static void judge_user_iretq(u64 iopl, u64 want)
{
	struct pt_regs regs = user_regs(insn_dl_u_iretq);
	struct iret_frame frame = { (u64)insn_dl_u_nop, __USER_CS,
				    FLAGS0 | X86_EFLAGS_CF | X86_EFLAGS_IOPL,
				    0x2222222222, __USER_DS };
	u64 page = alloc_pages(1);

	if (!EXPECT_NE(page, 0))
		return;
	EXPECT_EQ(map_range(DL_USER_VA, page, PAGE_SIZE, PAGE_USER_RW), 0);
	*(struct iret_frame *)(page + 0x100) = frame;
	regs.sp = DL_USER_VA + 0x100;
	regs.flags = FLAGS_IF | iopl;
	probe.use_tss = true;
	probe_gate(DL_BACK)->bits.dpl = 3;
	run(&regs);
	unmap_range(DL_USER_VA, PAGE_SIZE);
	free_pages(page, 1);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_PLAIN(0, DL_BACK, insn_dl_u_nop + 4);
	EXPECT_EQ(plain(0)->flags, want);
	EXPECT_EQ(plain(0)->sp, frame.sp);
	EXPECT_EQ(plain(0)->cs, __USER_CS);
}

TEST(delivery, iretq_at_cpl_3_keeps_if_and_iopl, "SDM 2A IRET: operation")
{
	judge_user_iretq(0, FLAGS_IF | X86_EFLAGS_CF);
}

/* With CPL <= IOPL IF is the program's; IOPL itself still is not. */
TEST(delivery, iretq_at_cpl_3_with_iopl_3_loads_if, "SDM 2A IRET: operation")
{
	judge_user_iretq(X86_EFLAGS_IOPL,
			 FLAGS0 | X86_EFLAGS_CF | X86_EFLAGS_IOPL);
}

TEST(delivery, iretq_at_cpl_0_always_pops_ss_and_rsp, DOES)
{
	struct pt_regs regs = kernel_regs(insn_dl_nop);

	regs.sp = probe_stack(2) - 0x33;
	regs.ss = 0;
	run(&regs);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_PLAIN(0, DL_BACK, insn_dl_nop + 4);
	EXPECT_EQ(plain(0)->sp, regs.sp);
	EXPECT_EQ(plain(0)->ss, 0);
}

/* 32-bit code, by L=0: the same bytes mean something else. */
TEST(delivery, iretq_reaches_compatibility_mode_and_comes_back, DOES)
{
	struct pt_regs regs = user_regs(insn_sc_u_mode);

	if (regs.ip >> 32)
		SKIP(return, "the image lies above 4 GiB");
	regs.cs = __USER32_CS;
	regs.sp = 0x12345678;
	probe.use_tss = true;
	probe_gate(DL_BACK)->bits.dpl = 3;
	run(&regs);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_MODE(insn_sc_u_mode, false);
	EXPECT_EQ(plain(0)->cs, __USER32_CS);
	EXPECT_EQ(plain(0)->sp, regs.sp);
	EXPECT_EQ(plain(0)->ss, __USER_DS);
	EXPECT_EQ(probe.hit[0].cs, __KERNEL_CS);
	EXPECT_EQ(probe.hit[0].sp, sp_plain(probe_stack(0)));
}
