// SPDX-License-Identifier: MIT
/*
 * tlb.c - the TLB shootdown: tables have changed, every CPU must forget.
 *
 * Spec: SDM 3A "Propagation of Paging-Structure Changes to Multiple
 *       Processors". Linux: arch/x86/mm/tlb.c flush_tlb_kernel_range().
 */
#include <asm/pgtable.h>
#include <asm/special_insns.h>
#include <irq/ipi.h>
#include <mm/paging.h>

#include "internal.h"

#define FLUSH_CEILING 33 /* Linux's tlb_single_page_flush_ceiling */

struct flush {
	u64 start, end;
};

static void do_flush(void *info)
{
	const struct flush *f = info;

	if ((f->end - f->start) / PAGE_SIZE > FLUSH_CEILING) {
		__flush_tlb_all();
		return;
	}
	for (u64 va = f->start; va < f->end; va += PAGE_SIZE)
		invlpg(va);
}

static void flush_others(u64 start, u64 end)
{
	struct flush f = { start, end };

	if (start != end)
		smp_call_function(do_flush, &f, true);
}

void tlb_connect(void)
{
	flush_tlb_others = flush_others;
}
