// SPDX-License-Identifier: MIT
/*
 * msi.c - interrupts that are messages: two irq_chips, and functions given
 * vectors of their own. Linux: drivers/pci/msi/, arch/x86/kernel/apic/msi.c.
 *
 * Read:    pci_alloc_irq_vectors(), then the chips' startup and mask.
 * Uses:    irq/irqdesc.h for descriptors.
 * Context: chips: descriptor locked, IF=0; the rest task context.
 * Spec:    PCI Local Bus Specification 3.0, "Message Signaled Interrupts";
 *          SDM 3A "Message Signalled Interrupts".
 */
#include <apic/lapic.h>
#include <asm/io.h>
#include <cpu/cpumask.h>
#include <dev/pci.h>
#include <irq/irq.h>
#include <lib/errno.h>
#include <mm/paging.h>

#define MAX_MSIS 16

struct msi_desc {
	const struct pci_dev *dev; /* NULL: free */
	u32 irq;
	struct pci_msi_cap msi; /* pos 0: it is an MSI-X entry */
	u64 entry;		/* of the table, mapped */
	/* As they were found; of MSI, vector_ctrl is the mask register. */
	u16 command, control;
	struct msix_entry_regs found;
};

/* Task context writes. */
static struct msi_desc descs[MAX_MSIS];

void msix_write_msg(u64 entry, const struct msi_msg *msg)
{
	writel(msg->address_lo.raw,
	       entry + offsetof(struct msix_entry_regs, address_lo));
	writel(msg->address_hi,
	       entry + offsetof(struct msix_entry_regs, address_hi));
	writel(msg->data.raw, entry + offsetof(struct msix_entry_regs, data));
}

void pci_write_msi_msg(const struct pci_dev *dev, const struct pci_msi_cap *msi,
		       const struct msi_msg *msg)
{
	pci_write(dev, msi->pos + PCI_MSI_ADDRESS_LO, 4, msg->address_lo.raw);
	if (msi->is_64)
		pci_write(dev, msi->pos + PCI_MSI_ADDRESS_LO + 4, 4,
			  msg->address_hi);
	pci_write(dev, msi->data, 2, (u16)msg->data.raw);
}

/*
 * Software may not use the enable bit as a mask: a function without mask bits
 * sends on, and the flow handler keeps what comes.
 */
static void msi_set_mask(struct irq_desc *desc, bool masked)
{
	const struct msi_desc *d = desc->chip_data;

	if (d->msi.mask)
		pci_write(d->dev, d->msi.mask, 4, masked);
}

static void pci_msi_mask_irq(struct irq_desc *desc)
{
	msi_set_mask(desc, true);
}

static void pci_msi_unmask_irq(struct irq_desc *desc)
{
	msi_set_mask(desc, false);
}

static void msi_set_enable(const struct msi_desc *d, bool on)
{
	u16 flags = (u16)pci_read(d->dev, d->msi.pos + PCI_MSI_FLAGS, 2);

	flags &= ~(PCI_MSI_FLAGS_ENABLE | PCI_MSI_FLAGS_QSIZE); /* one */
	pci_write(d->dev, d->msi.pos + PCI_MSI_FLAGS, 2,
		  flags | (on ? PCI_MSI_FLAGS_ENABLE : 0));
}

static int compose(struct msi_msg *msg, u32 cpu, u32 vector)
{
	return irq_msi_compose_msg(msg, cpu_hot(cpu)->apic_id, vector);
}

static int msi_startup(struct irq_desc *desc)
{
	const struct msi_desc *d = desc->chip_data;
	struct msi_msg msg;
	int err = compose(&msg, desc->cpu, desc->vector);

	if (err)
		return err;
	msi_set_mask(desc, true);
	pci_write_msi_msg(d->dev, &d->msi, &msg);
	msi_set_enable(d, true);
	return 0;
}

static void msi_shutdown(struct irq_desc *desc)
{
	msi_set_enable(desc->chip_data, false);
}

/*
 * The data, which holds the vector, then the address, which holds the CPU:
 * what is sent between the two is one half of each. The last read is answered
 * behind every message that was sent before.
 */
