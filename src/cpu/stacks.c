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
	info.kind = (enum stack_kind)min(slot % per_cpu, (u64)STACK_THREAD);
	info.thread = (u32)(slot % per_cpu) - info.kind;
	info.cpu = (u32)(slot / per_cpu);
	info.guard = addr % STACK_SLOT < STACK_SLOT - STACK_SIZE;
	return info;
}

const char *stack_name(enum stack_kind kind)
{
	static const char name[STACK_NONE + 1][8] = {
		[STACK_TASK] = "task",	   [STACK_IST1] = "#DF",
		[STACK_IST2] = "NMI",	   [STACK_IST3] = "#DB",
		[STACK_IST4] = "#MC",	   [STACK_IST5] = "#VC",
		[STACK_IST6] = "IST6",	   [STACK_IST7] = "IST7",
		[STACK_ENTRY] = "entry",   [STACK_IRQ] = "irq",
		[STACK_REPORT] = "report", [STACK_THREAD] = "thread",
		[STACK_NONE] = "none",
	};

	return name[kind <= STACK_NONE ? kind : STACK_NONE];
}
