// SPDX-License-Identifier: MIT
/*
 * Messages through the remapping table, and whether who sent one is verified:
 * by every PCI function here that sends an MSI when asked.
 *
 * Spec: VT-d "Interrupt Requests in Remappable Format", "Source-id
 *       Verification".
 */
#include "vtd.h"

#include <acpi/tables.h>
#include <apic/lapic.h>
#include <asm/io.h>
#include <cpu/percpu.h>
#include <dev/pci_source.h>
#include <ktest/arrivals.h>

#define SID_RULE "VT-d Source-id Verification"
#define MSI_RULE "VT-d MSI and MSI-X Register Programming"
#define LOG_RULE "VT-d Primary Fault Logging"

/* The function that is judged now. */
static enum pci_source source;
static const struct pci_dev *dev;
static struct pci_msi_cap cap;
static struct pci_msix_cap msix;
static u64 entry; /* by MSI-X: 0 of its table; 0: by MSI */
static struct msix_entry_regs was;
static u16 sid;
static u32 judged; /* functions */

#define NO_SOURCE "no PCI function of the unit sends such messages at will"

/* Disabled meanwhile; without the enable bit nothing is sent. */
static void send_to(u32 address, u16 data)
{
	struct msi_msg msg = { .address_lo.raw = address, .data.raw = data };

	if (entry) {
		msix_write_msg(entry, &msg);
		return;
	}
	pci_write(dev, cap.pos + PCI_MSI_FLAGS, 2, 0);
	pci_write_msi_msg(dev, &cap, &msg);
	if (cap.mask)
		pci_write(dev, cap.mask, 4, 0);
	pci_write(dev, cap.pos + PCI_MSI_FLAGS, 2, PCI_MSI_FLAGS_ENABLE);
}

static void raise_it(void)
{
	if (entry)
		pci_source_raise_vector(source, 0);
	else
		pci_source_raise(source);
}

static u32 sent(u32 want)
{
	u32 before = vtd_pin.count;

	raise_it();
	pin_wait(&vtd_pin, before + want);
	pci_source_lower(source);
	return vtd_pin.count - before;
}

static bool begin_msix(void)
{
	if (!pci_source_vectors(source) || pci_read_msix(dev, &msix))
		return false;
	if (dev->msi)
		pci_write(dev, cap.pos + PCI_MSI_FLAGS, 2, 0);
	entry = pci_map_bar(dev, msix.table_bar) + msix.table_offset;
	for (u32 i = 0; i < 4; i++)
		((u32 *)&was)[i] = readl(entry + 4 * i);
	pci_write(dev, msix.pos + PCI_MSIX_FLAGS, 2, PCI_MSIX_FLAGS_ENABLE);
	writel(0, entry + offsetof(struct msix_entry_regs, vector_ctrl));
	return true;
}

static void end_msix(void)
{
	for (u32 i = 4; entry && i--;) /* the mask bit first */
		writel(((u32 *)&was)[i], entry + 4 * i);
	entry = 0;
}

/* By MSI where there is. QEMU's 82574 repeats its messages: suite `nic`. */
static bool begin(enum pci_source s)
{
	source = s;
	entry = 0;
	dev = s == PCI_SRC_82574 ? NULL : pci_source_open(s);
	if (!dev || (pci_read_msi(dev, &cap) && !begin_msix()))
		return false;
	sid = (u16)(dev->bus << 8 | dev->devfn);
	if (acpi_dmar_unit_of(&acpi_tables.dmar, dev->segment, sid) !=
	    vtd_ioapic.drhd)
		return false;
	vtd_set(VTD_INDEX, vtd_irte());
	send_to(ir_msi_address(VTD_INDEX, false), 0);
	return true;
}

/* Entry VTD_INDEX makes VTD_VECTOR of each function's messages. */
static void each_function(void (*judge)(void))
{
	judged = 0;
	if (!vtd_on())
		SKIP(return, "%s", vtd_why);
	vtd_pin = (struct pin){ .vector = VTD_VECTOR };
	EXPECT_EQ(pin_claim(&vtd_pin), 0);
	for (u32 s = 0; s < NR_PCI_SOURCES && ktest_ok(); s++) {
		if (begin(s)) {
			judged++;
			judge();
			if (!ktest_ok())
				ktest_note("by %s", pci_source_name[s]);
		}
		end_msix();
		pci_source_close(s);
	}
	if (!judged)
		SKIP(return, NO_SOURCE);
}

