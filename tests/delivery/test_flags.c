// SPDX-License-Identifier: MIT
/*
 * RFLAGS as PUSHF shows and POPF of 16 bits loads them, and the shadows of STI
 * and MOV SS where CPL 3 makes them.
 *
 * Spec: SDM 2B "PUSHF/PUSHFD/PUSHFQ", "POPF/POPFD/POPFQ", "STI"; SDM 3A
 *       "Masking Exceptions and Interrupts When Switching Stacks"; APM 3
 *       "PUSHFx", "POPFx", "STI".
 */
#include <asm/special_insns.h>
#include <ktest/insn_flags.h>
#include <ktest/insn_user_fault.h>
#include <mm/page_alloc.h>

#include "delivery.h"

#define PUSHF "SDM 2B PUSHF; APM 3 PUSHFx"
#define POPF  "SDM 2B POPF; APM 3 POPFx"
#define HIGH  (X86_EFLAGS_AC | X86_EFLAGS_ID)
#define LOW   (X86_EFLAGS_CF | X86_EFLAGS_SF | X86_EFLAGS_DF | X86_EFLAGS_NT)

static u64 page; /* the user's stack */

static int flags_setup(void)
{
	int err = probe_reset();

	page = alloc_pages(1);
	if (err || !page)
		return -1;
	probe.use_tss = true;
	probe_gate(DL_BACK)->bits.dpl = 3;
	probe_gate(IA32_SYSCALL_VECTOR)->bits.dpl = 3;
	probe_gate(DL_BACK)->bits.ist = 6; /* what it pushed stays */
	return map_range(DL_USER_VA, page, PAGE_SIZE, PAGE_USER_RW);
}

static void flags_teardown(void)
{
	probe_teardown();
	unmap_range(DL_USER_VA, PAGE_SIZE);
	if (page)
		free_pages(page, 1);
	page = 0;
}

SUITE(flags, .setup = flags_setup, .teardown = flags_teardown,
      .uses = USES_APIC_TIMER);

/* Where our half of memory has what a stack of either kind holds at sp. */
static void *at(bool user, u64 sp)
{
	return user ? (void *)(page + sp % PAGE_SIZE) : (void *)sp;
}

/* Entered with those flags; RSP moved by so much. */
static const void *flags_run(bool user, const char *insn, u64 flags, s64 moved)
{
	struct pt_regs regs = user ? user_regs(insn) : kernel_regs(insn);

	regs.flags = flags;
	run(&regs);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_EQ(probe.hit[0].vector, DL_BACK);
	EXPECT_EQ(plain(0)->sp, regs.sp + moved);
	return at(user, regs.sp + moved);
}

/* RF, which IRETQ has just loaded, is not shown; all others are. */
TEST(flags, pushf_shows_all_but_rf, PUSHF)
{
	u64 flags = FLAGS0 | HIGH | LOW | X86_EFLAGS_IOPL;

	for (u32 user = 0; user < 2; user++) {
		const char *insn = user ? uf_flags_pushfq : insn_flags_pushfq;
		const u64 *top =
			flags_run(user, insn, flags | X86_EFLAGS_RF, -8);

		EXPECT_EQ(*top, flags);
		EXPECT_EQ(without_rf(plain(0)->flags), flags);
	}
}

TEST(flags, pushf_of_16_bits_pushes_two_bytes, PUSHF)
{
	u64 flags = FLAGS0 | HIGH | LOW;

	for (u32 user = 0; user < 2; user++) {
		const char *insn = user ? uf_flags_pushfw : insn_flags_pushfw;
		const u16 *top = flags_run(user, insn, flags, -2);

		EXPECT_EQ(*top, (u16)flags);
	}
}

/* AC and ID are not its own; IOPL is CPL 0's. */
TEST(flags, popf_of_16_bits_loads_the_lower_half, POPF)
{
	for (u32 user = 0; user < 2; user++) {
		const char *insn = user ? uf_flags_popfw : insn_flags_popfw;
		u64 start = user ? user_regs(insn).sp : kernel_regs(insn).sp;
		u64 iopl = user ? 0 : X86_EFLAGS_IOPL;

		*(u16 *)at(user, start) = (u16)(LOW | X86_EFLAGS_IOPL);
		flags_run(user, insn, FLAGS0 | HIGH, 2);
		EXPECT_EQ(plain(0)->flags, FLAGS0 | HIGH | LOW | iopl);
		*(u16 *)at(user, start) = 0;
		flags_run(user, insn, FLAGS0 | LOW, 2);
		EXPECT_EQ(plain(0)->flags, FLAGS0);
	}
}

/* Interrupts wait for the instruction behind STI at CPL 3 as well. */
TEST(flags, user_sti_lets_one_more_instruction_pass, "SDM 2B STI; APM 3 STI")
{
	struct pt_regs regs = user_regs(uf_flags_sti);
	u64 flags = local_irq_save();

	regs.flags |= X86_EFLAGS_IOPL;
	if (EXPECT_TRUE(pend(IRQ_LOW)))
		run(&regs);
	local_irq_restore(flags);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_PLAIN(0, IRQ_LOW, uf_flags_sti + 2);
	EXPECT_EQ(plain(0)->cs, __USER_CS);
	EXPECT_EQ(without_rf(plain(0)->flags), regs.flags | X86_EFLAGS_IF);
}

/* The step of MOV SS is lost in INT n; that of MOV ES comes. */
TEST(flags, user_mov_ss_holds_its_single_step,
     "SDM 3A Masking Exceptions and Interrupts When Switching Stacks")
{
	struct pt_regs regs = user_regs(uf_mov_ss);

	regs.ax = __USER_DS;
	regs.flags |= X86_EFLAGS_TF;
	run(&regs);
	write_dr6(DR6_RESERVED);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_PLAIN(0, IA32_SYSCALL_VECTOR, uf_mov_ss_end + 2);
	EXPECT_EQ(plain(0)->flags, regs.flags);
	regs.ip = (u64)uf_mov_es;
	run(&regs);
	write_dr6(DR6_RESERVED);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_PLAIN(0, X86_TRAP_DB, uf_mov_es_end);
}
