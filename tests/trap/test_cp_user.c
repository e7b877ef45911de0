// SPDX-License-Identifier: MIT
/*
 * #CP, Control Protection: vector 21, a fault, whose error code says what did
 * not match. CPL 3 here; S_CET stays 0, so that CPL 0 runs as ever.
 *
 * Spec: SDM 3A "Interrupt 21-Control Protection Exception (#CP)"; SDM 1
 *       "Control-flow Enforcement Technology (CET)"; APM 2 "Shadow Stacks",
 *       "#CP-Control-Protection Exception (Vector 21)".
 */
#include <asm/irq_vectors.h>
#include <ktest/insn_user_fault.h>
#include <lib/string.h>
#include <mm/page_alloc.h>
#include <mm/paging.h>

#include "cet.h"

static u64 page; /* the shadow stack, where CPL 0 writes it; then the stack */

static bool cet_begin(u64 u_cet, u64 prot)
{
	page = alloc_pages(2);
	if (!EXPECT_EQ(map_range(SHSTK_VA, page, PAGE_SIZE, prot), 0) ||
	    !EXPECT_EQ(map_range(USER_STACK_VA, page + PAGE_SIZE, PAGE_SIZE,
				 PAGE_USER_RW),
		       0))
		return false;
	memset((void *)page, 0, PAGE_SIZE);
	write_cr4(read_cr4() | X86_CR4_CET);
	wrmsr(MSR_IA32_U_CET, u_cet);
	if (cpu_has(X86_FEATURE_SHSTK))
		wrmsr(MSR_IA32_PL3_SSP, SHSTK_START);
	return true;
}

/* SSP as CPL 3 left it. */
static u64 cet_end(void)
{
	u64 ssp = cpu_has(X86_FEATURE_SHSTK) ? rdmsr(MSR_IA32_PL3_SSP) : 0;

	wrmsr(MSR_IA32_U_CET, 0);
	if (cpu_has(X86_FEATURE_SHSTK))
		wrmsr(MSR_IA32_PL3_SSP, 0);
	write_cr4(read_cr4() & ~(u64)X86_CR4_CET);
	unmap_range(USER_STACK_VA, PAGE_SIZE);
	unmap_range(SHSTK_VA, PAGE_SIZE);
	free_pages(page, 2);
	return ssp;
}

static u64 *shstk(u64 ssp)
{
	return (u64 *)(page + (ssp - SHSTK_VA));
}

static struct trap run_user(const char *at, u64 di)
{
	struct pt_regs *regs = user_regs((u64)at);

	regs->di = di;
	return catch_user(regs);
}

/* A fault of the instruction at ip, with that much on the stack before it. */
static void expect_fault(const struct trap *got, u32 nr, u64 code,
			 const char *ip, u64 pushed)
{
	EXPECT_TRAP(*got, nr);
	EXPECT_EQ(got->error_code, code);
	EXPECT_EQ(got->ip, ip);
	EXPECT_EQ(got->cs, __USER_CS);
	EXPECT_EQ(got->ss, __USER_DS);
	EXPECT_EQ(got->sp, USER_SP - pushed);
	EXPECT_EQ(got->flags & X86_EFLAGS_RF, X86_EFLAGS_RF);
	EXPECT_EQ(got->stack, STACK_ENTRY);
}

TEST(cp, user_call_and_ret_that_agree, RULE)
{
	struct trap got;

	if (!cpu_has(X86_FEATURE_SHSTK))
		SKIP(return, NO_SHSTK);
	if (!cet_begin(CET_SHSTK_EN, PAGE_USER_SHSTK))
		return;
	got = run_user(uf_cet_call, 0);
	EXPECT_EQ(*shstk(SHSTK_START - 8), uf_cet_call_next);
	EXPECT_EQ(cet_end(), SHSTK_START);
	EXPECT_EQ(got.nr, IA32_SYSCALL_VECTOR);
	EXPECT_EQ(got.regs.ax, SHSTK_START);
	EXPECT_EQ(got.regs.dx, SHSTK_START);
}

