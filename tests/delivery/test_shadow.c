// SPDX-License-Identifier: MIT
/*
 * The one instruction after STI, and after a load of SS, in which interrupts
 * wait.
 *
 * Spec: SDM 2B "STI"; SDM 3A "Masking Exceptions and Interrupts When Switching
 *       Stacks"; APM 3 "STI", "MOV".
 */
#include <apic/apic_timer.h>
#include <asm/special_insns.h>
#include <mm/page_alloc.h>

#include "delivery.h"

#define STI "SDM 2B STI: interrupt shadow"
#define SS  "SDM 3A Masking Exceptions and Interrupts When Switching Stacks"

/* Enter regs with IRQ_LOW pending in the IRR. */
static void run_pending(const struct pt_regs *regs)
{
	u64 flags = local_irq_save();

	if (EXPECT_TRUE(pend(IRQ_LOW)))
		run(regs);
	local_irq_restore(flags);
}

/* Take what a case left in the IRR on purpose, so that nobody else does. */
static void take_pending(void)
{
	struct pt_regs regs = kernel_regs(insn_dl_nop);

	regs.flags = FLAGS_IF;
	run(&regs);
	EXPECT_PLAIN(0, IRQ_LOW, insn_dl_nop);
}

TEST(delivery, sti_lets_one_more_instruction_pass, STI)
{
	struct pt_regs regs = kernel_regs(insn_dl_sti);

	run_pending(&regs);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_PLAIN(0, IRQ_LOW, insn_dl_sti + 2);
	EXPECT_EQ(without_rf(plain(0)->flags), FLAGS_IF);
}

TEST(delivery, sti_then_cli_lets_no_interrupt_in, STI)
{
	struct pt_regs regs = kernel_regs(insn_dl_sti_cli);
	u64 flags = local_irq_save();

	if (EXPECT_TRUE(pend(IRQ_LOW)))
		run(&regs);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_PLAIN(0, DL_BACK, insn_dl_sti_cli + 5);
	EXPECT_EQ(plain(0)->flags, FLAGS0);
	EXPECT_TRUE(lapic_test(APIC_IRR, IRQ_LOW)); /* it still waits */
	take_pending();
	local_irq_restore(flags);
}

/* Were it taken before HLT, nothing would end the sleep. */
TEST(delivery, sti_then_hlt_never_loses_an_interrupt, STI)
{
	struct pt_regs regs = kernel_regs(insn_dl_sti_hlt);

	probe.action[IRQ_LOW] = PROBE_RETURN;
	for (u32 i = 0; i < 20; i++) {
		run_pending(&regs);
		EXPECT_EQ(probe.hits, 2);
		EXPECT_PLAIN(0, IRQ_LOW, insn_dl_sti_hlt + 2);
		EXPECT_PLAIN(1, DL_BACK, insn_dl_sti_hlt + 4);
	}
}

TEST(delivery, a_fault_in_the_sti_shadow_comes_before_the_interrupt, STI)
{
	struct pt_regs regs = kernel_regs(insn_dl_sti_ud2);
	u64 flags = local_irq_save();

	if (EXPECT_TRUE(pend(IRQ_LOW)))
		run(&regs);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_PLAIN(0, X86_TRAP_UD, insn_dl_sti_ud2 + 1);
	EXPECT_EQ(plain(0)->flags, FLAGS_IF | X86_EFLAGS_RF);
	EXPECT_TRUE(lapic_test(APIC_IRR, IRQ_LOW));
	take_pending();
	local_irq_restore(flags);
}

/* Only the first of two shadows in a row is guaranteed: either end is right. */
TEST(delivery, sti_then_mov_ss_shadows_at_least_the_mov_ss, SS)
{
	struct pt_regs regs = kernel_regs(insn_dl_sti_mov_ss);
	u64 ip;

	regs.ax = __KERNEL_DS;
	run_pending(&regs);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_EQ(probe.hit[0].vector, IRQ_LOW);
	ip = plain(0)->ip - (u64)insn_dl_sti_mov_ss;
	EXPECT_GE(ip, 3);
	EXPECT_LE(ip, 4);
}

/* #DB's stub: no more single steps, and go on. */
static enum probe_action clear_tf(struct probe_regs *regs)
{
	((struct iret_frame *)regs->top)->flags &= ~(u64)X86_EFLAGS_TF;
	return PROBE_RETURN;
}

