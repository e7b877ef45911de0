// SPDX-License-Identifier: MIT
/*
 * PCI functions as they were found: two ways into configuration space that
 * agree, nobody where nobody is, lists that end, buses that nest.
 *
 * Spec: PCI Local Bus Specification 3.0, "Configuration Space"; PCI Express
 *       Base Specification 4.0, "PCI Express Enhanced Configuration Access
 *       Mechanism (ECAM)".
 */
#include <asm/io.h>
#include <dev/pci_source.h>
#include <ktest/ktest.h>

#define ID_RULE	  "PCI 3.0 Device Identification"
#define ECAM_RULE "PCIe 4.0 PCI Express Enhanced Configuration Access Mechanism"
#define NO_PCI	  "this machine has no PCI configuration space"
#define NO_ECAM	  "not both ports and an MCFG table"

static void name_it(const struct pci_dev *dev)
{
	ktest_note("pci %02x:%02x.%u %04x:%04x", dev->bus, PCI_SLOT(dev->devfn),
		   PCI_FUNC(dev->devfn), dev->vendor, dev->device);
}

/* Judge every function; the first that fails is named. */
static void each_function(void (*judge)(const struct pci_dev *dev))
{
	if (!nr_pci_devs)
		SKIP(return, NO_PCI);
	for (u32 i = 0; i < nr_pci_devs; i++) {
		judge(&pci_devs[i]);
		if (!ktest_ok()) {
			name_it(&pci_devs[i]);
			return;
		}
	}
}

TEST(pci, there_is_a_host_bridge, ID_RULE)
{
	u32 bridges = 0;

	if (!nr_pci_devs)
		SKIP(return, NO_PCI);
	for (u32 i = 0; i < nr_pci_devs; i++)
		bridges += pci_devs[i].class >> 8 == 0x0600;
	EXPECT_GE(bridges, 1);
	EXPECT_EQ(pci_devs_dropped, 0);
}

static void judge_header(const struct pci_dev *dev)
{
	EXPECT_LE(dev->hdr_type, PCI_HEADER_TYPE_CARDBUS);
}

TEST(pci, every_header_is_of_a_defined_type, ID_RULE)
{
	each_function(judge_header);
}

static void judge_pin(const struct pci_dev *dev)
{
	EXPECT_LE(dev->pin, 4);
}

TEST(pci, interrupt_pin_is_one_of_four_or_none,
     "PCI 3.0 Miscellaneous Registers, Interrupt Pin")
{
	each_function(judge_pin);
}

static void judge_list(const struct pci_dev *dev)
{
	EXPECT_EQ(dev->caps_error, 0);
}

TEST(pci, every_capability_list_ends, "PCI 3.0 Capabilities List")
{
	each_function(judge_list);
}

static void judge_caps(const struct pci_dev *dev)
{
	struct pci_msix_cap msix;
	struct pci_msi_cap msi;

	if (dev->msi)
		EXPECT_EQ(pci_read_msi(dev, &msi), 0);
	if (dev->msix)
		EXPECT_EQ(pci_read_msix(dev, &msix), 0);
	EXPECT_FALSE(dev->msi && dev->msi == dev->msix);
}

TEST(pci, message_capabilities_lie_in_configuration_space,
     "PCI 3.0 MSI Capability Structure")
{
	each_function(judge_caps);
}

static void judge_bridge(const struct pci_dev *dev)
{
	EXPECT_EQ(pci_read(dev, PCI_HEADER_TYPE, 1) & PCI_HEADER_TYPE_MASK,
		  dev->hdr_type);
	if (dev->hdr_type != PCI_HEADER_TYPE_BRIDGE || !dev->secondary)
		return; /* 0: nobody has numbered it */
	EXPECT_GT(dev->secondary, dev->bus);
	EXPECT_GE(dev->subordinate, dev->secondary);
}

TEST(pci, buses_behind_a_bridge_have_higher_numbers,
     "PCI Firmware 3.3 MCFG Table Description")
{
	each_function(judge_bridge);
}

/* Registers that nothing but software changes. */
static const u8 fixed[] = { 0x00, 0x08, 0x10, 0x14, 0x18,
			    0x20, 0x24, 0x2c, 0x34, 0x3c };

static bool both_ways(const struct pci_dev *dev)
{
	return dev->ecam && !dev->segment && pci_conf1_present();
}

static void judge_same(const struct pci_dev *dev)
{
	for (u32 i = 0; i < sizeof(fixed) && both_ways(dev); i++)
		EXPECT_EQ(readl(dev->ecam + fixed[i]),
			  pci_conf1_read(dev->bus, dev->devfn, fixed[i], 4));
}

