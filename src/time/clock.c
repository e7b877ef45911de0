// SPDX-License-Identifier: MIT
/*
 * clock.c - the table of clocks, and one clock measured by another.
 *
 * Read:    clock_measure() first; clocks_init() is the order of probing.
 * Uses:    the clocks of this room.  Used by: tsc.c, apic, tests/time.
 * Context: task; clock_sample() and the conversions any.
 */
#include <time/clock.h>

#include <console/printk.h>
#include <cpu/deadline.h>
#include <lib/errno.h>
#include <time/hpet.h>
#include <time/pit.h>
#include <time/pmtimer.h>
#include <time/rtc.h>
#include <time/tsc.h>

/* Of so many brackets the narrowest counts: the others met an interrupt. */
#define SAMPLE_TRIES 5

static const struct clock *const clocks[NR_CLOCKS] = {
	[CLOCK_TSC] = &tsc_clock,	  [CLOCK_HPET] = &hpet_clock,
	[CLOCK_PMTIMER] = &pmtimer_clock, [CLOCK_PIT] = &pit_clock,
	[CLOCK_RTC] = &rtc_clock,
};

const struct clock *clock_get(enum clock_id id)
{
	return id < NR_CLOCKS && clocks[id]->present ? clocks[id] : NULL;
}

int clocks_init(const struct clock_sources *src)
{
	int found = 0;

	tsc_clock.present = clock_moves(&tsc_clock);
	found += hpet_clock_init(src->hpet_phys) == 0;
	found += pmtimer_init(src->pmtimer_port, src->pmtimer_32bit) == 0;
	found += pit_clock_init() == 0;
	found += rtc_clock_init(src->no_rtc) == 0;
	return found;
}

void clocks_report(void)
{
	const struct tsc_calibration *cal = tsc_calibration();

	for (int id = 0; id < NR_CLOCKS; id++)
		if (clocks[id]->present)
			printk("# clock.%s_hz=%llu", clocks[id]->name,
			       (unsigned long long)clocks[id]->freq_hz);
	printk("# clock.tsc_source=%s", tsc_source_name(cal->source));
	printk("# clock.tsc_uncertainty_ppm=%u", cal->uncertainty_ppm);
	printk("# clock.tsc_invariant=%d", cal->invariant);
	if (cal->check == TSC_BY_NOTHING)
		return;
	printk("# clock.tsc_check=%s", tsc_source_name(cal->check));
	printk("# clock.tsc_check_ppm=%d", cal->check_ppm);
	printk("# clock.tsc_check_uncertainty_ppm=%u",
	       cal->check_uncertainty_ppm);
}

u64 clock_delta(const struct clock *clk, u64 a, u64 b)
{
	return wrap_delta(a, b, clk->modulus, clk->down);
}

u64 clock_ticks_to_ns(const struct clock *clk, u64 ticks)
{
	return ticks_to_ns(ticks, clk->freq_hz);
}

u64 clock_ns_to_ticks(const struct clock *clk, u64 ns)
{
	return clk->freq_hz ? ns_to_ticks(ns, clk->freq_hz) : UINT64_MAX;
}

bool clock_moves(const struct clock *clk)
{
	u64 first = clk->read();

	for (int i = 0; i < CLOCK_MOVE_READS; i++)
		if (clk->read() != first)
			return true;
	return false;
}

struct clock_sample clock_sample(const struct clock *ref,
				 const struct clock *subject)
{
	struct clock_sample best = { 0 };
	u64 narrowest = UINT64_MAX;

	for (int i = 0; i < SAMPLE_TRIES; i++) {
		struct clock_sample s;
		u64 width;

		s.before = subject->read();
		s.ref = ref->read();
		s.after = subject->read();
		width = clock_delta(subject, s.before, s.after);
		if (width < narrowest) {
			narrowest = width;
			best = s;
		}
	}
	return best;
}

/*
 * Wait until ref moved ticks on from the reading from. The poll count bounds
 * it even where the TSC, and with it every deadline, stands still.
 */
static int wait_window(const struct clock *ref, u64 from, u64 ticks, u32 us)
{
	u64 deadline = deadline_after(us + WAIT_DEFAULT_US);
	u64 polls = (us + 10000ull) * 1000;

	while (polls-- && !deadline_passed(deadline)) {
		if (clock_delta(ref, from, ref->read()) >= ticks)
			return 0;
		cpu_relax();
	}
	return -ETIMEDOUT;
}

/* What lies between samples a and b, each taken at its bracket's middle. */
static int window_rate(const struct clock *ref, const struct clock *subject,
		       const struct clock_sample *a,
		       const struct clock_sample *b, struct clock_rate *out)
{
	u64 width_a = clock_delta(subject, a->before, a->after);
	u64 width_b = clock_delta(subject, b->before, b->after);
	u64 ticks = clock_delta(subject, a->before, b->before);

	if (ticks == 0)
		return -EIO;
	ticks = ticks + width_b / 2 - width_a / 2;
	return rate_compute(ref->freq_hz, clock_delta(ref, a->ref, b->ref),
			    ticks, width_a + width_b, out);
}

static int measure_windows(const struct clock *ref, const struct clock *subject,
			   u32 us, struct clock_rate *out)
{
	u64 want = clock_ns_to_ticks(ref, us * NSEC_PER_USEC);
	struct clock_sample now, then = clock_sample(ref, subject);
	u64 ends = clock_delta(subject, then.before, then.after);
	struct clock_rate win[RATE_WINDOWS], sum;
	u64 ref_ticks = 0, subject_ticks = 0;
	int err = 0;

	for (int i = 0; i < RATE_WINDOWS; i++) {
		err = wait_window(ref, then.ref, want, us);
		if (err)
			return err;
		now = clock_sample(ref, subject);
		err = window_rate(ref, subject, &then, &now, &win[i]);
		if (err)
			return err;
		ref_ticks += win[i].ref_ticks;
		subject_ticks += win[i].subject_ticks;
		then = now;
	}
	ends += clock_delta(subject, then.before, then.after);
	err = rate_compute(ref->freq_hz, ref_ticks, subject_ticks, ends, &sum);
	if (!err)
		*out = rate_choose(win, &sum);
	return err;
}

/* Could clk turn over, unseen, in one window of us? */
static bool turns_over(const struct clock *clk, u32 us)
{
	return clk->modulus && clk->freq_hz &&
	       clock_ns_to_ticks(clk, us * NSEC_PER_USEC) >= clk->modulus / 2;
}

static int clock_start(const struct clock *clk)
{
	return clk->start ? clk->start() : 0;
}

static void clock_stop(const struct clock *clk)
{
	if (clk->stop)
		clk->stop();
}

int clock_measure(const struct clock *ref, const struct clock *subject,
		  u32 window_us, struct clock_rate *out)
{
	u32 us = window_us / RATE_WINDOWS;
	int err;

	if (!ref->freq_hz || ref->coarse || subject->coarse || ref == subject)
		return -EINVAL;
	if (window_us < 30 || window_us > 10 * USEC_PER_SEC ||
	    turns_over(ref, us) || turns_over(subject, us))
		return -ERANGE;
	err = clock_start(ref);
	if (err)
		return err;
	err = clock_start(subject);
	if (!err) {
		err = measure_windows(ref, subject, us, out);
		clock_stop(subject);
	}
	clock_stop(ref);
	return err;
}
