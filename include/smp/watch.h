/* SPDX-License-Identifier: MIT */
/*
 * watch.h - who looks whether a CPU still gets on.
 *
 * A CPU that begins something says until when it may take; one that idles
 * shows by its timer's ticks that interrupts still reach it. Others look: who
 * waits for it, and at each tick its neighbour, as in Linux's buddy detector
 * (kernel/watchdog_buddy.c); of a neighbour that looks at nobody it takes over
 * the round. When the time is over they send an NMI, which the CPU cannot mask.
 */
#pragma once

#include <asm/ptrace.h>

/*
 * What this CPU does now may take usec, times scale=. Returns until when what
 * it did before may take: for watch_end(), when it goes back to that.
 */
u64 watch_begin(u64 usec);
void watch_end(u64 outer);

/* Somebody waits for cpu, and knows that it hangs: its time is over now. */
void watch_overdue(u32 cpu);
void watch_overdue_now(u32 cpu); /* and the NMI is sent here and now */

/* Does it do something that has a deadline, or only idle? Any context. */
bool watch_at_work(void);

/* Is this CPU's time over? In its NMI handler, and behind it. */
bool watch_expired(void);

/* In its NMI handler: an NMI was sent from here. Asked once for each. */
bool watch_sent_nmi(void);

/*
 * In its NMI handler: its time is over, but not since it got stuck. It idles,
 * and the host has not run it; a third NMI finds out that it does not get on.
 */
bool watch_pardoned(const struct pt_regs *regs);

/* This CPU heeds the NMI: it gets time for a report. Its NMI handler. */
void watch_heeded(void);

/* Send cpu an NMI if its time is over; at most ten a second. Any context. */
void watch_check(u32 cpu);

/* As if those who look had seen no tick of cpu for too long: it is asked. */
void watch_suspect(u32 cpu);

/* NMIs went to cpu, for 2 s times scale= of those who look, in vain. */
bool watch_hopeless(u32 cpu);

/* cpu begins anew: nothing is known of it. */
void watch_forget(u32 cpu);

/*
 * Look after the neighbour once a second from now on, by an hrtimer. Not on
 * the boot CPU, which looks while it waits. Task context. Who wants the APIC
 * timer that it needs: hrtimers_suspend().
 */
void watch_start_ticks(void);

/* Does anybody look after the boot CPU? */
bool watch_is_on(void);
