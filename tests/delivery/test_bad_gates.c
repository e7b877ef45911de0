// SPDX-License-Identifier: MIT
/*
 * Gates that cannot be taken: the fault, its error code, and that the
 * interrupted instruction is what is reported.
 *
 * An error code has EXT set when the event came from outside the program or
 * was itself an exception; never for INT n.
 *
 * Spec: SDM 3A "Error Code", "Interrupt 11-Segment Not Present (#NP)",
 *       "Interrupt 13-General Protection Exception (#GP)"; APM 2 "Error
 *       Codes", "Long-Mode Interrupt Control Transfers".
 */
#include "delivery.h"

#define RULE_NP	 "SDM 3A Interrupt 11"
#define RULE_GP	 "SDM 3A Interrupt 13"
#define RULE_EXT "SDM 3A Error Code"

/* INT DL_INT cannot be delivered: vector and code at the INT itself. */
static void judge_int(u32 vector, u64 code)
{
	struct pt_regs regs = kernel_regs(insn_dl_int_back);

	run(&regs);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_CODED(0, vector, code, insn_dl_int_back);
	EXPECT_EQ(coded(0)->cs, __KERNEL_CS);
	EXPECT_EQ(coded(0)->sp, regs.sp);
	EXPECT_EQ(probe.hit[0].sp, sp_coded(regs.sp));
}

/* The same for a hardware interrupt, at the instruction it interrupted. */
static void judge_irq(u32 vector, u64 code)
{
	struct pt_regs regs = kernel_regs(insn_dl_nop);
	u64 flags = local_irq_save();

	regs.flags = FLAGS_IF;
	probe.eoi[vector] = true; /* accepted it was: its ISR bit is set */
	if (EXPECT_TRUE(pend(IRQ_LOW)))
		run(&regs);
	local_irq_restore(flags);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_CODED(0, vector, code, insn_dl_nop);
	EXPECT_EQ(without_rf(coded(0)->flags), FLAGS_IF);
}

TEST(delivery, int_n_to_a_gate_not_present_is_np, RULE_NP)
{
	probe_gate(DL_INT)->bits.p = 0;
	judge_int(X86_TRAP_NP, IDT_CODE(DL_INT));
}

TEST(delivery, an_interrupt_to_a_gate_not_present_is_np_with_ext, RULE_EXT)
{
	probe_gate(IRQ_LOW)->bits.p = 0;
	judge_irq(X86_TRAP_NP, IDT_CODE(IRQ_LOW) | CODE_EXT);
}

/*
 * #UD through a bad gate. Intel sets EXT for an earlier exception as well;
 * AMD's manual knows only sources "external to the processor".
 */
TEST(delivery, an_exception_to_a_gate_not_present_is_np, RULE_EXT)
{
	struct pt_regs regs = kernel_regs(insn_dl_ud2);
	u64 ignored = boot_cpu_data.vendor == VENDOR_INTEL ? 0 : CODE_EXT;

	probe_gate(X86_TRAP_UD)->bits.p = 0;
	run(&regs);
	EXPECT_EQ(probe.hits, 1);
	probe.hit[0].top[0] |= ignored;
	EXPECT_CODED(0, X86_TRAP_NP, IDT_CODE(X86_TRAP_UD) | CODE_EXT,
		     insn_dl_ud2);
}

/* All five type bits: only 0e and 0f are gates that the IDT may hold. */
TEST(delivery, every_other_gate_type_is_gp, RULE_GP)
{
	for (u32 type = 0; type < 32; type++) {
		if (type == GATE_INTERRUPT || type == GATE_TRAP)
			continue;
		probe_gate(DL_INT)->bits.type = type;
		judge_int(X86_TRAP_GP, IDT_CODE(DL_INT));
	}
}

TEST(delivery, the_type_is_checked_before_presence, "SDM 2A INT n: operation")
{
	probe_gate(DL_INT)->bits.type = GATE_CALL;
	probe_gate(DL_INT)->bits.p = 0;
	judge_int(X86_TRAP_GP, IDT_CODE(DL_INT));
}

TEST(delivery, an_interrupt_to_a_wrong_type_is_gp_with_ext, RULE_EXT)
{
	probe_gate(IRQ_LOW)->bits.type = GATE_CALL;
	judge_irq(X86_TRAP_GP, IDT_CODE(IRQ_LOW) | CODE_EXT);
}

TEST(delivery, a_gate_beyond_the_idt_limit_is_gp, RULE_GP)
{
	for (u32 bytes = 0; bytes < sizeof(gate_desc); bytes++) {
		probe.idt_limit = DL_INT * sizeof(gate_desc) + bytes - 1;
		judge_int(X86_TRAP_GP, IDT_CODE(DL_INT));
	}
}

TEST(delivery, a_gate_that_ends_at_the_idt_limit_is_taken, RULE_GP)
{
	struct pt_regs regs = kernel_regs(insn_dl_int_back);

	probe.idt_limit = (DL_INT + 1) * sizeof(gate_desc) - 1;
	run(&regs);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_PLAIN(0, DL_INT, insn_dl_int_back + 2);
}

TEST(delivery, an_interrupt_beyond_the_idt_limit_is_gp_with_ext, RULE_EXT)
{
	probe.idt_limit = IRQ_LOW * sizeof(gate_desc) - 1;
	judge_irq(X86_TRAP_GP, IDT_CODE(IRQ_LOW) | CODE_EXT);
}

TEST(delivery, an_offset_not_canonical_is_gp_0, RULE_GP)
{
	static const u64 offsets[] = { BIT(62), BIT(63), ~BIT(63),
				       0x0100000000000000 };

	for (u32 i = 0; i < ARRAY_SIZE(offsets); i++) {
		probe_gate_offset(DL_INT, offsets[i]);
		judge_int(X86_TRAP_GP, 0);
	}
}