static void judge_once(void)
{
	for (u32 n = 0; n < 4; n++)
		EXPECT_EQ(sent(1), 1);
	EXPECT_TRUE(vtd_pin.isr);
	EXPECT_FALSE(vtd_pin.tmr);
}

TEST(vtd, a_message_becomes_what_its_entry_says, MSI_RULE)
{
	each_function(judge_once);
}

#define WHERE_VECTOR 0x52 /* claimed on every CPU */

/* The function is not told: its message stays as it is. */
static void judge_each_cpu(void)
{
	u32 cpu;

	if (!arrivals_open(WHERE_VECTOR))
		return;
	for_each_online_cpu (cpu) {
		u32 id = cpu_hot(cpu)->apic_id;
		struct cpumask who = physical_dest(id);

		vtd_set(VTD_INDEX, prepare_irte(WHERE_VECTOR, id, vtd_eim));
		raise_it();
		if (!arrivals_expect(&who))
			ktest_note("sent to APIC ID %u", id);
		pci_source_lower(source);
	}
	arrivals_close();
}

TEST(vtd, a_message_goes_where_its_entry_says_to_each_cpu, MSI_RULE,
     .needs = NEEDS_SMP)
{
	each_function(judge_each_cpu);
}

static void judge_subhandle(void)
{
	static const u8 handles[] = { 0, 1, VTD_INDEX - 1, VTD_INDEX };

	for (u32 i = 0; i < sizeof(handles); i++) {
		send_to(ir_msi_address(handles[i], true),
			(u16)(VTD_INDEX - handles[i]));
		EXPECT_EQ(sent(1), 1);
	}
}

TEST(vtd, with_shv_the_subhandle_is_added, REQUEST_RULE)
{
	each_function(judge_subhandle);
}

static void judge_data(void)
{
	send_to(ir_msi_address(VTD_INDEX, false), 1);
	EXPECT_EQ(sent(1), 1);
}

TEST(vtd, without_shv_the_subhandle_is_ignored, REQUEST_RULE)
{
	each_function(judge_data);
}

static bool refused(u8 reason, u16 index)
{
	struct dmar_fault fault = { 0 };
	bool ok = EXPECT_EQ(sent(0), 0);

	if (!EXPECT_EQ(dmar_take_faults(vtd, &fault), 1))
		return false;
	ok &= EXPECT_EQ(fault.reason, reason);
	ok &= EXPECT_EQ(fault.sid, sid);
	if (reason != DMAR_FAULT_COMPATIBILITY)
		ok &= EXPECT_EQ(fault.index, index);
	return ok;
}

static void judge_absent(void)
{
	vtd_set(VTD_INDEX, (union irte){ .low = 0 });
	refused(DMAR_FAULT_NOT_PRESENT, VTD_INDEX);
	send_to(ir_msi_address(0x8000, false), 0);
	refused(DMAR_FAULT_INDEX, 0x8000);
	/* The sum is what counts. */
	send_to(ir_msi_address(INTR_REMAP_ENTRIES - 1, true), 1);
	refused(DMAR_FAULT_INDEX, INTR_REMAP_ENTRIES);
}

TEST(vtd, a_record_names_the_function_and_the_index, LOG_RULE)
{
	each_function(judge_absent);
}

/* Bits of the source-id that sq leaves out. */
static const u8 ignored[] = { 0, 4, 6, 7 };

static void verify(u16 want_sid, u32 svt, u32 sq, bool pass)
{
	union irte irte = vtd_irte();

	irte.sid = want_sid;
	irte.svt = svt;
	irte.sq = sq;
	vtd_set(VTD_INDEX, irte);
	if (pass ? EXPECT_EQ(sent(1), 1) : refused(DMAR_FAULT_SID, VTD_INDEX))
		return;
	ktest_note("SVT %u SQ %u SID 0x%04x, sent by 0x%04x", svt, sq, want_sid,
		   sid);
}

static void judge_sid(void)
{
	for (u32 bit = 0; bit < 16 && ktest_ok(); bit++)
		verify((u16)(sid ^ BIT(bit)), SVT_VERIFY_SID, 0, false);
	verify(sid, SVT_VERIFY_SID, 0, true);
	verify((u16)~sid, SVT_NONE, 0, true);
}

