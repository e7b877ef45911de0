// SPDX-License-Identifier: MIT
/*
 * Compatibility mode at CPL 3, the part of IA-32e mode where AAM, INTO, BOUND
 * and POP SS still are instructions, and where segments still have limits and
 * types that every access is held against.
 *
 * Spec: SDM 3A "Protection", "Limit Checking", "Type Checking"; SDM 2A "AAM",
 *       "BOUND"; SDM 2B "POP", "SWAPGS"; APM 2 "Compatibility Mode".
 */
#include <asm/special_insns.h>
#include <trap/decode.h>

#include "compat.h"

#define LIMITS "SDM 3A Limit Checking"
#define TYPES  "SDM 3A Type Checking"

static int compat_setup(void)
{
	int err = probe_reset();

	probe.use_tss = true;
	probe_gate(DL_BACK)->bits.dpl = 3;
	probe_gate(X86_TRAP_OF)->bits.dpl = 3;
	return err;
}

SUITE(compat, .setup = compat_setup, .teardown = probe_teardown,
      .uses = USES_APIC_TIMER);

struct pt_regs compat_regs(const char *insn)
{
	struct pt_regs regs = user_regs(insn);

	regs.cs = __USER32_CS;
	regs.sp = (u64)insn_compat_user_ds; /* to be read alone */
	regs.ax = __USER_DS;
	regs.dx = regs.bp = (u64)insn_compat_bounds;
	return regs;
}

bool compat_enter(const struct pt_regs *regs)
{
	if (regs->ip >> 32)
		SKIP(return false, "the image lies above 4 GiB");
	run(regs);
	return true;
}

/* A copy of a segment that ends after byte limit. */
static union desc_struct *limited(u32 entry, u32 limit)
{
	union desc_struct *d = &probe.gdt[SLOT];

	*d = probe.gdt[entry];
	d->limit0 = (u16)limit;
	d->limit1 = limit >> 16;
	d->g = 0;
	return d;
}

void compat_judge(const struct iret_frame *got, const void *at,
		  const struct pt_regs *regs)
{
	EXPECT_EQ(got->ip, at);
	EXPECT_EQ(got->cs, regs->cs);
	EXPECT_EQ(got->sp, regs->sp);
	EXPECT_EQ(got->ss, regs->ss);
	EXPECT_EQ(without_rf(got->flags) & ~(u64)X86_EFLAGS_STATUS, FLAGS0);
}

static void refused(const struct pt_regs *regs, const void *at, u32 nr)
{
	if (!compat_enter(regs))
		return;
	EXPECT_EQ(probe.hits, 1);
	if (!EXPECT_EQ(probe.hit[0].vector, nr))
		return;
	EXPECT_EQ(probe.hit[0].top[0], 0);
	EXPECT_EQ(probe.hit[0].sp, sp_coded(probe_stack(0)));
	EXPECT_EQ(coded(0)->flags & X86_EFLAGS_RF, X86_EFLAGS_RF);
	compat_judge(coded(0), at, regs);
}

/* Nothing is raised; size is that of the instructions before INT DL_BACK. */
static void passes(const struct pt_regs *regs, u32 size)
{
	if (!compat_enter(regs))
		return;
	EXPECT_EQ(probe.hits, 1);
	if (EXPECT_EQ(probe.hit[0].vector, DL_BACK))
		compat_judge(plain(0), (char *)regs->ip + size + 2, regs);
}

static void raises(const struct pt_regs *regs, u32 nr, const void *at)
{
	if (!compat_enter(regs))
		return;
	EXPECT_EQ(probe.hits, 1);
	if (!EXPECT_EQ(probe.hit[0].vector, nr))
		return;
	EXPECT_EQ(probe.hit[0].sp, sp_plain(probe_stack(0)));
	compat_judge(plain(0), at, regs);
}

TEST(compat, aam_by_zero_is_a_divide_error, "SDM 3A Interrupt 0; SDM 2A AAM")
{
	struct pt_regs regs = compat_regs(insn_compat_aam);

	raises(&regs, X86_TRAP_DE, insn_compat_aam);
}

TEST(compat, into_is_a_trap_with_of_alone, "SDM 3A Interrupt 4")
{
	struct pt_regs regs = compat_regs(insn_compat_into);

	passes(&regs, 1);
	regs.flags |= X86_EFLAGS_OF;
	raises(&regs, X86_TRAP_OF, insn_compat_into + 1);
}

TEST(compat, bound_is_a_fault_on_either_side, "SDM 3A Interrupt 5")
{
	struct pt_regs regs = compat_regs(insn_compat_bound);
	static const u32 outside[] = { 2, 0x7fffffff, 0x80000000, ~0u };

	for (u32 i = 0; i < ARRAY_SIZE(outside); i++) {
		regs.ax = outside[i];
		raises(&regs, X86_TRAP_BR, insn_compat_bound);
	}
	for (regs.ax = 0; regs.ax <= 1; regs.ax++)
		passes(&regs, 2);
}

/* CPL 3's #GP is 64-bit mode's: here there is no such instruction. */
TEST(compat, swapgs_is_an_invalid_opcode, "SDM 2B SWAPGS")
{
	struct pt_regs regs = compat_regs(insn_compat_swapgs);

	raises(&regs, X86_TRAP_UD, insn_compat_swapgs);
}

