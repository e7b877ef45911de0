// SPDX-License-Identifier: MIT
/*
 * Which of the events of one instruction comes first: those before it, those
 * of fetching, of decoding, of executing it.
 *
 * Spec: SDM 3A "Prioritization of Concurrent Events"; APM 2 "Priorities".
 */
#include <asm/special_insns.h>
#include <ktest/insn_iret.h>
#include <lib/string.h>
#include <mm/page_alloc.h>

#include "delivery.h"

#define RULE "SDM 3A Prioritization of Concurrent Events"

static enum probe_action set_rf(struct probe_regs *regs)
{
	((struct iret_frame *)regs->top)->flags |= X86_EFLAGS_RF;
	return PROBE_RETURN;
}

/* Should the interrupt have pushed it as 1: another case's matter. */
static enum probe_action clear_rf(struct probe_regs *regs)
{
	((struct iret_frame *)regs->top)->flags &= ~(u64)X86_EFLAGS_RF;
	return PROBE_RETURN;
}

TEST(delivery, a_pending_interrupt_comes_before_a_code_breakpoint, RULE)
{
	struct pt_regs regs = kernel_regs(insn_dl_nop);
	u64 flags = local_irq_save();

	probe.hook[IRQ_LOW] = clear_rf;
	probe.hook[X86_TRAP_DB] = set_rf;
	regs.flags = FLAGS_IF;
	write_dr0((u64)insn_dl_nop);
	write_dr7(DR7_FIXED | DR7_G(0));
	if (EXPECT_TRUE(pend(IRQ_LOW)))
		run(&regs);
	write_dr7(DR7_FIXED);
	write_dr6(DR6_RESERVED);
	local_irq_restore(flags);
	EXPECT_EQ(probe.hits, 3);
	EXPECT_PLAIN(0, IRQ_LOW, insn_dl_nop);
	EXPECT_PLAIN(1, X86_TRAP_DB, insn_dl_nop);
	EXPECT_PLAIN(2, DL_BACK, insn_dl_nop + 4);
}

/* In the first NMI: the next one is to wait for a stepped IRETQ. */
static enum probe_action step_out_of_nmi(struct probe_regs *regs)
{
	struct iret_frame *frame = (struct iret_frame *)regs->top;

	if (probe.count[X86_TRAP_NMI] > 1)
		return PROBE_RETURN;
	apic_send_nmi(this_cpu(apic_id));
	udelay(50);
	frame->ip = (u64)insn_dl_nop;
	frame->flags = FLAGS0;
	insn_iret_stepped(frame);
	return PROBE_RETURN;
}

static void send_nmi_and_enter(void *regs)
{
	apic_send_nmi(this_cpu(apic_id));
	probe_enter(regs);
}

/* Both at insn_dl_nop; so the NMI interrupts the handler of #DB. */
TEST(delivery, a_debug_trap_comes_before_an_nmi, RULE)
{
	struct pt_regs regs = kernel_regs(insn_dl_nop);
	const struct probe_hit *db = &probe.hit[2];

	probe.use_tss = true;
	probe_take_gate(X86_TRAP_NMI);
	probe_gate(X86_TRAP_NMI)->bits.ist = IST_TEST_B;
	probe.hook[X86_TRAP_NMI] = step_out_of_nmi;
	probe.action[X86_TRAP_DB] = PROBE_RETURN;
	write_dr6(DR6_RESERVED);
	run_by(send_nmi_and_enter, &regs);
	write_dr6(DR6_RESERVED);
	EXPECT_EQ(probe.hits, 4);
	/* The second NMI's stub is done before #DB's has noted anything. */
	EXPECT_EQ(probe.hit[1].vector, X86_TRAP_NMI);
	EXPECT_EQ(plain(1)->ip, gate_offset(probe_gate(X86_TRAP_DB)));
	EXPECT_EQ(db->vector, X86_TRAP_DB);
	EXPECT_EQ(plain(2)->ip, insn_dl_nop);
	EXPECT_EQ(db->dr6 & (DR_STEP | DR_BD | DR_BT), DR_STEP);
	EXPECT_PLAIN(3, DL_BACK, insn_dl_nop + 4);
}

/* Beginnings that some next byte makes an invalid opcode. */
static const struct {
	u8 code[4];
	u32 len;
} begun[] = {
	{ { 0x0f }, 1 },	     /* of UD2 */
	{ { 0xf0 }, 1 },	     /* LOCK */
	{ { 0x48 }, 1 },	     /* REX */
	{ { 0x0f, 0xc7 }, 2 },	     /* group 9, its ModRM absent */
	{ { 0x66, 0x66, 0x0f }, 3 }, /* prefixes */
};

TEST(delivery, a_fetch_fault_comes_before_a_fault_of_decoding, RULE)
{
	u64 page = alloc_pages(1), end = DL_PAGE_VA + PAGE_SIZE;

	EXPECT_EQ(map_range(DL_PAGE_VA, page, PAGE_SIZE, PAGE_KERNEL_ROX), 0);
	for (u32 i = 0; i < ARRAY_SIZE(begun); i++) {
		u32 len = begun[i].len;
		struct pt_regs regs = kernel_regs((void *)(end - len));

		memcpy((void *)(page + PAGE_SIZE - len), begun[i].code, len);
		run(&regs);
		EXPECT_EQ(probe.hits, 1);
		EXPECT_CODED(0, X86_TRAP_PF, 0x10, end - len);
		EXPECT_EQ(probe.hit[0].cr2, end);
	}
	unmap_range(DL_PAGE_VA, PAGE_SIZE);
	free_pages(page, 1);
}

/* The operand would be #PF, or #GP: it is not looked at. */
TEST(delivery, an_invalid_opcode_comes_before_a_fault_of_its_operand, RULE)
{
	static const u64 operand[] = { DL_PAGE_VA, BIT(62) };

	for (u32 i = 0; i < ARRAY_SIZE(operand); i++) {
		struct pt_regs regs = kernel_regs(insn_dl_lock_mov);

		regs.dx = operand[i];
		run(&regs);
		EXPECT_EQ(probe.hits, 1);
		EXPECT_PLAIN(0, X86_TRAP_UD, insn_dl_lock_mov);
	}
}

TEST(delivery, device_not_available_comes_before_a_fault_of_its_operand, RULE)
{
	static const u64 operand[] = { DL_PAGE_VA, BIT(62) };
	u64 cr0 = read_cr0();

	for (u32 i = 0; i < ARRAY_SIZE(operand); i++) {
		struct pt_regs regs = kernel_regs(insn_dl_fld);

		regs.dx = operand[i];
		write_cr0(cr0 | X86_CR0_TS);
		run(&regs);
		write_cr0(cr0);
		EXPECT_EQ(probe.hits, 1);
		EXPECT_PLAIN(0, X86_TRAP_NM, insn_dl_fld);
	}
}
