/* SPDX-License-Identifier: MIT */
/*
 * dmar.h - the remapping hardware units of the DMAR table: registers,
 * commands, the invalidation queue, recorded faults.
 *
 * Linux: drivers/iommu/intel/iommu.h and dmar.c, with their names.
 *
 * Context: task context of the boot CPU.
 * Spec:    VT-d "Remapping Hardware - Software Register Interface" "Register
 *          Descriptions", "Queued Invalidation Interface", "Primary Fault
 *          Logging".
 */
#pragma once

#include <acpi/acpi.h>
#include <asm/io.h>
#include <lib/compiler.h>

/* clang-format off */
#define DMAR_VER_REG	0x00
#define DMAR_CAP_REG	0x08	/* 64 bits */
#define   CAP_FRO	  GENMASK(33, 24)	/* fault records, in 16 bytes */
#define   CAP_NFR	  GENMASK(47, 40)	/* how many, less one */
#define   CAP_PI	  BIT(59)		/* posts interrupts */
#define DMAR_ECAP_REG	0x10	/* 64 bits */
#define   ECAP_C	  BIT(0)		/* snoops caches */
#define   ECAP_QI	  BIT(1)
#define   ECAP_IR	  BIT(3)
#define   ECAP_EIM	  BIT(4)		/* 32-bit APIC IDs */
#define   ECAP_IRO	  GENMASK(17, 8)
#define   ECAP_MHMV	  GENMASK(23, 20)	/* largest index mask */
#define DMAR_GCMD_REG	0x18	/* write only */
#define DMAR_GSTS_REG	0x1c	/* bits where GCMD has them */
#define   DMA_GSTS_TES	  (1u << 31)
#define   DMA_GSTS_QIES	  (1u << 26)
#define   DMA_GSTS_IRES	  (1u << 25)
#define   DMA_GSTS_IRTPS  (1u << 24)
#define   DMA_GSTS_CFIS	  (1u << 23)
/* GSTS bits that a command repeats; the others are one-shots. */
#define   DMA_GSTS_KEPT	  0x96ffffffu
#define DMAR_FSTS_REG	0x34
#define   DMA_FSTS_PFO	  (1u << 0)		/* a fault had no record */
#define   DMA_FSTS_PPF	  (1u << 1)		/* some record has F set */
#define   DMA_FSTS_IQE	  (1u << 4)		/* a bad descriptor */
#define   DMA_FSTS_FRI	  0xff00u		/* first record with F */
#define DMAR_FECTL_REG	0x38	/* the fault event: control, data, address */
#define   DMA_FECTL_IM	  (1u << 31)
#define   DMA_FECTL_IP	  (1u << 30)
#define DMAR_FEDATA_REG	0x3c
#define DMAR_FEADDR_REG	0x40
#define DMAR_FEUADDR_REG 0x44
#define DMAR_IQH_REG	0x80	/* 64 bits: head, tail, address */
#define DMAR_IQT_REG	0x88
#define   DMAR_IQ_OFFSET  GENMASK(18, 4)
#define DMAR_IQA_REG	0x90
#define DMAR_ICS_REG	0x9c	/* invalidation completion */
#define   DMA_ICS_IWC	  1u
#define DMAR_IECTL_REG	0xa0	/* its event, in FECTL's form */
#define DMAR_IEDATA_REG	0xa4
#define DMAR_IEADDR_REG	0xa8
#define DMAR_IEUADDR_REG 0xac
#define DMAR_IRTA_REG	0xb8	/* 64 bits */
#define   IRTA_EIME	  BIT(11)
#define   IRTA_SIZE	  GENMASK(3, 0)		/* 2 ** (n + 1) entries */

/* A fault record: 16 bytes at CAP_FRO. */
#define DMA_FRCD_INDEX	0x04	/* interrupt_index in 31:16 */
#define DMA_FRCD_SID	0x08	/* source-id in 15:0 */
#define DMA_FRCD_FLAGS	0x0c
#define   DMA_FRCD_F	  (1u << 31)		/* write 1 to clear */
#define   DMA_FRCD_REASON 0xffu

