// SPDX-License-Identifier: MIT
/*
 * pci_source.c - PCI functions that interrupt at software's wish.
 *
 * Read:    pci_source_open(); one block of functions a kind.
 * Spec:    Intel 82576 Gigabit Ethernet Controller Datasheet, "Interrupt
 *          Register Descriptions"; PCI Express Base Specification 4.0,
 *          "Command Completed Events"; QEMU, docs/specs/edu.
 *
 * AHCI, which every PC has, is none: without a disk nothing sets a bit of its
 * port interrupt status, and software can only clear them.
 */
#include <dev/pci_source.h>

#include <asm/io.h>
#include <cpu/deadline.h>

/* clang-format off */
#define EDU_ID		0x00		/* low byte EDH */
#define EDU_RAISE	0x60
#define EDU_ACK		0x64

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

const char *const pci_source_name[NR_PCI_SOURCES] = {
	[PCI_SRC_EDU] = "edu",
	[PCI_SRC_NIC] = "a network controller",
	[PCI_SRC_SLOT] = "a hot-plug slot",
};

#define IGB_SAVED 5

/* Written by open and close. */
static struct {
	const struct pci_dev *dev; /* NULL: not open */
	u64 regs;
	u32 image[64];
	u16 slot_control;
	u32 nic_ims, nic_saved[IGB_SAVED];
	volatile bool busy; /* the slot's command has not completed */
} src[NR_PCI_SOURCES];

static bool is_edu(const struct pci_dev *dev)
{
	return dev->vendor == 0x1234 && dev->device == 0x11e8;
}

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

static bool is_slot(const struct pci_dev *dev)
{
	u32 flags, cap, type;

	if (!dev->exp || dev->hdr_type != PCI_HEADER_TYPE_BRIDGE)
		return false;
	flags = pci_read(dev, dev->exp + PCI_EXP_FLAGS, 2);
	cap = pci_read(dev, dev->exp + PCI_EXP_SLTCAP, 4);
	type = FIELD_GET(PCI_EXP_FLAGS_TYPE, flags);
	return (type == PCI_EXP_TYPE_ROOT_PORT ||
		type == PCI_EXP_TYPE_DOWNSTREAM) &&
	       flags & PCI_EXP_FLAGS_SLOT && cap & PCI_EXP_SLTCAP_HPC &&
	       !(cap & PCI_EXP_SLTCAP_NCCS);
}

/* The more ways to interrupt, the more cases can be judged. */
static u32 ways(const struct pci_dev *dev)
{
	return !!dev->msix + !!dev->msi + !!dev->pin;
}

static const struct pci_dev *find(enum pci_source s)
{
	static bool (*const match[])(const struct pci_dev *dev) = {
		[PCI_SRC_EDU] = is_edu,
		[PCI_SRC_NIC] = is_nic,
		[PCI_SRC_SLOT] = is_slot,
	};
	const struct pci_dev *best = NULL;

	for (u32 i = 0; i < nr_pci_devs; i++) {
		const struct pci_dev *dev = &pci_devs[i];

		if (match[s](dev) && (!best || ways(dev) > ways(best)))
			best = dev;
	}
	return best;
}

/* What is put back: moderation, and who clears causes by itself. */
static const u16 igb_saved[IGB_SAVED] = {
	IGB_EITR(0), IGB_EITR(1), IGB_EITR(2), IGB_EIAC, IGB_GPIE,
};

static void nic_open(u64 regs)
{
	bool igb = is_igb(src[PCI_SRC_NIC].dev);

	src[PCI_SRC_NIC].nic_ims = readl(regs + NIC_IMS);
	writel(~0u, regs + NIC_IMC);
	for (u32 i = 0; i < IGB_SAVED && igb; i++) {
		src[PCI_SRC_NIC].nic_saved[i] = readl(regs + igb_saved[i]);
		writel(0, regs + igb_saved[i]);
	}
	if (igb) {
		writel(~0u, regs + IGB_EIMC);
	} else {
		src[PCI_SRC_NIC].nic_saved[0] = readl(regs + NIC_ITR);
		writel(0, regs + NIC_ITR);
	}
	readl(regs + NIC_ICR);
	writel(NIC_LSC, regs + NIC_IMS);
}

static void nic_close(u64 regs)
{
	bool igb = is_igb(src[PCI_SRC_NIC].dev);

	writel(~0u, regs + NIC_IMC);
	if (igb)
		writel(~0u, regs + IGB_EIMC);
	else
		writel(src[PCI_SRC_NIC].nic_saved[0], regs + NIC_ITR);
	for (u32 i = 0; i < IGB_SAVED && igb; i++)
		writel(src[PCI_SRC_NIC].nic_saved[i], regs + igb_saved[i]);
	readl(regs + NIC_ICR);
	writel(src[PCI_SRC_NIC].nic_ims, regs + NIC_IMS);
}

static void slot_write(u32 reg, u16 val)
{
	const struct pci_dev *dev = src[PCI_SRC_SLOT].dev;

	pci_write(dev, dev->exp + reg, 2, val);
}

/* Until the last command has completed none may be given. */
static void slot_settle(void)
{
	const struct pci_dev *dev = src[PCI_SRC_SLOT].dev;

	if (src[PCI_SRC_SLOT].busy)
		WAIT_FOR(pci_read(dev, dev->exp + PCI_EXP_SLTSTA, 2) &
				 PCI_EXP_SLTSTA_CC,
			 WAIT_DEFAULT_US);
	src[PCI_SRC_SLOT].busy = false;
	slot_write(PCI_EXP_SLTSTA, PCI_EXP_SLTSTA_CC);
}

