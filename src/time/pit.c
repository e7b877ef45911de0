// SPDX-License-Identifier: MIT
/*
 * pit.c - the 8254's channel 2 as a clock. Channel 0 stays free to be an
 * interrupt source; channel 2 only drives the speaker, which is kept off.
 *
 * Read:    pit_clock_start().
 * Used by: clock.c, dev/pit.c for counts and status.
 * Context: one user at a time; reads any, IF=0 inside.
 * Spec:    Intel 8254 datasheet, "Mode 2: Rate Generator", "Counter Latch
 *          Command", "Read-Back Command".
 */
#include <time/pit.h>

#include <asm/io.h>
#include <cpu/irqflags.h>
#include <lib/errno.h>

#define CLOCK_CHANNEL 2
#define CLOCK_MODE    2

static u8 port61_found; /* by pit_clock_start(), for pit_clock_stop() */

u16 pit_read_count(u32 channel)
{
	u64 flags = local_irq_save(); /* the byte order is the chip's state */
	u16 count;

	outb(PIT_SELECT(channel) | PIT_LATCH, PIT_MODE);
	count = inb(PIT_CH(channel));
	count |= inb(PIT_CH(channel)) << 8;
	local_irq_restore(flags);
	return count;
}

u8 pit_read_status(u32 channel)
{
	u64 flags = local_irq_save();
	u8 status;

	outb(PIT_READBACK | PIT_READBACK_NO_COUNT | PIT_READBACK_CH(channel),
	     PIT_MODE);
	status = inb(PIT_CH(channel));
	local_irq_restore(flags);
	return status;
}

static u64 pit_read(void)
{
	return pit_read_count(CLOCK_CHANNEL);
}

/* Until the first input clock after the gate opened the count is the old. */
static void wait_loaded(void)
{
	for (int i = 0; i < 100; i++)
		if (!(pit_read_status(CLOCK_CHANNEL) & PIT_STATUS_NULL_COUNT))
			return;
}

static int pit_clock_start(void)
{
	u64 flags = local_irq_save();
	u8 closed;

	port61_found = inb(PORT_61) & PORT_61_WRITABLE;
	closed = port61_found & ~(PORT_61_GATE2 | PORT_61_SPEAKER);
	outb(closed, PORT_61);
	outb(PIT_SELECT(CLOCK_CHANNEL) | PIT_LSB_MSB | PIT_MODE_N(CLOCK_MODE),
	     PIT_MODE);
	outb(0, PIT_CH(CLOCK_CHANNEL)); /* 0 stands for 65536 */
	outb(0, PIT_CH(CLOCK_CHANNEL));
	outb(closed | PORT_61_GATE2, PORT_61);
	local_irq_restore(flags);
	wait_loaded();
	return 0;
}

static void pit_clock_stop(void)
{
	outb(port61_found, PORT_61);
}

struct clock pit_clock = {
	/* present written by pit_clock_init() */
	.name = "pit",
	.read = pit_read,
	.start = pit_clock_start,
	.stop = pit_clock_stop,
	.freq_hz = PIT_HZ,
	.modulus = 0x10000,
	.bits = 16,
	.down = true,
};

/* An absent chip reads FFH; one in another mode did not take the command. */
static bool mode_took(void)
{
	u8 status = pit_read_status(CLOCK_CHANNEL);
	u8 mask = PIT_STATUS_RW | PIT_STATUS_MODE | PIT_STATUS_BCD;

	return (status & mask) == (PIT_LSB_MSB | PIT_MODE_N(CLOCK_MODE));
}

int pit_clock_init(void)
{
	int err = 0;

	pit_clock_start();
	if (!mode_took())
		err = -ENODEV;
	else if (!clock_moves(&pit_clock)) /* some boards gate its clock */
		err = -EIO;
	pit_clock_stop();
	pit_clock.present = err == 0;
	return err;
}
