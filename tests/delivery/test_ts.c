// SPDX-License-Identifier: MIT
/*
 * A TSS that ends before the stack pointer a change of privilege wants. #TS
 * itself needs a way in: RSP0 where RSP1 or RSP2 is missing; where RSP0 is,
 * and with it every IST, a conforming segment, whose handler stays at CPL 3
 * on the stack it finds, and leaves by SYSCALL, which reads no TSS.
 *
 * Spec: SDM 3A "Interrupt 10-Invalid TSS Exception (#TS)", "Stack Switching in
 *       IA-32e Mode"; SDM 2A "INT n", "Operation".
 */
#include <asm/msr-index.h>
#include <asm/special_insns.h>
#include <ktest/insn_syscall.h>
#include <mm/page_alloc.h>

#include "delivery.h"

#define RULE "SDM 3A Interrupt 10"
#define CODE 10 /* free in our GDT */

SUITE(ts, .setup = probe_reset, .teardown = probe_teardown);

/* Last byte of the slot of RSPn. */
static u16 rsp_end(u32 n)
{
	return (u16)(offsetof(struct tss, sp) + n * 8 + 7);
}

static void prepare(u16 limit)
{
	probe_reset();
	probe.use_tss = true;
	probe.gdt[GDT_ENTRY_TSS].limit0 = limit;
	probe.gdt[CODE] = probe.gdt[GDT_ENTRY_KERNEL_CS];
	probe_gate(DL_INT)->bits.dpl = 3;
	probe_gate(DL_BACK)->bits.dpl = 3;
}

static void judge_user_frame(const struct iret_frame *got,
			     const struct pt_regs *regs)
{
	EXPECT_EQ(got->ip, insn_dl_u_int_back);
	EXPECT_EQ(got->cs, __USER_CS);
	EXPECT_EQ(got->flags, FLAGS0 | X86_EFLAGS_RF);
	EXPECT_EQ(got->sp, regs->sp);
	EXPECT_EQ(got->ss, __USER_DS);
}

TEST(ts, rsp1_and_rsp2_slots_beyond_the_tss_limit, RULE)
{
	for (u32 ring = 1; ring <= 2; ring++) {
		struct pt_regs regs = user_regs(insn_dl_u_int_back);

		prepare(rsp_end(ring) - 1);
		probe.gdt[CODE].dpl = ring;
		probe.tss->sp[ring] = probe_stack(4 + ring);
		probe_gate(DL_INT)->segment = CODE * 8;
		probe_gate_offset(DL_INT, (u64)insn_dl_nop);
		run(&regs);
		EXPECT_EQ(probe.hits, 1);
		EXPECT_CODED(0, X86_TRAP_TS, __TSS_SEL, insn_dl_u_int_back);
		EXPECT_EQ(probe.hit[0].sp, sp_coded(probe_stack(0)));
		judge_user_frame(coded(0), &regs);
	}
}

/*
 * CPL 3 to CPL 0, the TSS one byte too short for it, or just not. No SMAP: a
 * CPU that takes the pushes of #TS for a supervisor's would find no way in for
 * that fault either. Whose they are delivery.a_conforming_handler_* judges.
 */
static void to_cpl_0(const struct pt_regs *regs, u16 limit)
{
	u64 lstar = rdmsr(MSR_LSTAR), cr4 = read_cr4();

	prepare(limit);
	probe.gdt[CODE].type = 0xf; /* conforming */
	probe_gate(X86_TRAP_TS)->segment = CODE * 8;
	probe_gate_offset(X86_TRAP_TS, (u64)insn_sc_u_syscall);
	wrmsr(MSR_LSTAR, (u64)insn_sc_target_rsp);
	write_cr4(cr4 & ~(u64)X86_CR4_SMAP);
	run(regs);
	write_cr4(cr4);
	wrmsr(MSR_LSTAR, lstar);
	EXPECT_EQ(probe.hits, 1);
}

TEST(ts, rsp0_slot_beyond_the_tss_limit, RULE)
{
	struct pt_regs regs = user_regs(insn_dl_u_int_back);
	u64 page = alloc_pages(1), code;

	EXPECT_EQ(map_range(DL_USER_VA, page, PAGE_SIZE, PAGE_USER_RW), 0);
	regs.bx = probe_stack(RUN_STACK);
	code = page + sp_coded(regs.sp) % PAGE_SIZE;
	to_cpl_0(&regs, rsp_end(0) - 1);
	EXPECT_PLAIN(0, DL_BACK, insn_sc_target_rsp_end);
	EXPECT_EQ(probe.hit[0].regs.cx, insn_sc_u_syscall + 2);
	EXPECT_EQ(*(u64 *)code, __TSS_SEL);
	judge_user_frame((const struct iret_frame *)(code + 8), &regs);
	unmap_range(DL_USER_VA, PAGE_SIZE);
	free_pages(page, 1);
}

TEST(ts, rsp0_slot_that_ends_at_the_tss_limit_is_used, RULE)
{
	struct pt_regs regs = user_regs(insn_dl_u_int_back);

	to_cpl_0(&regs, rsp_end(0));
	EXPECT_PLAIN(0, DL_INT, insn_dl_u_int_back + 2);
	EXPECT_EQ(probe.hit[0].sp, sp_plain(probe_stack(0)));
	EXPECT_EQ(plain(0)->cs, __USER_CS);
}
