// SPDX-License-Identifier: MIT
/*
 * lapic_ops.c - the two ways to reach a local APIC's registers.
 *
 * Spec: SDM 3A "Local APIC Register Address Map", "Extended XAPIC (x2APIC)".
 */
#include <apic/lapic.h>

#include <asm/io.h>
#include <cpu/deadline.h>
#include <cpu/irqflags.h>
#include <lib/errno.h>

#include "internal.h"

#define ICR_WAIT_US WAIT_DEFAULT_US

u64 apic_mmio;

static u32 xapic_read(u32 reg)
{
	return readl(apic_mmio + reg);
}

static void xapic_write(u32 reg, u32 val)
{
	writel(val, apic_mmio + reg);
}

static u32 xapic_read_id(void)
{
	return xapic_read(APIC_ID) >> 24;
}

int apic_wait_icr_idle(void)
{
	if (apic_is_x2apic)
		return 0;
	return WAIT_FOR(!(xapic_read(APIC_ICR) & APIC_ICR_BUSY), ICR_WAIT_US)
		       ? 0
		       : -ETIMEDOUT;
}

/* An interrupt between the two writes may send, too, to somebody else. */
static int xapic_icr_write(u32 low, u32 dest)
{
	u64 flags = local_irq_save();
	int err = apic_wait_icr_idle();

	if (!err) {
		xapic_write(APIC_ICR2, dest << 24);
		xapic_write(APIC_ICR, low); /* this write sends */
	}
	local_irq_restore(flags);
	return err;
}

static u64 xapic_icr_read(void)
{
	return (u64)(xapic_read(APIC_ICR2) >> 24) << 32 | xapic_read(APIC_ICR);
}

const struct apic apic_xapic = {
	.name = "xapic",
	.x2apic = false,
	.read = xapic_read,
	.write = xapic_write,
	.read_id = xapic_read_id,
	.icr_write = xapic_icr_write,
	.icr_read = xapic_icr_read,
};

static u32 x2apic_read(u32 reg)
{
	return (u32)rdmsr(MSR_X2APIC_BASE + (reg >> 4));
}

static void x2apic_write(u32 reg, u32 val)
{
	wrmsr(MSR_X2APIC_BASE + (reg >> 4), val);
}

static u32 x2apic_read_id(void)
{
	return x2apic_read(APIC_ID);
}

/* x2APIC's WRMSR does not serialise: what the target reads must be out. */
static int x2apic_icr_write(u32 low, u32 dest)
{
	mb();
	wrmsr(MSR_X2APIC_BASE + (APIC_ICR >> 4), (u64)dest << 32 | low);
	return 0;
}

static u64 x2apic_icr_read(void)
{
	return rdmsr(MSR_X2APIC_BASE + (APIC_ICR >> 4));
}

const struct apic apic_x2apic = {
	.name = "x2apic",
	.x2apic = true,
	.read = x2apic_read,
	.write = x2apic_write,
	.read_id = x2apic_read_id,
	.icr_write = x2apic_icr_write,
	.icr_read = x2apic_icr_read,
};
