/* SPDX-License-Identifier: MIT */
/*
 * dev/pit.h - 8254 channel 0 as an interrupt source. Its output is ISA IRQ 0,
 * which the MADT usually overrides to IOAPIC pin 2, rising edge.
 *
 * Uses:    time/pit.h for ports. Channel 2 is the clock's: not touched here.
 * Context: one user at a time; mask the pin before a mode change (the output
 *          may rise while the mode is set).
 * Spec:    Intel 8254 datasheet, "Mode Definitions", "Read-Back Command".
 */
#pragma once

#include <time/pit.h>

enum pit_mode {
	PIT_ONE_SHOT = 0,    /* interrupt on terminal count: rises once */
	PIT_RATE = 2,	     /* low for one clock every count */
	PIT_SQUARE_WAVE = 3, /* rises every count, half of it low */
};

struct pit_state {
	u8 status;    /* mode and access of channel 0, as found */
	bool stopped; /* pit_stop() was its last command */
};

/* Found by pit_clock_init(); this stops channel 0. Returns 0 or -ENODEV. */
int pit_probe(void);
bool pit_present(void);

/*
 * Start channel 0; count is 1..65536 input clocks (2.. in modes 2 and 3).
 * Returns 0, -ENODEV, -EINVAL (mode) or -ERANGE (count).
 */
int pit_start(enum pit_mode mode, u32 count);

/* The same with the period in ns, 839 ... 54925401, nearest count. */
int pit_start_ns(enum pit_mode mode, u64 ns);

/*
 * Stop: mode 0 with a count of 1, so the output rises once more within
 * 10 us (waited for here) and then stays high for ever.
 */
void pit_stop(void);

/*
 * Is the last edge of pit_stop() perhaps still to come? For a second: an
 * emulator raises the line when its own timer is served, which on a loaded
 * host is long after the output reads high. For who shares the pin.
 */
bool pit_edge_owed(void);

/* Mode (0..5) and output level of channel 0, by the read-back command. */
enum pit_mode pit_mode(void);
bool pit_output(void);

/*
 * The mode channel 0 runs in. The count in use cannot be read from the chip:
 * restore programs the saved mode with 65536, or stops it if it was stopped.
 */
void pit_save(struct pit_state *s);
void pit_restore(const struct pit_state *s);
