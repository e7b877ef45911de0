// SPDX-License-Identifier: MIT
/* cpu_stacks.c - memory for the stacks, at the addresses that name them. */
#include <mm/cpu_stacks.h>

#include <cpu/stacks.h>
#include <lib/errno.h>
#include <mm/page_alloc.h>
#include <mm/paging.h>

int map_cpu_stack(u32 cpu, u32 kind, u64 gs_base)
{
	u64 pages = alloc_pages(STACK_SIZE / PAGE_SIZE);

	if (!pages)
		return -ENOMEM;
	((struct stack_bottom *)pages)->gs_base = gs_base;
	return map_range(stack_top(cpu, kind) - STACK_SIZE, pages, STACK_SIZE,
			 PAGE_KERNEL);
}

int map_cpu_stacks(u32 cpu, u64 gs_base)
{
	int err = 0;

	for (u32 kind = 0; kind < NR_STACKS && !err; kind++)
		err = map_cpu_stack(cpu, kind, gs_base);
	return err;
}
