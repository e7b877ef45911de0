// SPDX-License-Identifier: MIT
/* stacks.c - stack addresses to names and back. Pure. */
#include <cpu/stacks.h>

struct stack_info stack_of(u64 addr)
{
	struct stack_info info = { .kind = STACK_NONE };
	u64 slot = (addr - STACK_AREA_BASE) / STACK_SLOT;
	u64 per_cpu = STACK_AREA_PER_CPU / STACK_SLOT;

	if (addr < STACK_AREA_BASE || slot / per_cpu >= 512)
		return info;
	if (slot % per_cpu >= NR_STACKS)
		return info;
	info.kind = (enum stack_kind)(slot % per_cpu);
	info.cpu = (u32)(slot / per_cpu);
	info.guard = addr % STACK_SLOT < STACK_SLOT - STACK_SIZE;
	return info;
}

const char *stack_name(enum stack_kind kind)
{
	static const char name[NR_STACKS + 1][8] = {
		[STACK_TASK] = "task",	   [STACK_IST1] = "#DF",
		[STACK_IST2] = "NMI",	   [STACK_IST3] = "#DB",
		[STACK_IST4] = "#MC",	   [STACK_IST5] = "#VC",
		[STACK_IST6] = "IST6",	   [STACK_IST7] = "IST7",
		[STACK_ENTRY] = "entry",   [STACK_IRQ] = "irq",
		[STACK_REPORT] = "report", [STACK_NONE] = "none",
	};

	return name[kind <= NR_STACKS ? kind : NR_STACKS];
}
