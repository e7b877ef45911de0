// SPDX-License-Identifier: MIT
/*
 * SYSRET, the instruction, and with it SWAPGS.
 *
 * Spec: SDM 2B "SYSRET", "SWAPGS"; APM 3 the same.
 */
#include "syscall.h"

#define RULE "SDM 2B SYSRET: Operation"

/* At CPL 0, on its way to what RCX and R11 say. */
static struct pt_regs sysret_regs(const void *insn, const void *to, u64 flags)
{
	struct pt_regs regs = sc_pattern(kernel_regs(insn));

	regs.cx = (u64)to;
	regs.r11 = flags;
	return regs;
}

/* It comes to CPL 3 at u_target, whose two NOPs run. */
static const struct iret_frame *returns(const struct sc_msrs *msrs,
					const struct pt_regs *regs)
{
	sc_run(msrs, regs);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_PLAIN(0, DL_BACK, insn_sc_u_target + 4);
	return plain(0);
}

TEST(syscall, sysret_loads_rip_rflags_cs_and_ss_alone, RULE)
{
	struct sc_msrs msrs = sc_default();
	struct pt_regs regs =
		sysret_regs(insn_sc_sysretq, insn_sc_u_target, FLAGS0);
	const struct iret_frame *got = returns(&msrs, &regs);

	EXPECT_EQ(got->cs, __USER_CS);
	EXPECT_EQ(got->ss, __USER_DS);
	EXPECT_EQ(got->sp, regs.sp);
	for (u32 i = 0; i < 15; i++)
		EXPECT_EQ((&probe.hit[0].regs.r15)[i], (&regs.r15)[i]);
}

TEST(syscall, sysret_loads_each_flag_from_r11, RULE)
{
	for (u32 i = 0; i < ARRAY_SIZE(sc_flags); i++) {
		struct sc_msrs msrs = sc_default();
		struct pt_regs regs =
			sysret_regs(insn_sc_sysretq, insn_sc_u_target,
				    FLAGS0 | sc_flags[i]);

		msrs.mask = 0xffffffff; /* SYSCALL's alone */
		EXPECT_EQ(returns(&msrs, &regs)->flags, regs.r11);
		/* And takes away what is not there. */
		regs.flags |= sc_flags[i];
		regs.r11 = FLAGS0;
		EXPECT_EQ(returns(&msrs, &regs)->flags, FLAGS0);
	}
}

TEST(syscall, sysret_reads_no_descriptor, RULE)
{
	struct sc_msrs msrs = sc_default();
	struct pt_regs regs =
		sysret_regs(insn_sc_sysretq, insn_sc_u_target, FLAGS0);
	const struct iret_frame *got;

	msrs.star = star(0x63, __KERNEL_CS); /* 0x60 to 0x78 are empty */
	got = returns(&msrs, &regs);
	EXPECT_EQ(got->cs, 0x73);
	EXPECT_EQ(got->ss, 0x6b);
}

/* SS: Intel sets its RPL as well, AMD loads STAR[63:48] + 8. */
TEST(syscall, sysret_makes_the_rpl_of_cs_3, RULE)
{
	struct sc_msrs msrs = sc_default();
	struct pt_regs regs =
		sysret_regs(insn_sc_sysretq, insn_sc_u_target, FLAGS0);
	const struct iret_frame *got;

	msrs.star = star(__USER32_CS & ~3, __KERNEL_CS);
	got = returns(&msrs, &regs);
	EXPECT_EQ(got->cs, __USER_CS);
	if (boot_cpu_data.vendor == VENDOR_INTEL)
		EXPECT_EQ(got->ss, __USER_DS);
	else
		EXPECT_EQ(got->ss | 3, __USER_DS);
}

TEST(syscall, sysret_clears_rf, RULE)
{
	struct sc_msrs msrs = sc_default();
	struct pt_regs regs = sysret_regs(insn_sc_sysretq, insn_sc_u_syscall,
					  FLAGS0 | X86_EFLAGS_RF);

	/* R11 of a SYSCALL at once: no instruction between to clear it. */
	msrs.lstar = (u64)insn_sc_target_int;
	sc_run(&msrs, &regs);
	EXPECT_PLAIN(0, DL_BACK, insn_sc_target_int + 2);
	EXPECT_EQ(probe.hit[0].regs.r11, FLAGS0);
}

TEST(syscall, sysret_ignores_reserved_bits, RULE)
{
	struct sc_msrs msrs = sc_default();
	struct pt_regs regs =
		sysret_regs(insn_sc_sysretq, insn_sc_u_target,
			    0xffffffffffc08028ull); /* and bit 1 is 1 anyhow */

	EXPECT_EQ(returns(&msrs, &regs)->flags, FLAGS0);
}

/* No virtual-8086 mode in long mode, and no flag that says so. */
TEST(syscall, sysret_clears_vm, RULE)
{
	struct sc_msrs msrs = sc_default();
	struct pt_regs regs = sysret_regs(insn_sc_sysretq, insn_sc_u_target,
					  FLAGS0 | X86_EFLAGS_VM);

	EXPECT_EQ(returns(&msrs, &regs)->flags, FLAGS0);
}