TEST(delivery, mov_ss_suppresses_its_own_single_step_trap, SS)
{
	struct pt_regs regs = kernel_regs(insn_dl_mov_ss);

	regs.ax = __KERNEL_DS;
	regs.flags |= X86_EFLAGS_TF;
	probe.hook[X86_TRAP_DB] = clear_tf;
	write_dr6(DR6_RESERVED);
	run(&regs);
	write_dr6(DR6_RESERVED);
	EXPECT_EQ(probe.hits, 2);
	EXPECT_PLAIN(0, X86_TRAP_DB, insn_dl_mov_ss + 3);
	EXPECT_EQ(probe.hit[0].dr6 & (DR_STEP | DR_BD | DR_BT), DR_STEP);
	EXPECT_EQ(plain(0)->flags, FLAGS0 | X86_EFLAGS_TF);
	EXPECT_PLAIN(1, DL_BACK, insn_dl_mov_ss + 6);
}

/* The instruction it waits for never ends: its fault comes, and no trap. */
TEST(delivery, a_fault_in_the_mov_ss_shadow_comes_without_the_trap, SS)
{
	struct pt_regs regs = kernel_regs(insn_dl_mov_ss_ud2);

	regs.ax = __KERNEL_DS;
	regs.flags |= X86_EFLAGS_TF;
	write_dr6(DR6_RESERVED);
	run(&regs);
	EXPECT_EQ(read_dr6() & DR_STEP, 0);
	write_dr6(DR6_RESERVED);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_PLAIN(0, X86_TRAP_UD, insn_dl_mov_ss_ud2 + 2);
	EXPECT_EQ(plain(0)->flags, FLAGS0 | X86_EFLAGS_TF | X86_EFLAGS_RF);
}

/* It loads RSP with SS: its single-step trap comes at once. */
TEST(delivery, lss_shadows_nothing, SS)
{
	struct pt_regs regs = kernel_regs(insn_dl_lss);
	struct {
		u32 offset;
		u16 selector;
	} __packed far = { 0, __KERNEL_DS };

	regs.dx = (u64)&far;
	regs.flags |= X86_EFLAGS_TF;
	probe.hook[X86_TRAP_DB] = clear_tf;
	write_dr6(DR6_RESERVED);
	run(&regs);
	write_dr6(DR6_RESERVED);
	EXPECT_EQ(probe.hits, 2);
	EXPECT_PLAIN(0, X86_TRAP_DB, insn_dl_lss_next);
	EXPECT_EQ(probe.hit[0].dr6 & (DR_STEP | DR_BD | DR_BT), DR_STEP);
	EXPECT_PLAIN(1, DL_BACK, insn_dl_lss_next + 3);
}

/* What the same program does where no SS is loaded: the check can fail. */
TEST(delivery, an_ordinary_instruction_is_single_stepped_at_once,
     "SDM 3B Single-Step Exception Condition")
{
	struct pt_regs regs = kernel_regs(insn_dl_nop);

	regs.flags |= X86_EFLAGS_TF;
	probe.hook[X86_TRAP_DB] = clear_tf;
	write_dr6(DR6_RESERVED);
	run(&regs);
	write_dr6(DR6_RESERVED);
	EXPECT_EQ(probe.hits, 2);
	EXPECT_PLAIN(0, X86_TRAP_DB, insn_dl_nop + 1);
	EXPECT_EQ(probe.hit[0].dr6 & (DR_STEP | DR_BD | DR_BT), DR_STEP);
	EXPECT_PLAIN(1, DL_BACK, insn_dl_nop + 4);
}

/* Its shadow is one for interrupts alone. */
TEST(delivery, sti_is_single_stepped_at_once,
     "SDM 3B Single-Step Exception Condition; APM 2 Single Stepping")
{
	struct pt_regs regs = kernel_regs(insn_dl_sti);
	u64 cr8 = read_cr8();

	regs.flags |= X86_EFLAGS_TF;
	probe.hook[X86_TRAP_DB] = clear_tf;
	write_dr6(DR6_RESERVED);
	write_cr8(15);
	run(&regs);
	write_cr8(cr8);
	write_dr6(DR6_RESERVED);
	EXPECT_EQ(probe.hits, 2);
	EXPECT_PLAIN(0, X86_TRAP_DB, insn_dl_sti + 1);
	EXPECT_EQ(probe.hit[0].dr6 & (DR_STEP | DR_BD | DR_BT), DR_STEP);
	EXPECT_EQ(plain(0)->flags, FLAGS_IF | X86_EFLAGS_TF);
	EXPECT_PLAIN(1, DL_BACK, insn_dl_sti + 5);
}

