// SPDX-License-Identifier: MIT
/*
 * printk.c - lines: formatted whole, counted into the CRC, written under one
 * lock. The lock can be broken, never waited for without bound: a report from
 * an NMI or from a CPU whose peer died must still come out.
 */
#include <console/printk.h>

#include <asm/irqflags.h>
#include <cpu/deadline.h>
#include <cpu/percpu.h>
#include <lib/crc32.h>
#include <lib/format.h>
#include <lib/string.h>

#include "internal.h"

#define NOBODY (~0u)

/* CPU number of the line's writer; guards the CRC and the sinks. */
static u32 printk_owner = NOBODY;
static u32 last_speaker = NOBODY; /* set once: the run ends on that CPU */
static u32 lines;		  /* ended: who waits sees that it gets on */
static u32 crc;
static bool in_line; /* and still so later: that line was broken off */
static u32 breaks;

void (*printk_done_hook)(void);

static bool move_owner(u32 from, u32 to)
{
	return __atomic_compare_exchange_n(&printk_owner, &from, to, false,
					   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static u32 owner(void)
{
	return __atomic_load_n(&printk_owner, __ATOMIC_RELAXED);
}

/*
 * True if taken; false: we interrupted our own line. Any number of CPUs may be
 * ahead. Who ends no line in all that time may be dead: the lock is taken away.
 */
static bool lock(void)
{
	u32 self = smp_processor_id(), seen = ~READ_ONCE(lines);
	bool taken = false;

	if (owner() == self)
		return false;
	while (!taken && seen != READ_ONCE(lines)) {
		seen = READ_ONCE(lines);
		taken = WAIT_FOR(move_owner(NOBODY, self), WAIT_DEFAULT_US);
	}
	if (!taken)
		__atomic_store_n(&printk_owner, self, __ATOMIC_RELAXED);
	return true;
}

/* Not if it has been taken away. */
static void unlock(void)
{
	__atomic_thread_fence(__ATOMIC_RELEASE);
	move_owner(smp_processor_id(), NOBODY);
}

bool printk_busy(void)
{
	return owner() == smp_processor_id();
}

void printk_abandon_cpu(u32 cpu)
{
	move_owner(cpu, NOBODY);
}

void printk_abandon(void)
{
	printk_abandon_cpu(smp_processor_id());
}

void printk_take_over(void)
{
	__atomic_store_n(&last_speaker, smp_processor_id(), __ATOMIC_SEQ_CST);
	__atomic_store_n(&printk_owner, NOBODY, __ATOMIC_SEQ_CST);
}

static bool may_speak(void)
{
	u32 last = __atomic_load_n(&last_speaker, __ATOMIC_RELAXED);

	return last == NOBODY || last == smp_processor_id();
}

/* Under the lock, if it could be had. */
static void write_line(const char *line, size_t len)
{
	if (!may_speak())
		return;
	if (in_line) { /* the CRC will tell that it is damaged */
		breaks++;
		console_write("\r\n", 2);
	}
	in_line = true;
	crc = crc32(crc, line, len);
	console_write(line, len);
	in_line = false;
	__atomic_store_n(&lines, lines + 1, __ATOMIC_RELAXED);
}

void printk(const char *fmt, ...)
{
	char line[PRINTK_MAX];
	u64 flags = native_save_fl();
	va_list args;
	bool locked;
	int len;

	va_start(args, fmt);
	len = vscnprintf(line, sizeof(line) - 2, fmt, args);
	va_end(args);
	if (len >= (int)sizeof(line) - 3)
		memcpy(&line[len - 3], "...", 3);
	line[len++] = '\r';
	line[len++] = '\n';

	native_irq_disable();
	locked = lock();
	write_line(line, (size_t)len);
	if (locked)
		unlock();
	native_restore_fl(flags);
	if (printk_done_hook)
		printk_done_hook();
}

u32 printk_breaks(void)
{
	return READ_ONCE(breaks);
}

void printk_crc_begin(void)
{
	crc = 0;
}

u32 printk_crc(void)
{
	return crc;
}