static int msi_set_affinity(struct irq_desc *desc, u32 cpu, u8 vector)
{
	const struct msi_desc *d = desc->chip_data;
	struct msi_msg msg;
	int err = compose(&msg, cpu, vector);

	if (err)
		return err;
	pci_write(d->dev, d->msi.data, 2, (u16)msg.data.raw);
	pci_write(d->dev, d->msi.pos + PCI_MSI_ADDRESS_LO, 4,
		  msg.address_lo.raw);
	pci_read(d->dev, d->msi.pos + PCI_MSI_ADDRESS_LO, 4);
	return 0;
}

static void msix_set_mask(struct irq_desc *desc, u32 masked)
{
	const struct msi_desc *d = desc->chip_data;
	u64 ctrl = d->entry + offsetof(struct msix_entry_regs, vector_ctrl);

	writel((readl(ctrl) & ~PCI_MSIX_ENTRY_CTRL_MASKBIT) | masked, ctrl);
	readl(ctrl); /* the write has arrived once this is answered */
}

static void pci_msix_mask_irq(struct irq_desc *desc)
{
	msix_set_mask(desc, PCI_MSIX_ENTRY_CTRL_MASKBIT);
}

static void pci_msix_unmask_irq(struct irq_desc *desc)
{
	msix_set_mask(desc, 0);
}

static int msix_startup(struct irq_desc *desc)
{
	const struct msi_desc *d = desc->chip_data;
	struct msi_msg msg;
	int err = compose(&msg, desc->cpu, desc->vector);

	if (err)
		return err;
	pci_msix_mask_irq(desc);
	msix_write_msg(d->entry, &msg);
	return 0;
}

/* While an entry is masked the function keeps what it has to send. */
static int msix_set_affinity(struct irq_desc *desc, u32 cpu, u8 vector)
{
	const struct msi_desc *d = desc->chip_data;
	struct msi_msg msg;
	int err = compose(&msg, cpu, vector);

	if (err)
		return err;
	pci_msix_mask_irq(desc);
	msix_write_msg(d->entry, &msg);
	if (!(desc->state & IRQD_IRQ_MASKED))
		pci_msix_unmask_irq(desc);
	return 0;
}

static void msi_ack(struct irq_desc *desc)
{
	apic_eoi();
}

static const struct irq_chip pci_msi_chip = {
	.name = "PCI-MSI",
	.irq_startup = msi_startup,
	.irq_shutdown = msi_shutdown,
	.irq_mask = pci_msi_mask_irq,
	.irq_unmask = pci_msi_unmask_irq,
	.irq_ack = msi_ack,
	.irq_retrigger = apic_retrigger_irq,
	.irq_set_affinity = msi_set_affinity,
};

static const struct irq_chip pci_msix_chip = {
	.name = "PCI-MSIX",
	.irq_startup = msix_startup,
	.irq_shutdown = pci_msix_mask_irq,
	.irq_mask = pci_msix_mask_irq,
	.irq_unmask = pci_msix_unmask_irq,
	.irq_ack = msi_ack,
	.irq_retrigger = apic_retrigger_irq,
	.irq_set_affinity = msix_set_affinity,
};

/* The nth descriptor of dev; of nobody (NULL): a free one. */
static struct msi_desc *find(const struct pci_dev *dev, u32 n)
{
	for (u32 i = 0; i < MAX_MSIS; i++) {
		if (descs[i].dev == dev && !n--)
			return &descs[i];
	}
	return NULL;
}

static int alloc(const struct pci_dev *dev, const struct msi_desc *like,
		 const struct irq_chip *chip)
{
	struct msi_desc *d = find(NULL, 0);
	int irq;

	if (!d)
		return -ENOSPC;
	irq = irq_alloc_desc(chip, d);
	if (irq < 0)
		return irq;
	*d = *like;
	d->irq = (u32)irq;
	d->dev = dev;
	return 0;
}

static int alloc_msi(const struct pci_dev *dev, u16 command)
{
	struct msi_desc like = { .command = command };
	int err = pci_read_msi(dev, &like.msi);

	if (err)
		return err;
	like.control = (u16)pci_read(dev, dev->msi + PCI_MSI_FLAGS, 2);
	like.found.address_lo = pci_read(dev, dev->msi + PCI_MSI_ADDRESS_LO, 4);
	like.found.data = pci_read(dev, like.msi.data, 2);
	if (like.msi.is_64)
		like.found.address_hi =
			pci_read(dev, dev->msi + PCI_MSI_ADDRESS_LO + 4, 4);
	if (like.msi.mask)
		like.found.vector_ctrl = pci_read(dev, like.msi.mask, 4);
	err = alloc(dev, &like, &pci_msi_chip);
	return err ? err : 1;
}

