/* SPDX-License-Identifier: MIT */
/*
 * intr_remap.h - interrupt remapping: a request names an entry of a table in
 * memory, and the entry says which interrupt it becomes.
 *
 * Linux: drivers/iommu/intel/irq_remapping.c, struct irte.
 *
 * Spec: VT-d "Interrupt Remapping", "Interrupt Remapping Table Entry (IRTE)
 *       for Remapped Interrupts".
 */
#pragma once

#include <apic/dmar.h>
#include <apic/ioapic.h>

union irte {
	struct {
		u64 present : 1;
		u64 fpd : 1;	  /* its faults are not recorded */
		u64 dst_mode : 1; /* logical */
		u64 redir_hint : 1;
		u64 trigger_mode : 1; /* level */
		u64 dlvry_mode : 3;   /* APIC_DM_* >> 8 */
		u64 avail : 4;
		u64 reserved_0 : 3;
		u64 pst : 1; /* posted */
		u64 vector : 8;
		u64 reserved_1 : 8;
		u64 dest_id : 32;
		u64 sid : 16;
		u64 sq : 2;  /* how many of the function's bits to ignore */
		u64 svt : 2; /* enum irte_svt */
		u64 reserved_2 : 44;
	};
	struct {
		u64 low, high;
	};
};
static_assert(sizeof(union irte) == 16, "VT-d: IRTE");

enum irte_svt {
	SVT_NONE = 0,	    /* anybody */
	SVT_VERIFY_SID = 1, /* sid, as sq says */
	SVT_VERIFY_BUS = 2, /* sid 15:8 to 7:0 are the buses allowed */
};

#define INTR_REMAP_SIZE	   7 /* IRTA_SIZE */
#define INTR_REMAP_ENTRIES 256
static_assert(2 << INTR_REMAP_SIZE == INTR_REMAP_ENTRIES, "one page");

/* Pure encodings: src/apic/irte.c. */

/* Fixed, edge, to one APIC ID; eim: 32-bit IDs. */
union irte prepare_irte(u8 vector, u32 dest_id, bool eim);

/* An entry in remappable format, unmasked. vector: for the EOI only. */
union ioapic_rte ir_ioapic_rte(u16 index, u8 vector);

/*
 * An MSI address in remappable format. shv: the data's low half, the
 * subhandle, is added to index; without it the data is 0.
 */
u32 ir_msi_address(u16 index, bool shv);

/*
 * Remap through an empty table of our own. eim: 32-bit APIC IDs, as x2APIC
 * mode wants. 0, -EOPNOTSUPP (ECAP lacks it), -ENOMEM, -ETIMEDOUT.
 */
int intr_remap_enable(struct intel_iommu *iommu, bool eim);

/* Use table, of 2 << size entries, from now on. As qi_submit_sync(). */
int intr_remap_set_table(struct intel_iommu *iommu, const union irte *table,
			 u32 size, bool eim);

/* Back to compatibility format. 0 or -ETIMEDOUT. */
int intr_remap_disable(struct intel_iommu *iommu);

/* Write an entry so that the unit sees it whole; it may have the old cached. */
void write_irte(struct intel_iommu *iommu, u16 index, union irte irte);

/* The same, and flush it. As qi_submit_sync(). */
int modify_irte(struct intel_iommu *iommu, u16 index, union irte irte);
