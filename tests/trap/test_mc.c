// SPDX-License-Identifier: MIT
/*
 * Machine-check architecture: the registers, with nothing injected. What they
 * do with an error is in test_mc_injected.c.
 *
 * Spec: SDM 3B "Machine-Check Architecture"; APM 2 "Machine Check
 *       Architecture".
 */
#include <apic/lapic.h>
#include <asm/msr-index.h>
#include <asm/special_insns.h>
#include <cpu/cpufeature.h>
#include <cpu/irqflags.h>
#include <lib/errno.h>
#include <trap/extable.h>
#include <trap/mce.h>

#include "judge.h"

#define CAP_RULE    "SDM 3B IA32_MCG_CAP MSR"
#define CTL_RULE    "SDM 3B IA32_MCi_CTL MSRs"
#define STATUS_RULE "SDM 3B IA32_MCi_STATUS MSRS"
#define NO_MCA	    "this CPU has no machine-check architecture"
#define MAX_BANKS   64 /* the SDM names 32 of them, Linux knows 64 */

TEST(mc, declared_by_cpuid_it_is_on_and_has_banks, CAP_RULE)
{
	u64 cap = 0;

	if (!cpu_has(X86_FEATURE_MCE) || !cpu_has(X86_FEATURE_MCA))
		SKIP(return, NO_MCA);
	EXPECT_EQ(read_cr4() & X86_CR4_MCE, X86_CR4_MCE);
	EXPECT_EQ(rdmsr_safe(MSR_IA32_MCG_CAP, &cap), 0);
	EXPECT_GE(cap & MCG_BANKCNT_MASK, 1);
	EXPECT_LE(cap & MCG_BANKCNT_MASK, MAX_BANKS);
}

TEST(mc, nothing_is_in_progress_outside_the_handler,
     "SDM 3B IA32_MCG_STATUS MSR")
{
	u64 status = ~0ull;

	if (!mce_banks())
		SKIP(return, NO_MCA);
	EXPECT_EQ(rdmsr_safe(MSR_IA32_MCG_STATUS, &status), 0);
	EXPECT_EQ(status & MCG_STATUS_MCIP, 0);
}

/* Interrupts off, and briefly: a machine check meanwhile would shut down. */
TEST(mc, software_sets_and_clears_mcip, "SDM 3B IA32_MCG_STATUS MSR")
{
	u64 set = 0, cleared = ~0ull;

	if (!mce_banks())
		SKIP(return, NO_MCA);
	local_irq_disable();
	EXPECT_EQ(wrmsr_safe(MSR_IA32_MCG_STATUS, MCG_STATUS_MCIP), 0);
	rdmsr_safe(MSR_IA32_MCG_STATUS, &set);
	EXPECT_EQ(wrmsr_safe(MSR_IA32_MCG_STATUS, 0), 0);
	rdmsr_safe(MSR_IA32_MCG_STATUS, &cleared);
	local_irq_enable();
	EXPECT_EQ(set & MCG_STATUS_MCIP, MCG_STATUS_MCIP);
	EXPECT_EQ(cleared & MCG_STATUS_MCIP, 0);
}

TEST(mc, mcg_ctl_takes_all_ones_and_all_zeros, "SDM 3B IA32_MCG_CTL MSR")
{
	u64 cap = 0, found = 0, val = ~0ull;

	if (!mce_banks())
		SKIP(return, NO_MCA);
	rdmsr_safe(MSR_IA32_MCG_CAP, &cap);
	if (!(cap & MCG_CTL_P))
		SKIP(return, "MCG_CAP declares no IA32_MCG_CTL");
	EXPECT_EQ(rdmsr_safe(MSR_IA32_MCG_CTL, &found), 0);
	EXPECT_NE(found, 0);
	EXPECT_EQ(wrmsr_safe(MSR_IA32_MCG_CTL, 0), 0);
	rdmsr_safe(MSR_IA32_MCG_CTL, &val);
	EXPECT_EQ(val, 0);
	EXPECT_EQ(wrmsr_safe(MSR_IA32_MCG_CTL, ~0ull), 0);
	rdmsr_safe(MSR_IA32_MCG_CTL, &val);
	EXPECT_EQ(val, found);
}

