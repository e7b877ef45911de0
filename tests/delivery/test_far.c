// SPDX-License-Identifier: MIT
/*
 * Far jumps, calls and returns that name a code segment itself, no gate: which
 * segments they take, what CPL becomes of it, and what comes off the stack.
 *
 * Spec: SDM 3A "Accessing Nonconforming Code Segments", "Accessing Conforming
 *       Code Segments", "Limit Checking in 64-bit Mode"; SDM 2A "CALL", "JMP";
 *       SDM 2B "RET"; APM 3 "CALL (Far)", "JMP (Far)", "RET (Far)".
 */
#include <ktest/insn_flags.h>
#include <ktest/insn_syscall.h>
#include <ktest/insn_user_fault.h>
#include <lib/string.h>
#include <mm/page_alloc.h>

#include "delivery.h"

#define BRANCH	   "SDM 2A CALL; SDM 2A JMP"
#define RET	   "SDM 2B RET"
#define CONFORMING "SDM 3A Accessing Conforming Code Segments"
#define SLOT	   10 /* free in our GDT */
#define SEL	   (SLOT * 8)

static u64 page; /* the user's: far pointer, and stack */

static int far_setup(void)
{
	int err = probe_reset();

	page = alloc_pages(1);
	if (err || !page)
		return -1;
	probe.use_tss = true;
	probe_gate(DL_BACK)->bits.dpl = 3;
	return map_range(DL_USER_VA, page, PAGE_SIZE, PAGE_USER_RW);
}

static void far_teardown(void)
{
	probe_teardown();
	unmap_range(DL_USER_VA, PAGE_SIZE);
	if (page)
		free_pages(page, 1);
	page = 0;
}

SUITE(far, .setup = far_setup, .teardown = far_teardown);

static union desc_struct *slot_like(u32 entry)
{
	probe.gdt[SLOT] = probe.gdt[entry];
	return &probe.gdt[SLOT];
}

/* RDI names a pointer of 32 bits: AMD's CPUs load no longer ones. */
static struct pt_regs branch_regs(const void *insn, bool user, const void *to,
				  u16 sel)
{
	struct pt_regs regs = user ? user_regs(insn) : kernel_regs(insn);

	*(u32 *)page = (u32)(u64)to;
	*(u16 *)(page + 4) = sel;
	regs.di = user ? DL_USER_VA : page;
	return regs;
}

static bool is_high(const void *to)
{
	if ((u64)to >> 32)
		ktest_skip("the image lies above 4 GiB");
	return (u64)to >> 32;
}

/* From CPL 3 to code of CPL 0 that conforms: CPL and stack stay CPL 3's. */
static void to_conforming(const void *insn, u64 pushed)
{
	struct pt_regs regs = branch_regs(insn, true, insn_sc_u_target, SEL);

	if (is_high(insn_sc_u_target))
		return;
	slot_like(GDT_ENTRY_KERNEL_CS)->type = 0xf;
	run(&regs);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_PLAIN(0, DL_BACK, insn_sc_u_target + 4);
	EXPECT_EQ(plain(0)->cs, SEL | 3);
	EXPECT_EQ(plain(0)->ss, __USER_DS);
	EXPECT_EQ(plain(0)->sp, regs.sp - pushed);
}

TEST(far, jump_to_conforming_code_keeps_cpl_3, CONFORMING)
{
	to_conforming(uf_ljmp, 0);
}

/* Two doublewords, its operand size; RSP has 64 bits all the same. */
TEST(far, call_to_conforming_code_keeps_cpl_3, CONFORMING)
{
	const u32 *top =
		(const u32 *)(page + (user_regs(NULL).sp - 8) % PAGE_SIZE);

	to_conforming(uf_lcall, 8);
	EXPECT_EQ(top[0], (u32)(u64)uf_lcall_end);
	EXPECT_EQ((u16)top[1], __USER_CS);
}

/* A limit of 0, and the code goes on for more than a byte. */
TEST(far, limit_of_a_64_bit_code_segment_is_not_checked,
     "SDM 3A Limit Checking in 64-bit Mode")
{
	struct pt_regs regs = kernel_regs(insn_dl_nop);
	union desc_struct *code = slot_like(GDT_ENTRY_KERNEL_CS);

	code->limit0 = 0;
	code->limit1 = 0;
	code->g = 0;
	regs.cs = SEL;
	run(&regs);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_PLAIN(0, DL_BACK, insn_dl_nop + 4);
	EXPECT_EQ(plain(0)->cs, SEL);
}