/* Invalidation descriptors. */
#define QI_IEC_TYPE	0x4
#define   QI_IEC_SELECTIVE BIT(4)
#define   QI_IEC_IM	  GENMASK(31, 27)	/* 2 ** n indices */
#define   QI_IEC_IIDEX	  GENMASK(47, 32)
#define QI_IWD_TYPE	0x5
#define   QI_IWD_IF	  BIT(4)		/* interrupt when done */
#define   QI_IWD_STATUS_WRITE BIT(5)
#define   QI_IWD_STATUS_DATA GENMASK(63, 32)
#define QI_LENGTH	256			/* descriptors in a page */
/* clang-format on */

struct qi_desc {
	u64 low, high;
};
static_assert(sizeof(struct qi_desc) == 16, "VT-d: 128-bit descriptors");

struct intel_iommu {
	u64 base; /* registers, mapped; 0: the unit does not answer */
	u64 cap, ecap;
	u32 ver;
	u32 fw_gsts;		 /* as the firmware left it */
	struct qi_desc *qi;	 /* a page of descriptors, once in use */
	volatile u32 *qi_status; /* what a wait descriptor writes */
	union irte *irt;	 /* a page of entries, once in use */
};

/* By index of acpi_dmar.drhd[]; written by dmar_init(). */
extern struct intel_iommu dmar_units[ACPI_MAX_DRHD];

/*
 * Map every unit; switch off interrupt remapping and invalidation queues that
 * the firmware left on, whose tables are not ours: messages in compatibility
 * format would be blocked. Returns how many answer. Boot CPU, before
 * ioapic_init().
 */
u32 dmar_init(const struct acpi_dmar *dmar);

/* The second half of it for one unit. 0 or -ETIMEDOUT. */
int dmar_quiet(struct intel_iommu *iommu);

static inline u32 dmar_readl(const struct intel_iommu *iommu, u32 reg)
{
	return readl(iommu->base + reg);
}

static inline void dmar_writel(const struct intel_iommu *iommu, u32 reg,
			       u32 val)
{
	writel(val, iommu->base + reg);
}

static inline u64 dmar_readq(const struct intel_iommu *iommu, u32 reg)
{
	return readq(iommu->base + reg);
}

static inline void dmar_writeq(const struct intel_iommu *iommu, u32 reg,
			       u64 val)
{
	writeq(val, iommu->base + reg);
}

/*
 * Switch one bit of GCMD, and wait until GSTS says so. The one-shot
 * DMA_GSTS_IRTPS (SIRTP) only on. 0 or -ETIMEDOUT.
 */
int dmar_command(const struct intel_iommu *iommu, u32 bit, bool on);

/*
 * The invalidation queue, empty and on. 0, -EOPNOTSUPP (ECAP has none),
 * -ENOMEM, -ETIMEDOUT.
 */
int qi_enable(struct intel_iommu *iommu);

/* Append one descriptor. Nothing is waited for. */
void qi_post(struct intel_iommu *iommu, u64 low, u64 high);

/* After FSTS.IQE: put a flush in place of the bad descriptor, and go on. */
void qi_repair(struct intel_iommu *iommu);

/* The descriptor that is executed next: an index of qi. */
u64 qi_head(const struct intel_iommu *iommu);

/*
 * Append it and a wait descriptor; wait until that one was executed. 0,
 * -EINVAL: the unit refused it, and the queue goes on without; -ETIMEDOUT.
 */
int qi_submit_sync(struct intel_iommu *iommu, u64 low, u64 high);

/* Forget cached IRTEs: all, or 2 ** mask of them from index. As above. */
int qi_global_iec(struct intel_iommu *iommu);
int qi_flush_iec(struct intel_iommu *iommu, u16 index, u32 mask);

struct dmar_fault {
	u8 reason; /* enum dmar_fault_reason */
	u16 sid, index;
};

/* Table "Interrupt Remapping Fault Conditions". */
enum dmar_fault_reason {
	DMAR_FAULT_REQUEST_RESERVED = 0x20,
	DMAR_FAULT_INDEX = 0x21,
	DMAR_FAULT_NOT_PRESENT = 0x22,
	DMAR_FAULT_TABLE = 0x23,
	DMAR_FAULT_IRTE_RESERVED = 0x24,
	DMAR_FAULT_COMPATIBILITY = 0x25,
	DMAR_FAULT_SID = 0x26,
};

/* The address of fault record n; 0 beyond the last. */
u64 dmar_fault_record(const struct intel_iommu *iommu, u32 n);

/* Clear all records and FSTS. How many there were; *last is one of them. */
u32 dmar_take_faults(const struct intel_iommu *iommu, struct dmar_fault *last);
