/* SPDX-License-Identifier: MIT */
/*
 * dev/hpet.h - HPET timers as interrupt sources, through an IOAPIC pin of
 * their choice, FSB (MSI) messages, or the legacy replacement route.
 *
 * Uses:    time/hpet.h for registers. The counter runs on: nothing here stops
 *          or sets it, for it is a clock too.
 * Context: one user a timer.
 * Spec:    IA-PC HPET Specification 1.0a, "Timer N Configuration and
 *          Capabilities Register", "LegacyReplacement Route Option".
 */
#pragma once

#include <time/hpet.h>

struct hpet_timer_info {
	bool periodic_cap, wide_cap, fsb_cap; /* wide: 64-bit compare */
	u32 route_cap; /* bit n: may use IOAPIC input (GSI) n */
};

enum hpet_route { HPET_ROUTE_IOAPIC, HPET_ROUTE_FSB, HPET_ROUTE_LEGACY };

struct hpet_setup {
	enum hpet_route route;
	u8 gsi;	    /* IOAPIC: must be in route_cap */
	bool level; /* IOAPIC: level, held until hpet_clear_status() */
	bool wide;  /* 64-bit compare; one-shot only */
	u32 fsb_addr, fsb_data; /* FSB: the MSI address and data */
};

struct hpet_timer_state {
	u32 cfg, cmp_lo, cmp_hi, fsb_val, fsb_addr, general_cfg;
};

/* A compare value nearer than this may be passed before it is written. */
#define HPET_MIN_TICKS	    128
#define HPET_MAX_WIDE_TICKS (1ull << 48) /* 32 days of 100 MHz */

/* Found by hpet_clock_init(). Returns the number of timers or -ENODEV. */
int hpet_probe(void);
bool hpet_present(void);
u32 hpet_timers(void);

/* Returns 0, or -EINVAL if there is no such timer. */
int hpet_timer_info(u32 timer, struct hpet_timer_info *info);

/* Does the counter count, and timer compare, 64 bits? */
bool hpet_timer_is_wide(u32 timer);

/*
 * A GSI that timer can use and allowed (a bit mask) permits, the lowest at or
 * above 16 first since ISA devices share the lower ones. -ENODEV: none.
 */
int hpet_pick_gsi(u32 timer, u32 allowed);

/*
 * Program timer to fire once, ticks after now (HPET_MIN_TICKS ... INT32_MAX,
 * or HPET_MAX_WIDE_TICKS if wide), or every ticks (HPET_MIN_TICKS ...
 * INT32_MAX) from now, which needs periodic_cap. In legacy route timer 0
 * drives IRQ 0 and timer 1 IRQ 8, and the PIT and RTC are cut off until
 * hpet_timer_stop(). Returns 0, -ENODEV, -EINVAL (timer or route),
 * -EOPNOTSUPP (capability missing, or gsi not in route_cap), -ERANGE (ticks),
 * -EAGAIN (the value had passed when it was written; it may have fired or
 * not, and a periodic one may wait for the counter to wrap: try again).
 *
 * Prefer wide for a one-shot where hpet_timer_is_wide(): a 32-bit one may also
 * fire when the counter's low half wraps.
 */
int hpet_oneshot(u32 timer, const struct hpet_setup *setup, u64 ticks);
int hpet_periodic(u32 timer, const struct hpet_setup *setup, u32 ticks);

/*
 * The last hpet_oneshot() of timer once more, ticks after now: where it still
 * stands only the comparator is written, a tenth of the register accesses.
 * Whether it has fired or not. -ENOENT: it does not stand; else as above.
 */
int hpet_oneshot_again(u32 timer, u64 ticks);

/* The last compare value programmed; what "never early" is judged by. */
u64 hpet_comparator(u32 timer);

/* Off, status cleared; legacy replacement too with its last timer. */
void hpet_timer_stop(u32 timer);

/* Level mode: is the timer asserting its line; release it. Any context. */
bool hpet_status(u32 timer);
void hpet_clear_status(u32 timer);

/*
 * An irq for a timer's messages: request_irq(), then hpet_oneshot() or
 * hpet_periodic() as hpet_irq_setup() says at that time; irq_free_desc() in
 * the end. The irq, -ENODEV (it sends none) or -ENOSPC.
 */
int hpet_alloc_irq(u32 timer);
void hpet_irq_setup(u32 timer, struct hpet_setup *setup);

/* Nanoseconds as HPET ticks, rounded up. */
u64 hpet_ns_to_ticks(u64 ns);

void hpet_timer_save(u32 timer, struct hpet_timer_state *s);
void hpet_timer_restore(u32 timer, const struct hpet_timer_state *s);
