// SPDX-License-Identifier: MIT
/*
 * A remapped pin's line moves from CPU to CPU by its entry alone.
 *
 * Linux: drivers/iommu/intel/irq_remapping.c intel_ir_set_affinity().
 */
#include "vtd.h"

#include <dev/wire.h>
#include <irq/ir_chip.h>
#include <irq/irq.h>
#include <ktest/affinity.h>

#define RULE \
	"Linux drivers/iommu/intel/irq_remapping.c, intel_ir_set_affinity()"
#define ROUNDS 100

static struct remapped_pin remapped;
static u32 irq;

void vtd_affinity_close(void)
{
	affinity_end();
	if (irq)
		irq_free_desc(irq);
	irq = 0;
}

static bool open_line(void)
{
	struct moved_line line = { .raise = vtd_raise, .lower = vtd_lower };
	int got;

	if (!vtd_open_pin())
		SKIP(return false, "%s", vtd_why);
	remapped = (struct remapped_pin){ .iommu = vtd,
					  .gsi = vtd_pin.gsi,
					  .index = VTD_INDEX + 1,
					  .eim = vtd_eim };
	got = irq_alloc_remapped(&remapped);
	if (!EXPECT_GT(got, 0))
		return false;
	line.irq = irq = (u32)got;
	return affinity_begin(&line, 0);
}

TEST(vtd, a_remapped_line_goes_to_each_cpu, RULE, .needs = NEEDS_SMP)
{
	if (open_line())
		affinity_each_cpu();
}

TEST(vtd, a_moving_remapped_line_is_neither_lost_nor_doubled, RULE,
     .needs = NEEDS_SMP)
{
	if (open_line())
		affinity_under_load(ROUNDS);
}
