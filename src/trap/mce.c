// SPDX-License-Identifier: MIT
/*
 * mce.c - the machine-check banks of this CPU: switched on, read, cleared.
 *
 * Read:    mce_gather() and mce_done(), around every #MC.
 * Uses:    decode_mce.c for words.
 * Context: any. Each access may fault where a CPU declares more than it has.
 * Spec:    SDM 3B "Machine-Check Initialization", "Guidelines for Writing
 *          Machine-Check Software"; Linux: arch/x86/kernel/cpu/mce/core.c.
 */
#include <trap/mce.h>

#include <asm/msr-index.h>
#include <asm/special_insns.h>
#include <console/printk.h>
#include <cpu/cpufeature.h>
#include <cpu/percpu.h>
#include <trap/extable.h>

static DEFINE_PER_CPU(struct mce_record, last_mce);

static u64 mcg_cap(void)
{
	u64 cap = 0;

	if (cpu_has(X86_FEATURE_MCE) && cpu_has(X86_FEATURE_MCA))
		rdmsr_safe(MSR_IA32_MCG_CAP, &cap);
	return cap;
}

u32 mce_banks(void)
{
	return (u32)(mcg_cap() & MCG_BANKCNT_MASK);
}

enum mce_kind mce_kind(void)
{
	if (boot_cpu_data.vendor == VENDOR_AMD)
		return MCE_AMD;
	return mcg_cap() & MCG_SER_P ? MCE_INTEL_SER : MCE_INTEL;
}

bool mce_read_bank(u32 nr, struct mce_bank *b)
{
	*b = (struct mce_bank){ .nr = nr };
	if (rdmsr_safe(MSR_IA32_MCx_STATUS(nr), &b->status) ||
	    !(b->status & MCI_STATUS_VAL))
		return false;
	/* Not implemented, and so a #GP, where the flag is clear. */
	if (b->status & MCI_STATUS_ADDRV)
		rdmsr_safe(MSR_IA32_MCx_ADDR(nr), &b->addr);
	if (b->status & MCI_STATUS_MISCV)
		rdmsr_safe(MSR_IA32_MCx_MISC(nr), &b->misc);
	return true;
}

void mce_clear_bank(u32 nr)
{
	wrmsr_safe(MSR_IA32_MCx_STATUS(nr), 0);
}

const struct mce_record *mce_last(void)
{
	return this_cpu_ptr(&last_mce);
}

void mce_gather(void)
{
	struct mce_record *r = this_cpu_ptr(&last_mce);
	u32 banks = mce_banks();
	struct mce_bank b;

	*r = (struct mce_record){ .valid = 0 };
	if (banks)
		rdmsr_safe(MSR_IA32_MCG_STATUS, &r->mcg_status);
	for (u32 nr = 0; nr < banks; nr++) {
		if (!mce_read_bank(nr, &b))
			continue;
		if (r->valid < MCE_KEPT)
			r->bank[r->valid] = b;
		r->valid++;
	}
}

void mce_done(void)
{
	u32 banks = mce_banks();
	struct mce_bank b;

	for (u32 nr = 0; nr < banks; nr++)
		if (mce_read_bank(nr, &b))
			mce_clear_bank(nr);
	if (banks)
		wrmsr_safe(MSR_IA32_MCG_STATUS, 0);
}

/* Bank 0 of the first P6 is the chipset's business (SDM, Linux). */
static bool firmware_owns(u32 nr)
{
	return nr == 0 && boot_cpu_data.vendor == VENDOR_INTEL &&
	       boot_cpu_data.family == 6 && boot_cpu_data.model < 0x1a;
}

static void log_leftover(const struct mce_bank *b)
{
	printk("# mce.leftover=bank %u status 0x%016llx addr 0x%llx", b->nr,
	       (unsigned long long)b->status, (unsigned long long)b->addr);
}

void mcheck_cpu_init(void)
{
	u32 banks = mce_banks();
	struct mce_bank b;

	if (!banks)
		return;
	if (mcg_cap() & MCG_CTL_P)
		wrmsr_safe(MSR_IA32_MCG_CTL, ~0ull);
	for (u32 nr = 0; nr < banks; nr++) {
		if (mce_read_bank(nr, &b))
			log_leftover(&b);
		if (!firmware_owns(nr))
			wrmsr_safe(MSR_IA32_MCx_CTL(nr), ~0ull);
		mce_clear_bank(nr);
	}
	wrmsr_safe(MSR_IA32_MCG_STATUS, 0);
}
