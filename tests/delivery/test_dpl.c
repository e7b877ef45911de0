// SPDX-License-Identifier: MIT
/*
 * Whom a gate's DPL stops: the program that asks for the gate by INT n, INT3
 * or INTO, and nobody else. INT1 and BOUND are no such requests.
 *
 * Spec: SDM 3A "Protection of Exception- and Interrupt-Handler Procedures";
 *       SDM 2A "INT n/INTO/INT3/INT1"; APM 2 "Privilege Checks".
 */
#include <ktest/insn_df.h>

#include "delivery.h"

#define RULE "SDM 3A Protection of Exception- and Interrupt-Handler Procedures"

/* An instruction of CPL 3 that leads to a gate. */
struct request {
	char *insn;
	u8 nr, length; /* how far behind it a trap's RIP is */
	bool compat;   /* 32-bit code */
};

static const struct request checked[] = {
	{ insn_df_u_int_n, DL_INT, 2, false },
	{ insn_df_u_int3, X86_TRAP_BP, 1, false },
	{ insn_df_u_int_4, X86_TRAP_OF, 2, false },
	{ insn_df_u32_into, X86_TRAP_OF, 1, true },
};

static const struct request unchecked[] = {
	{ insn_df_u_icebp, X86_TRAP_DB, 1, false },
	{ insn_df_u_div, X86_TRAP_DE, 0, false },
	{ insn_df_u32_bound, X86_TRAP_BR, 0, true },
};

/* Run it from CPL 3 with a gate of that DPL. False: it cannot be run here. */
static bool ask(const struct request *r, u32 dpl)
{
	struct pt_regs regs = user_regs(r->insn);

	if (r->compat && regs.ip >> 32)
		return false;
	if (r->compat)
		regs.cs = __USER32_CS;
	regs.flags |= X86_EFLAGS_OF; /* for INTO */
	regs.dx = (u64)insn_df_u32_bounds;
	probe_reset();
	probe.use_tss = true;
	probe_gate(DL_BACK)->bits.dpl = 3;
	probe_gate(r->nr)->bits.dpl = dpl;
	run(&regs);
	EXPECT_EQ(probe.hits, 1);
	return true;
}

TEST(delivery, int_n_int3_and_into_need_the_gates_dpl, RULE)
{
	for (u32 i = 0; i < ARRAY_SIZE(checked); i++) {
		const struct request *r = &checked[i];

		for (u32 dpl = 0; dpl < 3; dpl++) {
			if (!ask(r, dpl))
				break;
			EXPECT_CODED(0, X86_TRAP_GP, IDT_CODE(r->nr), r->insn);
		}
		if (ask(r, 3))
			EXPECT_PLAIN(0, r->nr, r->insn + r->length);
	}
}

TEST(delivery, int1_and_exceptions_ignore_the_gates_dpl, RULE)
{
	for (u32 i = 0; i < ARRAY_SIZE(unchecked); i++) {
		const struct request *r = &unchecked[i];

		for (u32 dpl = 0; dpl <= 3; dpl++) {
			if (ask(r, dpl))
				EXPECT_PLAIN(0, r->nr, r->insn + r->length);
		}
	}
}

/* A gate's DPL is looked at before its segment, and its TSS slot. */
TEST(delivery, dpl_is_checked_before_the_segment, RULE)
{
	struct pt_regs regs = user_regs(insn_df_u_int_n);

	probe.use_tss = true;
	probe_gate(DL_INT)->segment = __KERNEL_DS;
	run(&regs);
	EXPECT_EQ(probe.hits, 1);
	EXPECT_CODED(0, X86_TRAP_GP, IDT_CODE(DL_INT), insn_df_u_int_n);
}

TEST(delivery, a_trap_gate_from_cpl_3_leaves_if, RULE)
{
	for (u64 flags = FLAGS0; flags <= FLAGS_IF; flags += X86_EFLAGS_IF) {
		struct pt_regs regs = user_regs(insn_df_u_int_n);

		regs.flags = flags;
		probe.use_tss = true;
		probe_gate(DL_INT)->bits.dpl = 3;
		probe_gate(DL_INT)->bits.type = GATE_TRAP;
		run(&regs);
		EXPECT_EQ(probe.hits, 1);
		EXPECT_PLAIN(0, DL_INT, insn_df_u_int_n + 2);
		EXPECT_EQ(plain(0)->flags, flags);
		EXPECT_EQ(probe.hit[0].flags, flags);
	}
}
