/* SPDX-License-Identifier: MIT */
/*
 * hpet_case.h - what the HPET's cases share: one pin, and how its timer is to
 * be set up.
 */
#pragma once

#include <dev/hpet.h>

#include "timers.h"

/* The PIT too: on some boards their pin is the same. */
#define HPET		.needs = NEEDS_HPET | NEEDS_IOAPIC, .uses = USES_HPET | USES_PIT
#define TICKS_OF_US(us) hpet_ns_to_ticks((us)*1000ull)

#define PIT_PIN_ONLY "the only pin is the PIT's, which is high"

extern struct stamped hpet_pin;
extern struct hpet_setup hpet_wants;

/* Timer n on the pin of its choice, which hpet_wants then names. */
bool hpet_start(u32 timer, bool level);

/* The pin is the PIT's, whose output is high when it is stopped. */
bool hpet_on_the_pits_pin(void);

/*
 * Arm timer, again if this CPU was away so long that the moment had passed:
 * then what may have come of it is forgotten, and at last it gets more time.
 */
void hpet_arm(u32 timer, u64 ticks, bool periodic);
void hpet_one_shot(u32 timer, u64 ticks);

/* Interrupt n came when the counter had reached at, by its low half. */
void hpet_expect_after(u32 n, u32 at);

/* Has the counter reached at, by its low half? */
bool hpet_passed(u32 at);

/* The first timer that can be periodic, or -1. */
int hpet_periodic_timer(void);

/* For the teardown: a counter that a case set goes on from where it would be.
 */
void hpet_put_counter_back(void);