TEST(cp, user_incssp_drops_what_was_pushed, RULE "; SDM 2A INCSSP")
{
	struct trap got;

	if (!cpu_has(X86_FEATURE_SHSTK))
		SKIP(return, NO_SHSTK);
	if (!cet_begin(CET_SHSTK_EN, PAGE_USER_SHSTK))
		return;
	got = run_user(uf_cet_incssp, 0);
	EXPECT_EQ(cet_end(), SHSTK_START);
	EXPECT_EQ(got.nr, IA32_SYSCALL_VECTOR);
	EXPECT_EQ(got.regs.dx, got.regs.ax);
}

/* What was pushed on the shadow stack before the fault is still there. */
static void mismatch(const char *from, const char *at, u64 code, u64 pushed,
		     u64 on_shstk)
{
	struct trap got;

	if (!cet_begin(CET_SHSTK_EN, PAGE_USER_SHSTK))
		return;
	got = run_user(from, 0);
	EXPECT_EQ(cet_end(), SHSTK_START - on_shstk);
	expect_fault(&got, X86_TRAP_CP, code, at, pushed);
}

TEST(cp, user_near_return_that_does_not_agree, RULE)
{
	if (!cpu_has(X86_FEATURE_SHSTK))
		SKIP(return, NO_SHSTK);
	mismatch(uf_cet_ret, uf_cet_ret_at, CP_NEAR_RET, 8, 8);
}

TEST(cp, user_far_return_that_does_not_agree, RULE)
{
	if (!cpu_has(X86_FEATURE_SHSTK))
		SKIP(return, NO_SHSTK);
	mismatch(uf_cet_lret, uf_cet_lret_at, CP_FAR_RET_IRET, 16, 0);
}

TEST(cp, user_iretq_that_does_not_agree, RULE)
{
	if (!cpu_has(X86_FEATURE_SHSTK))
		SKIP(return, NO_SHSTK);
	mismatch(uf_cet_iret, uf_cet_iret_at, CP_FAR_RET_IRET, 40, 0);
}

/* A token names the address behind itself; bit 0 says 64-bit mode. */
TEST(cp, user_rstorssp_of_a_token_and_of_none, RULE "; SDM 2B RSTORSSP")
{
	u64 at = SHSTK_VA + 0x100;
	struct trap got;

	if (!cpu_has(X86_FEATURE_SHSTK))
		SKIP(return, NO_SHSTK);
	if (!cet_begin(CET_SHSTK_EN, PAGE_USER_SHSTK))
		return;
	got = run_user(uf_cet_rstorssp, at);
	expect_fault(&got, X86_TRAP_CP, CP_RSTORSSP, uf_cet_rstorssp, 0);
	EXPECT_EQ(rdmsr(MSR_IA32_PL3_SSP), SHSTK_START);
	*shstk(at) = (at + 8) | 1;
	got = run_user(uf_cet_rstorssp, at);
	EXPECT_EQ(got.nr, IA32_SYSCALL_VECTOR);
	EXPECT_EQ(got.regs.ax, at);
	EXPECT_EQ(cet_end(), at);
}

/* Stores are refused as on any page that is read-only; loads are not. */
TEST(cp, user_store_to_a_shadow_stack_is_pf, "SDM 3A Interrupt 14")
{
	struct trap got;

	if (!cpu_has(X86_FEATURE_SHSTK))
		SKIP(return, NO_SHSTK);
	if (!cet_begin(CET_SHSTK_EN, PAGE_USER_SHSTK))
		return;
	got = run_user(uf_store8, SHSTK_VA);
	expect_fault(&got, X86_TRAP_PF,
		     X86_PF_PROT | X86_PF_WRITE | X86_PF_USER, uf_store8, 0);
	EXPECT_EQ(got.cr2, SHSTK_VA);
	EXPECT_EQ(run_user(uf_load8, SHSTK_VA).nr, IA32_SYSCALL_VECTOR);
	cet_end();
}