/* Refused, and nothing has been pushed or popped. */
static void refused(const struct pt_regs *regs, u32 nr, u64 code)
{
	run(regs);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_CODED(0, nr, code, regs->ip);
	EXPECT_EQ(coded(0)->cs, regs->cs);
	EXPECT_EQ(coded(0)->sp, regs->sp);
	EXPECT_EQ(coded(0)->ss, regs->ss);
	EXPECT_EQ(coded(0)->flags, regs->flags | X86_EFLAGS_RF);
	if (!ktest_ok())
		ktest_note("CPL %u, want vector %u, code 0x%lx",
			   (u32)regs->cs & 3, nr, code);
}

static void branches_refused(bool user, u16 sel, u32 nr, u64 code)
{
	const char *const insn[][2] = { { insn_sc_ljmp, insn_sc_lcall },
					{ uf_ljmp, uf_lcall } };

	for (u32 i = 0; i < 2; i++) {
		struct pt_regs regs =
			branch_regs(insn[user][i], user, insn_dl_nop, sel);

		refused(&regs, nr, code);
	}
}

TEST(far, branches_to_no_code_segment_are_gp, BRANCH)
{
	for (u32 user = 0; user <= 1; user++) {
		branches_refused(user, 0, X86_TRAP_GP, 0);
		branches_refused(user, 3, X86_TRAP_GP, 0);
		branches_refused(user, __KERNEL_DS, X86_TRAP_GP, __KERNEL_DS);
		branches_refused(user, 0xfff8, X86_TRAP_GP, 0xfff8);
		branches_refused(user, 0x14, X86_TRAP_GP, 0x14); /* no LDT */
	}
}

/* Not conforming: DPL must be CPL, RPL no more; conforming: DPL up to CPL. */
TEST(far, branches_to_code_of_another_privilege_are_gp, BRANCH)
{
	for (u32 dpl = 0; dpl <= 3; dpl++) {
		slot_like(GDT_ENTRY_KERNEL_CS)->dpl = dpl;
		if (dpl)
			branches_refused(false, SEL, X86_TRAP_GP, SEL);
		if (dpl != 3)
			branches_refused(true, SEL | 3, X86_TRAP_GP, SEL);
		probe.gdt[SLOT].type = 0xf;
		if (dpl)
			branches_refused(false, SEL, X86_TRAP_GP, SEL);
	}
	slot_like(GDT_ENTRY_KERNEL_CS);
	branches_refused(false, SEL | 1, X86_TRAP_GP, SEL);
}

TEST(far, branches_to_code_not_present_are_np, BRANCH)
{
	slot_like(GDT_ENTRY_KERNEL_CS)->p = 0;
	branches_refused(false, SEL, X86_TRAP_NP, SEL);
	slot_like(GDT_ENTRY_USER_CS)->p = 0;
	branches_refused(true, SEL | 3, X86_TRAP_NP, SEL);
}

TEST(far, branches_to_code_with_both_l_and_d_are_gp, BRANCH)
{
	if (boot_cpu_data.vendor != VENDOR_INTEL)
		SKIP(return, "AMD's manual reserves L and D both set");
	slot_like(GDT_ENTRY_KERNEL_CS)->d = 1;
	branches_refused(false, SEL, X86_TRAP_GP, SEL);
}

/* What a far RET to CPL 3 pops. */
static u64 words[4];

static struct pt_regs ret_regs(u64 cs, u64 ss)
{
	struct pt_regs regs = kernel_regs(insn_sc_lretq);

	words[0] = (u64)insn_sc_u_target;
	words[1] = cs;
	words[2] = 0x2222222222;
	words[3] = ss;
	regs.sp -= sizeof(words);
	memcpy((void *)regs.sp, words, sizeof(words));
	return regs;
}

/* RSP and SS too; RFLAGS stays, unlike IRET's. */
TEST(far, return_to_cpl_3_pops_rsp_and_ss, RET)
{
	struct pt_regs regs = ret_regs(__USER_CS, __USER_DS);

	regs.flags |= X86_EFLAGS_CF | X86_EFLAGS_ID;
	run(&regs);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_PLAIN(0, DL_BACK, insn_sc_u_target + 4);
	EXPECT_EQ(plain(0)->cs, __USER_CS);
	EXPECT_EQ(plain(0)->ss, __USER_DS);
	EXPECT_EQ(plain(0)->sp, words[2]);
	EXPECT_EQ(plain(0)->flags, regs.flags);
}

static void ret_refused(u64 cs, u64 ss, u32 nr, u64 code)
{
	struct pt_regs regs = ret_regs(cs, ss);

	refused(&regs, nr, code);
}

