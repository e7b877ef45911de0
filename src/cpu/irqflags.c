// SPDX-License-Identifier: MIT
/* irqflags.c - what the points of irqflags.h look at, and call. */
#include <cpu/irqflags.h>

u32 observers;
struct irqflags_hooks irqflags_hooks;

void set_observer(u32 who, bool on)
{
	if (on)
		__atomic_fetch_or(&observers, who, __ATOMIC_SEQ_CST);
	else
		__atomic_fetch_and(&observers, ~who, __ATOMIC_SEQ_CST);
}

/* irqflags_thunk.S finds them there. */
static_assert(offsetof(struct irqflags_hooks, hardirqs_off) == 0 &&
		      offsetof(struct irqflags_hooks, hardirqs_on) == 8,
	      "irqflags_thunk.S");
