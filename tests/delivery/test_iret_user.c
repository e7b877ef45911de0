// SPDX-License-Identifier: MIT
/*
 * IRETQ from CPL 3, and what IRETQ to CPL 3 does to DS, ES, FS and GS.
 *
 * Spec: SDM 2A IRET "Operation" and exceptions; SDM 3A "Privilege Level
 *       Checking When Loading Segment Selectors"; APM 3 "IRETQ".
 */
#include <asm/msr-index.h>
#include <asm/special_insns.h>
#include <ktest/insn_iret.h>
#include <ktest/insn_seg.h>
#include <mm/page_alloc.h>

#include "delivery.h"

#define RULE "SDM 2A IRET/IRETD/IRETQ: 64-bit mode exceptions"
#define DOES "SDM 2A IRET: return to outer privilege level"
#define SLOT 10 /* free in our GDT */
#define SEL  (SLOT * 8)

static const struct iret_frame good = { (u64)insn_dl_u_nop, __USER_CS, FLAGS0,
					0x2222222222, __USER_DS };

/* IRETQ at CPL 3 through frame, on a page of its own. */
static u64 user_iretq(const struct iret_frame *frame, u64 flags)
{
	struct pt_regs regs = user_regs(insn_dl_u_iretq);
	u64 page = alloc_pages(1);

	EXPECT_EQ(map_range(DL_USER_VA, page, PAGE_SIZE, PAGE_USER_RW), 0);
	*(struct iret_frame *)(page + 0x100) = *frame;
	regs.sp = DL_USER_VA + 0x100;
	regs.flags |= flags;
	probe.use_tss = true;
	probe_gate(DL_BACK)->bits.dpl = 3;
	run(&regs);
	unmap_range(DL_USER_VA, PAGE_SIZE);
	free_pages(page, 1);
	EXPECT_EQ(probe.hits, 1);
	return regs.sp;
}

static void refused(const struct iret_frame *frame, u64 flags, u64 code)
{
	u64 sp = user_iretq(frame, flags);

	if (probe.hit[0].vector != X86_TRAP_GP)
		ktest_note("to CS 0x%llx, SS 0x%llx",
			   (unsigned long long)frame->cs,
			   (unsigned long long)frame->ss);
	EXPECT_CODED(0, X86_TRAP_GP, code, insn_dl_u_iretq);
	EXPECT_EQ(coded(0)->cs, __USER_CS);
	EXPECT_EQ(coded(0)->flags, FLAGS0 | flags | X86_EFLAGS_RF);
	EXPECT_EQ(coded(0)->sp, sp);
	EXPECT_EQ(coded(0)->ss, __USER_DS);
	EXPECT_EQ(probe.hit[0].sp, sp_coded(probe_stack(0)));
}

TEST(delivery, iretq_at_cpl_3_to_a_bad_cs_is_gp_of_that_selector, RULE)
{
	static const u16 bad[] = {
		__KERNEL_CS,	     /* RPL above CPL: never inwards */
		__KERNEL_CS | 3,     /* DPL is not RPL */
		__USER_CS & ~1,	     /* RPL 2 */
		__USER_DS,	     /* data */
		GDT_ENTRIES * 8 | 3, /* beyond the table */
		0,		     /* NULL: the code is 0 */
		3,
	};

	for (u32 i = 0; i < ARRAY_SIZE(bad); i++) {
		struct iret_frame frame = good;

		frame.cs = bad[i];
		refused(&frame, 0, bad[i] & ~3);
	}
}

TEST(delivery, iretq_at_cpl_3_to_a_bad_ss_is_gp_of_that_selector, RULE)
{
	static const u16 bad[] = {
		__USER_DS & ~3,
		__USER_DS & ~1,
		__KERNEL_DS | 3,
		__USER_CS,
		GDT_ENTRIES * 8 | 3,
		0,
		3,
	};

	for (u32 i = 0; i < ARRAY_SIZE(bad); i++) {
		struct iret_frame frame = good;

		frame.ss = bad[i];
		refused(&frame, 0, bad[i] & ~3);
	}
}

