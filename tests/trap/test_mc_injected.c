// SPDX-License-Identifier: MIT
/*
 * #MC: vector 18, an abort, no error code, on a stack of its own. The host
 * companion notes an error in a bank and raises it; what is noted must be what
 * is read, to the bit.
 *
 * Not run: a second #MC while MCIP is set, or one with CR4.MCE clear, shuts
 * the CPU down, as the manuals want it.
 *
 * Spec: SDM 3A "Interrupt 18-Machine-Check Exception (#MC)"; SDM 3B
 *       "Machine-Check Architecture"; APM 2 "#MC-Machine-Check Exception
 *       (Vector 18)", "Machine Check Architecture".
 */
#include <apic/lapic.h>
#include <asm/msr-index.h>
#include <asm/special_insns.h>
#include <cpu/deadline.h>
#include <cpu/irqflags.h>
#include <ktest/arrivals.h>
#include <ktest/raised.h>
#include <lib/errno.h>
#include <lib/format.h>
#include <smp/smp.h>
#include <trap/extable.h>
#include <trap/mce.h>
#include <trap/traps.h>

#include "outside.h"

#define RULE	    "SDM 3A Interrupt 18"
#define STATUS_RULE "SDM 3B IA32_MCi_STATUS MSRS"
#define OVER_RULE   "SDM 3B Overwrite Rules for Machine Check Overflow"
#define CTL_RULE    "SDM 3B IA32_MCi_CTL MSRs"
#define ASKS	    .needs = NEEDS_COMPANION
#define QUIET_US    50

/* What the error says of itself: data read, bits 31:16 arbitrary. */
#define CODE	  0x5a5a0134ull
#define ADDR	  0x123456789000ull
#define MISC	  0x8c
#define CORRECTED (MCI_STATUS_VAL | MCI_STATUS_EN | CODE)
#define UNCORRECTED                                                        \
	(CORRECTED | MCI_STATUS_UC | MCI_STATUS_ADDRV | MCI_STATUS_MISCV | \
	 MCI_STATUS_S | MCI_STATUS_AR)
#define RESTARTABLE (MCG_STATUS_RIPV | MCG_STATUS_MCIP)

static u32 bank; /* the last: the first is special on some */
static struct outside_note mcs;
static char words[128];

static int setup(void)
{
	bank = mce_banks() ? mce_banks() - 1 : 0;
	mcs = (struct outside_note){ 0 };
	return 0;
}

/* A bank left full, or switched off, would spoil the next case. */
static void clear_banks(void *unused)
{
	for (u32 nr = 0; nr < mce_banks(); nr++)
		mce_clear_bank(nr);
	wrmsr_safe(MSR_IA32_MCG_STATUS, 0);
}

static void teardown(void)
{
	if (!mce_banks())
		return;
	run_on_each(clear_banks, NULL);
	wrmsr_safe(MSR_IA32_MCx_CTL(bank), ~0ull);
}

/* Where it hits is judged: no tick may be there. */
SUITE(mc, .uses = USES_APIC_TIMER, .setup = setup, .teardown = teardown);

static const char *error(u32 nr, u64 status, u64 mcg_status)
{
	scnprintf(words, sizeof(words), "mce 0 %u 0x%llx 0x%llx 0x%llx 0x%x",
		  nr, (unsigned long long)status,
		  (unsigned long long)mcg_status, ADDR, MISC);
	return words;
}

/* False: it was said why not. */
static bool banks_there(void)
{
	if (mce_banks())
		return true;
	SKIP(return false, "this CPU has no machine-check architecture");
}

static bool inject(u32 nr, u64 status, u64 mcg_status)
{
	return companion_did(
		companion_ask("%s", error(nr, status, mcg_status)));
}

/* Is the bank as it was injected? */
static void expect_bank(const struct mce_bank *b, u32 nr, u64 status)
{
	EXPECT_EQ(b->nr, nr);
	EXPECT_EQ(b->status, status);
	if (status & MCI_STATUS_ADDRV)
		EXPECT_EQ(b->addr, ADDR);
	if (status & MCI_STATUS_MISCV)
		EXPECT_EQ(b->misc, MISC);
}

