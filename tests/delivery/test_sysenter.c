// SPDX-License-Identifier: MIT
/*
 * SYSENTER and SYSEXIT: what they load from their MSRs and from RCX and RDX,
 * from each mode and level they may be executed at; on AMD neither exists in
 * long mode.
 *
 * Spec: SDM 2B "SYSENTER", "SYSEXIT"; SDM 3A "Performing Fast Calls to System
 *       Procedures with the SYSENTER and SYSEXIT Instructions"; APM 3
 *       "SYSENTER", "SYSEXIT".
 */
#include <ktest/insn_compat.h>

#include "syscall.h"

#define ENTER "SDM 2B SYSENTER; APM 3 SYSENTER"
#define EXIT  "SDM 2B SYSEXIT; APM 3 SYSEXIT"

static struct sc_msrs sysenter_msrs(void)
{
	struct sc_msrs msrs = sc_default();

	msrs.sysenter_cs = __KERNEL_CS + 3;	/* RPL: ignored */
	msrs.sysenter_esp = 0x0000654321fedcb8; /* canonical */
	msrs.sysenter_eip = (u64)insn_sc_target;
	return msrs;
}

/* AMD: not in long mode, at no CPL. True if that settles it. */
static bool invalid_on_amd(const struct sc_msrs *msrs, struct pt_regs *regs)
{
	if (boot_cpu_data.vendor != VENDOR_AMD)
		return false;
	sc_run(msrs, regs);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_PLAIN(0, X86_TRAP_UD, regs->ip);
	EXPECT_EQ(plain(0)->flags, regs->flags | X86_EFLAGS_RF);
	return true;
}

/* Where it may be executed; regs, but for RIP and CS, are the case's. */
enum from { USER, KERNEL, COMPAT };

/* False, and a SKIP, where there is none. */
static bool start(struct pt_regs *regs, enum from from)
{
	if (!cpu_has(X86_FEATURE_SEP))
		SKIP(return false, "this CPU has no SYSENTER");
	if (from == COMPAT && (u64)insn_compat_sysenter > 0xffffffff)
		SKIP(return false, "the image lies above 4 GiB");
	*regs = sc_pattern(from == USER	    ? user_regs(insn_sc_u_sysenter)
			   : from == KERNEL ? kernel_regs(insn_sc_sysenter)
					    : user_regs(insn_compat_sysenter));
	if (from == COMPAT) {
		regs->cs = __USER32_CS;
		regs->sp = (u32)regs->sp;
	}
	return true;
}

/* To all 64 bits of RIP and RSP, whatever it came from. */
static void enters(enum from from)
{
	struct sc_msrs msrs = sysenter_msrs();
	u64 bits = from == COMPAT ? 0xffffffff : ~0ull;
	struct pt_regs regs;

	if (!start(&regs, from))
		return;
	if (from == COMPAT)
		msrs.sysenter_eip = (u64)insn_sc_mode;
	regs.flags |= X86_EFLAGS_IF | X86_EFLAGS_DF | X86_EFLAGS_ID;
	if (invalid_on_amd(&msrs, &regs))
		return;
	sc_run(&msrs, &regs);
	EXPECT_EQ(probe.hits, 1);
	if (from == COMPAT)
		EXPECT_MODE(insn_sc_mode, true);
	else
		EXPECT_PLAIN(0, DL_BACK, insn_sc_target + 4);
	EXPECT_EQ(plain(0)->cs, __KERNEL_CS);
	EXPECT_EQ(plain(0)->ss, __KERNEL_DS);
	EXPECT_EQ(plain(0)->sp, msrs.sysenter_esp);
	EXPECT_EQ(plain(0)->flags, regs.flags & ~(u64)X86_EFLAGS_IF);
	/* From compatibility mode EAX, number 10, is changed by what says so.
	 */
	for (u32 i = from == COMPAT ? 11 : 0; i < 15; i++)
		EXPECT_EQ((&probe.hit[0].regs.r15)[i] & bits,
			  (&regs.r15)[i] & bits);
}

TEST(syscall, sysenter_loads_its_msrs_and_clears_if, ENTER)
{
	enters(USER);
}

TEST(syscall, sysenter_at_cpl_0_does_the_same, ENTER)
{
	enters(KERNEL);
}

TEST(syscall, sysenter_from_compatibility_mode, ENTER)
{
	enters(COMPAT);
}

/* SYSENTER_CS[15:2] = 0 is #GP(0) of SYSENTER, which has done nothing. */
static void null_sysenter_cs(u16 sel)
{
	bool amd = boot_cpu_data.vendor == VENDOR_AMD; /* #UD anyway */

	for (enum from from = USER; from <= (amd ? USER : COMPAT); from++) {
		struct sc_msrs msrs = sysenter_msrs();
		struct pt_regs regs;

		msrs.sysenter_cs = sel;
		if (!start(&regs, from) || invalid_on_amd(&msrs, &regs))
			continue;
		sc_run(&msrs, &regs);
		EXPECT_EQ(probe.hits, 1);
		EXPECT_CODED(0, X86_TRAP_GP, 0, regs.ip);
		EXPECT_EQ(coded(0)->cs, regs.cs);
		EXPECT_EQ(coded(0)->flags, regs.flags | X86_EFLAGS_RF);
		EXPECT_EQ(coded(0)->sp, regs.sp);
		EXPECT_EQ(coded(0)->ss, regs.ss);
	}
}

