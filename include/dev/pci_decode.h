/* SPDX-License-Identifier: MIT */
/*
 * pci_decode.h - what a function's configuration space says. Pure: its 256
 * bytes in, facts out; they may hold anything.
 *
 * Spec: PCI Local Bus Specification 3.0, "Configuration Space", "Message
 *       Signaled Interrupts".
 */
#pragma once

#include <asm/msi.h>
#include <asm/pci_regs.h>

/* As many as can begin behind the header, 4 bytes each: no list is longer. */
#define PCI_MAX_CAPS ((PCI_CFG_SPACE_SIZE - PCI_STD_HEADER_SIZEOF) / 4)

struct pci_caps {
	u32 nr;
	u8 pos[PCI_MAX_CAPS]; /* in the list's order */
	u8 id[PCI_MAX_CAPS];
};

/*
 * Follow the capability list. 0; -EINVAL: a pointer into the header; -EILSEQ:
 * the list leads back into itself. caps has what came before.
 */
int pci_walk_caps(const u8 *cfg, struct pci_caps *caps);

/* Where capability id begins, 0: there is none. */
u8 pci_cap_pos(const struct pci_caps *caps, u8 id);

struct pci_msi_cap {
	u8 pos;
	bool enabled, is_64;
	u8 multi_cap, multi_enabled; /* log2 of messages */
	u8 data, mask, pending;	     /* their registers; no masking: 0 */
};

struct pci_msix_cap {
	u8 pos;
	bool enabled, masked;
	u16 entries;
	u8 table_bar, pba_bar;
	u32 table_offset, pba_offset;
};

/* 0; -ERANGE: it runs over the end; -EINVAL: reserved values. */
int pci_decode_msi(const u8 *cfg, u8 pos, struct pci_msi_cap *msi);
int pci_decode_msix(const u8 *cfg, u8 pos, struct pci_msix_cap *msix);

struct pci_bar {
	bool io, wide, prefetch; /* wide: the next register is its high half */
	u64 base, size;		 /* size 0: there is none */
};

/*
 * A BAR's two registers as they were found, and as they read after all ones
 * were written; the second register is only used where the first says so.
 */
struct pci_bar pci_decode_bar(const u32 found[2], const u32 sized[2]);

/*
 * The message of a fixed, edge-triggered interrupt for the CPU with this APIC
 * ID. 0; -ERANGE: an ID beyond 8 bits needs interrupt remapping.
 */
int irq_msi_compose_msg(struct msi_msg *msg, u32 apic_id, u32 vector);
