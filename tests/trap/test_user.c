// SPDX-License-Identifier: MIT
/*
 * CPL 3: entering, coming back, and what is not allowed there. judge_user()
 * compares CS, SS, RSP, RFLAGS, the entry stack and GS base at each return.
 *
 * Spec: SDM 3A "Privilege Levels", "64-Bit Mode Interrupt Handling"; SDM 2A
 *       "IRET"; APM 2 "Long-Mode Interrupt Control Transfers".
 */
#include <apic/lapic.h>
#include <asm/irq_vectors.h>
#include <asm/msr-index.h>
#include <asm/special_insns.h>
#include <cpu/cpufeature.h>
#include <cpu/deadline.h>
#include <cpu/irqflags.h>
#include <ktest/insn_user.h>
#include <mm/page_alloc.h>
#include <mm/paging.h>

#include "judge.h"

#define RETURN "SDM 2A IRET; SDM 3A 64-Bit Mode Interrupt Handling"
#define GPRS   15

/* Every value different, and the status flags all set. */
static struct pt_regs *patterned(const char *ip)
{
	struct pt_regs *regs = user_regs((u64)ip);
	unsigned long *gpr = (unsigned long *)regs;

	for (u32 i = 0; i < GPRS; i++)
		gpr[i] = 0x0123456789abcdefull * (i + 1) ^ i;
	return regs;
}

TEST(user, int_0x80_comes_back_behind_itself, RETURN)
{
	EXPECT_USER_TRAPPED(user_int_0x80, IA32_SYSCALL_VECTOR,
			    user_int_0x80 + 2);
}

TEST(user, general_registers_arrive_and_come_back, RETURN)
{
	struct pt_regs *regs = patterned(user_int_0x80);
	const struct trap *got =
		judge_user(PLACE("int $0x80"), regs,
			   WANT(IA32_SYSCALL_VECTOR, 0, user_int_0x80 + 2));
	const unsigned long *sent = (const unsigned long *)regs;
	const unsigned long *back = (const unsigned long *)&got->regs;

	for (u32 i = 0; i < GPRS; i++)
		EXPECT_EQ(back[i], sent[i]);
}

/* Each flag that CPL 3 may have: there and back, and DF not in our C code. */
TEST(user, flags_arrive_and_come_back, RETURN)
{
	static const u64 flag[] = {
		X86_EFLAGS_CF, X86_EFLAGS_PF, X86_EFLAGS_AF,  X86_EFLAGS_ZF,
		X86_EFLAGS_SF, X86_EFLAGS_DF, X86_EFLAGS_OF,  X86_EFLAGS_NT,
		X86_EFLAGS_AC, X86_EFLAGS_ID, X86_EFLAGS_IOPL
	};

	for (u32 i = 0; i < ARRAY_SIZE(flag); i++) {
		struct pt_regs *regs = user_regs((u64)user_int_0x80);
		const struct trap *got;

		regs->flags |= flag[i];
		got = judge_user(
			PLACE("int $0x80"), regs,
			WANT(IA32_SYSCALL_VECTOR, 0, user_int_0x80 + 2));
		EXPECT_EQ(got->flags, regs->flags);
	}
}

/* From CPL 3 to RSP0's stack: RSP may be anything. */
TEST(user, user_rsp_is_only_saved, "SDM 3A Stack Switching")
{
	static const u64 sp[] = { 0, 1, NONCANONICAL, ~0ull };

	for (u32 i = 0; i < ARRAY_SIZE(sp); i++) {
		struct pt_regs *regs = user_regs((u64)user_int_0x80);

		regs->sp = sp[i];
		judge_user(PLACE("int $0x80"), regs,
			   WANT(IA32_SYSCALL_VECTOR, 0, user_int_0x80 + 2));
	}
}

/* SWAPGS both ways: CPL 3 sees its own base and has it still afterwards. */
TEST(user, gs_base_of_the_user_is_kept, "SDM 2B SWAPGS")
{
	u64 before = rdmsr(MSR_KERNEL_GS_BASE), page = alloc_pages(1);
	const struct trap *got;

	if (!EXPECT_EQ(map_range(USER_VA, page, PAGE_SIZE, PAGE_USER_RW), 0))
		return;
	*(u64 *)page = 0x5eed;
	wrmsr(MSR_KERNEL_GS_BASE, USER_VA);
	got = judge_user(PLACE("mov %gs:0, %rax"), user_regs((u64)user_read_gs),
			 WANT(IA32_SYSCALL_VECTOR, 0, user_read_gs + 11));
	EXPECT_EQ(got->regs.ax, 0x5eed);
	EXPECT_EQ(rdmsr(MSR_KERNEL_GS_BASE), USER_VA);
	wrmsr(MSR_KERNEL_GS_BASE, before);
	unmap_range(USER_VA, PAGE_SIZE);
	free_pages(page, 1);
}

#define TEST_VECTOR 0x90

