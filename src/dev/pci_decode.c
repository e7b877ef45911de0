// SPDX-License-Identifier: MIT
/*
 * pci_decode.c - configuration space, bytes in and facts out.
 *
 * Spec: PCI Local Bus Specification 3.0, "Capabilities List", "MSI Capability
 *       Structure", "MSI-X Capability and Table Structures", "Base
 *       Addresses"; SDM 3A "Message Signalled Interrupts".
 */
#include <dev/pci_decode.h>

#include <asm/apicdef.h>
#include <lib/errno.h>

static u32 get16(const u8 *cfg, u32 pos)
{
	return cfg[pos] | cfg[pos + 1] << 8;
}

static u32 get32(const u8 *cfg, u32 pos)
{
	return get16(cfg, pos) | get16(cfg, pos + 2) << 16;
}

int pci_walk_caps(const u8 *cfg, struct pci_caps *caps)
{
	u8 type = cfg[PCI_HEADER_TYPE] & PCI_HEADER_TYPE_MASK;
	u8 pos = cfg[type == PCI_HEADER_TYPE_CARDBUS ? 0x14
						     : PCI_CAPABILITY_LIST];

	caps->nr = 0;
	if (!(get16(cfg, PCI_STATUS) & PCI_STATUS_CAP_LIST))
		return 0;
	while (pos &= 0xfc) { /* the two lowest bits are reserved */
		if (pos < PCI_STD_HEADER_SIZEOF)
			return -EINVAL;
		if (caps->nr == PCI_MAX_CAPS)
			return -EILSEQ;
		caps->pos[caps->nr] = pos;
		caps->id[caps->nr++] = cfg[pos];
		pos = cfg[pos + 1];
	}
	return 0;
}

u8 pci_cap_pos(const struct pci_caps *caps, u8 id)
{
	for (u32 i = 0; i < caps->nr; i++) {
		if (caps->id[i] == id)
			return caps->pos[i];
	}
	return 0;
}

/* Four layouts: a high half of the address, mask and pending bits, or not. */
int pci_decode_msi(const u8 *cfg, u8 pos, struct pci_msi_cap *msi)
{
	u32 flags, end;

	if (pos + 4u > PCI_CFG_SPACE_SIZE)
		return -ERANGE;
	flags = get16(cfg, pos + PCI_MSI_FLAGS);
	*msi = (struct pci_msi_cap){
		.pos = pos,
		.enabled = flags & PCI_MSI_FLAGS_ENABLE,
		.is_64 = flags & PCI_MSI_FLAGS_64BIT,
		.multi_cap = FIELD_GET(PCI_MSI_FLAGS_QMASK, flags),
		.multi_enabled = FIELD_GET(PCI_MSI_FLAGS_QSIZE, flags),
	};
	end = pos + PCI_MSI_ADDRESS_LO + (msi->is_64 ? 8 : 4);
	msi->data = (u8)end;
	end += 2;
	if (flags & PCI_MSI_FLAGS_MASKBIT) {
		msi->mask = (u8)(end + 2);
		msi->pending = (u8)(end + 6);
		end += 10;
	}
	if (end > PCI_CFG_SPACE_SIZE)
		return -ERANGE;
	if (msi->multi_cap > 5 || msi->multi_enabled > msi->multi_cap)
		return -EINVAL;
	return 0;
}

int pci_decode_msix(const u8 *cfg, u8 pos, struct pci_msix_cap *msix)
{
	u32 flags, table, pba;

	if (pos + 12u > PCI_CFG_SPACE_SIZE)
		return -ERANGE;
	flags = get16(cfg, pos + PCI_MSIX_FLAGS);
	table = get32(cfg, pos + PCI_MSIX_TABLE);
	pba = get32(cfg, pos + PCI_MSIX_PBA);
	*msix = (struct pci_msix_cap){
		.pos = pos,
		.enabled = flags & PCI_MSIX_FLAGS_ENABLE,
		.masked = flags & PCI_MSIX_FLAGS_MASKALL,
		.entries = (u16)(1 + (flags & PCI_MSIX_FLAGS_QSIZE)),
		.table_bar = table & PCI_MSIX_BIR,
		.pba_bar = pba & PCI_MSIX_BIR,
		.table_offset = table & ~PCI_MSIX_BIR,
		.pba_offset = pba & ~PCI_MSIX_BIR,
	};
	return msix->table_bar > 5 || msix->pba_bar > 5 ? -EINVAL : 0;
}

struct pci_bar pci_decode_bar(const u32 found[2], const u32 sized[2])
{
	bool io = found[0] & PCI_BASE_ADDRESS_SPACE_IO;
	u32 flags = io ? 3 : 15;
	struct pci_bar bar = {
		.io = io,
		.wide = !io && (found[0] & PCI_BASE_ADDRESS_MEM_TYPE_MASK) ==
				       PCI_BASE_ADDRESS_MEM_TYPE_64,
		.prefetch = !io && found[0] & PCI_BASE_ADDRESS_MEM_PREFETCH,
		.base = found[0] & ~flags,
	};
	u64 mask = sized[0] & ~flags;

	if (bar.wide) {
		bar.base |= (u64)found[1] << 32;
		mask |= (u64)sized[1] << 32;
	}
	bar.size = mask & -mask; /* the lowest bit that can be set */
	return bar;
}

int irq_msi_compose_msg(struct msi_msg *msg, u32 apic_id, u32 vector)
{
	*msg = (struct msi_msg){
		.address_lo = { .base_address = X86_MSI_BASE_ADDRESS_LOW,
				.destid_0_7 = apic_id & 0xff },
		.data = { .vector = vector & 0xff,
			  .delivery_mode = APIC_DM_FIXED >> 8 },
	};
	return apic_id > 0xff ? -ERANGE : 0;
}
