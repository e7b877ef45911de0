/* SPDX-License-Identifier: MIT */
/* irqflags.h - local_irq_*(): the interrupt flag as the code above uses it. */
#pragma once

#include <asm/irqflags.h>

static inline void local_irq_disable(void)
{
	native_irq_disable();
}

static inline void local_irq_enable(void)
{
	native_irq_enable();
}

static inline u64 local_irq_save(void)
{
	u64 flags = native_save_fl();

	native_irq_disable();
	return flags;
}

/* Put IF back as local_irq_save() found it. */
static inline void local_irq_restore(u64 flags)
{
	if (flags & X86_EFLAGS_IF)
		native_irq_enable();
	else
		native_irq_disable();
}

static inline bool irqs_disabled(void)
{
	return !(native_save_fl() & X86_EFLAGS_IF);
}
