// SPDX-License-Identifier: MIT
/*
 * Call gates, the way into CPL 0 that is neither an event nor SYSCALL: a far
 * call of CPL 3 or 0 through a 64-bit gate on a scratch GDT, judged at the
 * gate's target, or where it faults.
 *
 * Spec: SDM 3A "IA-32e Mode Call Gates", "Stack Switching in 64-bit Mode"; SDM
 *       2A "CALL"; APM 2 "Control Transfers Through Call Gates in Long Mode".
 */
#include <ktest/insn_syscall.h>
#include <ktest/insn_user_fault.h>
#include <mm/page_alloc.h>

#include "call_gate.h"

#define RULE  CG_RULE
#define SLOT  CG_SLOT
#define SPARE CG_SPARE
#define GATE  CG_GATE

u64 cg_page;

static int call_gate_setup(void)
{
	int err = probe_reset();

	cg_page = alloc_pages(1);
	if (err || !cg_page)
		return -1;
	probe.use_tss = true;
	probe_gate(IA32_SYSCALL_VECTOR)->bits.dpl = 3;
	probe_gate(DL_BACK)->bits.dpl = 3;
	probe_gate(DL_BACK)->bits.ist = IST_BACK;
	return map_range(DL_USER_VA, cg_page, PAGE_SIZE, PAGE_USER_RW);
}

static void call_gate_teardown(void)
{
	probe_teardown();
	unmap_range(DL_USER_VA, PAGE_SIZE);
	if (cg_page)
		free_pages(cg_page, 1);
	cg_page = 0;
}

SUITE(call_gate, .setup = call_gate_setup, .teardown = call_gate_teardown);

struct call_gate *cg_gate(const void *to)
{
	struct call_gate *g = (struct call_gate *)&probe.gdt[SLOT];
	u64 offset = (u64)to;

	*g = (struct call_gate){ .offset_low = (u16)offset,
				 .segment = __KERNEL_CS,
				 .type = GATE_CALL,
				 .dpl = 3,
				 .p = 1,
				 .offset_middle = (u16)(offset >> 16),
				 .offset_high = (u32)(offset >> 32) };
	return g;
}

static struct call_gate *gate(void)
{
	return cg_gate(insn_sc_target_int);
}

struct pt_regs cg_regs(const void *insn, u16 sel)
{
	struct pt_regs regs = user_regs(insn);

	*(u32 *)cg_page = 0xdeadbeef;
	*(u16 *)(cg_page + 4) = sel;
	regs.di = DL_USER_VA;
	regs.flags |= X86_EFLAGS_CF | X86_EFLAGS_ID;
	return regs;
}

static void refused(const void *insn, u16 sel, u32 nr, u64 code)
{
	struct pt_regs regs = cg_regs(insn, sel);

	run(&regs);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_CODED(0, nr, code, insn);
	EXPECT_EQ(coded(0)->cs, __USER_CS);
	EXPECT_EQ(coded(0)->sp, regs.sp);
	EXPECT_EQ(coded(0)->ss, __USER_DS);
	EXPECT_EQ(coded(0)->flags, regs.flags | X86_EFLAGS_RF);
}

/* RSP0 as it is, SS NULL, four words pushed, RFLAGS as they were. */
TEST(call_gate, from_cpl_3_it_switches_to_rsp0_with_a_null_ss, RULE)
{
	struct pt_regs regs = cg_regs(uf_lcall, GATE);
	const struct call_frame *pushed =
		(const struct call_frame *)(probe_stack(0) - 32);

	gate();
	run(&regs);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_PLAIN(0, DL_BACK, insn_sc_target_int + 2);
	EXPECT_EQ(plain(0)->cs, __KERNEL_CS);
	EXPECT_EQ(plain(0)->ss, 0);
	EXPECT_EQ(plain(0)->flags, regs.flags);
	EXPECT_EQ(plain(0)->sp, (u64)pushed);
	EXPECT_EQ(pushed->ip, uf_lcall_end);
	EXPECT_EQ(pushed->cs, __USER_CS);
	EXPECT_EQ(pushed->sp, regs.sp);
	EXPECT_EQ(pushed->ss, __USER_DS);
}

/* No frame alignment here, unlike an event's. */
TEST(call_gate, rsp0_is_not_aligned, RULE)
{
	for (u64 off = 0; off < 16; off += 8) {
		struct pt_regs regs = cg_regs(uf_lcall, GATE);

		gate();
		probe.tss->sp[0] = probe_stack(0) - off;
		run(&regs);
		EXPECT_PLAIN(0, DL_BACK, insn_sc_target_int + 2);
		EXPECT_EQ(plain(0)->sp, probe_stack(0) - off - 32);
	}
}

