// SPDX-License-Identifier: MIT
/*
 * pci_source.c - PCI functions that interrupt at software's wish: found,
 * quieted, and left as they were.
 *
 * Read:    pci_source_open(); then a file a kind, source_*.c, nvme.c and
 *          virtio_pci.c.
 *
 * AHCI, which every PC has, is none: without a disk nothing sets a bit of its
 * port interrupt status, and software can only clear them.
 */
#include "source.h"

#include <acpi/tables.h>
#include <apic/dmar.h>

const char *const pci_source_name[NR_PCI_SOURCES] = {
	[PCI_SRC_EDU] = "edu",
	[PCI_SRC_NIC] = "a network controller",
	[PCI_SRC_82574] = "an 82574 network controller",
	[PCI_SRC_SLOT] = "a hot-plug slot",
	[PCI_SRC_NVME] = "an NVMe controller",
	[PCI_SRC_VIRTIO] = "a virtio block device",
};

static const struct pci_source_ops *const ops[NR_PCI_SOURCES] = {
	[PCI_SRC_EDU] = &edu_source,	  [PCI_SRC_NIC] = &nic_source,
	[PCI_SRC_82574] = &i82574_source, [PCI_SRC_SLOT] = &slot_source,
	[PCI_SRC_NVME] = &nvme_source,	  [PCI_SRC_VIRTIO] = &virtio_source,
};

/* Written by open and close. */
static struct {
	const struct pci_dev *dev; /* NULL: not open */
	u32 image[64];
} src[NR_PCI_SOURCES];

/* The more ways to interrupt, the more cases can be judged. */
static u32 ways(const struct pci_dev *dev)
{
	return !!dev->msix + !!dev->msi + !!dev->pin;
}

/* Firmware that fears DMA may have left it on, with tables of its own. */
static bool dma_is_translated(void)
{
	u32 gsts = 0;

	for (u32 i = 0; i < acpi_tables.dmar.nr_drhds; i++) {
		if (dmar_units[i].base)
			gsts |= dmar_readl(&dmar_units[i], DMAR_GSTS_REG);
	}
	return gsts & DMA_GSTS_TES;
}

const struct pci_dev *pci_source_find(enum pci_source s)
{
	const struct pci_dev *best = NULL;

	if (ops[s]->dma && dma_is_translated())
		return NULL;

	for (u32 i = 0; i < nr_pci_devs; i++) {
		const struct pci_dev *dev = &pci_devs[i];

		if (ops[s]->match(dev) && (!best || ways(dev) > ways(best)))
			best = dev;
	}
	return best;
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
	const struct pci_dev *dev = pci_source_find(s);

	if (!dev)
		return NULL;
	src[s].dev = dev;
	pci_read_image(dev, src[s].image);
	silence(dev);
	if (ops[s]->open(dev))
		return dev;
	pci_source_close(s);
	return NULL;
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
	ops[s]->close();
	put_msi_back(s);
	if (dev->msix)
		put_back(s, dev->msix + PCI_MSIX_FLAGS, 2);
	put_back(s, PCI_COMMAND, 2);
	src[s].dev = NULL;
}

void pci_source_raise(enum pci_source s)
{
	ops[s]->raise();
}

void pci_source_lower(enum pci_source s)
{
	ops[s]->lower();
}

u32 pci_source_vectors(enum pci_source s)
{
	return ops[s]->vectors ? ops[s]->vectors() : 0;
}

void pci_source_raise_vector(enum pci_source s, u32 n)
{
	ops[s]->raise_vector(n);
}
