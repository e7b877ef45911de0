// SPDX-License-Identifier: MIT
/* irqflags.c - what the points of irqflags.h look at, and call. */
#include <cpu/irqflags.h>

bool lockdep_on;
struct irqflags_hooks irqflags_hooks;

/* irqflags_thunk.S finds them there. */
static_assert(offsetof(struct irqflags_hooks, hardirqs_off) == 0 &&
		      offsetof(struct irqflags_hooks, hardirqs_on) == 8,
	      "irqflags_thunk.S");
