// SPDX-License-Identifier: MIT
/*
 * The double-fault table with #MC first. The host companion raises it when the
 * instruction at hand writes it the last byte of the question, so the saved
 * RIP is somewhere in what waits for the answer: MCG_STATUS says RIPV. No
 * handler of ours sees it: the bank and MCIP are cleared here, before the next
 * one, which would else shut the CPU down.
 *
 * Spec: SDM 3A "Interrupt 8-Double Fault Exception (#DF)", table "Interrupt
 *       and Exception Classes"; SDM 3B "IA32_MCG_STATUS MSR".
 */
#include <asm/msr-index.h>
#include <asm/special_insns.h>
#include <ktest/companion.h>
#include <trap/mce.h>

#include "df.h"

#define STATUS                                                           \
	(MCI_STATUS_VAL | MCI_STATUS_UC | MCI_STATUS_EN | MCI_STATUS_S | \
	 MCI_STATUS_AR)
#define RESTARTABLE (MCG_STATUS_RIPV | MCG_STATUS_MCIP)

bool df_raise_mc(const struct pt_regs *regs)
{
	u32 bank = mce_banks() - 1; /* the first is special on some */
	u64 flags;

	if (!companion_did(companion_prepare("mce 0 %u 0x%llx 0x%llx 0 0", bank,
					     STATUS, RESTARTABLE)))
		return false;
	flags = local_irq_save();
	run(regs);
	local_irq_restore(flags);
	mce_clear_bank(bank);
	wrmsr(MSR_IA32_MCG_STATUS, 0);
	return companion_did(companion_answer());
}

/* f is without the port, which is not known before the boot. */
static void mc_row(struct first f)
{
	if (!mce_banks())
		SKIP(return, "this CPU has no machine-check architecture");
	f.name = "#MC";
	f.nr = X86_TRAP_MC;
	f.source = COMPANION;
	f.ax = '\n';
	f.dx = companion_port();
	df_row(&f);
}

TEST(df, a_machine_check_then_a_fault_is_served_serially, DF_RULE,
     .needs = NEEDS_COMPANION)
{
	mc_row((struct first){ .insn = insn_df_fire,
			       .at = insn_df_fire_at,
			       .end = insn_df_fire_end });
}

TEST(df, user_machine_check_then_a_fault_is_served_serially, DF_RULE,
     .needs = NEEDS_COMPANION)
{
	mc_row((struct first){ .user = true,
			       .insn = insn_df_u_fire,
			       .at = insn_df_u_fire_at,
			       .end = insn_df_u_fire_end,
			       .flags = X86_EFLAGS_IOPL });
}