TEST(far, return_to_cpl_3_with_a_bad_ss, RET)
{
	ret_refused(__USER_CS, 0, X86_TRAP_GP, 0);
	ret_refused(__USER_CS, 3, X86_TRAP_GP, 0);
	ret_refused(__USER_CS, __KERNEL_DS, X86_TRAP_GP, __KERNEL_DS);
	ret_refused(__USER_CS, __USER_DS & ~3ull, X86_TRAP_GP,
		    __USER_DS & ~3ull);
	ret_refused(__USER_CS, __USER_CS, X86_TRAP_GP, __USER_CS & ~3ull);
	ret_refused(__USER_CS, 0xfffb, X86_TRAP_GP, 0xfff8);
	slot_like(GDT_ENTRY_USER_DS)->type = 1; /* read-only */
	ret_refused(__USER_CS, SEL | 3, X86_TRAP_GP, SEL);
}

/* Of SDM 2B its operation says #SS, its list of exceptions #NP: either. */
TEST(far, return_to_cpl_3_with_an_ss_not_present_is_ss, RET "; APM 3 RET (Far)")
{
	struct pt_regs regs = ret_regs(__USER_CS, SEL | 3);
	u32 nr = X86_TRAP_SS;

	slot_like(GDT_ENTRY_USER_DS)->p = 0;
	run(&regs);
	if (boot_cpu_data.vendor == VENDOR_INTEL &&
	    probe.hit[0].vector == X86_TRAP_NP)
		nr = X86_TRAP_NP;
	refused(&regs, nr, SEL);
}

/* CPL 3 returns to CPL 3: the same two words, no RSP, no SS; never to 0. */
TEST(far, return_at_cpl_3_stays_there, RET)
{
	struct pt_regs regs = user_regs(uf_lret);
	u64 *top = (u64 *)(page + regs.sp % PAGE_SIZE);

	top[0] = (u64)insn_sc_u_target;
	top[1] = __USER_CS;
	run(&regs);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_PLAIN(0, DL_BACK, insn_sc_u_target + 4);
	EXPECT_EQ(plain(0)->cs, __USER_CS);
	EXPECT_EQ(plain(0)->sp, regs.sp + 16);
	EXPECT_EQ(plain(0)->ss, __USER_DS);
	top[1] = __KERNEL_CS;
	refused(&regs, X86_TRAP_GP, __KERNEL_CS);
}

/* RET imm16 drops so many bytes behind CS, and from the outer stack too. */
TEST(far, return_releases_parameters_from_both_stacks, RET)
{
	struct pt_regs regs = kernel_regs(insn_flags_lretq_16);
	u64 *top = (u64 *)(regs.sp -= 64);

	top[0] = (u64)insn_sc_target;
	top[1] = __KERNEL_CS;
	run(&regs);
	EXPECT_PLAIN(0, DL_BACK, insn_sc_target + 4);
	EXPECT_EQ(plain(0)->sp, regs.sp + 16 + 16);
	top[0] = (u64)insn_sc_u_target;
	top[1] = __USER_CS;
	top[2] = top[3] = ~0ull; /* parameters */
	top[4] = DL_USER_VA + 0x100;
	top[5] = __USER_DS;
	run(&regs);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_PLAIN(0, DL_BACK, insn_sc_u_target + 4);
	EXPECT_EQ(plain(0)->cs, __USER_CS);
	EXPECT_EQ(plain(0)->sp, DL_USER_VA + 0x100 + 16);
	EXPECT_EQ(plain(0)->ss, __USER_DS);
}

/* 64-bit mode and compatibility mode lie one far jump apart. */
TEST(far, jump_to_compatibility_mode, "SDM 2A JMP; APM 3 JMP (Far)")
{
	struct pt_regs regs =
		branch_regs(uf_ljmp, true, insn_sc_u_mode, __USER32_CS);

	if (is_high(insn_sc_u_mode))
		return;
	regs.sp = 0x12345678;
	run(&regs);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_MODE(insn_sc_u_mode, false);
	EXPECT_EQ(plain(0)->cs, __USER32_CS);
	EXPECT_EQ(plain(0)->sp, regs.sp);
	EXPECT_EQ(plain(0)->ss, __USER_DS);
	EXPECT_EQ(plain(0)->flags, FLAGS0);
}

/* The same far return, by RPL 3 and L 0. */
TEST(far, return_to_compatibility_mode, RET)
{
	struct pt_regs regs = ret_regs(__USER32_CS, __USER_DS);

	if (is_high(insn_sc_u_mode))
		return;
	*(u64 *)regs.sp = (u64)insn_sc_u_mode;
	run(&regs);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_MODE(insn_sc_u_mode, false);
	EXPECT_EQ(plain(0)->cs, __USER32_CS);
	EXPECT_EQ(plain(0)->ss, __USER_DS);
}
