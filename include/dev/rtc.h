/* SPDX-License-Identifier: MIT */
/*
 * dev/rtc.h - the MC146818A's periodic, alarm and update-ended interrupts:
 * ISA IRQ 8, edge on most boards, level-low on some (the MADT says).
 *
 * Context: one user at a time. The line stays asserted until register C is
 *          read: a handler calls rtc_read_flags(), or no further edge comes.
 * Spec:    Motorola MC146818A datasheet, "Interrupts", "Register A-D".
 */
#pragma once

#include <time/rtc.h>

/* Periodic rates by selector: 3 = 8192 Hz, 6 = 1024 Hz, ... 15 = 2 Hz. */
#define RTC_RATE_MIN	3
#define RTC_RATE_MAX	15
#define RTC_RATE_HZ(rs) (32768u >> ((rs)-1))

struct rtc_state {
	u8 a, b, alarm[3]; /* seconds, minutes, hours */
};

/* Found by rtc_clock_init(); this turns all its interrupts off. */
int rtc_probe(void);
bool rtc_present(void);

/* Register C, which this clears: RTC_C_IRQF, _PF, _AF, _UF. Any context. */
u8 rtc_read_flags(void);

/*
 * Each clears old flags, then enables one interrupt beside those enabled.
 * Return 0, -ENODEV, -EINVAL (selector), or what rtc_read_time() returned.
 */
int rtc_periodic_start(u8 rate_selector);
int rtc_update_start(void);

/* Alarm seconds (1..3599) on; 1 only just after rtc_wait_update(). */
int rtc_alarm_start(u32 seconds);

/* Alarm at every second: all three bytes "don't care". */
int rtc_alarm_every_second(void);

/* All three off, flags cleared: the line is released. */
void rtc_stop(void);

/* Registers A and B and the alarm; restore also clears register C. */
void rtc_save(struct rtc_state *s);
void rtc_restore(const struct rtc_state *s);
