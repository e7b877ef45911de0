/* SPDX-License-Identifier: MIT */
/*
 * timers.h - what the files of the suite `timers` share: a pin whose
 * interrupts are stamped, and timers that are put back whatever happens.
 */
#pragma once

#include <ktest/ktest.h>
#include <ktest/pin.h>
#include <time/clock.h>

#define STAMPS 64

/* Each interrupt's time by the TSC and, where there is one, the HPET. */
struct stamped {
	struct pin pin;
	u64 tsc[STAMPS];
	u32 hpet[STAMPS];
	void (*ack)(struct stamped *s); /* what the device wants, or NULL */
};

/* Stamp what arrives at gsi by vector 0x61. False: there is no such GSI. */
bool stamped_open(struct stamped *s, u32 gsi, union ioapic_rte rte);

/* Asleep until count came or 2 s passed; then as pin_wait(). */
u32 stamped_wait(struct stamped *s, u32 count);

/* Record the device's state; the suite's teardown restores it. */
void timers_use_pit(void);
void timers_use_pit_channel_2(void); /* port 61H; the clock sets the rest */
void timers_use_rtc(void);
void timers_use_hpet(u32 timer);

/* Any control word, and as many bytes of count as it says; or new ones. */
void pit_program(u32 channel, u32 control, u32 count);
void pit_write_count(u32 channel, u32 count); /* both bytes */

/* Did certainly less than count input clocks pass since a TSC reading? */
bool pit_within(u64 since, u64 count);

/* TSC ticks as ns; how much of ns the clocks' uncertainty may hide. */
u64 tsc_ns(u64 ticks);
u64 slack_ns(u64 ns);

/* Clock a is ppm fast by b: logged, and at most AGREE_PPM beyond what's open.
 */
#define AGREE_PPM 500
void clocks_expect_agreement(const char *a, const char *b, s32 ppm,
			     u32 uncertainty_ppm);

/* Interrupt k+1 of a periodic source came no earlier than (k+1) periods. */
void expect_never_early(const struct stamped *s, u64 start, u64 period_ns);

/* The entry that irq's line wants, by the MADT. */
union ioapic_rte rte_of_irq(u32 irq);

/* IRQ 8, stamped; rate rs's interrupts judged, count of them awaited. */
bool rtc_open(struct stamped *s, void (*ack)(struct stamped *));
void expect_rtc_rate(struct stamped *s, u32 rs, u32 count);

/* By the TSC, when a second of the RTC began; 0: no case has seen one. */
extern u64 rtc_second_began;

/* PM1's registers as they were found. The teardown's. */
void pm1_close(void);
