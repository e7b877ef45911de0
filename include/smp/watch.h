/* SPDX-License-Identifier: MIT */
/*
 * watch.h - who looks whether a CPU still gets on.
 *
 * A CPU that begins something says until when it may take. Others look: who
 * waits for it, and its neighbour at each tick of its own timer, as in Linux's
 * buddy detector (kernel/watchdog_buddy.c). When the time is over they send an
 * NMI, which the CPU cannot mask.
 */
#pragma once

#include <lib/types.h>

/* What this CPU does now may take usec, times scale=; it is over. */
void watch_begin(u64 usec);
void watch_end(void);

/* Is this CPU's time over? In its NMI handler, and behind it. */
bool watch_expired(void);

/* Send cpu an NMI if its time is over; at most ten a second. Any context. */
void watch_check(u32 cpu);

/*
 * Look after the neighbour once a second, by this CPU's APIC timer, which is
 * otherwise free here: its idle time. Not on the boot CPU, whose timer is the
 * cases': it looks while it waits. stop: the timer is wanted. Task context.
 */
void watch_start_ticks(void);
void watch_stop_ticks(void);

/* Does anybody look after the boot CPU? */
bool watch_is_on(void);
