// SPDX-License-Identifier: MIT
/*
 * SYSCALL, the instruction: what it loads, saves and leaves alone, judged at
 * the first instruction behind LSTAR on an IST stack, so that RSP and GS are
 * seen as SYSCALL left them.
 *
 * Spec: SDM 2B "SYSCALL"; SDM 3A "Fast System Calls in 64-Bit Mode"; APM 3
 *       "SYSCALL"; APM 2 "SYSCALL and SYSRET".
 */
#include "syscall.h"

#define RULE "SDM 2B SYSCALL: Operation"

SUITE(syscall, .setup = probe_reset, .teardown = probe_teardown,
      .uses = USES_APIC_TIMER);

const u64 sc_flags[13] = {
	X86_EFLAGS_CF, X86_EFLAGS_PF, X86_EFLAGS_AF, X86_EFLAGS_ZF,
	X86_EFLAGS_SF, X86_EFLAGS_IF, X86_EFLAGS_DF, X86_EFLAGS_OF,
	0x1000,	       0x2000,	      X86_EFLAGS_NT, X86_EFLAGS_AC,
	X86_EFLAGS_ID,
};

struct sc_msrs sc_default(void)
{
	return (struct sc_msrs){
		.star = star(__USER32_CS, __KERNEL_CS),
		.lstar = (u64)insn_sc_target,
		.cstar = (u64)insn_sc_target,
		.efer = rdmsr(MSR_EFER),
	};
}

static void write_msrs(const struct sc_msrs *m)
{
	wrmsr(MSR_STAR, m->star);
	wrmsr(MSR_LSTAR, m->lstar);
	wrmsr(MSR_CSTAR, m->cstar);
	wrmsr(MSR_SYSCALL_MASK, m->mask);
	wrmsr(MSR_EFER, m->efer);
	if (!cpu_has(X86_FEATURE_SEP))
		return;
	wrmsr(MSR_IA32_SYSENTER_CS, m->sysenter_cs);
	wrmsr(MSR_IA32_SYSENTER_ESP, m->sysenter_esp);
	wrmsr(MSR_IA32_SYSENTER_EIP, m->sysenter_eip);
}

void sc_call(const struct sc_msrs *msrs, void (*fn)(void *), void *arg)
{
	const struct sc_msrs live = {
		.star = rdmsr(MSR_STAR),
		.lstar = rdmsr(MSR_LSTAR),
		.cstar = rdmsr(MSR_CSTAR),
		.mask = rdmsr(MSR_SYSCALL_MASK),
		.efer = rdmsr(MSR_EFER),
	};
	u64 flags = local_irq_save(), cr8 = read_cr8();

	probe.use_tss = true;
	probe_gate(DL_BACK)->bits.dpl = 3;
	for (u32 v = 0; v < 32; v++) /* the stack may be the user's */
		if (v != X86_TRAP_NMI && v != X86_TRAP_MC && v != X86_TRAP_DF)
			probe_gate(v)->bits.ist = SC_STACK;
	probe_gate(DL_BACK)->bits.ist = SC_STACK;
	write_cr8(15);
	write_msrs(msrs);
	probe_clear();
	probe_call(fn, arg);
	write_msrs(&live);
	write_cr8(cr8);
	local_irq_restore(flags);
}

void sc_run(const struct sc_msrs *msrs, const struct pt_regs *regs)
{
	*iret_regs() = *regs;
	sc_call(msrs, probe_enter, iret_regs());
}

/* From CPL 3 by SYSCALL to its target, and nothing else. */
static const struct iret_frame *arrives(const struct sc_msrs *msrs,
					const struct pt_regs *regs)
{
	sc_run(msrs, regs);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_PLAIN(0, DL_BACK, insn_sc_target + 4);
	EXPECT_EQ(probe.hit[0].sp, sp_plain(probe_stack(SC_STACK)));
	return plain(0);
}