TEST(mc, uncorrected_error_is_vector_18_on_its_own_stack, RULE, ASKS)
{
	struct trap got;

	if (banks_there())
		outside_event(&got, X86_TRAP_MC, IST_STACK(IST_MCE),
			      error(bank, UNCORRECTED, RESTARTABLE));
}

TEST(mc, if_does_not_hold_off_a_machine_check, RULE, ASKS)
{
	struct trap got;

	if (!banks_there())
		return;
	local_irq_disable();
	outside_event(&got, X86_TRAP_MC, IST_STACK(IST_MCE),
		      error(bank, UNCORRECTED, RESTARTABLE));
	local_irq_enable();
}

TEST(mc, at_cpl_3_it_leaves_the_ist_stack, RULE, ASKS)
{
	struct trap got;

	if (banks_there())
		outside_user_event(&got, X86_TRAP_MC,
				   error(bank, UNCORRECTED, RESTARTABLE));
}

TEST(mc, a_machine_check_ends_hlt_with_if_0, "SDM 2A HLT", ASKS)
{
	if (banks_there())
		outside_hlt(X86_TRAP_MC, error(bank, UNCORRECTED, RESTARTABLE),
			    false);
}

/* Inject, and wait until n came in all; none must follow. */
static bool expect_mcs(u64 status, u64 mcg_status, u32 n)
{
	trap_hook(X86_TRAP_MC, outside_count, &mcs);
	if (!inject(bank, status, mcg_status))
		return false;
	WAIT_FOR(READ_ONCE(mcs.n) >= n, WAIT_DEFAULT_US);
	udelay(QUIET_US);
	return EXPECT_EQ(mcs.n, n);
}

TEST(mc, one_error_is_one_machine_check, RULE, ASKS)
{
	if (!banks_there())
		return;
	for (u32 n = 1; n <= 3 && ktest_ok(); n++)
		if (!expect_mcs(UNCORRECTED, RESTARTABLE, n))
			return;
}

TEST(mc, the_bank_holds_exactly_what_was_reported, STATUS_RULE, ASKS)
{
	if (!banks_there() || !expect_mcs(UNCORRECTED, RESTARTABLE, 1))
		return;
	if (EXPECT_EQ(mce_last()->valid, 1))
		expect_bank(&mce_last()->bank[0], bank, UNCORRECTED);
}

/* Its context corrupt: there is no going on, but the handler runs. */
TEST(mc, pcc_is_reported_as_it_is, STATUS_RULE, ASKS)
{
	u64 status = (UNCORRECTED | MCI_STATUS_PCC) & ~MCI_STATUS_AR;

	if (!banks_there() || !expect_mcs(status, RESTARTABLE, 1))
		return;
	if (EXPECT_EQ(mce_last()->valid, 1))
		expect_bank(&mce_last()->bank[0], bank, status);
}

TEST(mc, mcg_status_says_ripv_eipv_and_mcip, "SDM 3B IA32_MCG_STATUS MSR", ASKS)
{
	static const u8 rows[] = {
		MCG_STATUS_MCIP,
		MCG_STATUS_MCIP | MCG_STATUS_RIPV,
		MCG_STATUS_MCIP | MCG_STATUS_EIPV,
		MCG_STATUS_MCIP | MCG_STATUS_RIPV | MCG_STATUS_EIPV,
	};

	if (!banks_there())
		return;
	for (u32 i = 0; i < ARRAY_SIZE(rows) && ktest_ok(); i++) {
		if (!expect_mcs(UNCORRECTED, rows[i], i + 1))
			return;
		EXPECT_EQ(mce_last()->mcg_status, rows[i]);
	}
}

TEST(mc, the_handler_leaves_banks_empty_and_mcip_clear,
     "SDM 3B Machine-Check Exception Handler", ASKS)
{
	struct mce_bank b;
	u64 status = ~0ull;

	if (!banks_there() || !expect_mcs(UNCORRECTED, RESTARTABLE, 1))
		return;
	EXPECT_FALSE(mce_read_bank(bank, &b));
	rdmsr_safe(MSR_IA32_MCG_STATUS, &status);
	EXPECT_EQ(status & MCG_STATUS_MCIP, 0);
}

