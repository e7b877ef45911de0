/* SPDX-License-Identifier: MIT */
/*
 * nmi_backtrace.h - who is where: each CPU prints it itself, in its NMI
 * handler, so that interrupts that are off, or a lock, do not matter.
 *
 * Linux: lib/nmi_backtrace.c.
 */
#pragma once

#include <lib/types.h>

/*
 * One other CPU after the other; idle ones are named together. Who does not
 * answer within a second times scale=, or 10 of them in all, is named. True if
 * all answered; false also, and at once, while another CPU asks. Any context.
 */
bool trigger_allbutself_cpu_backtrace(void);

/* How often cpu printed it, or was found idle. */
u32 nmi_backtrace_count(u32 cpu);
