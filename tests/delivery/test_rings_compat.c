// SPDX-License-Identifier: MIT
/*
 * IRETQ to compatibility mode at each CPL that is not CPL 3's: 32-bit code of
 * the supervisor, which comes back by a gate, and wants a stack segment.
 *
 * Spec: SDM 2A "IRET", Operation; SDM 3A "IRET in IA-32e Mode"; APM 3 "IRETQ".
 */
#include <ktest/insn_syscall.h>

#include "ring.h"

#define DOES "SDM 3A IRET in IA-32e Mode; SDM 2A IRET"
#define RULE "SDM 2A IRET/IRETD/IRETQ: 64-bit mode exceptions"

/* Bytes that are code in both modes. False: a SKIP. */
static bool use_compat_ring(u32 ring, struct pt_regs *regs)
{
	use_ring(ring);
	probe.gdt[RING_CODE].l = 0;
	probe.gdt[RING_CODE].d = 1;
	*regs = ring_regs(ring, insn_sc_mode);
	if ((regs->ip | regs->sp) >> 32)
		SKIP(return false, "the image lies above 4 GiB");
	return true;
}

/* From CPL 1 and 2 on RSP0; CPL 0 keeps its stack, whose words have 64 bits. */
TEST(delivery, iretq_reaches_compatibility_mode_at_cpl_0_to_2, DOES)
{
	for (u32 ring = 0; ring <= 2; ring++) {
		struct pt_regs regs;

		if (!use_compat_ring(ring, &regs))
			return;
		regs.flags |= X86_EFLAGS_CF | X86_EFLAGS_ID;
		run(&regs);
		EXPECT_EQ(probe.hits, 1);
		EXPECT_MODE(insn_sc_mode, false);
		EXPECT_EQ(plain(0)->cs, CODE_SEL | ring);
		EXPECT_EQ(plain(0)->ss, DATA_SEL | ring);
		EXPECT_EQ(plain(0)->sp, regs.sp);
		EXPECT_EQ(plain(0)->flags, regs.flags);
		EXPECT_EQ(probe.hit[0].cs, __KERNEL_CS);
		EXPECT_EQ(probe.hit[0].ss, ring ? 0 : DATA_SEL);
		EXPECT_EQ(probe.hit[0].sp,
			  sp_plain(ring ? probe_stack(0) : regs.sp));
	}
}

/* NULL is a stack segment in 64-bit mode alone. */
TEST(delivery, iretq_to_compatibility_mode_at_cpl_0_to_2_wants_an_ss, RULE)
{
	for (u32 ring = 0; ring <= 2; ring++) {
		struct pt_regs regs;

		if (!use_compat_ring(ring, &regs))
			return;
		regs.ss = ring;
		run(&regs);
		EXPECT_EQ(probe.hits, 1);
		EXPECT_CODED(0, X86_TRAP_GP, 0, probe_enter_iretq);
		EXPECT_EQ(coded(0)->cs, __KERNEL_CS);
		EXPECT_EQ(coded(0)->sp, &iret_regs()->ip);
		EXPECT_EQ(coded(0)->ss, __KERNEL_DS);
	}
}