/*
 * Pending since before the return, taken before CPL 3's first instruction. Its
 * gate is a copy of int $0x80's, which brings it back here.
 */
TEST(user, pending_interrupt_comes_before_the_first_instruction, RETURN)
{
	struct trap got;

	local_irq_disable();
	scratch_idt_begin();
	scratch_idt[TEST_VECTOR] = scratch_idt[IA32_SYSCALL_VECTOR];
	scratch_idt[TEST_VECTOR].bits.dpl = 0;
	EXPECT_EQ(apic_send_self(TEST_VECTOR), 0);
	EXPECT_TRUE(
		WAIT_FOR(lapic_test(APIC_IRR, TEST_VECTOR), WAIT_DEFAULT_US));
	got = catch_user(user_regs((u64)user_ud2));
	scratch_idt_end();
	EXPECT_TRUE(lapic_test(APIC_ISR, TEST_VECTOR));
	apic_eoi();
	local_irq_enable();
	EXPECT_TRAP(got, IA32_SYSCALL_VECTOR);
	EXPECT_EQ(got.ip, user_ud2);
	EXPECT_EQ(got.cs, __USER_CS);
	EXPECT_EQ(got.ss, __USER_DS);
	EXPECT_EQ(got.sp, USER_SP);
	EXPECT_EQ(got.stack, STACK_ENTRY);
	EXPECT_EQ(got.handler_flags & X86_EFLAGS_IF, 0);
}

struct insn {
	const char *name, *at;
};

#define U(x)                 \
	{                    \
#x, user_##x \
	}

/* All of them #GP(0), each at its own address. */
static void all_refused(const struct insn *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct place at = { __FILE__, __LINE__, list[i].name };

		judge_user(&at, user_regs((u64)list[i].at),
			   WANT(X86_TRAP_GP, 0, list[i].at, .fault = true));
	}
}

TEST(user, hlt_is_privileged, "SDM 3A Privileged Instructions")
{
	EXPECT_USER_FAULT(user_hlt, X86_TRAP_GP, 0);
}

TEST(user, control_registers_are_privileged, "SDM 3A Privileged Instructions")
{
	static const struct insn list[] = {
		U(mov_from_cr0), U(mov_from_cr2), U(mov_from_cr3),
		U(mov_from_cr4), U(mov_from_cr8), U(mov_to_cr0),
		U(mov_to_cr2),	 U(mov_to_cr3),	  U(mov_to_cr4),
		U(mov_to_cr8),	 U(clts),	  U(lmsw),
	};

	all_refused(list, ARRAY_SIZE(list));
}

TEST(user, debug_registers_are_privileged, "SDM 3A Privileged Instructions")
{
	static const struct insn list[] = { U(mov_from_dr0), U(mov_from_dr6),
					    U(mov_to_dr7) };

	all_refused(list, ARRAY_SIZE(list));
}

TEST(user, descriptor_tables_are_privileged, "SDM 3A Privileged Instructions")
{
	static const struct insn list[] = { U(lgdt), U(lidt), U(lldt), U(ltr) };

	all_refused(list, ARRAY_SIZE(list));
}

TEST(user, invlpg_is_privileged, "SDM 3A Privileged Instructions")
{
	EXPECT_USER_FAULT(user_invlpg, X86_TRAP_GP, 0);
}

TEST(user, invd_and_wbinvd_are_privileged, "SDM 3A Privileged Instructions")
{
	static const struct insn list[] = { U(invd), U(wbinvd) };

	all_refused(list, ARRAY_SIZE(list));
}

TEST(user, msrs_are_privileged, "SDM 3A Privileged Instructions")
{
	static const struct insn list[] = { U(rdmsr), U(wrmsr), U(swapgs) };

	all_refused(list, ARRAY_SIZE(list));
	if (cpu_has(X86_FEATURE_XSAVE))
		EXPECT_USER_FAULT(user_xsetbv, X86_TRAP_GP, 0);
}

/* CR4.PCE and CR4.TSD say who may. */
TEST(user, counters_as_cr4_says, "SDM 2B RDTSC, RDPMC")
{
	u64 cr4 = read_cr4();

	EXPECT_FALSE(cr4 & (X86_CR4_PCE | X86_CR4_TSD));
	EXPECT_USER_FAULT(user_rdpmc, X86_TRAP_GP, 0);
	EXPECT_USER_TRAPPED(user_rdtsc, IA32_SYSCALL_VECTOR, user_rdtsc + 4);
	write_cr4(cr4 | X86_CR4_TSD);
	EXPECT_USER_FAULT(user_rdtsc, X86_TRAP_GP, 0);
	if (cpu_has(X86_FEATURE_RDTSCP))
		EXPECT_USER_FAULT(user_rdtscp, X86_TRAP_GP, 0);
	write_cr4(cr4);
}