/* What it was told, and nothing else, but that it says when it is done. */
static u16 slot_command(void)
{
	return (src[PCI_SRC_SLOT].slot_control &
		~(PCI_EXP_SLTCTL_EVENTS | PCI_EXP_SLTCTL_DLLSCE)) |
	       PCI_EXP_SLTCTL_CCIE | PCI_EXP_SLTCTL_HPIE;
}

static void slot_open(void)
{
	const struct pci_dev *dev = src[PCI_SRC_SLOT].dev;

	src[PCI_SRC_SLOT].slot_control =
		(u16)pci_read(dev, dev->exp + PCI_EXP_SLTCTL, 2);
	slot_write(PCI_EXP_SLTSTA, PCI_EXP_SLTSTA_CC);
	src[PCI_SRC_SLOT].busy = true;
	slot_write(PCI_EXP_SLTCTL, slot_command());
	slot_settle();
}

static void slot_close(void)
{
	slot_settle();
	src[PCI_SRC_SLOT].busy = true;
	slot_write(PCI_EXP_SLTCTL, src[PCI_SRC_SLOT].slot_control);
	slot_settle();
}

/* All three ways off. */
static void silence(const struct pci_dev *dev)
{
	pci_write(dev, PCI_COMMAND, 2,
		  pci_read(dev, PCI_COMMAND, 2) | PCI_COMMAND_INTX_DISABLE |
			  PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	if (dev->msi)
		pci_write(dev, dev->msi + PCI_MSI_FLAGS, 2, 0);
	if (dev->msix)
		pci_write(dev, dev->msix + PCI_MSIX_FLAGS, 2, 0);
}

const struct pci_dev *pci_source_open(enum pci_source s)
{
	const struct pci_dev *dev = find(s);

	if (!dev)
		return NULL;
	src[s].dev = dev;
	pci_read_image(dev, src[s].image);
	silence(dev);
	if (s == PCI_SRC_SLOT) {
		slot_open();
		return dev;
	}
	src[s].regs = pci_map_bar(dev, 0);
	if (!src[s].regs) {
		pci_source_close(s);
		return NULL;
	}
	if (s == PCI_SRC_NIC)
		nic_open(src[s].regs);
	pci_source_lower(s);
	return dev;
}

static void put_back(enum pci_source s, u32 reg, u32 len)
{
	pci_write(src[s].dev, reg, len, src[s].image[reg / 4] >> reg % 4 * 8);
}

/* The message too: a case may have written it by itself. */
static void put_msi_back(enum pci_source s)
{
	struct pci_msi_cap msi;

	if (pci_read_msi(src[s].dev, &msi))
		return;
	put_back(s, msi.pos + PCI_MSI_ADDRESS_LO, 4);
	if (msi.is_64)
		put_back(s, msi.pos + PCI_MSI_ADDRESS_LO + 4, 4);
	put_back(s, msi.data, 2);
	if (msi.mask)
		put_back(s, msi.mask, 4);
	put_back(s, msi.pos + PCI_MSI_FLAGS, 2);
}

void pci_source_close(enum pci_source s)
{
	const struct pci_dev *dev = src[s].dev;

	if (!dev)
		return;
	pci_free_irq_vectors(dev);
	silence(dev);
	if (s == PCI_SRC_SLOT) {
		slot_close();
	} else if (src[s].regs) {
		pci_source_lower(s);
		if (s == PCI_SRC_NIC)
			nic_close(src[s].regs);
	}
	put_msi_back(s);
	if (dev->msix)
		put_back(s, dev->msix + PCI_MSIX_FLAGS, 2);
	put_back(s, PCI_COMMAND, 2);
	src[s].dev = NULL;
	src[s].regs = 0;
}

void pci_source_raise(enum pci_source s)
{
	switch (s) {
	case PCI_SRC_EDU:
		writel(1, src[s].regs + EDU_RAISE);
		break;
	case PCI_SRC_NIC:
		writel(NIC_LSC, src[s].regs + NIC_ICS);
		break;
	default:
		src[s].busy = true; /* first: the interrupt may be at once */
		slot_write(PCI_EXP_SLTCTL, slot_command());
	}
}

void pci_source_lower(enum pci_source s)
{
	switch (s) {
	case PCI_SRC_EDU:
		writel(~0u, src[s].regs + EDU_ACK);
		readl(src[s].regs + EDU_ID);
		break;
	case PCI_SRC_NIC:
		if (is_igb(src[s].dev))
			writel(~0u, src[s].regs + IGB_EICR);
		readl(src[s].regs + NIC_ICR);
		break;
	default:
		slot_settle();
	}
}

u32 pci_source_vectors(enum pci_source s)
{
	return s == PCI_SRC_NIC && is_igb(src[s].dev) && src[s].dev->msix
		       ? IGB_VECTORS
		       : 0;
}

void pci_source_raise_vector(enum pci_source s, u32 n)
{
	u64 regs = src[s].regs;

	if (!(readl(regs + IGB_GPIE) & IGB_GPIE_MSIX)) {
		writel(IGB_GPIE_MSIX, regs + IGB_GPIE);
		writel(~0u, regs + IGB_EICR); /* of the other mode's events */
		readl(regs + NIC_ICR);
		writel((1u << IGB_VECTORS) - 1, regs + IGB_EIMS);
	}
	writel(1u << n, regs + IGB_EICS);
}
