/* SPDX-License-Identifier: MIT */
/* random.h - a small seeded generator: repeatable, not secret. Pure. */
#pragma once

#include <lib/types.h>

/* The next of a 64-bit sequence (SplitMix64); *state is the seed. */
u64 random_next(u64 *state);

/* Uniform in 0..n-1 for n >= 1. */
u32 random_below(u64 *state, u32 n);
