// SPDX-License-Identifier: MIT
/*
 * IRETD and IRETW in 64-bit mode: the same five fields, of four and of two
 * bytes each, since SS and RSP are always popped.
 *
 * Spec: SDM 2A IRET "Operation"; SDM 3A "IRET in IA-32e Mode"; APM 3 "IRET".
 */
#include <ktest/insn_iret.h>

#include "delivery.h"

#define RULE "SDM 3A IRET in IA-32e Mode"

TEST(delivery, iretd_pops_five_doublewords, RULE)
{
	struct pt_regs regs = kernel_regs(insn_iretl);
	u32 *frame = (u32 *)(probe_stack(6) - 64);

	if ((u64)insn_dl_nop >> 32)
		SKIP(return, "the image lies above 4 GiB");
	frame[0] = (u32)(u64)insn_dl_nop;
	frame[1] = __KERNEL_CS;
	frame[2] = FLAGS0 | X86_EFLAGS_CF | X86_EFLAGS_AC | X86_EFLAGS_ID;
	frame[3] = (u32)probe_stack(5);
	frame[4] = __KERNEL_DS;
	if (probe_stack(5) >> 32)
		SKIP(return, "the stack lies above 4 GiB");
	regs.sp = (u64)frame;
	run(&regs);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_PLAIN(0, DL_BACK, insn_dl_nop + 4);
	EXPECT_EQ(plain(0)->cs, __KERNEL_CS);
	EXPECT_EQ(plain(0)->flags, frame[2]);
	EXPECT_EQ(plain(0)->sp, frame[3]);
	EXPECT_EQ(plain(0)->ss, __KERNEL_DS);
}

#define LOW_IP 0x123 /* on page 0, which is absent */
#define LOW_SP 0x8760

/*
 * Sixteen bits reach only the lowest 64 KiB: the fetch there is a #PF. Bits
 * 16 to 31 of RFLAGS are as they were.
 */
TEST(delivery, iretw_pops_five_words, RULE)
{
	struct pt_regs regs = kernel_regs(insn_iretw);
	u16 *frame = (u16 *)(probe_stack(5) - 64);

	frame[0] = LOW_IP;
	frame[1] = __KERNEL_CS;
	frame[2] = FLAGS0 | X86_EFLAGS_CF | X86_EFLAGS_DF;
	frame[3] = LOW_SP;
	frame[4] = __KERNEL_DS;
	regs.sp = (u64)frame;
	regs.flags |= X86_EFLAGS_ID | X86_EFLAGS_ZF;
	probe.use_tss = true;
	probe_gate(X86_TRAP_PF)->bits.ist = 6;
	run(&regs);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_CODED(0, X86_TRAP_PF, 0x10, LOW_IP);
	EXPECT_EQ(probe.hit[0].cr2, LOW_IP);
	EXPECT_EQ(coded(0)->cs, __KERNEL_CS);
	EXPECT_EQ(without_rf(coded(0)->flags), frame[2] | X86_EFLAGS_ID);
	EXPECT_EQ(coded(0)->sp & 0xffff, LOW_SP);
	EXPECT_EQ(coded(0)->ss, __KERNEL_DS);
}

/* Whatever its size, a refused one has popped nothing. */
TEST(delivery, iret_of_any_size_with_nt_is_gp_0, "SDM 2A IRET")
{
	static char *const size[] = { insn_iretw, insn_iretl, insn_iretq };

	for (u32 i = 0; i < ARRAY_SIZE(size); i++) {
		struct pt_regs regs = kernel_regs(size[i]);

		regs.sp -= sizeof(struct iret_frame);
		regs.flags |= X86_EFLAGS_NT;
		run(&regs);
		EXPECT_EQ(probe.hits, 1);
		EXPECT_CODED(0, X86_TRAP_GP, 0, size[i]);
		EXPECT_EQ(coded(0)->sp, regs.sp);
		EXPECT_EQ(coded(0)->flags, regs.flags | X86_EFLAGS_RF);
	}
}
