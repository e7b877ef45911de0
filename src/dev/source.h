/* SPDX-License-Identifier: MIT */
/*
 * source.h - what src/dev/pci_source.c asks of each kind of source.
 */
#pragma once

#include <dev/pci_source.h>

struct pci_source_ops {
	bool dma; /* it writes to our memory what interrupts */
	bool (*match)(const struct pci_dev *dev);
	/* Memory decoded, all interrupts off. False: it cannot be used. */
	bool (*open)(const struct pci_dev *dev);
	void (*close)(void); /* also if open failed halfway */
	void (*raise)(void);
	void (*lower)(void);
	u32 (*vectors)(void); /* NULL: none, and no raise_vector */
	void (*raise_vector)(u32 n);
};

extern const struct pci_source_ops edu_source, nic_source, slot_source;
extern const struct pci_source_ops i82574_source;
extern const struct pci_source_ops nvme_source, virtio_source;