TEST(mc, tpr_does_not_hold_off_a_machine_check, RULE, ASKS)
{
	u64 cr8 = read_cr8();

	if (!banks_there())
		return;
	write_cr8(15);
	expect_mcs(UNCORRECTED, RESTARTABLE, 1);
	write_cr8(cr8);
}

/* In the handler of an NMI, where no other NMI would come. */
static int asked;
static u32 inside_nmi;

static bool ask_in_nmi(struct pt_regs *regs, void *data)
{
	asked = companion_ask("%s", error(bank, UNCORRECTED, RESTARTABLE));
	udelay(QUIET_US);
	inside_nmi = READ_ONCE(mcs.n);
	return true;
}

TEST(mc, an_nmi_handler_does_not_hold_off_a_machine_check,
     "SDM 3A Priority Among Simultaneous Exceptions and Interrupts", ASKS)
{
	if (!banks_there())
		return;
	asked = -EAGAIN;
	trap_hook(X86_TRAP_MC, outside_count, &mcs);
	trap_hook(X86_TRAP_NMI, ask_in_nmi, NULL);
	raised_nmis(1);
	EXPECT_EQ(apic_send_nmi(lapic_id()), 0);
	WAIT_FOR(READ_ONCE(asked) != -EAGAIN, WAIT_DEFAULT_US);
	if (!companion_did(asked))
		return;
	EXPECT_EQ(inside_nmi, 1);
	EXPECT_EQ(mcs.n, 1);
}

TEST(mc, corrected_error_is_noted_and_raises_nothing,
     "SDM 3B IA32_MCi_STATUS MSRS, UC", ASKS)
{
	u64 status = CORRECTED | MCI_STATUS_ADDRV | MCI_STATUS_MISCV;
	struct mce_bank b;

	if (!banks_there() || !expect_mcs(status, 0, 0))
		return;
	if (EXPECT_TRUE(mce_read_bank(bank, &b)))
		expect_bank(&b, bank, status);
	mce_clear_bank(bank);
	EXPECT_FALSE(mce_read_bank(bank, &b));
}

TEST(mc, every_bank_notes_its_own_error, STATUS_RULE, ASKS)
{
	struct mce_bank b;

	if (!banks_there())
		return;
	for (u32 nr = 0; nr < mce_banks() && ktest_ok(); nr++) {
		if (!inject(nr, CORRECTED | MCI_STATUS_ADDRV, 0))
			return;
		for (u32 k = 0; k < mce_banks(); k++)
			EXPECT_EQ(mce_read_bank(k, &b), k == nr);
		if (mce_read_bank(nr, &b))
			expect_bank(&b, nr, CORRECTED | MCI_STATUS_ADDRV);
		mce_clear_bank(nr);
	}
}

TEST(mc, second_corrected_error_sets_over, OVER_RULE, ASKS)
{
	struct mce_bank b;

	if (!banks_there() || !expect_mcs(CORRECTED, 0, 0) ||
	    !expect_mcs(CORRECTED, 0, 0))
		return;
	if (EXPECT_TRUE(mce_read_bank(bank, &b)))
		EXPECT_EQ(b.status, CORRECTED | MCI_STATUS_OVER);
}

/* An uncorrected error takes the place of a corrected one, and tells. */
TEST(mc, uncorrected_error_overwrites_a_corrected_one, OVER_RULE, ASKS)
{
	if (!banks_there() || !expect_mcs(CORRECTED, 0, 0) ||
	    !expect_mcs(UNCORRECTED, RESTARTABLE, 1))
		return;
	if (EXPECT_EQ(mce_last()->valid, 1))
		expect_bank(&mce_last()->bank[0], bank,
			    UNCORRECTED | MCI_STATUS_OVER);
}

