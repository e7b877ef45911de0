/* SPDX-License-Identifier: MIT */
/*
 * rtc.h - CMOS registers of the MC146818A, and its date as a 1 Hz clock. Its
 * interrupts: dev/rtc.h.
 *
 * Spec: Motorola MC146818A datasheet.
 */
#pragma once

#include <time/clock.h>

/* clang-format off */
#define CMOS_INDEX		0x70
#define   CMOS_NMI_MASK		  0x80	/* index port bit 7: NMI off */
#define CMOS_DATA		0x71

#define RTC_SECONDS		0x00
#define RTC_SECONDS_ALARM	0x01
#define RTC_MINUTES		0x02
#define RTC_MINUTES_ALARM	0x03
#define RTC_HOURS		0x04
#define RTC_HOURS_ALARM		0x05
#define   RTC_HOURS_PM		  0x80
#define   RTC_ALARM_ANY		  0xc0	/* alarm byte: don't care */
#define RTC_DAY			0x07
#define RTC_MONTH		0x08
#define RTC_YEAR		0x09
#define RTC_REG_A		0x0a
#define   RTC_A_UIP		  0x80	/* update within 244 us, or going on */
#define   RTC_A_DV		  0x70
#define   RTC_A_DV_32KHZ	  0x20	/* divider runs from 32.768 kHz */
#define   RTC_A_RS		  0x0f
#define RTC_REG_B		0x0b
#define   RTC_B_SET		  0x80
#define   RTC_B_PIE		  0x40
#define   RTC_B_AIE		  0x20
#define   RTC_B_UIE		  0x10
#define   RTC_B_SQWE		  0x08
#define   RTC_B_DM_BINARY	  0x04
#define   RTC_B_24H		  0x02
#define RTC_REG_C		0x0c	/* reading clears it */
#define   RTC_C_IRQF		  0x80
#define   RTC_C_PF		  0x40
#define   RTC_C_AF		  0x20
#define   RTC_C_UF		  0x10
#define RTC_REG_D		0x0d
#define   RTC_D_VRT		  0x80	/* contents valid */
/* clang-format on */

/*
 * CMOS access; reg is 0..127. The NMI mask keeps its value. IF=0 inside. An
 * NMI handler may use these too: each puts the index back that it found. One
 * CPU at a time.
 */
u8 cmos_read(u8 reg);
void cmos_write(u8 val, u8 reg);

/* Set the NMI mask that every later access keeps; returns the old one. */
bool cmos_set_nmi_mask(bool masked);

/*
 * Present test: registers hold what is written. Turns its interrupts off. Boot
 * CPU, once. Returns 0, -ENODEV or -EIO (there, but stopped).
 */
int rtc_clock_init(bool fadt_says_absent);

/*
 * Read a consistent date: waits, bounded, while an update goes on (2.2 ms).
 * Returns 0, -ETIMEDOUT (UIP stuck) or -EINVAL (no valid date).
 */
int rtc_read_time(struct rtc_time *t);

/*
 * Wait for the end of an update cycle: the moment a second begins, by the UF
 * flag. Reads register C, so no RTC interrupt may be in use. *tsc gets the
 * TSC just after it was seen. Returns 0 or -ETIMEDOUT.
 */
int rtc_wait_update(u64 *tsc);

/* The clock: seconds since 2000-01-01; 0 when the date cannot be read. */
extern struct clock rtc_clock;