TEST(syscall, rcx_is_the_next_rip_and_r11_is_rflags, RULE)
{
	struct sc_msrs msrs = sc_default();
	struct pt_regs regs = sc_pattern(user_regs(insn_sc_u_syscall));
	const struct pt_regs *got = &probe.hit[0].regs;

	arrives(&msrs, &regs);
	EXPECT_EQ(got->cx, insn_sc_u_syscall + 2);
	EXPECT_EQ(got->r11, regs.flags);
	regs.cx = got->cx;
	regs.r11 = got->r11;
	for (u32 i = 0; i < 15; i++)
		EXPECT_EQ((&got->r15)[i], (&regs.r15)[i]);
}

/* The selectors are STAR's; no descriptor is read: there need be none. */
TEST(syscall, cs_and_ss_come_from_star_alone, RULE)
{
	static const u16 cs[] = { __KERNEL_CS, 0x70, 0xfff0 };

	for (u32 i = 0; i < ARRAY_SIZE(cs); i++) {
		struct sc_msrs msrs = sc_default();
		struct pt_regs regs = user_regs(insn_sc_u_syscall);
		const struct iret_frame *got;

		msrs.star = star(0x1230, cs[i]);
		got = arrives(&msrs, &regs);
		EXPECT_EQ(got->cs, cs[i]);
		EXPECT_EQ(got->ss, (u16)(cs[i] + 8));
	}
}

/* CPL becomes 0 whatever STAR's RPL: bits 1:0 are masked off for CS ... */
TEST(syscall, cs_has_rpl_0_whatever_star_says, RULE)
{
	for (u16 rpl = 1; rpl <= 3; rpl++) {
		struct sc_msrs msrs = sc_default();
		struct pt_regs regs = user_regs(insn_sc_u_syscall);

		msrs.star = star(__USER32_CS, __KERNEL_CS + rpl);
		EXPECT_EQ(arrives(&msrs, &regs)->cs, __KERNEL_CS);
	}
}

/* ... and not for SS, which is STAR[47:32] + 8. */
TEST(syscall, ss_keeps_the_rpl_of_star, RULE)
{
	for (u16 rpl = 1; rpl <= 3; rpl++) {
		struct sc_msrs msrs = sc_default();
		struct pt_regs regs = user_regs(insn_sc_u_syscall);

		msrs.star = star(__USER32_CS, __KERNEL_CS + rpl);
		EXPECT_EQ(arrives(&msrs, &regs)->ss, __KERNEL_DS + rpl);
	}
}

TEST(syscall, each_bit_of_sfmask_clears_its_flag, RULE)
{
	for (u32 i = 0; i < ARRAY_SIZE(sc_flags); i++) {
		struct sc_msrs msrs = sc_default();
		struct pt_regs regs = user_regs(insn_sc_u_syscall);

		regs.flags |= sc_flags[i];
		msrs.mask = sc_flags[i];
		EXPECT_EQ(arrives(&msrs, &regs)->flags, FLAGS0);
		EXPECT_EQ(probe.hit[0].regs.r11, regs.flags);
	}
}

#define SYSTEM_FLAGS                                                       \
	(X86_EFLAGS_IF | X86_EFLAGS_IOPL | X86_EFLAGS_NT | X86_EFLAGS_AC | \
	 X86_EFLAGS_ID)

/* Each alone, with nothing and with everything else masked. */
static void stays(u64 flags)
{
	for (u32 i = 0; i < ARRAY_SIZE(sc_flags); i++) {
		struct sc_msrs msrs = sc_default();
		struct pt_regs regs = user_regs(insn_sc_u_syscall);

		if (!(flags & sc_flags[i]))
			continue;
		regs.flags |= sc_flags[i];
		EXPECT_EQ(arrives(&msrs, &regs)->flags, regs.flags);
		msrs.mask = 0xffffffff & ~sc_flags[i];
		EXPECT_EQ(arrives(&msrs, &regs)->flags, regs.flags);
	}
}

TEST(syscall, system_flags_not_in_sfmask_stay, RULE)
{
	stays(SYSTEM_FLAGS);
}