TEST(delivery, iretq_at_cpl_3_with_nt_is_gp_0, RULE)
{
	refused(&good, X86_EFLAGS_NT, 0);
}

TEST(delivery, iretq_at_cpl_3_to_a_rip_not_canonical_is_gp_0, RULE)
{
	struct iret_frame frame = good;

	frame.ip = BIT(62);
	refused(&frame, 0, 0);
}

TEST(delivery, iretq_from_an_absent_stack_is_pf, RULE)
{
	struct pt_regs regs = user_regs(insn_dl_u_iretq);

	regs.sp = DL_USER_VA;
	probe.use_tss = true;
	run(&regs);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_CODED(0, X86_TRAP_PF, 4, insn_dl_u_iretq); /* user, read */
	EXPECT_EQ(coded(0)->sp, regs.sp);
	EXPECT_GE(probe.hit[0].cr2, regs.sp);
	EXPECT_LT(probe.hit[0].cr2, regs.sp + sizeof(struct iret_frame));
}

/* System flags are not CPL 3's to change; nor is VM anybody's. */
TEST(delivery, iretq_at_cpl_3_keeps_vif_vip_and_iopl, "SDM 2A IRET")
{
	struct iret_frame frame = good;

	frame.flags |= X86_EFLAGS_VIF | X86_EFLAGS_VIP | X86_EFLAGS_VM |
		       X86_EFLAGS_IOPL | X86_EFLAGS_IF | X86_EFLAGS_ID;
	user_iretq(&frame, 0);
	EXPECT_PLAIN(0, DL_BACK, insn_dl_u_nop + 4);
	EXPECT_EQ(plain(0)->flags, FLAGS0 | X86_EFLAGS_ID);
}

/* Load all four with sel, go to CPL 3, and see what is left there. */
static void segments(u16 sel, u16 want)
{
	struct pt_regs regs = kernel_regs(insn_iret_segments);
	u64 base = rdmsr(MSR_GS_BASE), flags = local_irq_save();
	struct iret_frame *frame = (void *)(probe_stack(6) - 64);

	*frame = good;
	frame->ip = (u64)insn_iret_u_read_segments;
	regs.sp = (u64)frame;
	regs.ax = regs.cx = regs.dx = regs.si = sel;
	run(&regs); /* the stub's way back has GS base again ... */
	insn_mov_gs(NULL);
	wrmsr(MSR_GS_BASE, base); /* ... and so has this */
	local_irq_restore(flags);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_EQ(probe.hit[0].vector, DL_BACK);
	EXPECT_EQ(probe.hit[0].regs.ax, want);
	EXPECT_EQ(probe.hit[0].regs.cx, want);
	EXPECT_EQ(probe.hit[0].regs.dx, want);
	EXPECT_EQ(probe.hit[0].regs.si, want);
}

/* Data, or code that is not conforming, of DPL below the new CPL. */
TEST(delivery, iretq_to_cpl_3_nulls_segments_of_lower_dpl, DOES)
{
	static const u8 type[] = { 0x3, 0x1, 0xb }; /* data; RO; code */

	for (u32 dpl = 0; dpl < 3; dpl++) {
		for (u32 i = 0; i < ARRAY_SIZE(type); i++) {
			probe_reset();
			probe.use_tss = true;
			probe_gate(DL_BACK)->bits.dpl = 3;
			probe.gdt[SLOT] = probe.gdt[GDT_ENTRY_KERNEL_DS];
			probe.gdt[SLOT].type = type[i];
			probe.gdt[SLOT].dpl = dpl;
			segments(SEL, 0);
		}
	}
}

TEST(delivery, iretq_to_cpl_3_keeps_segments_it_may_use, DOES)
{
	probe.use_tss = true;
	probe_gate(DL_BACK)->bits.dpl = 3;
	segments(__USER_DS, __USER_DS);
	probe.gdt[SLOT] = probe.gdt[GDT_ENTRY_KERNEL_CS];
	probe.gdt[SLOT].type = 0xf; /* conforming: DPL 0 does not matter */
	segments(SEL, SEL);
}
