// SPDX-License-Identifier: MIT
/*
 * random.c - SplitMix64: one add and a mixing function, so that a printed seed
 * repeats a run anywhere.
 *
 * Spec: Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators",
 *       OOPSLA 2014; constants of Stafford's variant 13.
 */
#include <lib/compiler.h>
#include <lib/random.h>

u64 random_next(u64 *state)
{
	u64 z = *state += 0x9e3779b97f4a7c15ull; /* 2^64 / golden ratio */

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

u32 random_below(u64 *state, u32 n)
{
	/* The high half of a 64 by 32 product: the bias is below 2^-32. */
	return (u32)((unsigned __int128)random_next(state) * n >> 64);
}