/* CALL on what is an ordinary page: the code has SS. */
TEST(cp, user_shadow_stack_on_an_ordinary_page_is_pf, "SDM 3A Interrupt 14")
{
	struct trap got;

	if (!cpu_has(X86_FEATURE_SHSTK))
		SKIP(return, NO_SHSTK);
	if (!cet_begin(CET_SHSTK_EN, PAGE_USER_RW))
		return;
	got = run_user(uf_cet_ret, 0);
	EXPECT_EQ(cet_end(), SHSTK_START);
	expect_fault(&got, X86_TRAP_PF,
		     X86_PF_PROT | X86_PF_WRITE | X86_PF_USER | X86_PF_SHSTK,
		     uf_cet_ret, 0);
	EXPECT_EQ(got.cr2, SHSTK_START - 8);
}

/* WRSS has its own switch, WRUSS and SETSSBSY are CPL 0's. */
TEST(cp, user_writes_that_are_not_its_own,
     "SDM 2D WRSS, WRUSS; SDM 2B SETSSBSY")
{
	struct trap got;

	if (!cpu_has(X86_FEATURE_SHSTK))
		SKIP(return, NO_SHSTK);
	if (!cet_begin(CET_SHSTK_EN, PAGE_USER_SHSTK))
		return;
	got = run_user(uf_cet_wrss, SHSTK_VA);
	expect_fault(&got, X86_TRAP_UD, 0, uf_cet_wrss, 0);
	got = run_user(uf_cet_wruss, SHSTK_VA);
	expect_fault(&got, X86_TRAP_GP, 0, uf_cet_wruss, 0);
	got = run_user(uf_cet_setssbsy, 0); /* S_CET.SH_STK_EN is 0 */
	expect_fault(&got, X86_TRAP_UD, 0, uf_cet_setssbsy, 0);
	wrmsr(MSR_IA32_U_CET, CET_SHSTK_EN | CET_WRSS_EN);
	got = run_user(uf_cet_wrss, SHSTK_VA);
	EXPECT_EQ(got.nr, IA32_SYSCALL_VECTOR);
	EXPECT_EQ(*shstk(SHSTK_VA), got.regs.ax);
	cet_end();
}

TEST(cp, user_indirect_branches_without_endbr64, RULE)
{
	struct trap got;

	if (!has_ibt())
		SKIP(return, NO_IBT);
	if (!cet_begin(CET_ENDBR_EN, PAGE_USER_RW))
		return;
	got = run_user(uf_cet_jmp, 0);
	expect_fault(&got, X86_TRAP_CP, CP_ENDBRANCH, uf_cet_jmp_to, 0);
	wrmsr(MSR_IA32_U_CET, CET_ENDBR_EN); /* TRACKER waited on */
	got = run_user(uf_cet_indirect_call, 0);
	expect_fault(&got, X86_TRAP_CP, CP_ENDBRANCH, uf_cet_indirect_call_to,
		     8);
	cet_end();
}

TEST(cp, user_indirect_branches_that_are_allowed, RULE)
{
	struct trap got;

	if (!has_ibt())
		SKIP(return, NO_IBT);
	if (!cet_begin(CET_ENDBR_EN | CET_NO_TRACK_EN, PAGE_USER_RW))
		return;
	got = run_user(uf_cet_endbr, 0);
	EXPECT_EQ(got.nr, IA32_SYSCALL_VECTOR);
	EXPECT_EQ(got.ip, uf_cet_endbr_end);
	got = run_user(uf_cet_notrack, 0);
	EXPECT_EQ(got.nr, IA32_SYSCALL_VECTOR);
	EXPECT_EQ(got.ip, uf_cet_notrack_end);
	cet_end();
}
