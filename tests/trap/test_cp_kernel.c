// SPDX-License-Identifier: MIT
/*
 * #CP at CPL 0, and the registers of CET. The shadow stack is on for a few
 * instructions with IF=0, and #CP's gate turns it off before any C runs; an
 * NMI in between would find no shadow stack for its IST, and none is sent.
 *
 * Spec: SDM 3A "Interrupt 21-Control Protection Exception (#CP)", "Control
 *       Registers"; SDM 1 "Control-flow Enforcement Technology (CET)"; APM 2
 *       "Shadow Stacks".
 */
#include <ktest/insn_seg.h>
#include <ktest/probe.h>
#include <lib/string.h>
#include <mm/page_alloc.h>
#include <mm/paging.h>

#include "cet.h"

#define MSR_RULE "SDM 2D WRMSR: 64-Bit Mode Exceptions"

static u64 page;

static bool cet_begin(void)
{
	page = alloc_pages(1);
	if (!EXPECT_EQ(map_range(SHSTK_VA, page, PAGE_SIZE, PAGE_KERNEL_SHSTK),
		       0))
		return false;
	memset((void *)page, 0, PAGE_SIZE);
	/* A supervisor token is its own address, bit 0 says busy. */
	*(u64 *)(page + (SHSTK_START - SHSTK_VA)) = SHSTK_START;
	write_cr4(read_cr4() | X86_CR4_CET);
	return true;
}

static void cet_end(void)
{
	wrmsr(MSR_IA32_S_CET, 0);
	write_cr4(read_cr4() & ~(u64)X86_CR4_CET);
	unmap_range(SHSTK_VA, PAGE_SIZE);
	free_pages(page, 1);
}

/* fn raises #CP once, at ip. */
static void protects(void (*fn)(void *), u64 arg, const char *ip, u64 code)
{
	if (!EXPECT_EQ(probe_reset(), 0) || !cet_begin())
		return;
	probe_gate_offset(X86_TRAP_CP, (u64)insn_cet_gate);
	if (cpu_has(X86_FEATURE_SHSTK))
		wrmsr(MSR_IA32_PL0_SSP, SHSTK_START);
	EXPECT_TRUE(probe_call(fn, (void *)arg));
	if (cpu_has(X86_FEATURE_SHSTK))
		wrmsr(MSR_IA32_PL0_SSP, 0);
	cet_end();
	probe_teardown();
	EXPECT_EQ(probe.hits, 1);
	EXPECT_EQ(probe.hit[0].vector, X86_TRAP_CP);
	EXPECT_EQ(probe.hit[0].top[0], code);
	EXPECT_EQ(probe.hit[0].top[1], ip);
	EXPECT_EQ(probe.hit[0].top[2], __KERNEL_CS);
	EXPECT_EQ(probe.hit[0].top[3] & X86_EFLAGS_RF, X86_EFLAGS_RF);
}

TEST(cp, near_return_that_does_not_agree, RULE)
{
	if (!cpu_has(X86_FEATURE_SHSTK))
		SKIP(return, NO_SHSTK);
	protects(insn_cet_ret, 0, insn_cet_ret_at, CP_NEAR_RET);
}

TEST(cp, setssbsy_without_a_token, RULE "; SDM 2B SETSSBSY")
{
	if (!cpu_has(X86_FEATURE_SHSTK))
		SKIP(return, NO_SHSTK);
	protects(insn_cet_setssbsy, SHSTK_VA, insn_cet_setssbsy_at,
		 CP_SETSSBSY);
}

TEST(cp, indirect_jump_without_endbr64, RULE)
{
	if (!has_ibt())
		SKIP(return, NO_IBT);
	protects(insn_cet_jmp, 0, insn_cet_jmp_at, CP_ENDBRANCH);
}

TEST(cp, setssbsy_while_off_is_an_invalid_opcode, "SDM 2B SETSSBSY")
{
	if (!cpu_has(X86_FEATURE_SHSTK))
		SKIP(return, NO_SHSTK);
	if (!cet_begin())
		return;
	EXPECT_FAULT(insn_cet_setssbsy_off, NULL, X86_TRAP_UD, 0);
	cet_end();
}

/* From CPL 0 it is a user's access: its own pages are none. */
TEST(cp, wruss_writes_only_to_a_users_shadow_stack,
     "SDM 3A Determination of Access Rights; SDM 2D WRUSS")
{
	if (!cpu_has(X86_FEATURE_SHSTK))
		SKIP(return, NO_SHSTK);
	if (!cet_begin())
		return;
	EXPECT_FAULT(insn_cet_wruss, SHSTK_VA, X86_TRAP_PF,
		     X86_PF_PROT | X86_PF_WRITE | X86_PF_USER | X86_PF_SHSTK);
	protect_range(SHSTK_VA, PAGE_SIZE, PAGE_USER_SHSTK);
	EXPECT_RETURNS(insn_cet_wruss, SHSTK_VA);
	EXPECT_EQ(*(u64 *)page, SHSTK_VA);
	cet_end();
}

TEST(cp, cr4_cet_and_cr0_wp_need_each_other, "SDM 3A Control Registers")
{
	u64 cr0 = read_cr0(), cr4 = read_cr4();

	if (!cpu_has(X86_FEATURE_SHSTK) && !has_ibt())
		SKIP(return, "this CPU has no CET");
	write_cr0(cr0 & ~(u64)X86_CR0_WP);
	EXPECT_FAULT(insn_mov_cr4, cr4 | X86_CR4_CET, X86_TRAP_GP, 0);
	write_cr4(cr4);
	write_cr0(cr0);
	EXPECT_RETURNS(insn_mov_cr4, cr4 | X86_CR4_CET);
	EXPECT_FAULT(insn_mov_cr0, cr0 & ~(u64)X86_CR0_WP, X86_TRAP_GP, 0);
	write_cr0(cr0);
	write_cr4(cr4);
}

static void refused(u32 msr, u64 val)
{
	u64 before = rdmsr(msr);

	judge(PLACE("wrmsr"), insn_wrmsr,
	      &(struct reg_write){ .index = msr, .val = val },
	      WANT(X86_TRAP_GP, 0, insn_wrmsr_at, .fault = true));
	EXPECT_EQ(rdmsr(msr), before);
	wrmsr(msr, before);
}

TEST(cp, msrs_refuse_reserved_bits_and_bad_addresses, MSR_RULE)
{
	if (!cpu_has(X86_FEATURE_SHSTK))
		SKIP(return, NO_SHSTK);
	for (u64 bits = CET_RESERVED; bits; bits &= bits - 1) {
		refused(MSR_IA32_U_CET, bits & -bits);
		refused(MSR_IA32_S_CET, bits & -bits);
	}
	for (u32 msr = MSR_IA32_PL0_SSP; msr <= MSR_IA32_PL3_SSP; msr++) {
		refused(msr, 1);
		refused(msr, 2);
		refused(msr, NONCANONICAL);
	}
	refused(MSR_IA32_INT_SSP_TAB, NONCANONICAL);
}
