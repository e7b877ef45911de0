// SPDX-License-Identifier: MIT
/*
 * intr_remap.c - interrupt remapping on and off, and its table.
 *
 * Linux: drivers/iommu/intel/irq_remapping.c, whose order of steps this is:
 * queue, table pointer, flush, enable.
 *
 * Spec: VT-d "Programming Considerations": "Interrupt Remapping Hardware
 *       Setup"; "Interrupt Entry Cache Invalidate Descriptor".
 */
#include <apic/intr_remap.h>

#include <asm/special_insns.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/page_alloc.h>
#include <mm/paging.h>

#define CACHE_LINE 64 /* or a multiple of it */

/* A unit that does not snoop reads memory. */
static void publish(const struct intel_iommu *iommu, const void *p, u64 len)
{
	if (iommu->ecap & ECAP_C)
		mb();
	else
		for (u64 at = 0; at < len; at += CACHE_LINE)
			clflush((const u8 *)p + at);
	mb();
}

int intr_remap_set_table(struct intel_iommu *iommu, const union irte *table,
			 u32 size, bool eim)
{
	int err;

	dmar_writeq(iommu, DMAR_IRTA_REG,
		    (u64)table | size | (eim ? IRTA_EIME : 0));
	err = dmar_command(iommu, DMA_GSTS_IRTPS, true);
	return err ? err : qi_global_iec(iommu);
}

int intr_remap_enable(struct intel_iommu *iommu, bool eim)
{
	int err;

	if (!(iommu->ecap & ECAP_IR) || (eim && !(iommu->ecap & ECAP_EIM)))
		return -EOPNOTSUPP;
	if (!iommu->irt)
		iommu->irt = (union irte *)alloc_pages(1);
	if (!iommu->irt)
		return -ENOMEM;
	memset(iommu->irt, 0, PAGE_SIZE);
	publish(iommu, iommu->irt, PAGE_SIZE);
	err = dmar_quiet(iommu);
	if (!err)
		err = qi_enable(iommu);
	if (!err)
		err = intr_remap_set_table(iommu, iommu->irt, INTR_REMAP_SIZE,
					   eim);
	return err ? err : dmar_command(iommu, DMA_GSTS_IRES, true);
}

int intr_remap_disable(struct intel_iommu *iommu)
{
	return dmar_quiet(iommu);
}

/* An entry that is half new must not be present: the low half comes last. */
void write_irte(struct intel_iommu *iommu, u16 index, union irte irte)
{
	union irte *slot = &iommu->irt[index % INTR_REMAP_ENTRIES];

	if (READ_ONCE(slot->high) != irte.high)
		WRITE_ONCE(slot->low, 0);
	barrier();
	WRITE_ONCE(slot->high, irte.high);
	barrier();
	WRITE_ONCE(slot->low, irte.low);
	publish(iommu, slot, sizeof(*slot));
}

int modify_irte(struct intel_iommu *iommu, u16 index, union irte irte)
{
	write_irte(iommu, index, irte);
	return qi_flush_iec(iommu, index, 0);
}