/* CPL 0 calls CPL 0: the stack stays, CS and RIP are pushed. */
TEST(call_gate, at_cpl_0_it_keeps_the_stack, RULE)
{
	struct pt_regs regs = kernel_regs(insn_sc_lcall);
	const u64 *pushed = (const u64 *)(probe_stack(RUN_STACK) - 16);
	static u8 pointer[6];

	gate();
	*(u16 *)(pointer + 4) = GATE;
	regs.di = (u64)pointer;
	run(&regs);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_PLAIN(0, DL_BACK, insn_sc_target_int + 2);
	EXPECT_EQ(plain(0)->sp, (u64)pushed);
	EXPECT_EQ(plain(0)->ss, __KERNEL_DS);
	EXPECT_EQ(pushed[0], insn_sc_lcall + 2);
	EXPECT_EQ(pushed[1], __KERNEL_CS);
}

/* Conforming code keeps CPL 3, and with it the user's stack. */
TEST(call_gate, to_conforming_code_it_keeps_cpl_3, RULE)
{
	struct pt_regs regs = cg_regs(uf_lcall, GATE);

	probe.gdt[SPARE] = probe.gdt[GDT_ENTRY_KERNEL_CS];
	probe.gdt[SPARE].type = 0xf; /* conforming */
	cg_gate(insn_sc_u_target)->segment = SPARE * 8;
	run(&regs);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_PLAIN(0, DL_BACK, insn_sc_u_target + 4);
	EXPECT_EQ(plain(0)->cs, SPARE * 8 + 3);
	EXPECT_EQ(plain(0)->ss, __USER_DS);
	EXPECT_EQ(plain(0)->sp, regs.sp - 16);
}

/* DPL >= CPL and >= RPL, each alone. */
TEST(call_gate, its_dpl_must_be_at_least_cpl_and_rpl, RULE)
{
	for (u32 dpl = 0; dpl < 3; dpl++)
		for (u16 rpl = 0; rpl <= 3; rpl++) {
			gate()->dpl = dpl;
			refused(uf_lcall, SLOT * 8 + rpl, X86_TRAP_GP,
				SLOT * 8);
		}
}

/* Privilege is looked at first. */
TEST(call_gate, one_not_present_is_np, RULE)
{
	gate()->p = 0;
	refused(uf_lcall, GATE, X86_TRAP_NP, SLOT * 8);
	gate()->p = 0;
	((struct call_gate *)&probe.gdt[SLOT])->dpl = 0;
	refused(uf_lcall, GATE, X86_TRAP_GP, SLOT * 8);
}

TEST(call_gate, an_upper_half_with_a_type_is_gp, RULE)
{
	for (u32 type = 1; type < 32; type++) {
		gate()->upper_type = type;
		refused(uf_lcall, GATE, X86_TRAP_GP, SLOT * 8);
	}
}

/* Its code segment: NULL, data, 32-bit, both L and D, beyond, absent. */
TEST(call_gate, a_bad_code_segment_is_gp_of_it, RULE)
{
	gate()->segment = 0;
	refused(uf_lcall, GATE, X86_TRAP_GP, 0);
	gate()->segment = __KERNEL_DS;
	refused(uf_lcall, GATE, X86_TRAP_GP, __KERNEL_DS);
	gate()->segment = 0xfff8;
	refused(uf_lcall, GATE, X86_TRAP_GP, 0xfff8);
	probe.gdt[SPARE] = probe.gdt[GDT_ENTRY_KERNEL_CS];
	probe.gdt[SPARE].l = 0;
	gate()->segment = SPARE * 8;
	refused(uf_lcall, GATE, X86_TRAP_GP, SPARE * 8);
}

TEST(call_gate, a_code_segment_with_both_l_and_d_is_gp_of_it, RULE)
{
	probe.gdt[SPARE] = probe.gdt[GDT_ENTRY_KERNEL_CS];
	probe.gdt[SPARE].d = 1;
	gate()->segment = SPARE * 8;
	refused(uf_lcall, GATE, X86_TRAP_GP, SPARE * 8);
}

TEST(call_gate, a_code_segment_not_present_is_np_of_it, RULE)
{
	probe.gdt[SPARE] = probe.gdt[GDT_ENTRY_KERNEL_CS];
	probe.gdt[SPARE].p = 0;
	gate()->segment = SPARE * 8;
	refused(uf_lcall, GATE, X86_TRAP_NP, SPARE * 8);
}

TEST(call_gate, an_offset_not_canonical_is_gp_0, RULE "; SDM 2A CALL")
{
	gate()->offset_high = 0x80000000;
	refused(uf_lcall, GATE, X86_TRAP_GP, 0);
}

/* A jump cannot change CPL: the target's privilege must be CPL's. */
TEST(call_gate, a_jump_through_it_cannot_raise_privilege, RULE "; SDM 2A JMP")
{
	gate();
	refused(uf_ljmp, GATE, X86_TRAP_GP, __KERNEL_CS);
}

/* Legacy gates and task state are nothing a call can go to in long mode. */
TEST(call_gate, system_descriptors_of_other_types_are_gp, RULE)
{
	for (u32 type = 0; type < 16; type++) {
		if (type == GATE_CALL)
			continue;
		gate()->type = type;
		refused(uf_lcall, GATE, X86_TRAP_GP, SLOT * 8);
	}
}
