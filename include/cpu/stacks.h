/* SPDX-License-Identifier: MIT */
/*
 * stacks.h - every kernel stack, by name.
 *
 * All stacks of all CPUs lie in one virtual area, a slot each, aligned to the
 * slot; the lower part of a slot is absent (the guard), so overflow faults,
 * and the address tells whose stack it was.
 */
#pragma once

#include <lib/compiler.h>

/* clang-format off */
enum stack_kind {
	STACK_TASK,		/* "ktest": where cases run */
	STACK_IST1, STACK_IST2, STACK_IST3, STACK_IST4,
	STACK_IST5, STACK_IST6, STACK_IST7,
	STACK_ENTRY,		/* RSP0: events that arrive from CPL 3 */
	STACK_IRQ,
	STACK_REPORT,		/* an exception report's own */
	NR_STACKS,
	STACK_THREAD = NR_STACKS, /* the first of NR_THREAD_STACKS slots */
	STACK_NONE		/* the address is on no stack of ours */
};

#define STACK_SIZE		0x4000ull	/* mapped, at the slot's top */
#define STACK_SLOT		0x8000ull
#define STACK_AREA_BASE		0xfffffe8000000000ull
#define STACK_AREA_PER_CPU	(STACK_SLOT * 64)
#define NR_THREAD_STACKS	(64 - NR_STACKS) /* of each CPU */
/* clang-format on */

/* Its lowest words: what an entry finds by RSP alone. */
struct stack_bottom {
	u64 gs_base;	   /* of the CPU whose stack it is */
	u32 nmi_executing; /* src/entry/nmi.S */
};

/* First byte past the stack: its initial RSP, 16-byte aligned. */
static inline u64 stack_top(u32 cpu, u32 kind)
{
	return STACK_AREA_BASE + cpu * STACK_AREA_PER_CPU +
	       (kind + 1) * STACK_SLOT;
}

struct stack_info {
	enum stack_kind kind; /* STACK_NONE: addr is in no slot */
	u32 thread;	      /* STACK_THREAD: which */
	u32 cpu;
	bool guard; /* addr is in the guard below the stack */
};

/* Whose stack, or guard, addr is in. Pure. */
struct stack_info stack_of(u64 addr);

/*
 * addr, on a stack of some CPU, is on a thread's own: no event's, which others
 * want while a thread waits. Pure.
 */
static __always_inline bool on_thread_stack(const void *addr)
{
	u64 behind_first = ((u64)addr - STACK_SLOT) % STACK_AREA_PER_CPU;

	static_assert(STACK_TASK == 0, "below 0 is behind the last thread's");
	return behind_first >= (STACK_THREAD - 1) * STACK_SLOT;
}

/* Call fn(arg) with RSP = top (16-byte aligned), then come back. */
void call_on_stack(void (*fn)(void *), void *arg, u64 top);

/* "task", "#DF", "NMI", "#DB", "#MC", "#VC", "IST6", ... "none". */
const char *stack_name(enum stack_kind kind);
