// SPDX-License-Identifier: MIT
/*
 * dmar_unit.c - a remapping unit: find, command, invalidate, read faults.
 *
 * Read:    dmar_init(), qi_submit_sync().
 * Uses:    acpi for where it is.  Used by: intr_remap.c, suite vtd.
 * Context: task context of the boot CPU; IF does not matter.
 * Spec:    VT-d "Register Descriptions", "Queued Invalidation Interface",
 *          "Primary Fault Logging".
 */
#include <apic/dmar.h>

#include <asm/special_insns.h>
#include <cpu/deadline.h>
#include <lib/errno.h>
#include <mm/page_alloc.h>
#include <mm/paging.h>

struct intel_iommu dmar_units[ACPI_MAX_DRHD];

#define QI_DONE 0x600d /* what a wait descriptor writes */

int dmar_command(const struct intel_iommu *iommu, u32 bit, bool on)
{
	u32 gcmd = dmar_readl(iommu, DMAR_GSTS_REG) & DMA_GSTS_KEPT;

	gcmd = on ? gcmd | bit : gcmd & ~bit;
	dmar_writel(iommu, DMAR_GCMD_REG, gcmd);
	return WAIT_FOR(!!(dmar_readl(iommu, DMAR_GSTS_REG) & bit) == on,
			WAIT_DEFAULT_US)
		       ? 0
		       : -ETIMEDOUT;
}

u64 qi_head(const struct intel_iommu *iommu)
{
	return FIELD_GET(DMAR_IQ_OFFSET, dmar_readq(iommu, DMAR_IQH_REG));
}

static u64 qi_tail(const struct intel_iommu *iommu)
{
	return FIELD_GET(DMAR_IQ_OFFSET, dmar_readq(iommu, DMAR_IQT_REG));
}

static bool queue_error(const struct intel_iommu *iommu)
{
	return dmar_readl(iommu, DMAR_FSTS_REG) & DMA_FSTS_IQE;
}

/*
 * The queue must be empty then: what is in it is let finish, and what cannot
 * is given up.
 */
static int qi_disable(const struct intel_iommu *iommu)
{
	if (!(dmar_readl(iommu, DMAR_GSTS_REG) & DMA_GSTS_QIES))
		return 0;
	WAIT_FOR(qi_head(iommu) == qi_tail(iommu) || queue_error(iommu),
		 WAIT_DEFAULT_US);
	if (qi_head(iommu) != qi_tail(iommu))
		dmar_writeq(iommu, DMAR_IQT_REG,
			    dmar_readq(iommu, DMAR_IQH_REG) & DMAR_IQ_OFFSET);
	dmar_writel(iommu, DMAR_FSTS_REG, DMA_FSTS_IQE);
	return dmar_command(iommu, DMA_GSTS_QIES, false);
}

int dmar_quiet(struct intel_iommu *iommu)
{
	int err = 0;

	if (dmar_readl(iommu, DMAR_GSTS_REG) & DMA_GSTS_IRES)
		err = dmar_command(iommu, DMA_GSTS_IRES, false);
	return err ? err : qi_disable(iommu);
}

/* Fault records may lie beyond the first page. */
static bool probe(struct intel_iommu *iommu, u64 base)
{
	u64 end;

	if (ioremap(base, PAGE_SIZE))
		return false;
	iommu->base = base;
	iommu->ver = dmar_readl(iommu, DMAR_VER_REG);
	iommu->cap = dmar_readq(iommu, DMAR_CAP_REG);
	iommu->ecap = dmar_readq(iommu, DMAR_ECAP_REG);
	iommu->fw_gsts = dmar_readl(iommu, DMAR_GSTS_REG);
	end = 16 * (FIELD_GET(CAP_FRO, iommu->cap) +
		    FIELD_GET(CAP_NFR, iommu->cap) + 1);
	if (!iommu->ver || iommu->ver == ~0u ||
	    (end > PAGE_SIZE && ioremap(base, end)))
		iommu->base = 0;
	return iommu->base;
}

u32 dmar_init(const struct acpi_dmar *dmar)
{
	u32 found = 0;

	for (u32 i = 0; i < dmar->nr_drhds; i++) {
		if (!probe(&dmar_units[i], dmar->drhd[i].base))
			continue;
		dmar_quiet(&dmar_units[i]);
		found++;
	}
	return found;
}

