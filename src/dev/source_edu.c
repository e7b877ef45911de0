// SPDX-License-Identifier: MIT
/*
 * source_edu.c - QEMU's edu device: an interrupt status that software sets.
 *
 * Spec: QEMU, docs/specs/edu.
 */
#include "source.h"

#include <asm/io.h>

/* clang-format off */
#define EDU_ID		0x00		/* low byte EDH */
#define EDU_RAISE	0x60
#define EDU_ACK		0x64
/* clang-format on */

static u64 regs;

static bool is_edu(const struct pci_dev *dev)
{
	return dev->vendor == 0x1234 && dev->device == 0x11e8;
}

static void edu_raise(void)
{
	writel(1, regs + EDU_RAISE);
}

static void edu_lower(void)
{
	writel(~0u, regs + EDU_ACK);
	readl(regs + EDU_ID);
}

static bool edu_open(const struct pci_dev *dev)
{
	regs = pci_map_bar(dev, 0);
	if (regs)
		edu_lower();
	return regs;
}

static void edu_close(void)
{
	if (regs)
		edu_lower();
	regs = 0;
}

const struct pci_source_ops edu_source = {
	.match = is_edu,
	.open = edu_open,
	.close = edu_close,
	.raise = edu_raise,
	.lower = edu_lower,
};
