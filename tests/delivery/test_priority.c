// SPDX-License-Identifier: MIT
/*
 * Events that wait at the same instruction boundary, and who goes first.
 *
 * Spec: SDM 3A "Prioritization of Concurrent Events", "Interrupt Priorities
 *       and Fixed Interrupts"; APM 2 "Priorities".
 */
#include <asm/special_insns.h>

#include "delivery.h"

#define RULE "SDM 3A Prioritization of Concurrent Events"

static enum probe_action clear_tf(struct probe_regs *regs)
{
	((struct iret_frame *)regs->top)->flags &= ~(u64)X86_EFLAGS_TF;
	return PROBE_RETURN;
}

static enum probe_action set_rf(struct probe_regs *regs)
{
	((struct iret_frame *)regs->top)->flags |= X86_EFLAGS_RF;
	return PROBE_RETURN;
}

TEST(delivery, of_two_pending_interrupts_the_higher_comes_first,
     "SDM 3A Interrupt, Task, and Processor Priority")
{
	struct pt_regs regs = kernel_regs(insn_dl_nop);
	u64 flags = local_irq_save();

	probe.action[IRQ_LOW] = PROBE_RETURN;
	probe.action[IRQ_HIGH] = PROBE_RETURN;
	regs.flags = FLAGS_IF;
	if (EXPECT_TRUE(pend(IRQ_LOW)) && EXPECT_TRUE(pend(IRQ_HIGH)))
		run(&regs);
	local_irq_restore(flags);
	EXPECT_EQ(probe.hits, 3);
	EXPECT_PLAIN(0, IRQ_HIGH, insn_dl_nop);
	EXPECT_PLAIN(1, IRQ_LOW, insn_dl_nop);
	EXPECT_PLAIN(2, DL_BACK, insn_dl_nop + 4);
}

/* Within a class too, once the first is ended. */
TEST(delivery, of_one_class_the_higher_vector_comes_first,
     "SDM 3A Interrupt, Task, and Processor Priority")
{
	struct pt_regs regs = kernel_regs(insn_dl_nop);
	u64 flags = local_irq_save();

	probe.action[IRQ_LOW] = PROBE_RETURN;
	probe.action[IRQ_LOW + 1] = PROBE_RETURN;
	regs.flags = FLAGS_IF;
	if (EXPECT_TRUE(pend(IRQ_LOW)) && EXPECT_TRUE(pend(IRQ_LOW + 1)))
		run(&regs);
	local_irq_restore(flags);
	EXPECT_EQ(probe.hits, 3);
	EXPECT_PLAIN(0, IRQ_LOW + 1, insn_dl_nop);
	EXPECT_PLAIN(1, IRQ_LOW, insn_dl_nop);
	EXPECT_PLAIN(2, DL_BACK, insn_dl_nop + 4);
}

TEST(delivery, a_pending_interrupt_comes_before_a_fault_of_the_next, RULE)
{
	struct pt_regs regs = kernel_regs(insn_dl_ud2);
	u64 flags = local_irq_save();

	probe.action[IRQ_LOW] = PROBE_RETURN;
	regs.flags = FLAGS_IF;
	if (EXPECT_TRUE(pend(IRQ_LOW)))
		run(&regs);
	local_irq_restore(flags);
	EXPECT_EQ(probe.hits, 2);
	EXPECT_PLAIN(0, IRQ_LOW, insn_dl_ud2);
	EXPECT_PLAIN(1, X86_TRAP_UD, insn_dl_ud2);
}

/* POPF with TF=1 raises IF: its trap and the interrupt meet behind it. */
TEST(delivery, a_debug_trap_comes_before_a_pending_interrupt, RULE)
{
	struct pt_regs regs = kernel_regs(insn_dl_popf);
	u64 flags = local_irq_save();

	regs.flags = FLAGS0 | X86_EFLAGS_TF;
	regs.sp -= 8;
	*(u64 *)regs.sp = FLAGS_IF;
	probe.action[X86_TRAP_DB] = PROBE_RETURN;
	probe.action[IRQ_LOW] = PROBE_RETURN;
	write_dr6(DR6_RESERVED);
	if (EXPECT_TRUE(pend(IRQ_LOW)))
		run(&regs);
	write_dr6(DR6_RESERVED);
	local_irq_restore(flags);
	EXPECT_EQ(probe.hits, 3);
	EXPECT_PLAIN(0, X86_TRAP_DB, insn_dl_popf + 1);
	EXPECT_EQ(plain(0)->flags, FLAGS_IF);
	EXPECT_EQ(probe.hit[0].dr6 & DR_STEP, DR_STEP);
	EXPECT_PLAIN(1, IRQ_LOW, insn_dl_popf + 1);
	EXPECT_PLAIN(2, DL_BACK, insn_dl_popf + 4);
}