TEST(syscall, status_flags_and_df_not_in_sfmask_stay, RULE)
{
	stays(~(u64)SYSTEM_FLAGS);
}

TEST(syscall, a_mask_of_all_ones_leaves_the_fixed_flag, RULE)
{
	struct sc_msrs msrs = sc_default();
	struct pt_regs regs = user_regs(insn_sc_u_syscall);

	msrs.mask = 0xffffffff;
	for (u32 i = 0; i < ARRAY_SIZE(sc_flags); i++)
		regs.flags |= sc_flags[i];
	EXPECT_EQ(arrives(&msrs, &regs)->flags, FLAGS0);
	EXPECT_EQ(probe.hit[0].regs.r11, regs.flags);
}

/* No stack switch and no push. */
TEST(syscall, rsp_is_the_users_whatever_it_is, RULE)
{
	static const u64 sp[] = { 0, 1, 0x123456789abcdef, BIT(63), ~0ull };

	for (u32 i = 0; i < ARRAY_SIZE(sp); i++) {
		struct sc_msrs msrs = sc_default();
		struct pt_regs regs = user_regs(insn_sc_u_syscall);

		regs.sp = sp[i];
		EXPECT_EQ(arrives(&msrs, &regs)->sp, sp[i]);
	}
}

static u64 gs_at_target;

static enum probe_action note_gs(struct probe_regs *regs)
{
	gs_at_target = rdmsr(MSR_GS_BASE);
	return PROBE_LEAVE;
}

TEST(syscall, gs_base_is_the_users, RULE)
{
	struct sc_msrs msrs = sc_default();
	struct pt_regs regs = user_regs(insn_sc_u_syscall);
	u64 before = rdmsr(MSR_KERNEL_GS_BASE);

	wrmsr(MSR_KERNEL_GS_BASE, DL_USER_VA);
	probe.hook[DL_BACK] = note_gs;
	arrives(&msrs, &regs);
	wrmsr(MSR_KERNEL_GS_BASE, before);
	EXPECT_EQ(gs_at_target, DL_USER_VA);
}

TEST(syscall, at_cpl_0_it_does_the_same, RULE)
{
	struct sc_msrs msrs = sc_default();
	struct pt_regs regs = sc_pattern(kernel_regs(insn_sc_syscall));
	const struct iret_frame *got;

	msrs.mask = X86_EFLAGS_DF;
	regs.flags |= X86_EFLAGS_DF;
	got = arrives(&msrs, &regs);
	EXPECT_EQ(got->cs, __KERNEL_CS);
	EXPECT_EQ(got->ss, __KERNEL_DS);
	EXPECT_EQ(got->sp, regs.sp);
	EXPECT_EQ(got->flags, FLAGS0);
	EXPECT_EQ(probe.hit[0].regs.cx, insn_sc_syscall + 2);
	EXPECT_EQ(probe.hit[0].regs.r11, regs.flags);
}

/* RF is 0 in R11 and after it. Intel's manual speaks of neither. */
TEST(syscall, rf_is_cleared, "APM 3 SYSCALL: Action")
{
	struct sc_msrs msrs = sc_default();
	struct pt_regs regs = user_regs(insn_sc_u_syscall);

	regs.flags |= X86_EFLAGS_RF;
	msrs.lstar = (u64)insn_sc_target_int;
	if (boot_cpu_data.vendor != VENDOR_AMD)
		msrs.mask = X86_EFLAGS_RF;
	sc_run(&msrs, &regs);
	EXPECT_PLAIN(0, DL_BACK, insn_sc_target_int + 2);
	EXPECT_EQ(plain(0)->flags, FLAGS0);
	if (boot_cpu_data.vendor == VENDOR_AMD)
		EXPECT_EQ(probe.hit[0].regs.r11, FLAGS0);
	else
		EXPECT_EQ(without_rf(probe.hit[0].regs.r11), FLAGS0);
}