/* The other way about it must not: asked for while the first is handled. */
static struct mce_bank after;

static bool add_corrected(struct pt_regs *regs, void *data)
{
	mcs.n++;
	asked = companion_ask("%s", error(bank, CORRECTED & ~0x34ull, 0));
	mce_read_bank(bank, &after);
	return true;
}

TEST(mc, corrected_error_does_not_overwrite_an_uncorrected_one, OVER_RULE, ASKS)
{
	if (!banks_there())
		return;
	asked = -EAGAIN;
	trap_hook(X86_TRAP_MC, add_corrected, NULL);
	if (!companion_did(companion_prepare(
		    "%s", error(bank, UNCORRECTED, RESTARTABLE))))
		return;
	companion_fire(); /* the handler throws its answer away */
	WAIT_FOR(READ_ONCE(asked) != -EAGAIN, WAIT_DEFAULT_US);
	if (!mcs.n) { /* refused */
		companion_did(companion_answer());
		return;
	}
	if (!companion_did(asked))
		return;
	expect_bank(&after, bank, UNCORRECTED | MCI_STATUS_OVER);
	EXPECT_EQ(mcs.n, 1);
}

/* The host may refuse to report to a bank that is off: that is as good. */
static void expect_silence(void)
{
	int err;

	trap_hook(X86_TRAP_MC, outside_count, &mcs);
	err = companion_ask("%s", error(bank, UNCORRECTED, RESTARTABLE));
	if (err != -EREMOTEIO && !companion_did(err))
		return;
	udelay(QUIET_US);
	EXPECT_EQ(mcs.n, 0);
}

TEST(mc, bank_with_ctl_0_raises_nothing, CTL_RULE, ASKS)
{
	if (!banks_there())
		return;
	wrmsr_safe(MSR_IA32_MCx_CTL(bank), 0);
	expect_silence();
	wrmsr_safe(MSR_IA32_MCx_CTL(bank), ~0ull);
	if (ktest_ok())
		expect_mcs(UNCORRECTED, RESTARTABLE, 1);
}

TEST(mc, mcg_ctl_0_silences_every_bank, "SDM 3B IA32_MCG_CTL MSR", ASKS)
{
	u64 cap = 0;

	if (!banks_there())
		return;
	rdmsr_safe(MSR_IA32_MCG_CAP, &cap);
	if (!(cap & MCG_CTL_P))
		SKIP(return, "MCG_CAP declares no IA32_MCG_CTL");
	wrmsr_safe(MSR_IA32_MCG_CTL, 0);
	expect_silence();
	wrmsr_safe(MSR_IA32_MCG_CTL, ~0ull);
	if (ktest_ok())
		expect_mcs(UNCORRECTED, RESTARTABLE, 1);
}

/* Told to everybody it comes once to each: the CPU that has it, and others. */
TEST(mc, broadcast_error_comes_once_to_this_cpu, RULE, ASKS)
{
	if (!banks_there())
		return;
	/* CR4.MCE is not ours there, and without it a CPU shuts down. */
	if (smp_failed_count() || smp_unreachable_count())
		SKIP(return, "some CPUs are not irqbed's");
	outside_reset();
	trap_hook(X86_TRAP_MC, outside_count, &mcs);
	error(bank, UNCORRECTED, RESTARTABLE);
	if (!companion_did(companion_ask("%s broadcast", words)))
		return;
	WAIT_FOR(READ_ONCE(mcs.n), WAIT_DEFAULT_US);
	udelay(QUIET_US);
	EXPECT_EQ(mcs.n, 1);
	outside_expect_elsewhere(1);
}

/* Nobody expects it: the report must say what each bank says. */
TEST(selftest, machine_check_is_reported, "irqbed src/trap/report_mc.c", ASKS)
{
	bank = mce_banks() - 1;
	EXPECT_EQ(companion_ask("%s", error(0, CORRECTED, 0)), 0);
	EXPECT_EQ(
		companion_prepare("%s", error(bank, UNCORRECTED, RESTARTABLE)),
		0);
	insn_fire((void *)(u64)companion_port());
}
