// SPDX-License-Identifier: MIT
/*
 * Configuration space decoded: lists that lie, the four layouts of MSI, BARs,
 * and any bytes at all, where ASan watches on the host.
 *
 * Spec: PCI Local Bus Specification 3.0, "Capabilities List", "MSI Capability
 *       Structure", "MSI-X Capability and Table Structures".
 */
#include <asm/apicdef.h>
#include <dev/pci_decode.h>
#include <ktest/ktest.h>
#include <lib/errno.h>
#include <lib/random.h>
#include <lib/string.h>

#define LIST_RULE "PCI 3.0 Capabilities List"
#define MSI_RULE  "PCI 3.0 MSI Capability Structure"
#define MSIX_RULE "PCI 3.0 MSI-X Capability and Table Structures"
#define BAR_RULE  "PCI 3.0 Base Addresses"
#define ROUNDS	  (__STDC_HOSTED__ ? 20000 : 200)

static u8 cfg[PCI_CFG_SPACE_SIZE];
static struct pci_caps caps;

/* A list of three: power management, MSI, MSI-X. */
static void build(void)
{
	static const u8 list[] = { 0x40, 0x01, 0x50, 0x50, 0x05,
				   0x70, 0x70, 0x11, 0x00 };

	memset(cfg, 0, sizeof(cfg));
	cfg[PCI_STATUS] = PCI_STATUS_CAP_LIST;
	cfg[PCI_CAPABILITY_LIST] = list[0];
	for (u32 i = 0; i < sizeof(list); i += 3) {
		cfg[list[i]] = list[i + 1];
		cfg[list[i] + 1] = list[i + 2];
	}
}

TEST(pci, list_is_followed_to_its_null, LIST_RULE)
{
	build();
	EXPECT_EQ(pci_walk_caps(cfg, &caps), 0);
	EXPECT_EQ(caps.nr, 3);
	EXPECT_EQ(pci_cap_pos(&caps, PCI_CAP_ID_MSI), 0x50);
	EXPECT_EQ(pci_cap_pos(&caps, PCI_CAP_ID_MSIX), 0x70);
	EXPECT_EQ(pci_cap_pos(&caps, PCI_CAP_ID_EXP), 0);
}

TEST(pci, list_without_the_status_bit_is_none, LIST_RULE)
{
	build();
	cfg[PCI_STATUS] = 0;
	EXPECT_EQ(pci_walk_caps(cfg, &caps), 0);
	EXPECT_EQ(caps.nr, 0);
}

TEST(pci, low_bits_of_a_list_pointer_are_masked, LIST_RULE)
{
	build();
	cfg[PCI_CAPABILITY_LIST] |= 3;
	cfg[0x41] |= 2;
	EXPECT_EQ(pci_walk_caps(cfg, &caps), 0);
	EXPECT_EQ(caps.nr, 3);
}

TEST(pci, list_that_loops_is_told_from_a_long_one, LIST_RULE)
{
	build();
	cfg[0x71] = 0x40;
	EXPECT_EQ(pci_walk_caps(cfg, &caps), -EILSEQ);
	for (u32 pos = 0x40; pos < 0x100; pos += 4)
		cfg[pos + 1] = (u8)(pos + 4);
	EXPECT_EQ(pci_walk_caps(cfg, &caps), 0);
	EXPECT_EQ(caps.nr, PCI_MAX_CAPS);
}

TEST(pci, list_pointer_into_the_header_is_refused, LIST_RULE)
{
	build();
	cfg[0x51] = 0x3c;
	EXPECT_EQ(pci_walk_caps(cfg, &caps), -EINVAL);
	EXPECT_EQ(caps.nr, 2);
}

TEST(pci, msi_has_four_layouts, MSI_RULE)
{
	static const struct {
		u16 flags;
		u8 data, mask, pending, last; /* where it still fits */
	} rows[] = {
		{ 0, 8, 0, 0, 0xf4 },
		{ PCI_MSI_FLAGS_64BIT, 12, 0, 0, 0xf0 },
		{ PCI_MSI_FLAGS_MASKBIT, 8, 12, 16, 0xec },
		{ PCI_MSI_FLAGS_64BIT | PCI_MSI_FLAGS_MASKBIT, 12, 16, 20,
		  0xe8 },
	};
	struct pci_msi_cap msi;

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		u8 at = rows[i].last;

		memset(cfg, 0, sizeof(cfg));
		cfg[at + 2] = (u8)rows[i].flags;
		cfg[at + 3] = rows[i].flags >> 8;
		EXPECT_EQ(pci_decode_msi(cfg, at, &msi), 0);
		EXPECT_EQ(msi.data, at + rows[i].data);
		EXPECT_EQ(msi.mask, rows[i].mask ? at + rows[i].mask : 0);
		EXPECT_EQ(msi.pending,
			  rows[i].pending ? at + rows[i].pending : 0);
		cfg[at + 6] = (u8)rows[i].flags;
		cfg[at + 7] = rows[i].flags >> 8;
		EXPECT_EQ(pci_decode_msi(cfg, at + 4, &msi), -ERANGE);
	}
}

