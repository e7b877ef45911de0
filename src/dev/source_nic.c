// SPDX-License-Identifier: MIT
/*
 * source_nic.c - an Intel network controller, whose cause-set register makes
 * any cause look as if it had happened.
 *
 * Read:    nic_raise(); igb_raise_vector() for MSI-X, which has registers of
 *          its own in the 82576 and those after it.
 * Spec:    Intel 82576 Gigabit Ethernet Controller Datasheet, "Interrupt
 *          Register Descriptions".
 */
#include "source.h"

#include <asm/io.h>

/* clang-format off */
#define NIC_ICR		0x00c0		/* causes; read or write ones: clear */
#define NIC_ITR		0x00c4
#define NIC_ICS		0x00c8		/* set causes */
#define NIC_IMS		0x00d0		/* let causes through; IMC: stop them */
#define NIC_IMC		0x00d8
#define NIC_LSC		BIT(2)		/* a cause of all of them */

#define IGB_GPIE	0x1514
#define   IGB_GPIE_MSIX	  BIT(4)	/* one vector a cause */
#define IGB_EICS	0x1520		/* the same four for MSI-X: bit n is */
#define IGB_EIMS	0x1524		/* vector n */
#define IGB_EIMC	0x1528
#define IGB_EIAC	0x152c
#define IGB_EICR	0x1580
#define IGB_EITR(n)	(0x1680 + 4 * (n))
#define IGB_VECTORS	3
/* clang-format on */

/* 82576, 82580, I350, I354, I210, I211, I225, I226: they have the MSI-X ones.
 */
static const u16 igb_ids[] = {
	0x10c9, 0x10e6, 0x10e7, 0x150a, 0x150e, 0x150f, 0x1510, 0x1511, 0x1521,
	0x1522, 0x1523, 0x1524, 0x1f40, 0x1f41, 0x1533, 0x1536, 0x1537, 0x1538,
	0x1539, 0x157b, 0x157c, 0x15f2, 0x15f3, 0x125b, 0x125c, 0x125d,
};

/* 82540, 82545; 82579, I217, I218, I219 of Intel's chipsets. */
static const u16 e1000_ids[] = {
	0x100e, 0x100f, 0x1502, 0x1503, 0x153a, 0x153b, 0x155a,
	0x1559, 0x15a0, 0x15a1, 0x15a2, 0x15a3, 0x156f, 0x1570,
	0x15b7, 0x15b8, 0x15b9, 0x15d7, 0x15d8, 0x15e3,
};

static bool is_one_of(const struct pci_dev *dev, const u16 *ids, u32 n)
{
	while (dev->vendor == 0x8086 && n--) {
		if (dev->device == ids[n])
			return true;
	}
	return false;
}

static bool is_igb(const struct pci_dev *dev)
{
	return is_one_of(dev, igb_ids, ARRAY_SIZE(igb_ids));
}

static bool is_nic(const struct pci_dev *dev)
{
	return is_igb(dev) || is_one_of(dev, e1000_ids, ARRAY_SIZE(e1000_ids));
}

/* What is put back: moderation, and who clears causes by itself. */
static const u16 igb_saved[] = {
	IGB_EITR(0), IGB_EITR(1), IGB_EITR(2), IGB_EIAC, IGB_GPIE,
};
static const u16 e1000_saved[] = { NIC_ITR };

static u64 regs;
static bool igb, msix;
static u32 ims, saved[ARRAY_SIZE(igb_saved)];

static u32 nr_saved(void)
{
	return igb ? ARRAY_SIZE(igb_saved) : ARRAY_SIZE(e1000_saved);
}

static u64 saved_reg(u32 i)
{
	return regs + (igb ? igb_saved[i] : e1000_saved[i]);
}

static void mask_all(void)
{
	writel(~0u, regs + NIC_IMC);
	if (igb)
		writel(~0u, regs + IGB_EIMC);
}

static void nic_lower(void)
{
	if (igb)
		writel(~0u, regs + IGB_EICR);
	readl(regs + NIC_ICR);
}

static bool nic_open(const struct pci_dev *dev)
{
	regs = pci_map_bar(dev, 0);
	if (!regs)
		return false;
	igb = is_igb(dev);
	msix = igb && dev->msix;
	ims = readl(regs + NIC_IMS);
	mask_all();
	for (u32 i = 0; i < nr_saved(); i++) {
		saved[i] = readl(saved_reg(i));
		writel(0, saved_reg(i));
	}
	nic_lower();
	writel(NIC_LSC, regs + NIC_IMS);
	return true;
}

static void nic_close(void)
{
	if (!regs)
		return;
	mask_all();
	for (u32 i = 0; i < nr_saved(); i++)
		writel(saved[i], saved_reg(i));
	nic_lower();
	writel(ims, regs + NIC_IMS);
	regs = 0;
}

/* Vectors of their own, or one for all: what the other way left is gone. */
static void igb_set_mode(u32 gpie)
{
	if ((readl(regs + IGB_GPIE) & IGB_GPIE_MSIX) == gpie)
		return;
	writel(gpie, regs + IGB_GPIE);
	writel(~0u, regs + IGB_EIMC);
	nic_lower();
	if (gpie)
		writel((1u << IGB_VECTORS) - 1, regs + IGB_EIMS);
}

static void nic_raise(void)
{
	if (igb)
		igb_set_mode(0);
	writel(NIC_LSC, regs + NIC_ICS);
}

static u32 nic_vectors(void)
{
	return msix ? IGB_VECTORS : 0;
}

static void igb_raise_vector(u32 n)
{
	igb_set_mode(IGB_GPIE_MSIX);
	writel(1u << n, regs + IGB_EICS);
}

const struct pci_source_ops nic_source = {
	.match = is_nic,
	.open = nic_open,
	.close = nic_close,
	.raise = nic_raise,
	.lower = nic_lower,
	.vectors = nic_vectors,
	.raise_vector = igb_raise_vector,
};