TEST(mc, every_bank_can_be_read, STATUS_RULE)
{
	struct mce_bank b;
	u64 val;

	if (!mce_banks())
		SKIP(return, NO_MCA);
	for (u32 nr = 0; nr < mce_banks() && ktest_ok(); nr++) {
		EXPECT_EQ(rdmsr_safe(MSR_IA32_MCx_CTL(nr), &val), 0);
		EXPECT_EQ(rdmsr_safe(MSR_IA32_MCx_STATUS(nr), &val), 0);
		if (!mce_read_bank(nr, &b))
			continue;
		if (b.status & MCI_STATUS_ADDRV)
			EXPECT_EQ(rdmsr_safe(MSR_IA32_MCx_ADDR(nr), &val), 0);
		if (b.status & MCI_STATUS_MISCV)
			EXPECT_EQ(rdmsr_safe(MSR_IA32_MCx_MISC(nr), &val), 0);
	}
}

/* Bits without an error behind them may stay 0; the others must come back. */
TEST(mc, ctl_of_every_bank_takes_all_ones_and_all_zeros, CTL_RULE)
{
	u32 first = boot_cpu_data.family == 6 && boot_cpu_data.model < 0x1a &&
		    boot_cpu_data.vendor == VENDOR_INTEL;

	if (!mce_banks())
		SKIP(return, NO_MCA);
	for (u32 nr = first; nr < mce_banks() && ktest_ok(); nr++) {
		u64 found = 0, zero = ~0ull, ones = 0;

		rdmsr_safe(MSR_IA32_MCx_CTL(nr), &found);
		EXPECT_EQ(wrmsr_safe(MSR_IA32_MCx_CTL(nr), 0), 0);
		rdmsr_safe(MSR_IA32_MCx_CTL(nr), &zero);
		EXPECT_EQ(wrmsr_safe(MSR_IA32_MCx_CTL(nr), ~0ull), 0);
		rdmsr_safe(MSR_IA32_MCx_CTL(nr), &ones);
		EXPECT_EQ(ones, found);
		EXPECT_EQ(zero & ~found, 0);
	}
}

TEST(mc, status_of_every_bank_is_cleared_by_writing_0, STATUS_RULE)
{
	u64 val;

	if (!mce_banks())
		SKIP(return, NO_MCA);
	for (u32 nr = 0; nr < mce_banks() && ktest_ok(); nr++) {
		val = ~0ull;
		EXPECT_EQ(wrmsr_safe(MSR_IA32_MCx_STATUS(nr), 0), 0);
		rdmsr_safe(MSR_IA32_MCx_STATUS(nr), &val);
		EXPECT_EQ(val & MCI_STATUS_VAL, 0);
	}
}

/* AMD's HWCR.McStatusWrEn is there to allow it, for testing handlers. */
TEST(mc, ones_written_to_a_status_are_gp,
     "SDM 3B IA32_MCi_STATUS MSRS; APM 2 Machine-Check Status Registers")
{
	u64 hwcr = 0;
	int err;

	if (!mce_banks())
		SKIP(return, NO_MCA);
	if (mce_kind() == MCE_AMD && !rdmsr_safe(MSR_K7_HWCR, &hwcr) &&
	    hwcr & MSR_K7_HWCR_MCSTATUS_WREN)
		SKIP(return, "HWCR.McStatusWrEn allows it");
	err = wrmsr_safe(MSR_IA32_MCx_STATUS(0), 1);
	mce_clear_bank(0);
	EXPECT_EQ(err, -EFAULT);
}

/* Bit 30 enables the interrupt, 14:0 count errors up to it; both are RW. */
TEST(mc, where_cmci_is_declared_each_bank_has_its_ctl2,
     "SDM 3B IA32_MCi_CTL2 MSRs")
{
	u64 cap = 0, found;

	rdmsr_safe(MSR_IA32_MCG_CAP, &cap);
	if (!mce_banks() || !(cap & MCG_CMCI_P))
		SKIP(return, "MCG_CAP declares no CMCI");
	EXPECT_GE(lapic_lvt_count(), 7); /* the last is CMCI's */
	for (u32 nr = 0; nr < mce_banks() && ktest_ok(); nr++)
		EXPECT_EQ(rdmsr_safe(MSR_IA32_MCx_CTL2(nr), &found), 0);
}
