/* SPDX-License-Identifier: MIT */
/* irqflags.h - the interrupt flag, untraced. Code uses cpu/irqflags.h. */
#pragma once

#include <asm/processor-flags.h>
#include <lib/compiler.h>

static __always_inline u64 native_save_fl(void)
{
	u64 flags;

	__asm__ volatile("pushfq; popq %[flags]"
			 : [flags] "=rm"(flags)
			 :
			 : "memory");
	return flags;
}

static __always_inline void native_restore_fl(u64 flags)
{
	__asm__ volatile("pushq %[flags]; popfq"
			 :
			 : [flags] "g"(flags)
			 : "memory", "cc");
}

static __always_inline void native_irq_disable(void)
{
	__asm__ volatile("cli" : : : "memory");
}

static __always_inline void native_irq_enable(void)
{
	__asm__ volatile("sti" : : : "memory");
}

/* STI's shadow covers HLT: an interrupt cannot slip in between. */
static __always_inline void native_safe_halt(void)
{
	__asm__ volatile("sti; hlt" : : : "memory");
}

static __always_inline void native_halt(void)
{
	__asm__ volatile("hlt" : : : "memory");
}
