/* SPDX-License-Identifier: MIT */
/*
 * pit.h - the 8254's ports and control words, and channel 2 as a clock. Its
 * channel 0 as an interrupt source: dev/pit.h.
 *
 * Spec: Intel 8254 datasheet; port 61H: ICH datasheets, "NMI Status and
 *       Control Register".
 */
#pragma once

#include <time/clock.h>

/* clang-format off */
#define PIT_CH(n)		(0x40 + (n))
#define PIT_MODE		0x43
#define   PIT_SELECT(n)		  ((n) << 6)
#define   PIT_LATCH		  0x00
#define   PIT_LSB		  0x10
#define   PIT_MSB		  0x20
#define   PIT_LSB_MSB		  0x30
#define   PIT_MODE_N(m)		  ((m) << 1)
#define   PIT_READBACK		  0xc0
#define   PIT_READBACK_NO_COUNT	  0x20	/* do not latch the count */
#define   PIT_READBACK_NO_STATUS  0x10	/* do not latch the status */
#define   PIT_READBACK_CH(n)	  (2 << (n))
#define   PIT_STATUS_OUT	  0x80
#define   PIT_STATUS_NULL_COUNT	  0x40	/* count written, not yet loaded */
#define   PIT_STATUS_RW		  0x30
#define   PIT_STATUS_MODE	  0x0e
#define   PIT_STATUS_BCD	  0x01

#define PORT_61			0x61
#define   PORT_61_GATE2		  0x01
#define   PORT_61_SPEAKER	  0x02
#define   PORT_61_REFRESH	  0x10
#define   PORT_61_OUT2		  0x20
#define   PORT_61_WRITABLE	  0x0f	/* the rest is status: write 0 */
/* clang-format on */

/* Latch and read the current count of channel n. Any context, IF=0 inside. */
u16 pit_read_count(u32 channel);

/* The read-back command's status byte of channel n. */
u8 pit_read_status(u32 channel);

/*
 * Is there an 8254? Programs channel 2 (speaker off), reads its mode back and
 * sees it count, puts port 61H back. Returns 0, -ENODEV or -EIO (no count).
 */
int pit_clock_init(void);

/*
 * The clock: channel 2, mode 2, count 65536, 54.9 ms a turn. start() opens
 * its gate through port 61H, stop() puts that back.
 */
extern struct clock pit_clock;
