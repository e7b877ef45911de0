// SPDX-License-Identifier: MIT
/*
 * cpu_setup.c - a CPU's own tables. The GDT is used through its read-only
 * alias; the TSS names the top of each stack of cpu/stacks.h.
 */
#include <smp/cpu_setup.h>

#include <cpu/desc.h>
#include <cpu/percpu.h>
#include <cpu/sections.h>
#include <cpu/stacks.h>
#include <entry/syscall.h>
#include <lib/errno.h>
#include <mm/cpu_stacks.h>
#include <mm/page_alloc.h>
#include <mm/paging.h>

static void fill_tss(struct tss *tss, u32 cpu)
{
	tss->sp[0] = stack_top(cpu, STACK_ENTRY);
	for (u32 i = 0; i < NR_IST; i++)
		tss->ist[i] = stack_top(cpu, STACK_IST1 + i);
	tss->io_bitmap_base = sizeof(*tss); /* beyond the limit: no ports */
}

int cpu_prepare(u32 cpu)
{
	u32 area_pages = (u32)(ALIGN_UP(per_cpu_size(), PAGE_SIZE) / PAGE_SIZE);
	u64 area = alloc_pages(area_pages);
	u64 gdt = alloc_pages(1), tss = alloc_pages(1);
	struct pcpu_hot *hot = (struct pcpu_hot *)area;
	int err;

	if (!area || !gdt || !tss)
		return -ENOMEM;
	per_cpu_init_area(cpu, hot);
	err = map_cpu_stacks(cpu, area);
	if (!err)
		err = map_range(CPU_ENTRY_GDT(cpu), gdt, PAGE_SIZE,
				PAGE_KERNEL_RO);
	if (err)
		return err;
	fill_tss((struct tss *)tss, cpu);
	gdt_fill((union desc_struct *)gdt, (struct tss *)tss);
	hot->tss = (struct tss *)tss;
	hot->gdt = (union desc_struct *)CPU_ENTRY_GDT(cpu);
	hot->gdt_rw = (union desc_struct *)gdt;
	hot->irq_stack_top = stack_top(cpu, STACK_IRQ);
	return 0;
}

void cpu_init(u32 cpu)
{
	per_cpu_load(cpu);
	cpu_load_gdt_tss();
	syscall_init();
}
