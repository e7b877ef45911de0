// SPDX-License-Identifier: MIT
/*
 * Addresses that are not canonical, where an instruction names them without a
 * ModRM: the stack, strings, and what WRFSBASE and LLDT load. Each at CPL 0 and
 * at CPL 3; nothing has changed when the fault is taken.
 *
 * Spec: SDM 3A "Interrupt 12", "Interrupt 13"; SDM 2, each instruction's
 *       "64-Bit Mode Exceptions"; APM 2 "#SS", "#GP", "System Descriptors".
 */
#include <asm/msr-index.h>
#include <asm/special_insns.h>
#include <ktest/insn_canonical.h>
#include <ktest/insn_seg.h>
#include <lib/string.h>
#include <mm/page_alloc.h>

#include "delivery.h"

#define SS_RULE "SDM 3A Interrupt 12"
#define GP_RULE "SDM 3A Interrupt 13"

struct insn {
	const char *name, *at[2]; /* by CPL: 0, 3 */
	bool bad_si, bad_di, good_sp;
};

#define I(n, ...)                                                   \
	{                                                           \
		.name = #n, .at = { insn_canon_##n, uf_canon_##n }, \
		__VA_ARGS__                                         \
	}

/* Gates on stacks of their own: RSP takes no frame. */
static bool begin(void)
{
	if (!EXPECT_EQ(probe_reset(), 0))
		return false;
	probe.use_tss = true;
	probe_gate(X86_TRAP_SS)->bits.ist = 6;
	probe_gate(X86_TRAP_GP)->bits.ist = 7;
	probe_gate(X86_TRAP_PF)->bits.ist = 7;
	probe_gate(DL_BACK)->bits.ist = 5;
	probe_gate(DL_BACK)->bits.dpl = 3;
	return true;
}

/* In the hole of 4 and of 5 levels, and its first address as paging is. */
static u64 hole(u32 i)
{
	return i ? BIT(62) : BIT(read_cr4() & X86_CR4_LA57 ? 56 : 47);
}

static struct pt_regs start(const struct insn *insn, bool user)
{
	return user ? user_regs(insn->at[1]) : kernel_regs(insn->at[0]);
}

/* The fault is the instruction's own, and all registers are as before. */
static void refused(const struct insn *insn, const struct pt_regs *regs,
		    u32 vector)
{
	const struct pt_regs *got = &probe.hit[0].regs;
	bool user = regs->cs == __USER_CS;

	run(regs);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_CODED(0, vector, 0, insn->at[user]);
	EXPECT_EQ(coded(0)->cs, regs->cs);
	EXPECT_EQ(coded(0)->flags, regs->flags | X86_EFLAGS_RF);
	EXPECT_EQ(coded(0)->sp, regs->sp);
	EXPECT_EQ(coded(0)->ss, regs->ss);
	EXPECT_EQ(got->ax, regs->ax);
	EXPECT_EQ(got->cx, regs->cx);
	EXPECT_EQ(got->si, regs->si);
	EXPECT_EQ(got->di, regs->di);
	EXPECT_EQ(got->bp, regs->bp);
	if (!ktest_ok())
		ktest_note("%s, CPL %d", insn->name, user ? 3 : 0);
}

/* LEAVE takes RSP from RBP; CALL and RET would fault at their targets next. */
static const struct insn stack[] = {
	I(enter),    I(leave, .good_sp = true),
	I(ret),	     I(lret),
	I(pushf),    I(popf),
	I(push_imm), I(call),
};

static void stack_refused(bool user)
{
	if (!begin())
		return;
	for (u32 i = 0; i < ARRAY_SIZE(stack) && ktest_ok(); i++) {
		struct pt_regs regs = start(&stack[i], user);

		regs.bp = BIT(62);
		if (!stack[i].good_sp)
			regs.sp = BIT(62);
		refused(&stack[i], &regs, X86_TRAP_SS);
	}
	probe_teardown();
}

