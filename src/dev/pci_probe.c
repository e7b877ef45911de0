// SPDX-License-Identifier: MIT
/*
 * pci_probe.c - find the PCI functions. Linux: drivers/pci/probe.c.
 *
 * Read:    pci_init(), scan_bus().
 * Context: boot CPU, once.
 * Spec:    PCI Local Bus Specification 3.0, "Device Identification"; PCI
 *          Firmware Specification 3.3, "MCFG Table Description".
 *
 * Bounded by construction: each bus is looked at once at most, and a bridge
 * adds only buses of higher numbers than its own.
 */
#include <dev/pci.h>

#include <asm/io.h>
#include <console/printk.h>
#include <lib/errno.h>
#include <mm/page_alloc.h>
#include <mm/paging.h>

#define MAX_PCI_DEVS 512
#define ECAM_BUS     0x100000ull

struct pci_dev *pci_devs;
u32 nr_pci_devs, pci_devs_dropped;

/* The MCFG's entries that could be mapped. */
static struct acpi_mcfg mapped;

/* Its base is that of bus 0, also where the entry begins with another. */
u64 pci_ecam(u16 segment, u8 bus, u8 devfn)
{
	for (u32 i = 0; i < mapped.nr; i++) {
		const struct acpi_mcfg_entry *e = &mapped.entry[i];

		if (e->segment == segment && bus >= e->bus_first &&
		    bus <= e->bus_last)
			return e->base + bus * ECAM_BUS + (u64)devfn * 4096;
	}
	return 0;
}

static void map_ecam(const struct acpi_mcfg *mcfg)
{
	for (u32 i = 0; i < mcfg->nr; i++) {
		const struct acpi_mcfg_entry *e = &mcfg->entry[i];

		if (ioremap(e->base + e->bus_first * ECAM_BUS,
			    (e->bus_last - e->bus_first + 1) * ECAM_BUS))
			printk("# warning: no memory for ECAM of segment %u",
			       e->segment);
		else
			mapped.entry[mapped.nr++] = *e;
	}
}

static void read_caps(struct pci_dev *dev)
{
	struct pci_caps caps;
	u32 image[64];

	pci_read_image(dev, image);
	dev->caps_error = pci_walk_caps((const u8 *)image, &caps);
	dev->msi = pci_cap_pos(&caps, PCI_CAP_ID_MSI);
	dev->msix = pci_cap_pos(&caps, PCI_CAP_ID_MSIX);
	dev->exp = pci_cap_pos(&caps, PCI_CAP_ID_EXP);
}

static void log_function(const struct pci_dev *dev)
{
	printk("# pci %02x:%02x.%u %04x:%04x class %04x%s%s%s%s", dev->bus,
	       PCI_SLOT(dev->devfn), PCI_FUNC(dev->devfn), dev->vendor,
	       dev->device, dev->class >> 8, dev->pin ? " intx" : "",
	       dev->msi ? " msi" : "", dev->msix ? " msix" : "",
	       dev->caps_error ? " (its capability list is broken)" : "");
}

/* True: there is one. *header gets the header type register. */
static bool add_function(u16 segment, u8 bus, u8 devfn, u8 *header)
{
	struct pci_dev dev = { .segment = segment,
			       .bus = bus,
			       .devfn = devfn,
			       .ecam = pci_ecam(segment, bus, devfn) };
	u32 id = pci_read(&dev, PCI_VENDOR_ID, 4);

	if ((u16)id == 0xffff || !id) /* 0: Linux knows broken boards */
		return false;
	dev.vendor = (u16)id;
	dev.device = (u16)(id >> 16);
	dev.class = pci_read(&dev, PCI_CLASS_REVISION, 4) >> 8;
	*header = (u8)pci_read(&dev, PCI_HEADER_TYPE, 1);
	dev.hdr_type = *header & PCI_HEADER_TYPE_MASK;
	dev.line = (u8)pci_read(&dev, PCI_INTERRUPT_LINE, 1);
	dev.pin = (u8)pci_read(&dev, PCI_INTERRUPT_PIN, 1);
	if (dev.hdr_type == PCI_HEADER_TYPE_BRIDGE) {
		dev.secondary = (u8)pci_read(&dev, PCI_SECONDARY_BUS, 1);
		dev.subordinate = (u8)pci_read(&dev, PCI_SUBORDINATE_BUS, 1);
	}
	read_caps(&dev);
	if (nr_pci_devs == MAX_PCI_DEVS) {
		pci_devs_dropped++;
		return true;
	}
	pci_devs[nr_pci_devs++] = dev;
	log_function(&dev);
	return true;
}

/* A device without a function 0 is none. */
static void scan_bus(u16 segment, u8 bus)
{
	for (u32 slot = 0; slot < 32; slot++) {
		u8 header, other;

		if (!add_function(segment, bus, PCI_DEVFN(slot, 0), &header) ||
		    !(header & PCI_HEADER_TYPE_MFD))
			continue;
		for (u32 fn = 1; fn < 8; fn++)
			add_function(segment, bus, PCI_DEVFN(slot, fn), &other);
	}
}

/* Nobody says which buses there are but the bridges, from bus 0 on. */
static void scan_by_bridges(void)
{
	u32 seen = 0;
	u64 behind[4] = { 1 };

	for (u32 bus = 0; bus < 256; bus++) {
		if (!(behind[bus / 64] & BIT(bus % 64)))
			continue;
		scan_bus(0, (u8)bus);
		for (; seen < nr_pci_devs; seen++) {
			u8 next = pci_devs[seen].secondary;

			if (next > bus)
				behind[next / 64] |= BIT(next % 64);
		}
	}
}

int pci_init(const struct acpi_mcfg *mcfg)
{
	u32 pages =
		(MAX_PCI_DEVS * sizeof(*pci_devs) + PAGE_SIZE - 1) / PAGE_SIZE;

	pci_devs = (struct pci_dev *)alloc_pages(pages);
	if (!pci_devs)
		return -ENOMEM;
	map_ecam(mcfg);
	for (u32 i = 0; i < mapped.nr; i++) {
		const struct acpi_mcfg_entry *e = &mapped.entry[i];

		for (u32 bus = e->bus_first; bus <= e->bus_last; bus++)
			scan_bus(e->segment, (u8)bus);
	}
	if (!mapped.nr && pci_conf1_present())
		scan_by_bridges();
	if (pci_devs_dropped)
		printk("# warning: %u PCI functions dropped", pci_devs_dropped);
	return nr_pci_devs ? 0 : -ENODEV;
}
