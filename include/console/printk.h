/* SPDX-License-Identifier: MIT */
/*
 * printk.h - the log. One call is one line: the text is formatted whole, then
 * written under one lock with CR LF at its end, to every sink.
 */
#pragma once

#include <lib/compiler.h>

#define PRINTK_MAX 512 /* longest line; the rest is cut and marked "..." */

/*
 * Write one line (fmt carries no newline). Any context and any CPU: an NMI or
 * exception that interrupts its own CPU's write breaks the lock; another CPU
 * waits its turn, and takes the lock away when nobody has ended a line in 2 s
 * times scale=.
 */
void printk(const char *fmt, ...) __printf(1, 2);

/*
 * Is this CPU writing a line? A line that is broken off has damaged the log;
 * the watchdog puts itself off instead, until printk_done_hook() is called
 * after the line.
 */
bool printk_busy(void);
extern void (*printk_done_hook)(void);

/* The line this CPU was writing, if any, will not be ended: free the lock. */
void printk_abandon(void);
void printk_abandon_cpu(u32 cpu); /* the same of a CPU that is dead */

/* The run ends here: no lock and no other CPU keeps this one from its lines. */
void printk_take_over(void);

/* How many lines began inside another one, which was damaged by it. */
u32 printk_breaks(void);

/* CRC-32 of every byte written since printk_crc_begin(). */
void printk_crc_begin(void);
u32 printk_crc(void);