/* A fault of SYSCALL itself: at its own address, nothing of it done. */
static void invalid(const struct sc_msrs *msrs, struct pt_regs regs)
{
	regs = sc_pattern(regs);
	sc_run(msrs, &regs);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_PLAIN(0, X86_TRAP_UD, regs.ip);
	EXPECT_EQ(plain(0)->cs, regs.cs);
	EXPECT_EQ(plain(0)->flags, regs.flags | X86_EFLAGS_RF);
	EXPECT_EQ(plain(0)->sp, regs.sp);
	for (u32 i = 0; i < 15; i++)
		EXPECT_EQ((&probe.hit[0].regs.r15)[i], (&regs.r15)[i]);
}

TEST(syscall, without_sce_it_is_an_invalid_opcode, "SDM 2B SYSCALL: #UD")
{
	struct sc_msrs msrs = sc_default();

	msrs.efer &= ~(u64)EFER_SCE;
	invalid(&msrs, user_regs(insn_sc_u_syscall));
	invalid(&msrs, kernel_regs(insn_sc_syscall));
}

TEST(syscall, with_lock_it_is_an_invalid_opcode, "SDM 2B SYSCALL: #UD")
{
	struct sc_msrs msrs = sc_default();

	invalid(&msrs, user_regs(insn_sc_u_lock_syscall));
	invalid(&msrs, kernel_regs(insn_sc_lock_syscall));
}

/* Compatibility mode: Intel has no SYSCALL there, AMD goes to CSTAR. */
TEST(syscall, from_compatibility_mode, "SDM 2B SYSCALL; APM 3 SYSCALL")
{
	struct sc_msrs msrs = sc_default();
	struct pt_regs regs = user_regs(insn_sc_u_syscall);

	if ((u64)insn_sc_u_syscall > 0xffffffff)
		SKIP(return, "the image lies above 4 GiB");
	regs.cs = __USER32_CS;
	regs.sp = 0x7000;
	msrs.lstar = (u64)insn_sc_target_int;
	if (boot_cpu_data.vendor == VENDOR_INTEL) {
		sc_run(&msrs, &regs);
		EXPECT_PLAIN(0, X86_TRAP_UD, insn_sc_u_syscall);
		return;
	}
	EXPECT_EQ(arrives(&msrs, &regs)->cs, __KERNEL_CS);
	EXPECT_EQ(plain(0)->ss, __KERNEL_DS);
	EXPECT_EQ(probe.hit[0].regs.cx, insn_sc_u_syscall + 2);
	EXPECT_EQ(probe.hit[0].regs.r11, regs.flags);
}

/* With TF in SFMASK nothing at CPL 0 is stepped. */
TEST(syscall, tf_in_sfmask_leaves_no_step_inside, RULE)
{
	struct sc_msrs msrs = sc_default();
	struct pt_regs regs = user_regs(insn_sc_u_syscall);

	regs.flags |= X86_EFLAGS_TF;
	msrs.mask = X86_EFLAGS_TF;
	EXPECT_EQ(arrives(&msrs, &regs)->flags, FLAGS0);
	EXPECT_EQ(probe.hit[0].regs.r11, regs.flags);
}

/* Without, the step of SYSCALL comes at its target, at CPL 0. */
TEST(syscall, tf_not_in_sfmask_steps_at_the_target, RULE)
{
	struct sc_msrs msrs = sc_default();
	struct pt_regs regs = user_regs(insn_sc_u_syscall);

	regs.flags |= X86_EFLAGS_TF;
	sc_run(&msrs, &regs);
	write_dr6(DR6_RESERVED);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_PLAIN(0, X86_TRAP_DB, insn_sc_target);
	EXPECT_EQ(plain(0)->cs, __KERNEL_CS);
	EXPECT_EQ(plain(0)->sp, regs.sp);
	EXPECT_EQ(plain(0)->flags, regs.flags);
	EXPECT_EQ(probe.hit[0].dr6 & (DR_STEP | DR_BD | 0xf), DR_STEP);
}
