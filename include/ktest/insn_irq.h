/* SPDX-License-Identifier: MIT */
/* insn_irq.h - the instructions of suite irq. See src/ktest/insn_irq.S. */
#pragma once

#include <lib/types.h>

/* INT v; RET at + 4 * v, for every v. */
extern const char insn_irq_int[];

static inline void insn_irq_raise(u32 vector)
{
	((void (*)(void))(insn_irq_int + 4 * vector))();
}

/*
 * Registers from pattern (the first 15 words of pt_regs), then STI; HLT. Call
 * with IF=0 and an interrupt waiting. Returns with IF=1.
 */
void insn_irq_sti_hlt(const u64 *pattern);
extern const char insn_irq_after_hlt[]; /* the saved RIP of what ends it */
extern u64 insn_irq_hlt_sp;		/* RSP at the HLT */
