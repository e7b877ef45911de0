// SPDX-License-Identifier: MIT
/*
 * EXT, bit 0 of an error code: whether the event that could not be delivered
 * came from outside the program. With the double-fault table's cells; that it
 * is clear for INT n, INT3 and INTO is judged there, and that an interrupt sets
 * it in test_bad_*.c.
 *
 * Intel counts earlier exceptions and INT1 among what is outside, AMD's
 * manual only sources "external to the processor", and leaves those open.
 *
 * Spec: SDM 3A "Error Code"; APM 2 "Error Codes".
 */
#include "df.h"

#define RULE "SDM 3A Error Code"

static bool intel(void)
{
	if (boot_cpu_data.vendor == VENDOR_INTEL)
		return true;
	ktest_skip("AMD's manual leaves EXT open here");
	return false;
}

TEST(delivery, each_fault_of_an_nmis_delivery_sets_ext, RULE)
{
	df_row(&(const struct first){ .name = "NMI",
				      .nr = X86_TRAP_NMI,
				      .source = NMI,
				      .judge_ext = true,
				      .insn = insn_df_nop });
}

TEST(delivery, each_fault_of_an_exceptions_delivery_sets_ext, RULE)
{
	if (!intel())
		return;
	df_row(&(const struct first){ .name = "#UD",
				      .nr = X86_TRAP_UD,
				      .source = EXCEPTION,
				      .judge_ext = true,
				      .insn = insn_df_ud2 });
}

TEST(delivery, each_fault_of_a_debug_traps_delivery_sets_ext, RULE)
{
	if (!intel())
		return;
	df_row(&(const struct first){ .name = "#DB (step)",
				      .nr = X86_TRAP_DB,
				      .source = TRAP,
				      .judge_ext = true,
				      .insn = insn_df_nop,
				      .flags = X86_EFLAGS_TF });
}

/* Only INT n, INT3 and INTO are listed as what leaves it clear. */
TEST(delivery, each_fault_of_int1s_delivery_sets_ext, RULE)
{
	if (!intel())
		return;
	df_row(&(const struct first){ .name = "ICEBP",
				      .nr = X86_TRAP_DB,
				      .source = ICEBP,
				      .judge_ext = true,
				      .insn = insn_df_icebp });
}