TEST(delivery, a_debug_trap_comes_before_a_fault_of_the_next, RULE)
{
	struct pt_regs regs = kernel_regs(insn_dl_nop_ud2);

	regs.flags |= X86_EFLAGS_TF;
	probe.hook[X86_TRAP_DB] = clear_tf;
	write_dr6(DR6_RESERVED);
	run(&regs);
	write_dr6(DR6_RESERVED);
	EXPECT_EQ(probe.hits, 2);
	EXPECT_PLAIN(0, X86_TRAP_DB, insn_dl_nop_ud2 + 1);
	EXPECT_EQ(probe.hit[0].dr6 & DR_STEP, DR_STEP);
	EXPECT_PLAIN(1, X86_TRAP_UD, insn_dl_nop_ud2 + 1);
}

TEST(delivery, a_code_breakpoint_comes_before_a_fetch_fault, RULE)
{
	struct pt_regs regs = kernel_regs(insn_dl_jmp);

	regs.dx = DL_PAGE_VA; /* nothing is mapped there */
	probe.hook[X86_TRAP_DB] = set_rf;
	write_dr6(DR6_RESERVED);
	write_dr0(DL_PAGE_VA);
	write_dr7(DR7_FIXED | DR7_G(0));
	run(&regs);
	write_dr7(DR7_FIXED);
	write_dr6(DR6_RESERVED);
	EXPECT_EQ(probe.hits, 2);
	EXPECT_PLAIN(0, X86_TRAP_DB, DL_PAGE_VA);
	EXPECT_EQ(probe.hit[0].dr6 & (DR_TRAP0 | DR_STEP), DR_TRAP0);
	EXPECT_CODED(1, X86_TRAP_PF, 0x10, DL_PAGE_VA); /* a fetch */
	EXPECT_EQ(probe.hit[1].cr2, DL_PAGE_VA);
}

/* The fault of fetching it comes before any of executing it. */
TEST(delivery, a_pending_interrupt_comes_before_a_fetch_fault, RULE)
{
	struct pt_regs regs = kernel_regs((void *)DL_PAGE_VA);
	u64 flags = local_irq_save();

	probe.action[IRQ_LOW] = PROBE_RETURN;
	regs.flags = FLAGS_IF;
	if (EXPECT_TRUE(pend(IRQ_LOW)))
		run(&regs);
	local_irq_restore(flags);
	EXPECT_EQ(probe.hits, 2);
	EXPECT_PLAIN(0, IRQ_LOW, DL_PAGE_VA);
	EXPECT_CODED(1, X86_TRAP_PF, 0x10, DL_PAGE_VA);
	EXPECT_EQ(probe.hit[1].cr2, DL_PAGE_VA);
}

/*
 * In the first NMI: the next NMI and an interrupt both wait for its IRETQ,
 * which is to raise IF.
 */
static enum probe_action make_both_pend(struct probe_regs *regs)
{
	if (probe.count[X86_TRAP_NMI] == 1) {
		apic_send_nmi(this_cpu(apic_id));
		pend(IRQ_LOW); /* sent after it, and seen: both are there */
		((struct iret_frame *)regs->top)->flags |= X86_EFLAGS_IF;
	}
	return PROBE_RETURN;
}

static void send_nmi_and_enter(void *regs)
{
	apic_send_nmi(this_cpu(apic_id));
	probe_enter(regs);
}

TEST(delivery, an_nmi_comes_before_a_maskable_interrupt, RULE)
{
	struct pt_regs regs = kernel_regs(insn_dl_nop);

	probe.use_tss = true;
	probe_take_gate(X86_TRAP_NMI);
	probe_gate(X86_TRAP_NMI)->bits.ist = IST_TEST_B;
	probe.hook[X86_TRAP_NMI] = make_both_pend;
	regs.flags = FLAGS_IF;
	run_by(send_nmi_and_enter, &regs);
	/* Wherever the first NMI hit, the rest follow in this order. */
	EXPECT_EQ(probe.hits, 3);
	EXPECT_EQ(probe.hit[0].vector, X86_TRAP_NMI);
	EXPECT_EQ(probe.hit[1].vector, X86_TRAP_NMI);
	EXPECT_EQ(probe.hit[2].vector, IRQ_LOW);
	EXPECT_EQ(plain(1)->flags & X86_EFLAGS_IF, X86_EFLAGS_IF);
	/* Not one instruction between them. */
	EXPECT_EQ(plain(1)->ip, plain(0)->ip);
	EXPECT_EQ(plain(2)->ip, plain(0)->ip);
}

TEST(delivery, an_interrupt_held_by_cr8_comes_when_cr8_falls,
     "SDM 3A Task Priority in IA-32e Mode")
{
	struct pt_regs regs = kernel_regs(insn_dl_mov_cr8);
	u64 flags = local_irq_save();

	probe.action[IRQ_LOW] = PROBE_RETURN;
	regs.cx = 0;
	regs.flags = FLAGS_IF;
	write_cr8(15);
	if (EXPECT_TRUE(pend(IRQ_LOW)))
		run(&regs);
	write_cr8(0);
	local_irq_restore(flags);
	EXPECT_EQ(probe.hits, 2);
	EXPECT_EQ(probe.hit[0].vector, IRQ_LOW);
	EXPECT_GE(plain(0)->ip, insn_dl_mov_cr8_next); /* never before */
	EXPECT_EQ(probe.hit[1].vector, DL_BACK);
}
