/* SPDX-License-Identifier: MIT */
/*
 * ir_chip.h - an edge-triggered pin behind interrupt remapping as a line, so
 * that it can go to CPUs whose APIC IDs an RTE has no room for.
 */
#pragma once

#include <apic/intr_remap.h>

struct remapped_pin {
	struct intel_iommu *iommu; /* remaps, through a table of our own */
	u32 gsi;
	u16 index; /* of the table, free */
	bool eim;  /* as intr_remap_enable() was told */
};

/*
 * An irq for pin, which must stay until irq_free_desc(). While its GSI's own
 * line is free. The irq, -ENODEV (no such GSI) or -ENOSPC. Task context.
 */
int irq_alloc_remapped(struct remapped_pin *pin);
