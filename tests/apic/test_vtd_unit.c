// SPDX-License-Identifier: MIT
/*
 * The remapping unit itself: capabilities, commands, the invalidation queue.
 *
 * Spec: VT-d "Register Descriptions", "Queued Invalidation Interface".
 */
#include "vtd.h"

#include <acpi/tables.h>
#include <asm/pgtable.h>
#include <cpu/percpu.h>
#include <lib/errno.h>

#define CAP_RULE    "VT-d Capability Register"
#define ECAP_RULE   "VT-d Extended Capability Register"
#define STATUS_RULE "VT-d Global Status Register"
#define IRTA_RULE   "VT-d Interrupt Remapping Table Address Register"
#define QUEUE_RULE  "VT-d Queued Invalidation Interface"
#define WAIT_RULE   "VT-d Invalidation Wait Descriptor"

TEST(vtd, every_unit_that_is_declared_answers,
     "VT-d DMA Remapping Hardware Unit Definition Structure")
{
	const struct acpi_dmar *dmar = &acpi_tables.dmar;

	if (!vtd_find())
		SKIP(return, "%s", vtd_why);
	for (u32 i = 0; i < dmar->nr_drhds; i++) {
		EXPECT_EQ(dmar->drhd[i].base & ~PAGE_MASK, 0);
		EXPECT_EQ(dmar_units[i].base, dmar->drhd[i].base);
		/* Major version in 7:4, minor in 3:0; there is no version 0. */
		EXPECT_GE(dmar_units[i].ver, 0x10);
		EXPECT_LE(dmar_units[i].ver, 0xff);
	}
}

TEST(vtd, what_the_table_declares_the_unit_does,
     "VT-d DMA Remapping Reporting Structure, INTR_REMAP")
{
	if (!vtd_find())
		SKIP(return, "%s", vtd_why);
	EXPECT_TRUE(vtd->ecap & ECAP_IR);
}

/* Cached entries are invalidated through the queue and no other way. */
TEST(vtd, remapping_comes_with_queued_invalidation, ECAP_RULE)
{
	if (!vtd_find())
		SKIP(return, "%s", vtd_why);
	EXPECT_TRUE(vtd->ecap & ECAP_QI);
}

TEST(vtd, fault_records_lie_behind_the_registers, CAP_RULE)
{
	if (!vtd_find())
		SKIP(return, "%s", vtd_why);
	EXPECT_GT(16 * FIELD_GET(CAP_FRO, vtd->cap), DMAR_IRTA_REG);
}

TEST(vtd, nothing_is_on_that_irqbed_did_not_switch_on,
     "irqbed include/apic/dmar.h: dmar_init()")
{
	if (!vtd_find())
		SKIP(return, "%s", vtd_why);
	EXPECT_EQ(dmar_readl(vtd, DMAR_GSTS_REG) &
			  (DMA_GSTS_IRES | DMA_GSTS_QIES),
		  0);
}

TEST(vtd, status_follows_each_command, STATUS_RULE)
{
	u32 rest;

	if (!vtd_on())
		SKIP(return, "%s", vtd_why);
	rest = dmar_readl(vtd, DMAR_GSTS_REG) & ~DMA_GSTS_IRES;
	for (u32 i = 0; i < 4; i++) {
		EXPECT_EQ(dmar_command(vtd, DMA_GSTS_IRES, i % 2), 0);
		EXPECT_EQ(dmar_readl(vtd, DMAR_GSTS_REG),
			  rest | (i % 2 ? DMA_GSTS_IRES : 0));
	}
	EXPECT_EQ(rest & (DMA_GSTS_QIES | DMA_GSTS_IRTPS),
		  DMA_GSTS_QIES | DMA_GSTS_IRTPS);
}

TEST(vtd, the_tables_address_and_size_read_back, IRTA_RULE)
{
	u64 eime;

	if (!vtd_find())
		SKIP(return, "%s", vtd_why);
	eime = vtd->ecap & ECAP_EIM ? IRTA_EIME : 0;
	for (u64 size = 0; size < 16; size++) {
		u64 irta = (PAGE_SIZE << size) | size | (size & 1 ? eime : 0);

		dmar_writeq(vtd, DMAR_IRTA_REG, irta);
		EXPECT_EQ(dmar_readq(vtd, DMAR_IRTA_REG), irta);
	}
}

/* Two descriptors a time: more than once around the page. */
TEST(vtd, the_queue_is_consumed_around_its_end, QUEUE_RULE)
{
	u64 before;

	if (!vtd_on())
		SKIP(return, "%s", vtd_why);
	before = qi_head(vtd);
	for (u32 n = 1; n <= QI_LENGTH / 2 + 3 && ktest_ok(); n++) {
		EXPECT_EQ(qi_global_iec(vtd), 0);
		EXPECT_EQ(qi_head(vtd), (before + 2 * n) % QI_LENGTH);
	}
}

