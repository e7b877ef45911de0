/* SPDX-License-Identifier: MIT */
/*
 * traps.h - what happens to an exception.
 *
 * Every exc_*() in traps.c ends in trap_dispatch(), which asks in this order:
 * the exception table (by RIP), the running case's hook for that vector, from
 * CPL 3 its handler of the signal that Linux would send (trap/signal.h), the
 * innermost catch frame of this CPU; what none of them takes is reported in
 * full and ends the run.
 */
#pragma once

#include <asm/ptrace.h>
#include <asm/trapnr.h>
#include <cpu/stacks.h>

/*
 * A case's own handler for a vector, e.g. to count single steps. Runs in the
 * exception's context with IF as the gate left it; may edit regs. Returns
 * true if handled: execution resumes from regs.
 */
typedef bool (*trap_hook_fn)(struct pt_regs *regs, void *data);

/* Install fn for vector nr (0..31), NULL to remove. Returns 0 or -EINVAL. */
int trap_hook(u32 nr, trap_hook_fn fn, void *data);

/* Remove every hook and every handler of a signal; the runner does so after
 * each case. */
void trap_hooks_clear(void);

/*
 * The upper rooms' look at each NMI, before any case's hook: what another CPU
 * wants to know, then the watchdog. RESUMED: it rewrote regs to end the case.
 */
enum nmi_verdict { NMI_NOT_MINE, NMI_HANDLED, NMI_RESUMED };
extern enum nmi_verdict (*nmi_ipi_hook)(struct pt_regs *regs);
extern enum nmi_verdict (*nmi_watchdog_hook)(struct pt_regs *regs);

/* How many of cpu's NMIs either of them took: no case raised those. */
u64 nmi_own_count_cpu(u32 cpu);

/*
 * For a hook that would print and finds printk_busy(): it is called again, by
 * INT 2, when the line that this CPU writes is complete.
 */
void nmi_postpone(void);

/* How often this CPU took each vector below 32, ever; and cpu. */
u64 trap_count(u32 nr);
u64 trap_count_cpu(u32 nr, u32 cpu);

/* Unexpected events that hurt nothing, counted per boot. */
u64 unknown_nmi_count(void);
u64 unknown_nmi_count_cpu(u32 cpu);