TEST(pci, msi_of_more_than_32_messages_is_refused, MSI_RULE)
{
	struct pci_msi_cap msi;

	memset(cfg, 0, sizeof(cfg));
	cfg[0x52] = 5 << 1 | 5 << 4;
	EXPECT_EQ(pci_decode_msi(cfg, 0x50, &msi), 0);
	EXPECT_EQ(msi.multi_cap, 5);
	EXPECT_EQ(msi.multi_enabled, 5);
	cfg[0x52] = 6 << 1;
	EXPECT_EQ(pci_decode_msi(cfg, 0x50, &msi), -EINVAL);
}

TEST(pci, msix_table_and_pba_have_a_bar_and_an_offset, MSIX_RULE)
{
	struct pci_msix_cap msix;

	memset(cfg, 0, sizeof(cfg));
	cfg[0x72] = 0xff;
	cfg[0x73] = 0x47 | 0x80;
	cfg[0x74] = 0x03;
	cfg[0x75] = 0x20;
	cfg[0x78] = 0x0d;
	EXPECT_EQ(pci_decode_msix(cfg, 0x70, &msix), 0);
	EXPECT_EQ(msix.entries, 2048);
	EXPECT_TRUE(msix.enabled && msix.masked);
	EXPECT_EQ(msix.table_bar, 3);
	EXPECT_EQ(msix.table_offset, 0x2000);
	EXPECT_EQ(msix.pba_bar, 5);
	EXPECT_EQ(msix.pba_offset, 8);
	cfg[0x78] = 6;
	EXPECT_EQ(pci_decode_msix(cfg, 0x70, &msix), -EINVAL);
	EXPECT_EQ(pci_decode_msix(cfg, 0xf8, &msix), -ERANGE);
}

TEST(pci, bar_size_is_its_lowest_writable_bit, BAR_RULE)
{
	static const struct {
		u32 found[2], sized[2];
		struct pci_bar want;
	} rows[] = {
		{ { 0xfebf0000 },
		  { 0xffff0000 },
		  { .base = 0xfebf0000, .size = 0x10000 } },
		{ { 0x0000c041 },
		  { 0xffffffc1 },
		  { .io = true, .base = 0xc040, .size = 0x40 } },
		{ { 0x0000c041 },
		  { 0x0000ffc1 },
		  { .io = true, .base = 0xc040, .size = 0x40 } },
		{ { 0x0000000c, 8 },
		  { 0x0000000c, 0xfffffffe },
		  { .wide = true,
		    .prefetch = true,
		    .base = 8ull << 32,
		    .size = 2ull << 32 } },
		{ { 0 }, { 0 }, { .size = 0 } },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct pci_bar bar =
			pci_decode_bar(rows[i].found, rows[i].sized);

		EXPECT_EQ(bar.base, rows[i].want.base);
		EXPECT_EQ(bar.size, rows[i].want.size);
		EXPECT_EQ(bar.io, rows[i].want.io);
		EXPECT_EQ(bar.wide, rows[i].want.wide);
		EXPECT_EQ(bar.prefetch, rows[i].want.prefetch);
	}
}

TEST(msi, message_is_composed_bit_for_bit,
     "SDM 3A Message Address Register Format; SDM 3A Message Data Register "
     "Format")
{
	struct msi_msg msg;

	EXPECT_EQ(irq_msi_compose_msg(&msg, 0xa5, 0x61), 0);
	EXPECT_EQ(msg.address_lo.raw, 0xfeea5000);
	EXPECT_EQ(msg.address_hi, 0);
	EXPECT_EQ(msg.data.raw, 0x61);
	msg.address_lo.raw = msg.data.raw = 0;
	msg.address_lo.redirect_hint = msg.address_lo.dest_mode_logical = 1;
	EXPECT_EQ(msg.address_lo.raw, 0xc);
	msg.data.delivery_mode = APIC_DM_NMI >> 8;
	msg.data.assert = msg.data.is_level = 1;
	EXPECT_EQ(msg.data.raw, 0xc400);
	EXPECT_EQ(irq_msi_compose_msg(&msg, 0x100, 0x61), -ERANGE);
}

TEST(pci, any_bytes_are_survived, "irqbed include/dev/pci_decode.h: pure")
{
	struct pci_msix_cap msix;
	struct pci_msi_cap msi;
	u64 state = 1;

	for (u32 i = 0; i < ROUNDS && ktest_ok(); i++) {
		for (u32 n = 0; n < sizeof(cfg); n++)
			cfg[n] = (u8)random_next(&state);
		cfg[PCI_STATUS] |= PCI_STATUS_CAP_LIST;
		pci_walk_caps(cfg, &caps);
		EXPECT_LE(caps.nr, PCI_MAX_CAPS);
		for (u32 n = 0; n < caps.nr; n++) {
			EXPECT_GE(caps.pos[n], PCI_STD_HEADER_SIZEOF);
			pci_decode_msi(cfg, caps.pos[n], &msi);
			pci_decode_msix(cfg, caps.pos[n], &msix);
		}
	}
}