TEST(syscall, sysenter_with_selector_0_is_refused, ENTER)
{
	null_sysenter_cs(0);
}

TEST(syscall, sysenter_with_a_null_selector_of_rpl_3_is_refused, ENTER)
{
	null_sysenter_cs(3);
}

/* 64-bit operand size: RIP from RDX, RSP from RCX, CS + 32, SS + 40. */
TEST(syscall, sysexit_loads_rip_rsp_cs_and_ss, EXIT)
{
	struct sc_msrs msrs = sysenter_msrs();
	struct pt_regs regs = sc_pattern(kernel_regs(insn_sc_sysexitq));

	if (!cpu_has(X86_FEATURE_SEP))
		SKIP(return, "this CPU has no SYSEXIT");
	regs.dx = (u64)insn_sc_u_target;
	regs.cx = 0x00007edcba987654;
	regs.flags |= X86_EFLAGS_DF | X86_EFLAGS_ID;
	if (invalid_on_amd(&msrs, &regs))
		return;
	sc_run(&msrs, &regs);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_PLAIN(0, DL_BACK, insn_sc_u_target + 4);
	EXPECT_EQ(plain(0)->cs, __KERNEL_CS + 32 + 3);
	EXPECT_EQ(plain(0)->ss, __KERNEL_CS + 40 + 3);
	EXPECT_EQ(plain(0)->sp, regs.cx);
	EXPECT_EQ(plain(0)->flags, regs.flags);
	for (u32 i = 0; i < 15; i++)
		EXPECT_EQ((&probe.hit[0].regs.r15)[i], (&regs.r15)[i]);
}

/* 32-bit operand size: to compatibility mode, CS + 16, SS + 24. */
TEST(syscall, sysexit_of_32_bits_goes_to_compatibility_mode, EXIT)
{
	struct sc_msrs msrs = sysenter_msrs();
	struct pt_regs regs = sc_pattern(kernel_regs(insn_sc_sysexitl));

	if (!cpu_has(X86_FEATURE_SEP))
		SKIP(return, "this CPU has no SYSEXIT");
	if ((u64)insn_sc_u_mode > 0xffffffff)
		SKIP(return, "the image lies above 4 GiB");
	regs.dx = (u64)insn_sc_u_mode | 0x123456789ull << 32;
	regs.cx = 0xfedcba9887654321;
	regs.flags |= X86_EFLAGS_DF | X86_EFLAGS_ID;
	if (invalid_on_amd(&msrs, &regs))
		return;
	sc_run(&msrs, &regs);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_MODE(insn_sc_u_mode, false);
	EXPECT_EQ(plain(0)->cs, __KERNEL_CS + 16 + 3);
	EXPECT_EQ(plain(0)->ss, __KERNEL_CS + 24 + 3);
	EXPECT_EQ(plain(0)->sp, (u32)regs.cx);
	EXPECT_EQ(plain(0)->flags, regs.flags);
}

/* #GP(0) of SYSEXIT itself: still at CPL 0, with all it had. */
static void sysexit_fails(const struct sc_msrs *msrs, u64 rip, u64 rsp)
{
	struct pt_regs regs = sc_pattern(kernel_regs(insn_sc_sysexitq));

	if (!cpu_has(X86_FEATURE_SEP))
		SKIP(return, "this CPU has no SYSEXIT");
	regs.dx = rip;
	regs.cx = rsp;
	if (invalid_on_amd(msrs, &regs))
		return;
	sc_run(msrs, &regs);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_CODED(0, X86_TRAP_GP, 0, regs.ip);
	EXPECT_EQ(coded(0)->cs, __KERNEL_CS);
	EXPECT_EQ(coded(0)->ss, __KERNEL_DS);
	EXPECT_EQ(coded(0)->sp, regs.sp);
	EXPECT_EQ(coded(0)->flags, regs.flags | X86_EFLAGS_RF);
}

TEST(syscall, sysexit_to_a_rip_not_canonical_is_gp_0, EXIT)
{
	struct sc_msrs msrs = sysenter_msrs();

	sysexit_fails(&msrs, BIT(63), DL_USER_VA);
}

TEST(syscall, sysexit_to_an_rsp_not_canonical_is_gp_0, EXIT)
{
	struct sc_msrs msrs = sysenter_msrs();

	sysexit_fails(&msrs, (u64)insn_sc_u_target, BIT(63));
}

static void sysexit_by_null(u16 sel)
{
	struct sc_msrs msrs = sysenter_msrs();

	msrs.sysenter_cs = sel;
	sysexit_fails(&msrs, (u64)insn_sc_u_target, DL_USER_VA);
}

TEST(syscall, sysexit_with_selector_0_is_refused, EXIT)
{
	sysexit_by_null(0);
}

TEST(syscall, sysexit_with_a_null_selector_of_rpl_3_is_refused, EXIT)
{
	sysexit_by_null(3);
}

TEST(syscall, sysexit_is_privileged, EXIT)
{
	struct sc_msrs msrs = sysenter_msrs();
	struct pt_regs regs = user_regs(insn_sc_u_sysexitq);

	if (!cpu_has(X86_FEATURE_SEP))
		SKIP(return, "this CPU has no SYSEXIT");
	if (invalid_on_amd(&msrs, &regs))
		return;
	sc_run(&msrs, &regs);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_CODED(0, X86_TRAP_GP, 0, regs.ip);
}
