// SPDX-License-Identifier: MIT
/*
 * Requests that the remapping unit refuses: blocked, and recorded with the
 * reason; and the fault event that tells software.
 *
 * Spec: VT-d "Interrupt Remapping Fault Conditions", "Primary Fault Logging",
 *       "Fault Events".
 */
#include "vtd.h"

#include <cpu/percpu.h>

#define SID_RULE   "VT-d Source-id Verification"
#define LOG_RULE   "VT-d Primary Fault Logging"
#define EVENT_RULE "VT-d Fault Events"

/* One blocked request for index, for this reason. */
static void expect_fault(u8 reason, u16 index)
{
	struct dmar_fault fault;

	if (!vtd_blocked(&fault))
		return;
	EXPECT_EQ(fault.reason, reason);
	EXPECT_EQ(fault.index, index);
}

static void blocked_by_entry(union irte irte, u8 reason)
{
	vtd_set(VTD_INDEX, irte);
	expect_fault(reason, VTD_INDEX);
}

TEST(vtd, an_entry_not_present_is_fault_22, FAULT_RULE)
{
	union irte irte;

	if (!vtd_open_pin())
		SKIP(return, "%s", vtd_why);
	irte = vtd_irte();
	irte.present = 0;
	blocked_by_entry(irte, DMAR_FAULT_NOT_PRESENT);
	vtd_set(VTD_INDEX, vtd_irte());
	EXPECT_EQ(vtd_pulse(1), 1); /* and the pin is none the worse for it */
}

/* The last index of a table of 16 works, the next does not; nor bit 15. */
TEST(vtd, an_index_beyond_the_table_is_fault_21, FAULT_RULE)
{
	static const u16 beyond[] = { 16, 255, 0x7fff, 0x8000, 0xffff };

	if (!vtd_open_pin())
		SKIP(return, "%s", vtd_why);
	vtd_set(15, vtd_irte());
	vtd_set(16, vtd_irte());
	EXPECT_EQ(intr_remap_set_table(vtd, vtd->irt, 3, vtd_eim), 0);
	vtd_point_pin(ir_ioapic_rte(15, VTD_VECTOR));
	EXPECT_EQ(vtd_pulse(1), 1);
	for (u32 i = 0; i < ARRAY_SIZE(beyond) && ktest_ok(); i++) {
		vtd_point_pin(ir_ioapic_rte(beyond[i], VTD_VECTOR));
		expect_fault(DMAR_FAULT_INDEX, beyond[i]);
	}
}

static void each_reserved_bit(u64 low, u64 high)
{
	if (!vtd_open_pin())
		SKIP(return, "%s", vtd_why);
	for (u32 bit = 0; bit < 128 && ktest_ok(); bit++) {
		u64 one = BIT(bit % 64);
		union irte irte = vtd_irte();

		if (!((bit < 64 ? low : high) & one))
			continue;
		if (bit < 64)
			irte.low |= one;
		else
			irte.high |= one;
		blocked_by_entry(irte, DMAR_FAULT_IRTE_RESERVED);
		if (!ktest_ok())
			ktest_note("bit %u", bit);
	}
}

TEST(vtd, a_reserved_bit_beside_the_vector_is_fault_24, FAULT_RULE)
{
	each_reserved_bit(GENMASK(31, 24), 0);
}

TEST(vtd, a_reserved_bit_above_the_source_is_fault_24, FAULT_RULE)
{
	each_reserved_bit(0, GENMASK(63, 20));
}

TEST(vtd, a_reserved_bit_below_the_format_is_fault_24, FAULT_RULE)
{
	each_reserved_bit(GENMASK(14, 12), 0);
}

TEST(vtd, a_posted_entry_without_pi_is_fault_24, FAULT_RULE)
{
	if (vtd_find() && vtd->cap & CAP_PI)
		SKIP(return, "the unit posts interrupts");
	each_reserved_bit(BIT(15), 0);
}

/* Its index means nothing. */
static void compatibility_is_blocked(void)
{
	struct dmar_fault fault;

	vtd_point_pin((union ioapic_rte){ .vector = VTD_VECTOR,
					  .dest = this_cpu(apic_id) });
	if (vtd_blocked(&fault))
		EXPECT_EQ(fault.reason, DMAR_FAULT_COMPATIBILITY);
}

TEST(vtd, without_cfi_a_compatibility_request_is_fault_25, FAULT_RULE,
     .needs = NEEDS_XAPIC)
{
	if (!vtd_open_pin())
		SKIP(return, "%s", vtd_why);
	EXPECT_EQ(dmar_command(vtd, DMA_GSTS_CFIS, false), 0);
	compatibility_is_blocked();
}

TEST(vtd, with_eim_a_compatibility_request_is_fault_25, FAULT_RULE,
     .needs = NEEDS_X2APIC)
{
	if (!vtd_open_pin())
		SKIP(return, "%s", vtd_why);
	compatibility_is_blocked();
}

static union irte verified(u16 sid, enum irte_svt svt)
{
	union irte irte = vtd_irte();

	irte.sid = sid;
	irte.svt = svt;
	return irte;
}

TEST(vtd, the_ioapics_own_source_id_is_let_through, SID_RULE)
{
	u16 bus;

	if (!vtd_open_pin())
		SKIP(return, "%s", vtd_why);
	bus = vtd_ioapic.sid >> 8;
	vtd_set(VTD_INDEX, verified(vtd_ioapic.sid, SVT_VERIFY_SID));
	EXPECT_EQ(vtd_pulse(1), 1);
	vtd_set(VTD_INDEX, verified((u16)(bus << 8 | bus), SVT_VERIFY_BUS));
	EXPECT_EQ(vtd_pulse(1), 1);
}