TEST(ss, instructions_that_imply_a_noncanonical_stack, SS_RULE)
{
	stack_refused(false);
}

TEST(ss, user_instructions_that_imply_a_noncanonical_stack, SS_RULE)
{
	stack_refused(true);
}

static const struct insn strings[] = {
	I(movsb, .bad_si = true),     I(movsb, .bad_di = true),
	I(stosb, .bad_di = true),     I(lodsb, .bad_si = true),
	I(scasb, .bad_di = true),     I(cmpsb, .bad_si = true),
	I(cmpsb, .bad_di = true),     I(rep_movsq, .bad_si = true),
	I(rep_movsq, .bad_di = true), I(rep_stosq, .bad_di = true),
};

static void strings_refused(bool user)
{
	u64 page = alloc_pages(1);

	if (!begin() ||
	    !EXPECT_EQ(map_range(DL_USER_VA, page, PAGE_SIZE, PAGE_USER_RW), 0))
		return;
	for (u32 i = 0; i < 2 * ARRAY_SIZE(strings) && ktest_ok(); i++) {
		const struct insn *insn = &strings[i / 2];
		struct pt_regs regs = start(insn, user);
		u64 good = user ? DL_USER_VA : page;

		regs.cx = 3;
		regs.si = insn->bad_si ? hole(i % 2) : good;
		regs.di = insn->bad_di ? hole(i % 2) : good;
		refused(insn, &regs, X86_TRAP_GP);
	}
	unmap_range(DL_USER_VA, PAGE_SIZE);
	free_pages(page, 1);
	probe_teardown();
}

TEST(gp, string_instructions_at_noncanonical_addresses, GP_RULE)
{
	strings_refused(false);
}

TEST(gp, user_string_instructions_at_noncanonical_addresses, GP_RULE)
{
	strings_refused(true);
}

/* WRGSBASE at CPL 3 alone: at CPL 0 the CPU's own area hangs on it. */
TEST(gp, noncanonical_base_of_wrfsbase_and_wrgsbase,
     GP_RULE "; SDM 2B RDFSBASE/RDGSBASE, WRFSBASE/WRGSBASE")
{
	static const struct insn fs = I(wrfsbase), gs = I(wrgsbase);
	u64 before;

	if (!cpu_has(X86_FEATURE_FSGSBASE))
		SKIP(return, "this CPU has no FSGSBASE");
	if (!begin())
		return;
	before = rdmsr(MSR_FS_BASE);
	for (u32 i = 0; i < 3 && ktest_ok(); i++) {
		struct pt_regs regs = start(i == 2 ? &gs : &fs, i);

		regs.ax = BIT(63);
		refused(i == 2 ? &gs : &fs, &regs, X86_TRAP_GP);
	}
	EXPECT_EQ(rdmsr(MSR_FS_BASE), before);
	wrmsr(MSR_FS_BASE, before);
	probe_teardown();
}

#define SLOT 10 /* free in our GDT, and the next */

static void load_and_unload_ldt(void *sel)
{
	insn_lldt(sel);
	load_ldt(0);
}

/* Intel's manual has no such rule for what a descriptor holds. */
TEST(gp, noncanonical_base_of_an_ldt, "APM 2 System Descriptors")
{
	struct tss_desc desc = {
		.limit0 = 15, .type = 2, .p = 1, .base3 = 1u << 31
	};

	if (boot_cpu_data.vendor == VENDOR_INTEL)
		SKIP(return, "a rule of the APM alone");
	if (!begin())
		return;
	memcpy(&probe.gdt[SLOT], &desc, sizeof(desc));
	EXPECT_TRUE(probe_call(load_and_unload_ldt, (void *)(SLOT * 8)));
	EXPECT_EQ(probe.hits, 1);
	EXPECT_CODED(0, X86_TRAP_GP, SLOT * 8, insn_lldt);
	probe_teardown();
}
