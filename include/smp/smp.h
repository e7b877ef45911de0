/* SPDX-License-Identifier: MIT */
/*
 * smp.h - the other CPUs: started, given work, taken out of a hang, stopped.
 *
 * A CPU that has come up runs its threads, "ktest" what run_on() hands it, and
 * "swapper" when there is nothing to do: HLT, interrupts on.
 */
#pragma once

#include <acpi/acpi.h>
#include <cpu/cpumask.h>

/*
 * Start every enabled CPU of the MADT that an IPI can reach, all at once, by a
 * copy of the trampoline at ap_page (below 1 MiB; 0: none). Waits at most 10 s
 * times scale=. Logs what came of it. Boot CPU, IF=0, APIC timer calibrated.
 * Spec: SDM 3A "Multiple-Processor (MP) Initialization".
 */
void smp_init(const struct acpi_madt *madt, u64 ap_page);

/* CPUs that were to come up and did not: how many, and their APIC IDs. */
u32 smp_failed_count(void);
u32 smp_failed_id(u32 index);

/* The MADT's CPUs that nothing can reach in this APIC's mode. */
u32 smp_unreachable_count(void);

/*
 * Run fn(arg) on cpu in task context, IF=1, and wait for it; usec is scaled.
 * An exception that fn does not catch is reported and ends fn; so is fn when
 * its time is over, by NMI. 0; -ENXIO: cpu is not online or is this one;
 * -EBUSY: it still does something else; -EFAULT: an exception ended fn;
 * -ETIMEDOUT: its time did. Where an NMI does not help, smp_restart_cpu() does.
 * Task context, IF=1. Linux: smp_call_on_cpu().
 */
int run_on(u32 cpu, void (*fn)(void *), void *arg, u64 usec);

/* The halves of it: several CPUs at once. Each run_on_start() is waited for. */
int run_on_start(u32 cpu, void (*fn)(void *), void *arg, u64 usec);
int run_on_wait(u32 cpu);

/*
 * After a case: wait for work that it did not wait for. False: there was some.
 * at_once: end it now. Boot CPU, task context.
 */
bool run_on_settle(bool at_once);

/* How often a CPU had to be taken out of what it did: exception, NMI, INIT. */
u32 smp_recovered_count(void);

/*
 * The last resort: INIT, SIPI, and cpu begins anew, with the per-CPU area that
 * it has. 0; -EINVAL: cpu is the boot CPU, whose INIT starts the firmware;
 * -ETIMEDOUT: it does not come back, and is offline. Another CPU, task context.
 */
int smp_restart_cpu(u32 cpu);

/*
 * The same, where send_init() has INIT sent to cpu by something else than an
 * IPI of ours. A CPU that got none takes no SIPI either: -ETIMEDOUT, and it
 * must be restarted by the function above.
 */
int smp_restart_cpu_by(u32 cpu, void (*send_init)(u32 cpu));

/*
 * What a CPU is led through once SIPI has started it, in 64-bit mode, before
 * it has touched anything of its own; NULL: nothing. It has no stack and no
 * IDT, returns by RBX, and may change every other register. A case's, and for
 * no more than one smp_restart_cpu().
 */
extern void (*smp_startup_hook)(void);

/*
 * cpu goes offline, as one does that comes up when nobody waits for it any
 * more: it finds that out in the trampoline's code, and parks. It comes back by
 * smp_restart_cpu(). 0; -EINVAL as there; -EBUSY: it did not park.
 */
int smp_park_cpu(u32 cpu);