TEST(vtd, another_source_id_than_the_ioapics_is_fault_26, SID_RULE)
{
	if (!vtd_open_pin())
		SKIP(return, "%s", vtd_why);
	for (u32 bit = 0; bit < 16 && ktest_ok(); bit++)
		blocked_by_entry(verified((u16)(vtd_ioapic.sid ^ BIT(bit)),
					  SVT_VERIFY_SID),
				 DMAR_FAULT_SID);
}

TEST(vtd, faults_of_an_entry_with_fpd_are_not_recorded, IRTE_RULE)
{
	union irte irte = { .fpd = 1 };
	struct dmar_fault fault;

	if (!vtd_open_pin())
		SKIP(return, "%s", vtd_why);
	vtd_set(VTD_INDEX, irte);
	EXPECT_EQ(vtd_pulse(0), 0);
	EXPECT_EQ(dmar_take_faults(vtd, &fault), 0);
	EXPECT_FALSE(dmar_readl(vtd, DMAR_FSTS_REG) & DMA_FSTS_PPF);
}

/* A pin that asks for an entry that is not there, once. */
static bool open_faulty(void)
{
	if (!vtd_open_pin())
		return false;
	vtd_set(VTD_INDEX, (union irte){ .low = 0 });
	return true;
}

TEST(vtd, a_record_names_the_ioapic_as_the_source, LOG_RULE)
{
	struct dmar_fault fault;

	if (!open_faulty())
		SKIP(return, "%s", vtd_why);
	if (vtd_blocked(&fault))
		EXPECT_EQ(fault.sid, vtd_ioapic.sid);
}

TEST(vtd, ppf_and_fri_point_at_the_record_until_it_is_cleared, LOG_RULE)
{
	u32 fsts;
	u64 record;

	if (!open_faulty())
		SKIP(return, "%s", vtd_why);
	EXPECT_FALSE(dmar_readl(vtd, DMAR_FSTS_REG) & DMA_FSTS_PPF);
	EXPECT_EQ(vtd_pulse(0), 0);
	fsts = dmar_readl(vtd, DMAR_FSTS_REG);
	EXPECT_EQ(fsts & (DMA_FSTS_PPF | DMA_FSTS_PFO), DMA_FSTS_PPF);
	record = dmar_fault_record(vtd, (u32)FIELD_GET(DMA_FSTS_FRI, fsts));
	if (!EXPECT_NE(record, 0))
		return;
	EXPECT_TRUE(readl(record + DMA_FRCD_FLAGS) & DMA_FRCD_F);
	writel(DMA_FRCD_F, record + DMA_FRCD_FLAGS);
	EXPECT_FALSE(readl(record + DMA_FRCD_FLAGS) & DMA_FRCD_F);
	EXPECT_FALSE(dmar_readl(vtd, DMAR_FSTS_REG) & DMA_FSTS_PPF);
}

static struct pin event = { .vector = 0x71 };

/* The event itself is never remapped, so its format is the old one. */
static void route_event(u32 control)
{
	u32 id = this_cpu(apic_id);

	EXPECT_EQ(pin_claim(&event), 0);
	dmar_writel(vtd, DMAR_FEDATA_REG, event.vector);
	dmar_writel(vtd, DMAR_FEADDR_REG, 0xfee00000u | (id & 0xff) << 12);
	dmar_writel(vtd, DMAR_FEUADDR_REG, id & ~0xffu);
	dmar_writel(vtd, DMAR_FECTL_REG, control);
}

TEST(vtd, a_fault_raises_its_event_once, EVENT_RULE)
{
	struct dmar_fault fault;

	if (!open_faulty())
		SKIP(return, "%s", vtd_why);
	route_event(0);
	for (u32 n = 1; n <= 3 && ktest_ok(); n++) {
		EXPECT_EQ(vtd_pulse(0), 0);
		EXPECT_EQ(pin_wait(&event, n), n);
		EXPECT_EQ(vtd_pulse(0), 0); /* the first is still recorded */
		EXPECT_EQ(pin_wait(&event, n), n);
		EXPECT_GE(dmar_take_faults(vtd, &fault), 1);
	}
}

TEST(vtd, a_masked_event_waits_as_ip_and_comes_when_unmasked, EVENT_RULE)
{
	if (!open_faulty())
		SKIP(return, "%s", vtd_why);
	route_event(DMA_FECTL_IM);
	EXPECT_EQ(dmar_readl(vtd, DMAR_FECTL_REG), DMA_FECTL_IM);
	EXPECT_EQ(vtd_pulse(0), 0);
	EXPECT_EQ(pin_wait(&event, 0), 0);
	EXPECT_EQ(dmar_readl(vtd, DMAR_FECTL_REG), DMA_FECTL_IM | DMA_FECTL_IP);
	dmar_writel(vtd, DMAR_FECTL_REG, 0);
	EXPECT_EQ(pin_wait(&event, 1), 1);
	EXPECT_EQ(dmar_readl(vtd, DMAR_FECTL_REG), 0);
}

TEST(vtd, a_masked_event_is_gone_once_its_faults_are, EVENT_RULE)
{
	struct dmar_fault fault;

	if (!open_faulty())
		SKIP(return, "%s", vtd_why);
	route_event(DMA_FECTL_IM);
	EXPECT_TRUE(vtd_blocked(&fault));
	EXPECT_EQ(dmar_readl(vtd, DMAR_FECTL_REG), DMA_FECTL_IM);
	dmar_writel(vtd, DMAR_FECTL_REG, 0);
	EXPECT_EQ(pin_wait(&event, 0), 0);
}
