/* SPDX-License-Identifier: MIT */
/*
 * div64.h - 64 x 64 -> 128 multiplication and 128 / 64 division by the CPU's
 * own instructions: the compiler's __udivti3 lives in libgcc, which we do not
 * link. Code uses mul_div_u64() of time/clockmath.h, which checks.
 */
#pragma once

#include <lib/compiler.h>

struct u128 {
	u64 hi, lo;
};

static __always_inline struct u128 mul_u64_u64(u64 a, u64 b)
{
	struct u128 r;

	__asm__("mulq %[b]" /* pure: no volatile, no memory clobber */
		: "=a"(r.lo), "=d"(r.hi)
		: "a"(a), [b] "rm"(b)
		: "cc");
	return r;
}

/* n / d, rounded down. n.hi must be below d, or the CPU raises #DE. */
static __always_inline u64 div_u128_u64(struct u128 n, u64 d, u64 *rem)
{
	u64 quot;

	__asm__("divq %[d]"
		: "=a"(quot), "=d"(*rem)
		: "a"(n.lo), "d"(n.hi), [d] "rm"(d)
		: "cc");
	return quot;
}
