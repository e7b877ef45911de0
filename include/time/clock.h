/* SPDX-License-Identifier: MIT */
/*
 * clock.h - every counter of the machine behind one interface, and the
 * measuring of one by another.
 *
 *	const struct clock *hpet = clock_get(CLOCK_HPET);
 *	struct clock_rate r;
 *
 *	if (hpet && !clock_measure(hpet, clock_get(CLOCK_TSC), 10000, &r))
 *		... r.hz within r.uncertainty_ppm ...
 *
 * Spec: each clock's header names its manual.
 */
#pragma once

#include <time/clockmath.h>

enum clock_id {
	CLOCK_TSC,
	CLOCK_HPET,
	CLOCK_PMTIMER,
	CLOCK_PIT,
	CLOCK_RTC,
	NR_CLOCKS,
};

struct clock {
	const char *name;
	u64 (*read)(void);  /* one reading, in 0..modulus-1; any context */
	int (*start)(void); /* NULL: always runs. 0 or -errno; nests not */
	void (*stop)(void); /* undo start() */
	u64 freq_hz;	    /* nominal; 0: unknown until calibrated */
	u64 modulus;	    /* values before it repeats; 0: 2^64 */
	u8 bits;	    /* width of a reading */
	bool down;	    /* counts towards 0 */
	bool coarse;	    /* 1 Hz: use rtc_wait_update() instead */
	bool present;	    /* found, validated, seen moving */
};

/* Where the firmware says the clocks are; zero means there is none. */
struct clock_sources {
	u64 hpet_phys;	    /* ACPI HPET table, base address */
	u16 pmtimer_port;   /* FADT X_PM_TMR_BLK or PM_TMR_BLK, I/O space */
	bool pmtimer_32bit; /* FADT flag TMR_VAL_EXT */
	bool no_rtc;	    /* FADT IAPC_BOOT_ARCH: CMOS RTC not present */
};

/*
 * Find every clock: map, validate, see it move. Boot CPU, after ioremap()
 * works and before anything needs calibrated time. Returns the number of
 * clocks present besides the TSC; each absent one is just not present.
 * Takes under 2 ms, and some ms for each clock that stands still.
 */
int clocks_init(const struct clock_sources *src);

/* The clock, or NULL if it is not present. */
const struct clock *clock_get(enum clock_id id);

/* Print "# clock.*" lines: what was found, the TSC's rate and its sources. */
void clocks_report(void);

/* Ticks from reading a to the later reading b. Less than one turn apart. */
u64 clock_delta(const struct clock *clk, u64 a, u64 b);

/* Ticks as ns (rounded down). clk->freq_hz must be known, else UINT64_MAX. */
u64 clock_ticks_to_ns(const struct clock *clk, u64 ticks);
u64 clock_ns_to_ticks(const struct clock *clk, u64 ns);

/*
 * Measure subject by ref over about window_us, in RATE_WINDOWS bracketed
 * windows (subject, ref, subject). Both are started and stopped if they need
 * it. Any IF: an interrupted sample has a wide bracket and is retaken.
 * Returns 0; -EINVAL: ref's rate is unknown, either is coarse, or both are
 * one clock; -ERANGE: either would turn over within a window (a subject of
 * unknown rate is trusted), or window_us is not in 30..10000000; -ETIMEDOUT:
 * ref stood still; -EIO: subject stood still.
 */
int clock_measure(const struct clock *ref, const struct clock *subject,
		  u32 window_us, struct clock_rate *out);

/* One bracketed sample: the narrowest of a few. */
struct clock_sample clock_sample(const struct clock *ref,
				 const struct clock *subject);

/*
 * True if clk's reading changes within CLOCK_MOVE_READS readings: 41 us even
 * where an instruction is made to last 1 ns, some ms if each is slow. Needs
 * no other clock, the TSC included.
 */
#define CLOCK_MOVE_READS 4096
bool clock_moves(const struct clock *clk);
