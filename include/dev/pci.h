/* SPDX-License-Identifier: MIT */
/*
 * pci.h - the machine's PCI functions: found, described, read and written.
 *
 * Configuration space by ECAM where the MCFG table offers it, else by ports
 * 0xCF8 and 0xCFC. What is changed at a function its user puts back.
 *
 * Context: task, but the accessors, which any context may use.
 * Spec:    PCI Local Bus Specification 3.0, "Configuration Space"; PCI Express
 *          Base Specification 4.0, "PCI Express Enhanced Configuration Access
 *          Mechanism (ECAM)".
 */
#pragma once

#include <acpi/acpi.h>
#include <dev/pci_decode.h>

#define PCI_DEVFN(dev, fn) ((u8)((dev) << 3 | (fn)))
#define PCI_SLOT(devfn)	   ((devfn) >> 3)
#define PCI_FUNC(devfn)	   ((devfn)&7)
#define PCI_BAR_COUNT	   6

struct pci_dev {
	u64 ecam; /* its 4 KiB, mapped; 0: by ports */
	u16 segment, vendor, device;
	u8 bus, devfn;
	u32 class; /* base, sub, interface */
	u8 hdr_type;
	u8 pin, line;
	u8 secondary, subordinate; /* bridges */
	u8 msi, msix, exp;	   /* capabilities, 0: none */
	int caps_error;		   /* of pci_walk_caps() */
	u64 mapped[PCI_BAR_COUNT]; /* by pci_map_bar() */
};

extern struct pci_dev *pci_devs; /* written by pci_init() only */
extern u32 nr_pci_devs;
extern u32 pci_devs_dropped; /* beyond the table's end */

/*
 * Find every function, and log them. By ECAM all buses of the MCFG are looked
 * at, since those of further host bridges only AML would name; by ports bus 0
 * and those behind bridges. 0, -ENODEV (no configuration space), -ENOMEM.
 */
int pci_init(const struct acpi_mcfg *mcfg);

/* By ports. len 1, 2, 4; segment 0. All ones where nothing answers. */
bool pci_conf1_present(void);
u32 pci_conf1_read(u8 bus, u8 devfn, u32 reg, u32 len);
void pci_conf1_write(u8 bus, u8 devfn, u32 reg, u32 len, u32 val);

/* Free the ports' lock, which a case that was broken off may have kept. */
void pci_reset_lock(void);

/* The function's page by ECAM; 0: not there, or not mapped. */
u64 pci_ecam(u16 segment, u8 bus, u8 devfn);

u32 pci_read(const struct pci_dev *dev, u32 reg, u32 len);
void pci_write(const struct pci_dev *dev, u32 reg, u32 len, u32 val);

/* *image becomes its 256 bytes. */
void pci_read_image(const struct pci_dev *dev, u32 image[64]);

/* BAR n with its size; decoding is off meanwhile. size 0: none. IF=1. */
struct pci_bar pci_probe_bar(const struct pci_dev *dev, u32 n);

/*
 * The memory of BAR n, mapped; 0: none, no memory, or no address given. Probed
 * once: nobody moves a BAR. dev is one of pci_devs. Task, IF=1.
 */
u64 pci_map_bar(const struct pci_dev *dev, u32 n);

/*
 * Vectors of its own for a function: MSI or MSI-X as flags says. One irq each,
 * pci_irq_vector(dev, 0) ..., for request_irq(); INTx is off and bus mastering
 * on meanwhile. max: not more than so many. Returns how many, -ENODEV (no such
 * capability), -EBUSY (has some), -ENOSPC, or -EIO (a table out of reach).
 */
#define PCI_IRQ_MSI  BIT(1)
#define PCI_IRQ_MSIX BIT(2)
int pci_alloc_irq_vectors(const struct pci_dev *dev, u32 max, u32 flags);
int pci_irq_vector(const struct pci_dev *dev, u32 n);

/* Free what handlers are left, and leave the function as it was found. */
void pci_free_irq_vectors(const struct pci_dev *dev);

/* A decoded capability, read now. -ENODEV, or as pci_decode_*(). */
int pci_read_msi(const struct pci_dev *dev, struct pci_msi_cap *msi);
int pci_read_msix(const struct pci_dev *dev, struct pci_msix_cap *msix);

/* Write the message; MSI's must be disabled or masked meanwhile. */
void pci_write_msi_msg(const struct pci_dev *dev, const struct pci_msi_cap *msi,
		       const struct msi_msg *msg);
void msix_write_msg(u64 entry, const struct msi_msg *msg);
