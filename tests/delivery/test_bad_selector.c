// SPDX-License-Identifier: MIT
/*
 * The code selector in a gate: what it may name, and the error when it may
 * not. The scratch GDT has a descriptor for each.
 *
 * Spec: SDM 2A INT n "Operation"; SDM 3A "Interrupt 13-General Protection
 *       Exception (#GP)"; APM 2 "Long-Mode Interrupt Control Transfers".
 */
#include "delivery.h"

#define RULE "SDM 2A INT n: code selector of the gate"
#define SLOT 10 /* free in our GDT */
#define SEL  (SLOT * 8)
#define LDT  4 /* TI: and the LDT is NULL */

static union desc_struct *slot(void)
{
	return &probe.gdt[SLOT];
}

/* The slot starts as a copy of what works. */
static void use_slot(void)
{
	probe_reset();
	probe.use_tss = true;
	*slot() = probe.gdt[GDT_ENTRY_KERNEL_CS];
	probe_gate(DL_INT)->segment = SEL;
}

static void judge(u32 vector, u64 code)
{
	struct pt_regs regs = kernel_regs(insn_dl_int_back);

	run(&regs);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_CODED(0, vector, code, insn_dl_int_back);
	EXPECT_EQ(coded(0)->cs, __KERNEL_CS);
	EXPECT_EQ(probe.hit[0].sp, sp_coded(regs.sp));
}

static void judge_taken(u16 cs)
{
	struct pt_regs regs = kernel_regs(insn_dl_int_back);

	run(&regs);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_PLAIN(0, DL_INT, insn_dl_int_back + 2);
	EXPECT_EQ(probe.hit[0].cs, cs);
}

TEST(delivery, any_64_bit_code_segment_of_cpl_will_do, RULE)
{
	use_slot();
	judge_taken(SEL);
	slot()->type = 0x9; /* execute-only */
	judge_taken(SEL);
}

TEST(delivery, a_conforming_code_segment_will_do, RULE)
{
	use_slot();
	slot()->type = 0xf;
	judge_taken(SEL);
}

TEST(delivery, the_rpl_of_the_gates_selector_is_ignored, RULE)
{
	use_slot();
	for (u16 rpl = 0; rpl <= 3; rpl++) {
		probe_gate(DL_INT)->segment = SEL | rpl;
		judge_taken(SEL);
	}
}

TEST(delivery, a_null_code_selector_is_gp_0, RULE)
{
	for (u16 rpl = 0; rpl <= 3; rpl++) {
		probe_gate(DL_INT)->segment = rpl;
		judge(X86_TRAP_GP, 0);
	}
}

TEST(delivery, a_data_segment_for_code_is_gp, RULE)
{
	probe_gate(DL_INT)->segment = __KERNEL_DS;
	judge(X86_TRAP_GP, __KERNEL_DS);
}

TEST(delivery, a_system_descriptor_for_code_is_gp, RULE)
{
	use_slot();
	slot()->s = 0;
	judge(X86_TRAP_GP, SEL);
}

TEST(delivery, a_code_segment_not_present_is_np, RULE)
{
	use_slot();
	slot()->p = 0;
	judge(X86_TRAP_NP, SEL);
}

TEST(delivery, a_code_segment_of_lower_privilege_is_gp, RULE)
{
	for (u32 dpl = 1; dpl <= 3; dpl++) {
		use_slot();
		slot()->dpl = dpl;
		judge(X86_TRAP_GP, SEL);
		slot()->type = 0xf; /* conforming: DPL above CPL neither */
		judge(X86_TRAP_GP, SEL);
	}
}

/* Intel's error code names the segment, AMD's may as well name the gate. */
static void judge_not_64_bit(void)
{
	struct pt_regs regs = kernel_regs(insn_dl_int_back);
	u64 code = SEL;

	run(&regs);
	EXPECT_EQ(probe.hits, 1);
	if (boot_cpu_data.vendor != VENDOR_INTEL &&
	    probe.hit[0].top[0] == IDT_CODE(DL_INT))
		code = IDT_CODE(DL_INT);
	EXPECT_CODED(0, X86_TRAP_GP, code, insn_dl_int_back);
	EXPECT_EQ(coded(0)->cs, __KERNEL_CS);
	EXPECT_EQ(probe.hit[0].sp, sp_coded(regs.sp));
}

TEST(delivery, a_code_segment_not_64_bit_is_gp, RULE "; APM 2 Gate Descriptors")
{
	for (u32 l_d = 0; l_d < 4; l_d++) {
		if (l_d == 2)
			continue; /* L=1 D=0: the one that is legal */
		use_slot();
		slot()->l = l_d >> 1;
		slot()->d = l_d & 1;
		judge_not_64_bit();
	}
}

TEST(delivery, a_code_selector_beyond_its_table_is_gp, RULE)
{
	use_slot();
	probe_gate(DL_INT)->segment = GDT_ENTRIES * 8;
	judge(X86_TRAP_GP, GDT_ENTRIES * 8);
	probe_gate(DL_INT)->segment = SEL | LDT;
	judge(X86_TRAP_GP, SEL | LDT);
}

/* EXT, and the selector's RPL is not in the code. */
TEST(delivery, an_interrupt_to_a_bad_selector_sets_ext, "SDM 3A Error Code")
{
	static const u16 sel[] = { 0, __KERNEL_DS | 3 };

	for (u32 i = 0; i < ARRAY_SIZE(sel); i++) {
		struct pt_regs regs = kernel_regs(insn_dl_nop);
		u64 flags = local_irq_save();

		regs.flags = FLAGS_IF;
		probe_gate(IRQ_LOW)->segment = sel[i];
		probe.eoi[X86_TRAP_GP] = true;
		if (EXPECT_TRUE(pend(IRQ_LOW)))
			run(&regs);
		local_irq_restore(flags);
		EXPECT_EQ(probe.hits, 1);
		EXPECT_CODED(0, X86_TRAP_GP, (sel[i] & ~3) | CODE_EXT,
			     insn_dl_nop);
	}
}
