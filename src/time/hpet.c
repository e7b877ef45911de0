// SPDX-License-Identifier: MIT
/*
 * hpet.c - the HPET's block found, checked and quiet, its counter a clock.
 *
 * Read:    hpet_clock_init().
 * Uses:    ioremap().  Used by: clock.c, dev/hpet.c.
 * Context: init on the boot CPU; reading any.
 * Spec:    IA-PC HPET Specification 1.0a, "Register Definitions".
 */
#include <time/hpet.h>

#include <asm/io.h>
#include <lib/errno.h>
#include <mm/paging.h>

static u64 hpet_base; /* written by hpet_clock_init() */
static u32 period_fs;
static bool counter_64bit;

/*
 * 32-bit accesses throughout: the only width that every implementation takes
 * (QEMU before 9.1 refuses 64-bit ones), and one access is one moment.
 */
u32 hpet_readl(u32 reg)
{
	return readl(hpet_base + reg);
}

void hpet_writel(u32 val, u32 reg)
{
	writel(val, hpet_base + reg);
}

static u64 hpet_read(void)
{
	return hpet_readl(HPET_COUNTER);
}

struct clock hpet_clock = {
	/* written by hpet_clock_init() */
	.name = "hpet",
	.read = hpet_read,
	.modulus = 1ull << 32,
	.bits = 32,
};

u64 hpet_counter64(void)
{
	u32 high = hpet_readl(HPET_COUNTER + 4);
	u32 low = hpet_readl(HPET_COUNTER);
	u32 again = hpet_readl(HPET_COUNTER + 4);

	if (!counter_64bit)
		return low;
	if (high != again) /* it wrapped somewhere in between: low is new now */
		low = hpet_readl(HPET_COUNTER);
	return (u64)again << 32 | low;
}

bool hpet_counter_is_64bit(void)
{
	return counter_64bit;
}

u32 hpet_period_fs(void)
{
	return period_fs;
}

/* Whatever the firmware left armed must not interrupt us. */
static void hpet_quiet(u32 cap)
{
	u32 last = FIELD_GET(HPET_CAP_NUM_TIM, cap);
	u32 cfg = hpet_readl(HPET_CFG);

	for (u32 n = 0; n <= last; n++)
		hpet_writel(hpet_readl(HPET_Tn_CFG(n)) & ~HPET_TN_ENABLE,
			    HPET_Tn_CFG(n));
	hpet_writel((cfg & ~HPET_CFG_LEGACY) | HPET_CFG_ENABLE, HPET_CFG);
	hpet_writel(~0u, HPET_STATUS);
}

int hpet_clock_init(u64 phys)
{
	u32 cap;
	int err;

	if (phys == 0)
		return -ENODEV;
	err = ioremap(phys, HPET_SIZE);
	if (err)
		return err;
	hpet_base = phys;
	cap = hpet_readl(HPET_CAP);
	period_fs = hpet_readl(HPET_PERIOD);
	if (cap == ~0u || FIELD_GET(HPET_CAP_REV, cap) == 0 || period_fs == 0 ||
	    period_fs > HPET_MAX_PERIOD_FS)
		return -ENODEV;
	counter_64bit = cap & HPET_CAP_COUNT_SIZE;
	hpet_quiet(cap);
	if (!clock_moves(&hpet_clock))
		return -EIO;
	hpet_clock.freq_hz = period_fs_to_hz(period_fs);
	hpet_clock.present = true;
	return 0;
}