TEST(user, umip_hides_the_descriptor_tables, "SDM 3A CR4.UMIP")
{
	static const struct insn list[] = { U(sgdt), U(sidt), U(sldt), U(smsw),
					    U(str) };
	u64 cr4 = read_cr4();

	if (!cpu_has(X86_FEATURE_UMIP))
		SKIP(return, "this CPU has no UMIP");
	EXPECT_TRUE(cr4 & X86_CR4_UMIP);
	all_refused(list, ARRAY_SIZE(list));
	write_cr4(cr4 & ~(u64)X86_CR4_UMIP);
	EXPECT_USER_TRAPPED(user_smsw, IA32_SYSCALL_VECTOR, user_smsw + 5);
	write_cr4(cr4);
}

/* IOPL is 0 and the TSS has no I/O bitmap. */
TEST(user, cli_sti_and_ports_need_iopl, "SDM 1 I/O Privilege Level")
{
	static const struct insn list[] = { U(cli), U(sti), U(in),
					    U(out), U(ins), U(outs) };

	all_refused(list, ARRAY_SIZE(list));
}

TEST(user, iopl_3_allows_them, "SDM 1 I/O Privilege Level")
{
	struct pt_regs *regs = user_regs((u64)user_cli_iopl);
	const struct trap *got;

	regs->flags |= X86_EFLAGS_IOPL;
	got = judge_user(PLACE("cli, sti"), regs,
			 WANT(IA32_SYSCALL_VECTOR, 0, user_cli_iopl_end));
	EXPECT_EQ(got->regs.ax & X86_EFLAGS_IF, 0);
	regs = user_regs((u64)user_in);
	regs->flags |= X86_EFLAGS_IOPL;
	judge_user(PLACE("in"), regs,
		   WANT(IA32_SYSCALL_VECTOR, 0, user_in_end));
}

/* No fault: IF and IOPL just stay. */
TEST(user, popf_cannot_change_if_or_iopl, "SDM 2B POPF table")
{
	struct pt_regs *regs = user_regs((u64)user_popf_if);
	const struct trap *got;

	regs->di = X86_EFLAGS_FIXED | X86_EFLAGS_IOPL | X86_EFLAGS_CF;
	got = judge_user(PLACE("popf"), regs,
			 WANT(IA32_SYSCALL_VECTOR, 0, user_popf_if_end));
	EXPECT_EQ(got->regs.ax,
		  X86_EFLAGS_FIXED | X86_EFLAGS_IF | X86_EFLAGS_CF);
}

TEST(user, int_n_to_a_gate_of_dpl_0, "SDM 3A Error Code: IDT bit")
{
	EXPECT_USER_FAULT(user_int_0x20, X86_TRAP_GP, 0x20 * 8 + 2);
	EXPECT_USER_FAULT(user_int_13, X86_TRAP_GP, 13 * 8 + 2);
}

/* That is asked before the privilege level. */
TEST(user, sysret_without_sce_is_an_invalid_opcode, "SDM 2B SYSRET: Operation")
{
	u64 efer = rdmsr(MSR_EFER);

	wrmsr(MSR_EFER, efer & ~(u64)EFER_SCE);
	EXPECT_USER_FAULT(user_sysret, X86_TRAP_UD, 0);
	wrmsr(MSR_EFER, efer);
}

/* The IRETQ for CPL 3 itself faults, at CPL 0, and GS is set right again. */
static void return_fails(struct pt_regs *regs, u64 error_code)
{
	u64 gs = rdmsr(MSR_GS_BASE), user_gs = rdmsr(MSR_KERNEL_GS_BASE);
	struct trap got = catch_user(regs);

	EXPECT_TRAP(got, X86_TRAP_IRET);
	EXPECT_EQ(got.regs.vector, X86_TRAP_GP);
	EXPECT_EQ(got.error_code, error_code);
	EXPECT_EQ(got.cs, __KERNEL_CS);
	EXPECT_EQ(rdmsr(MSR_GS_BASE), gs);
	EXPECT_EQ(rdmsr(MSR_KERNEL_GS_BASE), user_gs);
}

TEST(user, return_with_a_kernel_stack_segment_fails, RETURN)
{
	struct pt_regs *regs = user_regs((u64)user_int_0x80);

	regs->ss = __KERNEL_DS;
	return_fails(regs, __KERNEL_DS);
}

TEST(user, return_with_a_null_stack_segment_fails, RETURN)
{
	struct pt_regs *regs = user_regs((u64)user_int_0x80);

	regs->ss = 3;
	return_fails(regs, 0);
}

TEST(user, return_to_a_bad_code_segment_fails, RETURN)
{
	struct pt_regs *regs = user_regs((u64)user_int_0x80);

	regs->cs = __USER_DS;
	return_fails(regs, __USER_DS & ~3);
}

TEST(user, return_to_a_noncanonical_address_fails, RETURN)
{
	return_fails(user_regs(NONCANONICAL), 0);
}
