// SPDX-License-Identifier: MIT
/*
 * An NMI at the first instruction behind SYSCALL, at CPL 0 with the user's
 * RSP and GS: why NMI needs an IST stack and may trust no GS base.
 *
 * How it gets there, to the instruction: a first NMI blocks further ones; a
 * second one then waits. SYSRET, unlike IRETQ, does not end the blocking, so
 * CPL 3 runs SYSCALL still blocked; an instruction breakpoint at LSTAR makes a
 * #DB, and the IRETQ of that handler lets the second NMI in, right there.
 *
 * Spec: SDM 3A "Handling Multiple NMIs"; SDM 2B "SYSCALL"; APM 2 "NMI".
 */
#include "syscall.h"

#define RULE "SDM 3A Handling Multiple NMIs; SDM 2B SYSCALL"

/* Both NMIs and the #DB take this stack: nobody returns to the first. */
#define NMI_STACK 5
#define USER_RSP  0x123456789abcde0ull

static u64 gs_in_nmi;

static u32 own_id;

static enum probe_action on_nmi(struct probe_regs *regs)
{
	if (probe.count[X86_TRAP_NMI] == 1) {
		apic_send_nmi(own_id);
		udelay(20); /* to arrive, and wait */
		insn_sc_leave((u64)insn_sc_u_syscall, USER_RSP, FLAGS0);
	}
	gs_in_nmi = rdmsr(MSR_GS_BASE);
	return PROBE_LEAVE;
}

static enum probe_action pass(struct probe_regs *regs)
{
	((struct iret_frame *)regs->top)->flags |= X86_EFLAGS_RF;
	return PROBE_RETURN;
}

static void send_first(void *unused)
{
	apic_send_nmi(own_id);
	WAIT_FOR(false, WAIT_DEFAULT_US); /* it ends this */
}

static void let_nmis_in(void)
{
	probe_take_gate(X86_TRAP_NMI);
	probe_gate(X86_TRAP_NMI)->bits.ist = NMI_STACK;
	probe.hook[X86_TRAP_NMI] = on_nmi;
	probe.hook[X86_TRAP_DB] = pass;
	own_id = this_cpu(apic_id);
}

TEST(syscall, an_nmi_at_its_target_finds_the_users_rsp_and_gs, RULE)
{
	struct sc_msrs msrs = sc_default();
	u64 before = rdmsr(MSR_KERNEL_GS_BASE);

	let_nmis_in();
	wrmsr(MSR_KERNEL_GS_BASE, DL_USER_VA);
	write_dr6(DR6_RESERVED);
	write_dr0((u64)insn_sc_target);
	write_dr7(DR7_FIXED | DR7_G(0));
	sc_call(&msrs, send_first, NULL);
	write_dr7(DR7_FIXED);
	write_dr6(DR6_RESERVED);
	write_dr0(0);
	wrmsr(MSR_KERNEL_GS_BASE, before);
	EXPECT_EQ(probe.hits, 3);
	EXPECT_EQ(probe.hit[0].vector, X86_TRAP_NMI);
	EXPECT_PLAIN(1, X86_TRAP_DB, insn_sc_target);
	EXPECT_EQ(plain(1)->sp, USER_RSP);
	EXPECT_PLAIN(2, X86_TRAP_NMI, insn_sc_target);
	EXPECT_EQ(plain(2)->cs, __KERNEL_CS);
	EXPECT_EQ(plain(2)->ss, __KERNEL_DS);
	EXPECT_EQ(plain(2)->sp, USER_RSP);
	EXPECT_EQ(without_rf(plain(2)->flags), FLAGS0);
	EXPECT_EQ(probe.hit[2].sp, sp_plain(probe_stack(NMI_STACK)));
	EXPECT_EQ(probe.hit[2].regs.cx, insn_sc_u_syscall + 2);
	EXPECT_EQ(gs_in_nmi, DL_USER_VA);
}
