// SPDX-License-Identifier: MIT
/*
 * pit.c - the 8254's channel 0 as an interrupt source.
 *
 * Read:    pit_start(), pit_stop().
 * Uses:    time/pit.h for ports, counts and status.
 * Context: one user at a time.
 * Spec:    Intel 8254 datasheet, "Mode Definitions", "Write Operations".
 */
#include <dev/pit.h>

#include <asm/io.h>
#include <cpu/deadline.h>
#include <cpu/irqflags.h>
#include <lib/errno.h>

#define CHANNEL	  0
#define MAX_COUNT 0x10000

#define LATE_US 1000000

static bool stopped;  /* written by pit_start() and pit_stop() */
static u64 last_edge; /* TSC by which pit_stop()'s has come */

bool pit_present(void)
{
	return pit_clock.present;
}

int pit_probe(void)
{
	if (!pit_present())
		return -ENODEV;
	pit_stop();
	return 0;
}

/* The datasheet: a count of 1 is illegal in modes 2 and 3. */
static u32 min_count(enum pit_mode mode)
{
	return mode == PIT_ONE_SHOT ? 1 : 2;
}

static void program(enum pit_mode mode, u32 count)
{
	u64 flags = local_irq_save(); /* two bytes make one count */

	outb(PIT_SELECT(CHANNEL) | PIT_LSB_MSB | PIT_MODE_N(mode), PIT_MODE);
	outb(count & 0xff, PIT_CH(CHANNEL));
	outb(count >> 8 & 0xff, PIT_CH(CHANNEL)); /* 65536 goes as 0 */
	local_irq_restore(flags);
}

int pit_start(enum pit_mode mode, u32 count)
{
	if (!pit_present())
		return -ENODEV;
	if (mode != PIT_ONE_SHOT && mode != PIT_RATE && mode != PIT_SQUARE_WAVE)
		return -EINVAL;
	if (count < min_count(mode) || count > MAX_COUNT)
		return -ERANGE;
	stopped = false;
	last_edge = 0;
	program(mode, count);
	return 0;
}

int pit_start_ns(enum pit_mode mode, u64 ns)
{
	int count = pit_count(ns, min_count(mode));

	return count < 0 ? count : pit_start(mode, count);
}

/*
 * Mode 0 without a count would do on the chip, but QEMU lets the old mode's
 * next edge come out. With a count of 1 the last edge is certain and soon, and
 * none follows: after terminal count the output stays high.
 */
void pit_stop(void)
{
	if (!pit_present())
		return;
	stopped = true;
	last_edge = deadline_after(LATE_US);
	program(PIT_ONE_SHOT, 1);
	udelay(10);
}

bool pit_edge_owed(void)
{
	return !deadline_passed(last_edge);
}

enum pit_mode pit_mode(void)
{
	enum pit_mode mode =
		FIELD_GET(PIT_STATUS_MODE, pit_read_status(CHANNEL));

	return mode > 5 ? mode & 3 : mode; /* 6 and 7 are 2 and 3 again */
}

bool pit_output(void)
{
	return pit_read_status(CHANNEL) & PIT_STATUS_OUT;
}

void pit_save(struct pit_state *s)
{
	s->status = pit_read_status(CHANNEL);
	s->stopped = stopped;
}

void pit_restore(const struct pit_state *s)
{
	enum pit_mode mode = FIELD_GET(PIT_STATUS_MODE, s->status) & 3;

	if (s->stopped || pit_start(mode, MAX_COUNT))
		pit_stop();
}