TEST(vtd, a_message_of_another_source_is_fault_26, SID_RULE)
{
	each_function(judge_sid);
}

static void judge_sq(void)
{
	for (u32 sq = 1; sq < ARRAY_SIZE(ignored); sq++) {
		for (u32 bit = 0; bit < 4 && ktest_ok(); bit++)
			verify((u16)(sid ^ BIT(bit)), SVT_VERIFY_SID, sq,
			       ignored[sq] & BIT(bit));
	}
}

TEST(vtd, sq_leaves_out_bits_of_the_function, SID_RULE)
{
	each_function(judge_sq);
}

static void judge_bus(void)
{
	u16 bus = sid >> 8;

	verify((u16)(bus << 8 | bus), SVT_VERIFY_BUS, 0, true);
	if (bus < 0xff)
		verify((u16)((bus + 1) * 0x101), SVT_VERIFY_BUS, 0, false);
	if (bus > 0)
		verify((u16)((bus - 1) * 0x101), SVT_VERIFY_BUS, 0, false);
}

TEST(vtd, svt_2_verifies_the_bus_alone, SID_RULE)
{
	each_function(judge_bus);
}

static void judge_buses(void)
{
	verify(0x00ff, SVT_VERIFY_BUS, 0, true);
}

TEST(vtd, svt_2_lets_a_range_of_buses_through, SID_RULE)
{
	each_function(judge_buses);
}

static void judge_compatibility(void)
{
	send_to(0xfee00000u | (this_cpu(apic_id) & 0xff) << 12, VTD_VECTOR);
	refused(DMAR_FAULT_COMPATIBILITY, 0);
}

TEST(vtd, with_eim_a_compatibility_message_is_fault_25, FAULT_RULE,
     .needs = NEEDS_X2APIC)
{
	each_function(judge_compatibility);
}

/* The pin's fault takes the only record, the message's finds none. */
static void judge_overflow(void)
{
	struct dmar_fault fault;

	vtd_set(VTD_INDEX, (union irte){ .low = 0 });
	EXPECT_EQ(vtd_pulse(0), 0);
	EXPECT_FALSE(dmar_readl(vtd, DMAR_FSTS_REG) & DMA_FSTS_PFO);
	EXPECT_EQ(sent(0), 0);
	EXPECT_TRUE(dmar_readl(vtd, DMAR_FSTS_REG) & DMA_FSTS_PFO);
	EXPECT_EQ(dmar_take_faults(vtd, &fault), 1);
	EXPECT_FALSE(dmar_readl(vtd, DMAR_FSTS_REG) & DMA_FSTS_PFO);
	refused(DMAR_FAULT_NOT_PRESENT, VTD_INDEX);
}

TEST(vtd, a_fault_that_finds_no_record_sets_pfo, LOG_RULE)
{
	if (!vtd_open_pin())
		SKIP(return, "%s", vtd_why);
	if (FIELD_GET(CAP_NFR, vtd->cap))
		SKIP(return, "the unit has more than one fault record");
	if (begin(PCI_SRC_EDU) || begin(PCI_SRC_NIC))
		judge_overflow();
	else
		SKIP(return, NO_SOURCE);
}

/* MSI has 16 bits of data; the upper half is MSI-X's. */
static u32 sent_with(u32 data, u32 want)
{
	struct msi_msg msg = {
		.address_lo.raw = ir_msi_address(0, true),
		.data.raw = data,
	};

	msix_write_msg(entry, &msg);
	return sent(want);
}

static void judge_request(void)
{
	if (!entry && !begin_msix()) {
		judged--;
		return;
	}
	for (u32 bit = 16; bit < 32 && ktest_ok(); bit++) {
		struct dmar_fault fault = { 0 };

		EXPECT_EQ(sent_with(1u << bit | VTD_INDEX, 0), 0);
		EXPECT_EQ(dmar_take_faults(vtd, &fault), 1);
		EXPECT_EQ(fault.reason, DMAR_FAULT_REQUEST_RESERVED);
	}
	EXPECT_EQ(sent_with(VTD_INDEX, 1), 1);
}

TEST(vtd, a_reserved_bit_of_a_request_is_fault_20, FAULT_RULE)
{
	each_function(judge_request);
}
