// SPDX-License-Identifier: MIT
/*
 * clockmath.c - scaling, wrap and error arithmetic of clocks. Pure: the same
 * file is tested on the host. The conversions of chips' own formats (BCD,
 * dates, divisors) are in chipmath.c.
 */
#include <time/clockmath.h>

#include <asm/div64.h>
#include <lib/errno.h>

static u64 add_saturated(u64 a, u64 b)
{
	return a + b < a ? UINT64_MAX : a + b;
}

static u64 distance(u64 a, u64 b)
{
	return a > b ? a - b : b - a;
}

static u64 mul_div(u64 a, u64 b, u64 c, bool up)
{
	struct u128 product = mul_u64_u64(a, b);
	u64 quot, rem;

	/* The quotient fits in 64 bits exactly if hi < c (so c is not 0). */
	if (product.hi >= c)
		return UINT64_MAX;
	quot = div_u128_u64(product, c, &rem);
	return add_saturated(quot, up && rem);
}

u64 mul_div_u64(u64 a, u64 b, u64 c)
{
	return mul_div(a, b, c, false);
}

u64 mul_div_u64_up(u64 a, u64 b, u64 c)
{
	return mul_div(a, b, c, true);
}

u64 wrap_delta(u64 a, u64 b, u64 modulus, bool down)
{
	u64 from = down ? b : a;
	u64 to = down ? a : b;

	/* Past the wrap one turn is added; 0 stands for 2^64 here too. */
	return to >= from ? to - from : to + (modulus - from);
}

u64 ticks_to_ns(u64 ticks, u64 hz)
{
	return mul_div_u64(ticks, NSEC_PER_SEC, hz);
}

u64 ns_to_ticks(u64 ns, u64 hz)
{
	return mul_div_u64_up(ns, hz, NSEC_PER_SEC);
}

s32 ppm_error(u64 got, u64 want)
{
	u64 ppm = mul_div_u64(distance(got, want), 1000000, want);

	if (ppm > INT32_MAX)
		return got < want ? -INT32_MAX : INT32_MAX;
	return got < want ? -(s32)ppm : (s32)ppm;
}

u32 ppm_of(u64 part, u64 whole)
{
	return min(mul_div_u64_up(part, 1000000, whole), (u64)UINT32_MAX);
}

int rate_compute(u64 ref_hz, u64 ref_ticks, u64 subject_ticks, u64 bracket_sum,
		 struct clock_rate *out)
{
	u64 ppm;

	if (ref_ticks == 0 || subject_ticks == 0)
		return -ERANGE;
	/* Each end is half its bracket off at most; each counter one tick. */
	ppm = (u64)ppm_of(add_saturated(bracket_sum / 2, 1), subject_ticks) +
	      ppm_of(1, ref_ticks);
	*out = (struct clock_rate){
		.hz = mul_div_u64(subject_ticks, ref_hz, ref_ticks),
		.uncertainty_ppm = min(ppm, (u64)UINT32_MAX),
		.ref_ticks = ref_ticks,
		.subject_ticks = subject_ticks,
		.bracket_ticks = bracket_sum,
	};
	return 0;
}

static bool rates_agree(const struct clock_rate *a, const struct clock_rate *b)
{
	u64 allowed = (u64)a->uncertainty_ppm + b->uncertainty_ppm;

	return ppm_of(distance(a->hz, b->hz), min(a->hz, b->hz)) <= allowed;
}

static u32 rate_spread(const struct clock_rate win[RATE_WINDOWS])
{
	u64 low = win[0].hz, high = win[0].hz;

	for (int i = 1; i < RATE_WINDOWS; i++) {
		low = min(low, win[i].hz);
		high = max(high, win[i].hz);
	}
	return ppm_of(high - low, low);
}

static struct clock_rate better(const struct clock_rate *a,
				const struct clock_rate *b)
{
	return a->uncertainty_ppm <= b->uncertainty_ppm ? *a : *b;
}

struct clock_rate rate_choose(const struct clock_rate win[RATE_WINDOWS],
			      const struct clock_rate *sum)
{
	struct clock_rate best = *sum;
	u64 nearest = UINT64_MAX;
	bool agree = true;

	for (int i = 0; i < RATE_WINDOWS; i++)
		agree &= rates_agree(&win[i], &win[(i + 1) % RATE_WINDOWS]);
	for (int i = 0; i < RATE_WINDOWS && !agree; i++) {
		const struct clock_rate *a = &win[i];
		const struct clock_rate *b = &win[(i + 1) % RATE_WINDOWS];

		if (distance(a->hz, b->hz) >= nearest)
			continue;
		nearest = distance(a->hz, b->hz);
		best = better(a, b);
	}
	best.spread_ppm = rate_spread(win);
	return best;
}

u64 period_fs_to_hz(u64 fs)
{
	return mul_div_u64(add_saturated(FSEC_PER_SEC, fs / 2), 1, fs);
}
