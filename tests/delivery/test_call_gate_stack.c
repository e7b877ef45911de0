// SPDX-License-Identifier: MIT
/*
 * The inner stack of a call gate: which one it is, what becomes of a call
 * whose pushes it does not take, and the far return that leaves it again. A
 * call that faults has changed nothing.
 *
 * Spec: SDM 3A "IA-32e Mode Call Gates", "Stack Switching in 64-bit Mode"; SDM
 *       2A "CALL"; APM 2 "Stack Switching"; APM 3 "CALL (Far)".
 */
#include <asm/msr-index.h>
#include <asm/special_insns.h>
#include <ktest/insn_compat.h>
#include <ktest/insn_syscall.h>
#include <ktest/insn_user_fault.h>
#include <trap/decode.h>

#include "call_gate.h"

#define CALL  CG_RULE "; SDM 2A CALL"
#define PUSHD sizeof(struct call_frame)

/* Faults of the call: their stack is not the one that is judged. */
static void spare_stacks(void)
{
	probe_gate(X86_TRAP_SS)->bits.ist = IST_BACK;
	probe_gate(X86_TRAP_GP)->bits.ist = IST_BACK;
	probe_gate(X86_TRAP_PF)->bits.ist = IST_BACK;
}

/* The caller's frame, as it was before the call. */
static void judge_caller(const struct iret_frame *got,
			 const struct pt_regs *regs)
{
	EXPECT_EQ(got->ip, uf_lcall);
	EXPECT_EQ(got->cs, __USER_CS);
	EXPECT_EQ(got->flags, regs->flags | X86_EFLAGS_RF);
	EXPECT_EQ(got->sp, regs->sp);
	EXPECT_EQ(got->ss, __USER_DS);
}

static void refused(u32 nr, u64 code, u64 handler_sp)
{
	struct pt_regs regs = cg_regs(uf_lcall, CG_GATE);

	run(&regs);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_CODED(0, nr, code, uf_lcall);
	EXPECT_EQ(probe.hit[0].sp, handler_sp);
	judge_caller(coded(0), &regs);
}

/* The SS that is loaded is NULL, and so is the error code. */
TEST(call_gate, an_rsp0_not_canonical_is_ss_0, CALL)
{
	spare_stacks();
	cg_gate(insn_sc_target_int);
	probe.tss->sp[0] = BIT(62);
	refused(X86_TRAP_SS, 0, sp_coded(probe_stack(IST_BACK)));
}

/* RSP0 leaves room for there bytes; the rest of the pushes find no page. */
static void pushes_fault(u64 there, u64 prot, u64 code)
{
	u64 top = DL_PAGE_VA + there, low = top - PUSHD;

	EXPECT_EQ(map_range(DL_PAGE_VA, cg_page, PAGE_SIZE, prot), 0);
	probe.tss->sp[0] = top;
	refused(X86_TRAP_PF, code, sp_coded(probe_stack(IST_BACK)));
	EXPECT_GE(probe.hit[0].cr2, low);
	EXPECT_LT(probe.hit[0].cr2, code & X86_PF_PROT ? top : DL_PAGE_VA);
	unmap_range(DL_PAGE_VA, PAGE_SIZE);
}

/* They are the supervisor's writes, although CPL is 3. */
TEST(call_gate, a_stack_that_takes_no_push_is_pf, CALL)
{
	spare_stacks();
	cg_gate(insn_sc_target_int);
	for (u64 there = 0; there < PUSHD; there += 8)
		pushes_fault(there, PAGE_KERNEL, X86_PF_WRITE);
	pushes_fault(PUSHD, PAGE_KERNEL_RO, X86_PF_WRITE | X86_PF_PROT);
}

/* A gate to code of that ring, and the last byte of its RSP in the TSS. */
static u16 gate_to_ring(u32 ring)
{
	probe.gdt[CG_SPARE] = probe.gdt[GDT_ENTRY_KERNEL_CS];
	probe.gdt[CG_SPARE].dpl = ring;
	cg_gate(insn_sc_target_int)->segment = CG_SPARE * 8;
	return (u16)(offsetof(struct tss, sp) + ring * 8 + 7);
}

TEST(call_gate, to_cpl_1_and_2_it_switches_to_rsp1_and_rsp2, CG_RULE)
{
	for (u32 ring = 1; ring <= 2; ring++) {
		struct pt_regs regs = cg_regs(uf_lcall, CG_GATE);
		u64 top = probe_stack(3 + ring);
		const struct call_frame *pushed = (const void *)(top - PUSHD);

		gate_to_ring(ring);
		probe.tss->sp[ring] = top;
		run(&regs);
		EXPECT_EQ(probe.hits, 1);
		EXPECT_PLAIN(0, DL_BACK, insn_sc_target_int + 2);
		EXPECT_EQ(plain(0)->cs, CG_SPARE * 8 + ring);
		EXPECT_EQ(plain(0)->ss, ring); /* NULL, RPL the new CPL */
		EXPECT_EQ(plain(0)->sp, (u64)pushed);
		EXPECT_EQ(plain(0)->flags, regs.flags);
		EXPECT_EQ(pushed->ip, uf_lcall_end);
		EXPECT_EQ(pushed->cs, __USER_CS);
		EXPECT_EQ(pushed->sp, regs.sp);
		EXPECT_EQ(pushed->ss, __USER_DS);
	}
}

