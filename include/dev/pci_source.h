/* SPDX-License-Identifier: MIT */
/*
 * pci_source.h - PCI functions that interrupt when software says so.
 *
 * An Intel network controller, whose cause-set register makes any cause look
 * as if it had happened; a PCI Express port with a hot-plug slot, which
 * completes every command with an interrupt; an NVMe controller, which is
 * asked for a setting; a virtio block device, which is asked for its name;
 * QEMU's edu device. None is told to do I/O, no medium is read or written.
 *
 *	const struct pci_dev *dev = pci_source_open(PCI_SRC_NIC);
 *
 *	if (dev) {
 *		pci_source_raise(PCI_SRC_NIC);	until:
 *		pci_source_lower(PCI_SRC_NIC);
 *		pci_source_close(PCI_SRC_NIC);
 *	}
 *
 * Context: one user at a time; raise and lower any context.
 */
#pragma once

#include <dev/pci.h>

enum pci_source {
	PCI_SRC_EDU,
	PCI_SRC_NIC,
	PCI_SRC_82574,
	PCI_SRC_SLOT,
	PCI_SRC_NVME,
	PCI_SRC_VIRTIO,
	NR_PCI_SOURCES
};

/* Its name in messages. */
extern const char *const pci_source_name[NR_PCI_SOURCES];

/*
 * The function, as it is. NULL: this machine has none, or needs our memory for
 * it while a unit translates DMA as firmware left it.
 */
const struct pci_dev *pci_source_find(enum pci_source s);

/*
 * The function, quiet: nothing asserted, INTx, MSI and MSI-X off, memory
 * decoded, bus mastering on. NULL: this machine has none, or it cannot be used.
 */
const struct pci_dev *pci_source_open(enum pci_source s);

/*
 * Its configuration space as it was before open; quiet, and what was reset to
 * open it is reset again. Also if it is not open.
 */
void pci_source_close(enum pci_source s);

/*
 * Assert an interrupt cause, once, and wait, at most 2 s, until the function
 * says that it did, but for a slot, which needs time; release all.
 */
void pci_source_raise(enum pci_source s);
void pci_source_lower(enum pci_source s);

/*
 * How many MSI-X vectors of an open source can be raised one by one, 0: none;
 * and raise one.
 */
u32 pci_source_vectors(enum pci_source s);
void pci_source_raise_vector(enum pci_source s, u32 n);
