/* SPDX-License-Identifier: MIT */
/*
 * pci_source.h - PCI functions that interrupt when software says so.
 *
 * Three kinds: an Intel network controller, whose cause-set register makes
 * any cause look as if it had happened; a PCI Express port with a hot-plug
 * slot, which completes every command with an interrupt; QEMU's edu device.
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

enum pci_source { PCI_SRC_EDU, PCI_SRC_NIC, PCI_SRC_SLOT, NR_PCI_SOURCES };

/* Its name in messages. */
extern const char *const pci_source_name[NR_PCI_SOURCES];

/*
 * The function, quiet: nothing asserted, INTx, MSI and MSI-X off, memory
 * decoded, bus mastering on. NULL: this machine has none.
 */
const struct pci_dev *pci_source_open(enum pci_source s);

/* Its configuration as it was before open; quiet. Also if it is not open. */
void pci_source_close(enum pci_source s);

/* Assert an interrupt cause, once; release all. */
void pci_source_raise(enum pci_source s);
void pci_source_lower(enum pci_source s);

/*
 * How many MSI-X vectors of an open source can be raised one by one, 0: none;
 * and raise one.
 */
u32 pci_source_vectors(enum pci_source s);
void pci_source_raise_vector(enum pci_source s, u32 n);