static int qi_alloc(struct intel_iommu *iommu)
{
	u64 pages = iommu->qi ? (u64)iommu->qi : alloc_pages(2);

	if (!pages)
		return -ENOMEM;
	iommu->qi = (struct qi_desc *)pages;
	iommu->qi_status = (volatile u32 *)(pages + PAGE_SIZE);
	return 0;
}

int qi_enable(struct intel_iommu *iommu)
{
	int err;

	if (!(iommu->ecap & ECAP_QI))
		return -EOPNOTSUPP;
	err = qi_alloc(iommu);
	if (!err)
		err = qi_disable(iommu);
	if (err)
		return err;
	dmar_writeq(iommu, DMAR_IQT_REG, 0);
	dmar_writeq(iommu, DMAR_IQA_REG, (u64)iommu->qi); /* one page */
	return dmar_command(iommu, DMA_GSTS_QIES, true);
}

void qi_post(struct intel_iommu *iommu, u64 low, u64 high)
{
	u64 tail = qi_tail(iommu);

	iommu->qi[tail] = (struct qi_desc){ .low = low, .high = high };
	mb(); /* the descriptor before the register that offers it */
	tail = (tail + 1) % QI_LENGTH;
	dmar_writeq(iommu, DMAR_IQT_REG, FIELD_PREP(DMAR_IQ_OFFSET, tail));
}

/* The tail is written again for units that look only then. */
void qi_repair(struct intel_iommu *iommu)
{
	iommu->qi[qi_head(iommu)] = (struct qi_desc){ .low = QI_IEC_TYPE };
	mb();
	dmar_writel(iommu, DMAR_FSTS_REG, DMA_FSTS_IQE);
	dmar_writeq(iommu, DMAR_IQT_REG,
		    FIELD_PREP(DMAR_IQ_OFFSET, qi_tail(iommu)));
}

static bool wait_done(const struct intel_iommu *iommu)
{
	WAIT_FOR(*iommu->qi_status == QI_DONE || queue_error(iommu),
		 WAIT_DEFAULT_US);
	return *iommu->qi_status == QI_DONE;
}

int qi_submit_sync(struct intel_iommu *iommu, u64 low, u64 high)
{
	*iommu->qi_status = 0;
	qi_post(iommu, low, high);
	qi_post(iommu,
		QI_IWD_TYPE | QI_IWD_STATUS_WRITE |
			FIELD_PREP(QI_IWD_STATUS_DATA, (u64)QI_DONE),
		(u64)iommu->qi_status);
	if (wait_done(iommu))
		return 0;
	if (!queue_error(iommu))
		return -ETIMEDOUT;
	qi_repair(iommu);
	return wait_done(iommu) ? -EINVAL : -ETIMEDOUT;
}

int qi_global_iec(struct intel_iommu *iommu)
{
	return qi_submit_sync(iommu, QI_IEC_TYPE, 0);
}

int qi_flush_iec(struct intel_iommu *iommu, u16 index, u32 mask)
{
	return qi_submit_sync(iommu,
			      QI_IEC_TYPE | QI_IEC_SELECTIVE |
				      FIELD_PREP(QI_IEC_IM, (u64)mask) |
				      FIELD_PREP(QI_IEC_IIDEX, (u64)index),
			      0);
}

u64 dmar_fault_record(const struct intel_iommu *iommu, u32 n)
{
	if (n > FIELD_GET(CAP_NFR, iommu->cap))
		return 0;
	return iommu->base + 16 * (FIELD_GET(CAP_FRO, iommu->cap) + n);
}

/* PFO last: while it is set nothing is recorded. */
u32 dmar_take_faults(const struct intel_iommu *iommu, struct dmar_fault *last)
{
	u32 n = 0;
	u64 record;

	for (u32 i = 0; (record = dmar_fault_record(iommu, i)); i++) {
		u32 flags = readl(record + DMA_FRCD_FLAGS); /* 32 bits or 64 */

		if (!(flags & DMA_FRCD_F))
			continue;
		*last = (struct dmar_fault){
			.reason = flags & DMA_FRCD_REASON,
			.sid = (u16)readl(record + DMA_FRCD_SID),
			.index = readl(record + DMA_FRCD_INDEX) >> 16,
		};
		writel(DMA_FRCD_F, record + DMA_FRCD_FLAGS);
		n++;
	}
	dmar_writel(iommu, DMAR_FSTS_REG, DMA_FSTS_PFO);
	return n;
}