static void read_entry(u64 entry, struct msix_entry_regs *regs)
{
	regs->address_lo = readl(entry);
	regs->address_hi = readl(entry + 4);
	regs->data = readl(entry + 8);
	regs->vector_ctrl = readl(entry + 12);
}

/* The table can be written once the function decodes memory. */
static int alloc_msix(const struct pci_dev *dev, u16 command, u32 max)
{
	struct msi_desc like = { .command = command };
	struct pci_msix_cap cap;
	int err = pci_read_msix(dev, &cap);
	u64 table = err ? 0 : pci_map_bar(dev, cap.table_bar);
	u32 n;

	if (!table)
		return err ? err : -EIO;
	like.control = (u16)pci_read(dev, dev->msix + PCI_MSIX_FLAGS, 2);
	pci_write(dev, dev->msix + PCI_MSIX_FLAGS, 2,
		  PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
	for (n = 0; n < min(max, (u32)cap.entries) && !err; n++) {
		like.entry = table + cap.table_offset + n * sizeof(like.found);
		read_entry(like.entry, &like.found);
		err = alloc(dev, &like, &pci_msix_chip);
		if (!err)
			pci_msix_mask_irq(irq_to_desc(find(dev, n)->irq));
	}
	pci_write(dev, dev->msix + PCI_MSIX_FLAGS, 2, PCI_MSIX_FLAGS_ENABLE);
	return n ? (int)n - !!err : err;
}

int pci_alloc_irq_vectors(const struct pci_dev *dev, u32 max, u32 flags)
{
	u16 command = (u16)pci_read(dev, PCI_COMMAND, 2);
	int n = -ENODEV;

	if (find(dev, 0))
		return -EBUSY;
	pci_write(dev, PCI_COMMAND, 2,
		  command | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER |
			  PCI_COMMAND_INTX_DISABLE);
	if (flags & PCI_IRQ_MSIX)
		n = alloc_msix(dev, command, max);
	if (n <= 0 && flags & PCI_IRQ_MSI)
		n = alloc_msi(dev, command);
	if (n <= 0)
		pci_write(dev, PCI_COMMAND, 2, command);
	return n;
}

int pci_irq_vector(const struct pci_dev *dev, u32 n)
{
	const struct msi_desc *d = find(dev, n);

	return d ? (int)d->irq : -EINVAL;
}

static void restore_entry(const struct msi_desc *d)
{
	writel(PCI_MSIX_ENTRY_CTRL_MASKBIT, d->entry + 12);
	writel(d->found.address_lo, d->entry);
	writel(d->found.address_hi, d->entry + 4);
	writel(d->found.data, d->entry + 8);
	writel(d->found.vector_ctrl, d->entry + 12);
	pci_write(d->dev, d->dev->msix + PCI_MSIX_FLAGS, 2, d->control);
}

static void restore_msi(const struct msi_desc *d)
{
	struct msi_msg msg = { .address_lo.raw = d->found.address_lo,
			       .address_hi = d->found.address_hi,
			       .data.raw = d->found.data };

	pci_write_msi_msg(d->dev, &d->msi, &msg);
	if (d->msi.mask)
		pci_write(d->dev, d->msi.mask, 4, d->found.vector_ctrl);
	pci_write(d->dev, d->msi.pos + PCI_MSI_FLAGS, 2, d->control);
}

void pci_free_irq_vectors(const struct pci_dev *dev)
{
	struct msi_desc *d;
	u16 command = 0;

	if (!find(dev, 0))
		return;
	for (d = find(dev, 0); d; d = find(dev, 0)) {
		struct irq_desc *desc = irq_to_desc(d->irq);

		while (desc->action)
			free_irq(d->irq, desc->action->dev);
		irq_free_desc(d->irq);
		if (d->entry)
			restore_entry(d);
		else
			restore_msi(d);
		command = d->command;
		d->dev = NULL;
	}
	pci_write(dev, PCI_COMMAND, 2, command);
}
