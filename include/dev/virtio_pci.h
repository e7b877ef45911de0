/* SPDX-License-Identifier: MIT */
/*
 * virtio_pci.h - a virtio block device as a source of interrupts: it is asked
 * for its own name, which neither reads nor writes its medium.
 *
 * While PCI_SRC_VIRTIO is open (dev/pci_source.h) the device has its queues
 * in our memory; opened and closed it is reset.
 *
 * Context: one user at a time; any context but for virtio_submit(), which
 *          waits.
 * Spec:    Virtual I/O Device (VIRTIO) Version 1.2, "Virtio Over PCI Bus".
 */
#pragma once

#include <lib/compiler.h>

/* clang-format off */
/* The common configuration: */
#define VIRTIO_PCI_DFSELECT	0x00
#define VIRTIO_PCI_DF		0x04
#define VIRTIO_PCI_GFSELECT	0x08
#define VIRTIO_PCI_GF		0x0c
#define VIRTIO_PCI_MSIX		0x10	/* u16: table entry, or NO_VECTOR */
#define VIRTIO_PCI_NUMQ		0x12
#define VIRTIO_PCI_STATUS	0x14	/* u8; 0 resets */
#define   VIRTIO_S_ACKNOWLEDGE	  0x01
#define   VIRTIO_S_DRIVER	  0x02
#define   VIRTIO_S_DRIVER_OK	  0x04
#define   VIRTIO_S_FEATURES_OK	  0x08
#define   VIRTIO_S_NEEDS_RESET	  0x40
#define VIRTIO_PCI_Q_SELECT	0x16
#define VIRTIO_PCI_Q_SIZE	0x18
#define VIRTIO_PCI_Q_MSIX	0x1a
#define VIRTIO_PCI_Q_ENABLE	0x1c
#define VIRTIO_PCI_Q_NOFF	0x1e
#define VIRTIO_PCI_Q_DESC	0x20
#define VIRTIO_PCI_Q_AVAIL	0x28
#define VIRTIO_PCI_Q_USED	0x30

#define VIRTIO_MSI_NO_VECTOR	0xffff

#define VIRTIO_PCI_ISR_QUEUE	0x01
#define VIRTIO_PCI_ISR_CONFIG	0x02
/* clang-format on */

/* Where the common configuration is mapped, 0: it is not open. */
u64 virtio_common(void);

/* The ISR status; reading clears it and lets the pin go. */
u8 virtio_isr(void);

/* How many queues are set up: queue n has vector n of MSI-X, once asked. */
u32 virtio_queues(void);

/*
 * One request on queue n, and wait until it is used. 0, -EBUSY (the last one
 * never was), -ETIMEDOUT.
 */
int virtio_submit(u32 n);

/*
 * Offer queue 0 a descriptor that does not exist: what a device that minds
 * answers with NEEDS_RESET. It serves nothing until it is opened anew.
 */
void virtio_break(void);