TEST(delivery, a_data_breakpoint_of_mov_ss_waits_one_instruction, SS)
{
	struct pt_regs regs = kernel_regs(insn_dl_mov_ss_mem);
	u64 page = alloc_pages(1);

	if (!EXPECT_NE(page, 0))
		return;
	*(u16 *)page = __KERNEL_DS;
	regs.dx = page;
	probe.action[X86_TRAP_DB] = PROBE_RETURN;
	write_dr6(DR6_RESERVED);
	write_dr0(page);
	write_dr7(DR7_FIXED | DR7_G(0) | DR7_RW(0, DR_RW_READWRITE) |
		  DR7_LEN(0, DR_LEN_2));
	run(&regs);
	write_dr7(DR7_FIXED);
	write_dr6(DR6_RESERVED);
	free_pages(page, 1);
	EXPECT_EQ(probe.hits, 2);
	EXPECT_PLAIN(0, X86_TRAP_DB, insn_dl_mov_ss_mem + 3);
	EXPECT_EQ(probe.hit[0].dr6 & (DR_TRAP0 | DR_STEP), DR_TRAP0);
	EXPECT_PLAIN(1, DL_BACK, insn_dl_mov_ss_mem + 6);
}

#define SHOTS	12
#define SHOT_US 20

/* The timer's stub: again, until there were enough. */
static enum probe_action next_shot(struct probe_regs *regs)
{
	if (probe.count[LOCAL_TIMER_VECTOR] < SHOTS)
		apic_timer_start(TIMER_ONESHOT, SHOT_US);
	else
		regs->cx = 1; /* the last round */
	return PROBE_RETURN;
}

TEST(delivery, no_interrupt_ever_lands_behind_mov_ss, SS,
     .uses = USES_APIC_TIMER)
{
	struct pt_regs regs = kernel_regs(insn_dl_mov_ss_loop);
	u64 flags;

	regs.ax = __KERNEL_DS;
	regs.cx = 1ull << 32;	  /* far beyond the last shot */
	flags = local_irq_save(); /* the first shot is for probe_call() */
	regs.flags = FLAGS_IF;
	probe.eoi[LOCAL_TIMER_VECTOR] = true;
	probe.hook[LOCAL_TIMER_VECTOR] = next_shot;
	if (EXPECT_EQ(apic_timer_start(TIMER_ONESHOT, SHOT_US), 0))
		run(&regs);
	apic_timer_stop();
	local_irq_restore(flags);
	EXPECT_EQ(probe.count[LOCAL_TIMER_VECTOR], SHOTS);
	EXPECT_EQ(probe.hits, SHOTS + 1);
	for (u32 i = 0; i < SHOTS; i++) {
		EXPECT_EQ(probe.hit[i].vector, LOCAL_TIMER_VECTOR);
		EXPECT_NE(plain(i)->ip, insn_dl_mov_ss_loop_nop);
	}
}

/* Between two loads of SS the interrupt finds its boundary. */
TEST(delivery, a_loop_of_mov_ss_does_not_hold_interrupts_off, SS)
{
	struct pt_regs regs = kernel_regs(insn_dl_sti_mov_ss_loop);
	u64 flags = local_irq_save();

	regs.ax = __KERNEL_DS;
	regs.cx = 1000;
	run(&regs); /* nothing pending: all of the loop has been run once */
	EXPECT_EQ(probe.hits, 1);
	EXPECT_EQ(probe.hit[0].vector, DL_BACK);
	if (EXPECT_TRUE(pend(IRQ_LOW)))
		run(&regs);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_EQ(probe.hit[0].vector, IRQ_LOW);
	if (probe.hit[0].vector != IRQ_LOW)
		take_pending();
	else /* the first or the second round, as two shadows may add up */
		EXPECT_GE(probe.hit[0].regs.cx, 999);
	local_irq_restore(flags);
}

TEST(delivery, pop_ss_is_an_invalid_opcode_in_64_bit_mode, "SDM 2B POP")
{
	struct pt_regs regs = kernel_regs(insn_dl_pop_ss);

	run(&regs);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_PLAIN(0, X86_TRAP_UD, insn_dl_pop_ss);
	EXPECT_EQ(plain(0)->sp, regs.sp); /* nothing was popped */
}
