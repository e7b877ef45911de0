/* SPDX-License-Identifier: MIT */
/*
 * apic_timer.h - the local APIC's timer of this CPU.
 *
 * The vector is LOCAL_TIMER_VECTOR; its handler calls the event handler set
 * here (Linux: evt->event_handler). The divider is 16 for everything but the
 * cases that judge dividers.
 *
 * Spec: SDM 3A "APIC Timer".
 */
#pragma once

#include <apic/lapic.h>
#include <time/clock.h>

enum lvt_timer_mode {
	TIMER_ONESHOT = APIC_LVT_TIMER_ONESHOT,
	TIMER_PERIODIC = APIC_LVT_TIMER_PERIODIC,
};

#define APIC_TIMER_DIVIDER 16

/* The timer's count after the divider as a clock; freq_hz once calibrated. */
extern struct clock apic_timer_clock;

/*
 * Measure the timer's rate against ref and set apic_timer_clock.freq_hz.
 * Leaves it stopped. 0, or clock_measure()'s error. Boot CPU.
 */
int apic_timer_calibrate(const struct clock *ref, struct clock_rate *rate);

/* Arm in us microseconds. 0, -ERANGE (period), -ENODEV (no calibration). */
int apic_timer_start(enum lvt_timer_mode mode, u64 us);
int apic_timer_start_ns(enum lvt_timer_mode mode, u64 ns);

/* Mask and stop. Any time. */
void apic_timer_stop(void);

/*
 * Called with IF=0 in hardirq context at each expiry of this CPU's timer;
 * NULL: only counted.
 */
void apic_timer_set_handler(void (*fn)(void));
void apic_timer_event(void); /* sysvec's */
