// SPDX-License-Identifier: MIT
/* cpu_stacks.c - memory for the stacks, at the addresses that name them. */
#include <mm/cpu_stacks.h>

#include <cpu/stacks.h>
#include <lib/errno.h>
#include <mm/page_alloc.h>
#include <mm/paging.h>

int map_cpu_stacks(u32 cpu, u64 gs_base)
{
	for (u32 kind = 0; kind < NR_STACKS; kind++) {
		u64 pages = alloc_pages(STACK_SIZE / PAGE_SIZE);
		u64 bottom = stack_top(cpu, kind) - STACK_SIZE;
		int err;

		if (!pages)
			return -ENOMEM;
		((struct stack_bottom *)pages)->gs_base = gs_base;
		err = map_range(bottom, pages, STACK_SIZE, PAGE_KERNEL);
		if (err)
			return err;
	}
	return 0;
}
