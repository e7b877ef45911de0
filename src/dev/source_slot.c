// SPDX-License-Identifier: MIT
/*
 * source_slot.c - a PCI Express port with a hot-plug slot, which completes
 * every command with an interrupt. It is told what it was told.
 *
 * Spec: PCI Express Base Specification 4.0, "Command Completed Events".
 */
#include "source.h"

#include <cpu/deadline.h>

static const struct pci_dev *port;
static u16 control;	   /* as it was found */
static volatile bool busy; /* the command has not completed */

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

static void slot_write(u32 reg, u16 val)
{
	pci_write(port, port->exp + reg, 2, val);
}

/* Until the last command has completed none may be given. */
static void slot_settle(void)
{
	if (busy)
		WAIT_FOR(pci_read(port, port->exp + PCI_EXP_SLTSTA, 2) &
				 PCI_EXP_SLTSTA_CC,
			 WAIT_DEFAULT_US);
	busy = false;
	slot_write(PCI_EXP_SLTSTA, PCI_EXP_SLTSTA_CC);
}

static void slot_command(u16 command)
{
	busy = true; /* first: the interrupt may be at once */
	slot_write(PCI_EXP_SLTCTL, command);
}

/* What it was told, and nothing else, but that it says when it is done. */
static void slot_raise(void)
{
	slot_command(
		(control & ~(PCI_EXP_SLTCTL_EVENTS | PCI_EXP_SLTCTL_DLLSCE)) |
		PCI_EXP_SLTCTL_CCIE | PCI_EXP_SLTCTL_HPIE);
}

static bool slot_open(const struct pci_dev *dev)
{
	port = dev;
	control = (u16)pci_read(dev, dev->exp + PCI_EXP_SLTCTL, 2);
	slot_write(PCI_EXP_SLTSTA, PCI_EXP_SLTSTA_CC);
	slot_raise();
	slot_settle();
	return true;
}

static void slot_close(void)
{
	slot_settle();
	slot_command(control);
	slot_settle();
}

const struct pci_source_ops slot_source = {
	.match = is_slot,
	.open = slot_open,
	.close = slot_close,
	.raise = slot_raise,
	.lower = slot_settle,
};