TEST(call_gate, an_rsp1_or_rsp2_beyond_the_tss_limit_is_ts, CALL)
{
	for (u32 ring = 1; ring <= 2; ring++) {
		probe.gdt[GDT_ENTRY_TSS].limit0 = gate_to_ring(ring) - 1;
		probe.tss->sp[ring] = probe_stack(3 + ring);
		refused(X86_TRAP_TS, __TSS_SEL, sp_coded(probe_stack(0)));
	}
}

/*
 * Without RSP0 #TS has no way in but a conforming segment's, whose handler
 * stays at CPL 3 and on its stack; it leaves by SYSCALL: as in test_ts.c, and
 * without SMAP, too.
 */
TEST(call_gate, an_rsp0_beyond_the_tss_limit_is_ts, CALL)
{
	struct pt_regs regs = cg_regs(uf_lcall, CG_GATE);
	const u64 *code =
		(const u64 *)(cg_page + sp_coded(regs.sp) % PAGE_SIZE);
	u64 lstar = rdmsr(MSR_LSTAR), cr4 = read_cr4();

	probe.gdt[GDT_ENTRY_TSS].limit0 = gate_to_ring(0) - 1;
	cg_gate(insn_sc_target_int);
	probe.gdt[CG_SPARE].type = 0xf;
	probe_gate(X86_TRAP_TS)->segment = CG_SPARE * 8;
	probe_gate_offset(X86_TRAP_TS, (u64)insn_sc_u_syscall);
	probe_gate(DL_BACK)->bits.ist = 0;
	regs.bx = probe_stack(RUN_STACK);
	wrmsr(MSR_LSTAR, (u64)insn_sc_target_rsp);
	write_cr4(cr4 & ~(u64)X86_CR4_SMAP);
	run(&regs);
	write_cr4(cr4);
	wrmsr(MSR_LSTAR, lstar);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_PLAIN(0, DL_BACK, insn_sc_target_rsp_end);
	EXPECT_EQ(probe.hit[0].regs.cx, insn_sc_u_syscall + 2);
	EXPECT_EQ(*code, __TSS_SEL);
	judge_caller((const struct iret_frame *)(code + 1), &regs);
}

/* The gate's target is a far return: RFLAGS are as the callee left them. */
static void comes_back(const struct pt_regs *regs, u64 at, u64 cs, u32 vector)
{
	cg_gate(insn_sc_lretq);
	probe_gate(vector)->bits.ist = IST_BACK;
	run(regs);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_PLAIN(0, vector, at + 2); /* INT n itself */
	EXPECT_EQ(plain(0)->cs, cs);
	EXPECT_EQ(plain(0)->sp, regs->sp);
	EXPECT_EQ(plain(0)->ss, __USER_DS);
	EXPECT_EQ(plain(0)->flags, regs->flags);
}

static void judge_pushed(const struct pt_regs *regs, u64 ip, u64 cs)
{
	const struct call_frame *pushed =
		(const struct call_frame *)(probe_stack(0) - PUSHD);

	EXPECT_EQ(pushed->ip, ip);
	EXPECT_EQ(pushed->cs, cs);
	EXPECT_EQ(pushed->sp, regs->sp);
	EXPECT_EQ(pushed->ss, __USER_DS);
}

TEST(call_gate, a_far_return_leaves_it_again, CG_RULE "; SDM 2B RET")
{
	struct pt_regs regs = cg_regs(uf_lcall, CG_GATE);

	comes_back(&regs, (u64)uf_lcall_end, __USER_CS, IA32_SYSCALL_VECTOR);
	judge_pushed(&regs, (u64)uf_lcall_end, __USER_CS);
}

/* 64-bit code, 64-bit words; and the return is to 32 bits. */
TEST(call_gate, from_compatibility_mode_it_leads_to_64_bit_mode_and_back,
     CG_RULE "; SDM 2B RET")
{
	struct pt_regs regs = cg_regs(insn_compat_lcall, CG_GATE);
	u64 next = regs.ip + 2;

	if (regs.ip >> 32)
		SKIP(return, "the image lies above 4 GiB");
	EXPECT_EQ(map_range(DL_LOW_VA, cg_page, PAGE_SIZE, PAGE_USER_RW), 0);
	regs.cs = __USER32_CS;
	regs.dx = DL_LOW_VA;
	regs.sp = DL_LOW_VA + 0x800;
	comes_back(&regs, next, __USER32_CS, DL_BACK);
	judge_pushed(&regs, next, __USER32_CS);
	unmap_range(DL_LOW_VA, PAGE_SIZE);
}