/* POP SS: no step of its own, the next comes after the next instruction. */
TEST(compat, pop_ss_suppresses_its_own_single_step_trap,
     "SDM 3A Masking Exceptions and Interrupts When Switching Stacks")
{
	struct pt_regs regs = compat_regs(insn_compat_pop_ss);

	regs.flags |= X86_EFLAGS_TF;
	write_dr6(DR6_RESERVED);
	compat_enter(&regs);
	write_dr6(DR6_RESERVED);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_PLAIN(0, X86_TRAP_DB, insn_compat_pop_ss + 2);
	EXPECT_EQ(probe.hit[0].dr6 & (DR_STEP | DR_BD | DR_BT), DR_STEP);
	EXPECT_EQ(plain(0)->sp, regs.sp + 4);
	EXPECT_EQ(plain(0)->ss, __USER_DS);
}

/* The last whole operand below the limit is read; one byte more is not. */
TEST(compat, data_beyond_the_limit_is_gp, LIMITS)
{
	struct pt_regs regs = compat_regs(insn_compat_load);

	regs.ax = SEL;
	limited(GDT_ENTRY_USER_DS, 3)->base0 = (u16)regs.dx;
	probe.gdt[SLOT].base1 = (u8)(regs.dx >> 16);
	probe.gdt[SLOT].base2 = (u8)(regs.dx >> 24);
	regs.dx = 0;
	passes(&regs, 4);
	regs.dx = 1;
	refused(&regs, insn_compat_load_at, X86_TRAP_GP);
}

TEST(compat, stack_beyond_the_limit_is_ss, LIMITS)
{
	struct pt_regs regs = compat_regs(insn_compat_load_by_ebp);

	regs.ss = SEL;
	limited(GDT_ENTRY_USER_DS, 0xffff);
	refused(&regs, insn_compat_load_by_ebp, X86_TRAP_SS);
}

/* The target is fetched from, so the JMP itself is to blame. */
TEST(compat, jump_beyond_the_limit_is_gp, LIMITS)
{
	struct pt_regs regs = compat_regs(insn_compat_jmp);

	regs.cs = SEL;
	limited(GDT_ENTRY_USER32_CS, 0xfffff)->g = 1;
	probe.gdt[SLOT].limit1 = 7; /* 2 GiB */
	regs.dx = 0x80000000;
	refused(&regs, insn_compat_jmp, X86_TRAP_GP);
}

TEST(compat, write_to_a_read_only_segment_is_gp, TYPES)
{
	struct pt_regs regs = compat_regs(insn_compat_store);

	probe.gdt[SLOT] = probe.gdt[GDT_ENTRY_USER_DS];
	probe.gdt[SLOT].type = 1;
	regs.ax = SEL;
	refused(&regs, insn_compat_store_at, X86_TRAP_GP);
}

TEST(compat, read_of_an_execute_only_segment_is_gp, TYPES)
{
	struct pt_regs regs = compat_regs(insn_compat_load_by_cs);

	probe.gdt[SLOT] = probe.gdt[GDT_ENTRY_USER32_CS];
	probe.gdt[SLOT].type = 9;
	regs.cs = SEL;
	refused(&regs, insn_compat_load_by_cs, X86_TRAP_GP);
}

TEST(compat, access_through_a_null_selector_is_gp,
     "SDM 3A NULL Segment Selector Checking")
{
	struct pt_regs regs = compat_regs(insn_compat_load);

	for (regs.ax = 0; regs.ax <= 3; regs.ax++)
		refused(&regs, insn_compat_load_at, X86_TRAP_GP);
}

/* Delivered in 64-bit mode, and IRETQ comes back to 32 bits. */
TEST(compat, an_interrupt_leaves_it_and_comes_back,
     "SDM 3A Interrupts 32 to 255; SDM 3A IRET in IA-32e Mode")
{
	struct pt_regs regs = compat_regs(insn_compat_into);
	u64 flags;

	if (regs.ip >> 32)
		SKIP(return, "the image lies above 4 GiB");
	regs.flags |= X86_EFLAGS_IF;
	probe.action[IRQ_LOW] = PROBE_RETURN;
	flags = local_irq_save();
	if (EXPECT_TRUE(pend(IRQ_LOW)))
		run(&regs);
	local_irq_restore(flags);
	EXPECT_EQ(probe.hits, 2);
	EXPECT_PLAIN(0, IRQ_LOW, insn_compat_into);
	EXPECT_PLAIN(1, DL_BACK, insn_compat_into + 3);
	for (u32 i = 0; i < 2; i++) {
		EXPECT_EQ(plain(i)->cs, __USER32_CS);
		EXPECT_EQ(plain(i)->sp, regs.sp);
		EXPECT_EQ(plain(i)->ss, __USER_DS);
		EXPECT_EQ(without_rf(plain(i)->flags), regs.flags);
		EXPECT_EQ(probe.hit[i].cs, __KERNEL_CS);
		EXPECT_EQ(probe.hit[i].sp, sp_plain(probe_stack(0)));
	}
}

/* The address has 32 bits, and so has CR2. */
TEST(compat, a_page_fault_names_32_bits, "SDM 3A Page-Fault Exceptions")
{
	struct pt_regs regs = compat_regs(insn_compat_load);

	regs.dx = 0x5a5a5a5a00000010; /* page 0: absent */
	if (!compat_enter(&regs))
		return;
	EXPECT_EQ(probe.hits, 1);
	EXPECT_CODED(0, X86_TRAP_PF, X86_PF_USER, insn_compat_load_at);
	EXPECT_EQ(probe.hit[0].cr2, 0x10);
	compat_judge(coded(0), insn_compat_load_at, &regs);
}