/* IF comes on with SYSRET itself, which has no shadow. */
TEST(syscall, sysret_lets_a_pending_interrupt_in, RULE)
{
	struct pt_regs regs =
		sysret_regs(insn_sc_sysretq, insn_sc_u_target, FLAGS_IF);
	u64 flags = local_irq_save();

	probe.use_tss = true;
	if (EXPECT_TRUE(pend(IRQ_LOW)))
		run(&regs);
	local_irq_restore(flags);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_PLAIN(0, IRQ_LOW, insn_sc_u_target);
	EXPECT_EQ(plain(0)->cs, __USER_CS);
	EXPECT_EQ(plain(0)->ss, __USER_DS);
	EXPECT_EQ(without_rf(plain(0)->flags), FLAGS_IF);
	EXPECT_EQ(probe.hit[0].sp, sp_plain(probe_stack(0)));
}

/* 32-bit operand size: to compatibility mode, EIP from ECX. */
TEST(syscall, sysretl_goes_to_compatibility_mode, RULE)
{
	struct sc_msrs msrs = sc_default();
	struct pt_regs regs =
		sysret_regs(insn_sc_sysretl, insn_sc_u_mode, FLAGS0);

	if ((u64)insn_sc_u_mode > 0xffffffff)
		SKIP(return, "the image lies above 4 GiB");
	regs.cx |= 0x123456789ull << 32;
	sc_run(&msrs, &regs);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_MODE(insn_sc_u_mode, false);
	EXPECT_EQ(plain(0)->cs, __USER32_CS);
	EXPECT_EQ(plain(0)->ss, __USER_DS);
	EXPECT_EQ(plain(0)->flags, FLAGS0);
}

/*
 * Intel: #GP(0) of SYSRET, at CPL 0, with the user's RSP if the kernel has
 * loaded it. AMD: SYSRET completes, and the fetch at CPL 3 faults.
 */
TEST(syscall, sysret_to_a_rip_not_canonical, "SDM 2B SYSRET: #GP; APM 3 SYSRET")
{
	struct sc_msrs msrs = sc_default();
	struct pt_regs regs =
		sysret_regs(insn_sc_sysretq, (void *)BIT(63), FLAGS0);
	bool intel = boot_cpu_data.vendor == VENDOR_INTEL;

	sc_run(&msrs, &regs);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_CODED(0, X86_TRAP_GP, 0, intel ? regs.ip : BIT(63));
	EXPECT_EQ(coded(0)->cs, intel ? __KERNEL_CS : __USER_CS);
	EXPECT_EQ(coded(0)->ss, intel ? __KERNEL_DS : __USER_DS);
	EXPECT_EQ(coded(0)->sp, regs.sp);
}

static void refused(const void *insn, bool user, u64 efer_off, u32 nr)
{
	struct sc_msrs msrs = sc_default();
	struct pt_regs regs = sysret_regs(insn, insn_sc_u_target, FLAGS0);

	if (user) {
		regs.cs = __USER_CS;
		regs.ss = __USER_DS;
	}
	msrs.efer &= ~efer_off;
	sc_run(&msrs, &regs);
	EXPECT_EQ(probe.hits, 1);
	if (nr == X86_TRAP_UD)
		EXPECT_PLAIN(0, nr, insn);
	else
		EXPECT_CODED(0, nr, 0, insn);
}

TEST(syscall, sysret_is_privileged, "SDM 2B SYSRET: #GP")
{
	refused(insn_sc_u_sysretq, true, 0, X86_TRAP_GP);
	refused(insn_sc_u_sysretl, true, 0, X86_TRAP_GP);
}

TEST(syscall, sysret_without_sce_is_an_invalid_opcode, "SDM 2B SYSRET: #UD")
{
	refused(insn_sc_sysretq, false, EFER_SCE, X86_TRAP_UD);
	refused(insn_sc_sysretl, false, EFER_SCE, X86_TRAP_UD);
}

/*
 * A step after SYSRET that sets TF: the manuals do not say whether SYSRET
 * counts as the instruction stepped or the one it returns to. One of the two.
 */
TEST(syscall, sysret_that_sets_tf_is_stepped_once, RULE)
{
	struct sc_msrs msrs = sc_default();
	struct pt_regs regs = sysret_regs(insn_sc_sysretq, insn_sc_u_target,
					  FLAGS0 | X86_EFLAGS_TF);

	sc_run(&msrs, &regs);
	write_dr6(DR6_RESERVED);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_EQ(probe.hit[0].vector, X86_TRAP_DB);
	EXPECT_LE(plain(0)->ip - (u64)insn_sc_u_target, 1);
	EXPECT_EQ(plain(0)->cs, __USER_CS);
	EXPECT_EQ(probe.hit[0].dr6 & (DR_STEP | DR_BD | 0xf), DR_STEP);
}

TEST(syscall, swapgs_exchanges_the_two_bases, "SDM 2B SWAPGS")
{
	static const u64 base[] = { 0, 1, 0x00007fffffffffff, ~0ull,
				    0xffff800000000000 };
	u64 flags = local_irq_save(), gs = rdmsr(MSR_GS_BASE);
	u64 user_gs = rdmsr(MSR_KERNEL_GS_BASE);
	struct sc_swapgs got[ARRAY_SIZE(base)];

	for (u32 i = 0; i < ARRAY_SIZE(base); i++) {
		wrmsr(MSR_KERNEL_GS_BASE, base[i]);
		insn_sc_swapgs(&got[i]);
	}
	wrmsr(MSR_KERNEL_GS_BASE, user_gs);
	local_irq_restore(flags);
	for (u32 i = 0; i < ARRAY_SIZE(base); i++) {
		EXPECT_EQ(got[i].gs, base[i]);
		EXPECT_EQ(got[i].kernel_gs, gs);
		EXPECT_EQ(got[i].gs_after, gs);
		EXPECT_EQ(got[i].kernel_gs_after, base[i]);
	}
}
