// SPDX-License-Identifier: MIT
/*
 * source_82574.c - Intel's 82574 network controller: the cause-set register of
 * its family, and MSI-X vectors that causes are sent to by IVAR.
 *
 * Spec:    Intel 82574 GbE Controller Family Datasheet, "Interrupt Register
 *          Descriptions", "MSI-X Mode".
 *
 * QEMU's e1000e is one. It throttles also where software has switched that
 * off, and when the 128 us are over it sends the message of an MSI-X vector
 * again, whether or not there is a cause.
 */
#include "source.h"

#include <asm/io.h>

/* clang-format off */
#define CTRL_EXT	0x0018
#define   CTRL_EXT_PBA	  BIT(31)	/* pending bits as PCI wants them */
#define ICR		0x00c0		/* causes; read or write ones: clear */
#define ITR		0x00c4
#define ICS		0x00c8		/* set causes */
#define IMS		0x00d0		/* let causes through; IMC: stop them */
#define IMC		0x00d8
#define EIAC		0x00dc		/* causes that a message clears */
#define IVAR		0x00e4		/* which entry a cause is sent to */
#define   IVAR_RXQ0(n)	  (0x8u | (n))
#define   IVAR_TXQ0(n)	  ((0x8u | (n)) << 8)
#define EITR(n)		(0x00e8 + 4 * (n))
#define LSC		BIT(2)
#define RXQ0		BIT(20)
#define TXQ0		BIT(22)
#define VECTORS		2
/* clang-format on */

/* Moderation, what clears causes, and where they go: put back. */
static const u16 saved_regs[] = { ITR, EITR(0), EITR(1), EIAC, IVAR, CTRL_EXT };
static u32 saved[ARRAY_SIZE(saved_regs)];
static u64 regs;
static bool msix;
static u32 ims;

static bool is_82574(const struct pci_dev *dev)
{
	return dev->vendor == 0x8086 &&
	       (dev->device == 0x10d3 || dev->device == 0x10f6);
}

static void lower(void)
{
	writel(~0u, regs + ICR);
	readl(regs + ICR);
}

static bool open_82574(const struct pci_dev *dev)
{
	regs = pci_map_bar(dev, 0);
	if (!regs)
		return false;
	msix = dev->msix;
	ims = readl(regs + IMS);
	writel(~0u, regs + IMC);
	for (u32 i = 0; i < ARRAY_SIZE(saved_regs); i++)
		saved[i] = readl(regs + saved_regs[i]);
	writel(0, regs + ITR);
	writel(0, regs + EITR(0));
	writel(0, regs + EITR(1));
	lower();
	writel(LSC, regs + IMS);
	return true;
}

static void close_82574(void)
{
	if (!regs)
		return;
	writel(~0u, regs + IMC);
	for (u32 i = 0; i < ARRAY_SIZE(saved_regs); i++)
		writel(saved[i], regs + saved_regs[i]);
	lower();
	writel(ims, regs + IMS);
	regs = 0;
}

/* Those two, each by its entry, or one by whatever way there is. */
static void let_through(u32 causes)
{
	u32 ctrl = readl(regs + CTRL_EXT) & ~CTRL_EXT_PBA;

	if (readl(regs + IMS) == causes)
		return;
	writel(~0u, regs + IMC);
	writel(0, regs + EIAC);
	writel(IVAR_RXQ0(0) | IVAR_TXQ0(1), regs + IVAR);
	writel(ctrl | (causes == LSC ? 0 : CTRL_EXT_PBA), regs + CTRL_EXT);
	lower();
	writel(causes, regs + IMS);
}

static void raise(void)
{
	let_through(LSC);
	writel(LSC, regs + ICS);
}

static u32 vectors(void)
{
	return msix ? VECTORS : 0;
}

static void raise_vector(u32 n)
{
	let_through(RXQ0 | TXQ0);
	writel(n ? TXQ0 : RXQ0, regs + ICS);
}

const struct pci_source_ops i82574_source = {
	.match = is_82574,
	.open = open_82574,
	.close = close_82574,
	.raise = raise,
	.lower = lower,
	.vectors = vectors,
	.raise_vector = raise_vector,
};
