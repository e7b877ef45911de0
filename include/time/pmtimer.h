/* SPDX-License-Identifier: MIT */
/*
 * pmtimer.h - the ACPI power management timer: 3.579545 MHz, 24 or 32 bits.
 *
 * Spec: ACPI Specification, "Power Management Timer".
 */
#pragma once

#include <time/clock.h>

#define PMTIMER_HZ 3579545u

/*
 * Use the timer at I/O port; is_32bit is FADT's TMR_VAL_EXT. Boot CPU, once.
 * Returns 0, -ENODEV (port 0 or reads all ones) or -EIO (stands still).
 */
int pmtimer_init(u16 port, bool is_32bit);

extern struct clock pmtimer_clock;