TEST(pci, ports_and_ecam_read_the_same, ECAM_RULE)
{
	if (!nr_pci_devs || !both_ways(&pci_devs[0]))
		SKIP(return, NO_ECAM);
	each_function(judge_same);
}

/* Interrupt Line, where there is a pin: a byte that is software's alone. */
TEST(pci, ports_and_ecam_write_the_same, ECAM_RULE)
{
	const struct pci_dev *dev = pci_devs;
	u32 i;

	for (i = 0; i < nr_pci_devs && !(dev->pin && both_ways(dev)); i++)
		dev++;
	if (i == nr_pci_devs)
		SKIP(return, NO_ECAM);
	name_it(dev);
	pci_conf1_write(dev->bus, dev->devfn, PCI_INTERRUPT_LINE, 1, 0x5a);
	EXPECT_EQ(readb(dev->ecam + PCI_INTERRUPT_LINE), 0x5a);
	writeb(0xa5, dev->ecam + PCI_INTERRUPT_LINE);
	EXPECT_EQ(pci_conf1_read(dev->bus, dev->devfn, PCI_INTERRUPT_LINE, 1),
		  0xa5);
	EXPECT_EQ(pci_conf1_read(dev->bus, dev->devfn, PCI_INTERRUPT_PIN, 1),
		  dev->pin);
	writeb(dev->line, dev->ecam + PCI_INTERRUPT_LINE);
}

static void judge_widths(const struct pci_dev *dev)
{
	u32 id = pci_read(dev, PCI_VENDOR_ID, 4);

	EXPECT_EQ(id, dev->vendor | (u32)dev->device << 16);
	for (u32 n = 0; n < 4; n++)
		EXPECT_EQ(pci_read(dev, n, 1), id >> n * 8 & 0xff);
	EXPECT_EQ(pci_read(dev, 0, 2), dev->vendor);
	EXPECT_EQ(pci_read(dev, 2, 2), dev->device);
}

TEST(pci, bytes_and_words_are_parts_of_the_dword,
     "PCI 3.0 Software Generation of Configuration Transactions")
{
	each_function(judge_widths);
}

/* Devices of the first function's bus at which nobody answered. */
TEST(pci, an_absent_function_reads_all_ones,
     "PCI 3.0 Configuration Space Organization")
{
	u32 there = 0, judged = 0;

	if (!nr_pci_devs)
		SKIP(return, NO_PCI);
	for (u32 i = 0; i < nr_pci_devs; i++) {
		if (pci_devs[i].bus == pci_devs[0].bus)
			there |= 1u << PCI_SLOT(pci_devs[i].devfn);
	}
	for (u32 slot = 0; slot < 32; slot++) {
		struct pci_dev none = pci_devs[0];

		if (there & 1u << slot)
			continue;
		none.devfn = PCI_DEVFN(slot, 0);
		none.ecam = pci_ecam(none.segment, none.bus, none.devfn);
		EXPECT_EQ(pci_read(&none, PCI_VENDOR_ID, 4), 0xffffffff);
		EXPECT_EQ(pci_read(&none, PCI_VENDOR_ID, 2), 0xffff);
		EXPECT_EQ(pci_read(&none, PCI_HEADER_TYPE, 1), 0xff);
		judged++;
	}
	if (!judged)
		SKIP(return, "every device number of the bus is taken");
}

/* Only of functions that nobody else may want while decoding is off. */
TEST(pci, a_probed_bar_is_as_before_and_naturally_aligned,
     "PCI 3.0 Base Addresses")
{
	u32 bars = 0;

	for (enum pci_source s = 0; s < NR_PCI_SOURCES; s++) {
		const struct pci_dev *dev = pci_source_open(s);

		for (u32 n = 0; dev && n < 2; n++) {
			u32 reg = PCI_BASE_ADDRESS_0 + 4 * n;
			u32 command = pci_read(dev, PCI_COMMAND, 2);
			u32 found = pci_read(dev, reg, 4);
			struct pci_bar bar = pci_probe_bar(dev, n);

			EXPECT_EQ(pci_read(dev, reg, 4), found);
			EXPECT_EQ(pci_read(dev, PCI_COMMAND, 2), command);
			if (!bar.size)
				continue;
			EXPECT_EQ(bar.base & (bar.size - 1), 0);
			EXPECT_GE(bar.size, bar.io ? 4 : 16);
			bars++;
			n += bar.wide;
		}
		pci_source_close(s);
	}
	if (!bars)
		SKIP(return, "no function here may be probed");
}