TEST(vtd, descriptors_posted_together_are_done_in_order, WAIT_RULE)
{
	volatile u32 *status;

	if (!vtd_on())
		SKIP(return, "%s", vtd_why);
	status = vtd->qi_status;
	for (u32 n = 1; n <= 8; n++)
		qi_post(vtd,
			QI_IWD_TYPE | QI_IWD_STATUS_WRITE |
				FIELD_PREP(QI_IWD_STATUS_DATA, (u64)n),
			(u64)&status[n]);
	EXPECT_TRUE(WAIT_FOR(status[8] == 8, WAIT_DEFAULT_US));
	for (u32 n = 1; n <= 8; n++) {
		EXPECT_EQ(status[n], n);
		status[n] = 0;
	}
}

static struct pin done = { .vector = 0x71 };

static void post_wait_with_interrupt(u32 control)
{
	u32 id = this_cpu(apic_id);

	EXPECT_EQ(pin_claim(&done), 0);
	dmar_writel(vtd, DMAR_ICS_REG, DMA_ICS_IWC);
	dmar_writel(vtd, DMAR_IEDATA_REG, done.vector);
	dmar_writel(vtd, DMAR_IEADDR_REG, 0xfee00000u | (id & 0xff) << 12);
	dmar_writel(vtd, DMAR_IEUADDR_REG, id & ~0xffu);
	dmar_writel(vtd, DMAR_IECTL_REG, control);
	qi_post(vtd, QI_IWD_TYPE | QI_IWD_IF, 0);
	EXPECT_TRUE(WAIT_FOR(dmar_readl(vtd, DMAR_ICS_REG) & DMA_ICS_IWC,
			     WAIT_DEFAULT_US));
}

TEST(vtd, a_wait_descriptor_interrupts_when_asked, WAIT_RULE)
{
	if (!vtd_on())
		SKIP(return, "%s", vtd_why);
	post_wait_with_interrupt(0);
	EXPECT_EQ(pin_wait(&done, 1), 1);
	qi_post(vtd, QI_IWD_TYPE | QI_IWD_IF, 0);
	EXPECT_EQ(pin_wait(&done, 1), 1); /* IWC is still set */
	dmar_writel(vtd, DMAR_ICS_REG, DMA_ICS_IWC);
	EXPECT_FALSE(dmar_readl(vtd, DMAR_ICS_REG) & DMA_ICS_IWC);
	qi_post(vtd, QI_IWD_TYPE | QI_IWD_IF, 0);
	EXPECT_EQ(pin_wait(&done, 2), 2);
}

TEST(vtd, a_masked_completion_waits_as_ip, WAIT_RULE)
{
	if (!vtd_on())
		SKIP(return, "%s", vtd_why);
	post_wait_with_interrupt(DMA_FECTL_IM);
	EXPECT_EQ(pin_wait(&done, 0), 0);
	EXPECT_EQ(dmar_readl(vtd, DMAR_IECTL_REG), DMA_FECTL_IM | DMA_FECTL_IP);
	dmar_writel(vtd, DMAR_IECTL_REG, 0);
	EXPECT_EQ(pin_wait(&done, 1), 1);
	EXPECT_EQ(dmar_readl(vtd, DMAR_IECTL_REG), 0);
}

/* The head stays at what is bad; once that is mended, the rest is done. */
TEST(vtd, a_bad_descriptor_stops_the_queue_until_mended, QUEUE_RULE)
{
	u64 at;

	if (!vtd_on())
		SKIP(return, "%s", vtd_why);
	at = qi_head(vtd);
	qi_post(vtd, 0, 0); /* there is no type 0 */
	qi_post(vtd, QI_IEC_TYPE, 0);
	EXPECT_TRUE(WAIT_FOR(dmar_readl(vtd, DMAR_FSTS_REG) & DMA_FSTS_IQE,
			     WAIT_DEFAULT_US));
	EXPECT_EQ(qi_head(vtd), at);
	qi_repair(vtd);
	EXPECT_TRUE(WAIT_FOR(qi_head(vtd) == at + 2, WAIT_DEFAULT_US));
	EXPECT_FALSE(dmar_readl(vtd, DMAR_FSTS_REG) & DMA_FSTS_IQE);
	EXPECT_EQ(qi_submit_sync(vtd, 0, 0), (u64)(s64)-EINVAL);
	EXPECT_EQ(qi_global_iec(vtd), 0);
}
