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

#define LOCK_WAIT_US 10000
#define NOBODY	     (~0u)

/* CPU number of the line's writer; guards the CRC and the sinks. */
static u32 printk_owner = NOBODY;
static u32 crc;
static bool in_line; /* and still so later: that line was broken off */

void (*printk_done_hook)(void);

/* Returns true if taken, false if the line goes out without the lock. */
static bool lock(void)
{
	u32 self = smp_processor_id();
	u64 end = rdtsc() + us_to_tsc(LOCK_WAIT_US);

	do {
		u32 owner = NOBODY;

		if (__atomic_compare_exchange_n(&printk_owner, &owner, self,
						false, __ATOMIC_ACQUIRE,
						__ATOMIC_RELAXED))
			return true;
		if (owner == self) /* we interrupted ourselves */
			return false;
		cpu_relax();
	} while (!deadline_passed(end));
	return false;
}

static void unlock(void)
{
	__atomic_store_n(&printk_owner, NOBODY, __ATOMIC_RELEASE);
}

bool printk_busy(void)
{
	return __atomic_load_n(&printk_owner, __ATOMIC_RELAXED) ==
	       smp_processor_id();
}

void printk_abandon(void)
{
	if (printk_busy())
		unlock();
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
	if (in_line) /* the CRC will tell that it is damaged */
		console_write("\r\n", 2);
	in_line = true;
	crc = crc32(crc, line, (size_t)len);
	console_write(line, (size_t)len);
	in_line = false;
	if (locked)
		unlock();
	native_restore_fl(flags);
	if (printk_done_hook)
		printk_done_hook();
}

void printk_crc_begin(void)
{
	crc = 0;
}

u32 printk_crc(void)
{
	return crc;
}
