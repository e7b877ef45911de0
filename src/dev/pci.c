// SPDX-License-Identifier: MIT
/*
 * pci.c - configuration space, by ports and by ECAM, and BARs.
 *
 * Read:    pci_read(), pci_write(); pci_probe_bar().
 * Context: accessors any; the ports' two steps are made with IF=0.
 * Spec:    PCI Local Bus Specification 3.0, "Software Generation of
 *          Configuration Transactions", "Base Addresses"; PCI Express Base
 *          Specification 4.0, "PCI Express Enhanced Configuration Access
 *          Mechanism (ECAM)".
 */
#include <dev/pci.h>

#include <asm/io.h>
#include <cpu/irqflags.h>
#include <cpu/spinlock.h>
#include <lib/errno.h>
#include <mm/paging.h>

#define PCI_CONFIG_ADDRESS 0xcf8
#define PCI_CONFIG_DATA	   0xcfc
#define CONFIG_ENABLE	   0x80000000u
#define MAX_CAP_DWORDS	   6 /* MSI with all it may have */

/* Address and data: nobody else between the two. */
static DEFINE_SPINLOCK(config_lock);

void pci_reset_lock(void)
{
	spin_reset(&config_lock);
}

/* The address register keeps what is written, and only by 32 bits. */
bool pci_conf1_present(void)
{
	u64 flags = spin_lock_irqsave(&config_lock);
	u32 found = inl(PCI_CONFIG_ADDRESS), kept;

	outl(CONFIG_ENABLE, PCI_CONFIG_ADDRESS);
	kept = inl(PCI_CONFIG_ADDRESS);
	outl(found, PCI_CONFIG_ADDRESS);
	spin_unlock_irqrestore(&config_lock, flags);
	return kept == CONFIG_ENABLE;
}

static u16 conf1_select(u8 bus, u8 devfn, u32 reg)
{
	outl(CONFIG_ENABLE | (u32)bus << 16 | (u32)devfn << 8 | (reg & 0xfc),
	     PCI_CONFIG_ADDRESS);
	return PCI_CONFIG_DATA + (reg & 3);
}

u32 pci_conf1_read(u8 bus, u8 devfn, u32 reg, u32 len)
{
	u64 flags = spin_lock_irqsave(&config_lock);
	u16 port = conf1_select(bus, devfn, reg);
	u32 val = len == 1 ? inb(port) : len == 2 ? inw(port) : inl(port);

	spin_unlock_irqrestore(&config_lock, flags);
	return val;
}

void pci_conf1_write(u8 bus, u8 devfn, u32 reg, u32 len, u32 val)
{
	u64 flags = spin_lock_irqsave(&config_lock);
	u16 port = conf1_select(bus, devfn, reg);

	if (len == 1)
		outb((u8)val, port);
	else if (len == 2)
		outw((u16)val, port);
	else
		outl(val, port);
	spin_unlock_irqrestore(&config_lock, flags);
}

u32 pci_read(const struct pci_dev *dev, u32 reg, u32 len)
{
	u64 addr = dev->ecam + reg;

	if (!dev->ecam)
		return pci_conf1_read(dev->bus, dev->devfn, reg, len);
	return len == 1 ? readb(addr) : len == 2 ? readw(addr) : readl(addr);
}

void pci_write(const struct pci_dev *dev, u32 reg, u32 len, u32 val)
{
	u64 addr = dev->ecam + reg;

	if (!dev->ecam)
		pci_conf1_write(dev->bus, dev->devfn, reg, len, val);
	else if (len == 1)
		writeb((u8)val, addr);
	else if (len == 2)
		writew((u16)val, addr);
	else
		writel(val, addr);
}

void pci_read_image(const struct pci_dev *dev, u32 image[64])
{
	for (u32 i = 0; i < 64; i++)
		image[i] = pci_read(dev, i * 4, 4);
}

/*
 * While all ones are in it the BAR decodes nonsense: decoding is off, and no
 * handler may want the function meanwhile.
 */
struct pci_bar pci_probe_bar(const struct pci_dev *dev, u32 n)
{
	u32 reg = PCI_BASE_ADDRESS_0 + 4 * n, last = n == PCI_BAR_COUNT - 1;
	u16 command = (u16)pci_read(dev, PCI_COMMAND, 2);
	u32 found[2] = { 0 }, sized[2] = { 0 };
	u64 flags = local_irq_save();

	pci_write(dev, PCI_COMMAND, 2,
		  command & ~(PCI_COMMAND_IO | PCI_COMMAND_MEMORY));
	for (u32 i = 0; i < 2 - last; i++)
		found[i] = pci_read(dev, reg + 4 * i, 4);
	if (!pci_decode_bar(found, sized).wide)
		last = 1; /* the next register is another BAR */
	for (u32 i = 0; i < 2 - last; i++) {
		pci_write(dev, reg + 4 * i, 4, ~0u);
		sized[i] = pci_read(dev, reg + 4 * i, 4);
		pci_write(dev, reg + 4 * i, 4, found[i]);
	}
	pci_write(dev, PCI_COMMAND, 2, command);
	local_irq_restore(flags);
	return pci_decode_bar(found, sized);
}

u64 pci_map_bar(const struct pci_dev *dev, u32 n)
{
	struct pci_dev *own = &pci_devs[dev - pci_devs];
	struct pci_bar bar;

	if (own->mapped[n])
		return own->mapped[n];
	bar = pci_probe_bar(dev, n);
	if (bar.io || !bar.size || !bar.base || ioremap(bar.base, bar.size))
		return 0;
	own->mapped[n] = bar.base;
	return bar.base;
}

/* As much of the image as a capability at pos takes, of these at least. */
static void read_cap_image(const struct pci_dev *dev, u8 pos, u32 image[64])
{
	for (u32 i = pos / 4; i < min(pos / 4u + MAX_CAP_DWORDS, 64u); i++)
		image[i] = pci_read(dev, i * 4, 4);
}

int pci_read_msi(const struct pci_dev *dev, struct pci_msi_cap *msi)
{
	u32 image[64];

	read_cap_image(dev, dev->msi, image);
	return dev->msi ? pci_decode_msi((const u8 *)image, dev->msi, msi)
			: -ENODEV;
}

int pci_read_msix(const struct pci_dev *dev, struct pci_msix_cap *msix)
{
	u32 image[64];

	read_cap_image(dev, dev->msix, image);
	return dev->msix ? pci_decode_msix((const u8 *)image, dev->msix, msix)
			 : -ENODEV;
}
