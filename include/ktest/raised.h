/* SPDX-License-Identifier: MIT */
/*
 * raised.h - the other side of /proc/interrupts: what a case raised.
 *
 * A case that makes a line, a system vector or the NMI interrupt says how
 * often, and the runner compares with what the interrupt layer counted: a lost,
 * doubled or stray one fails the case by name. What merged with one before it
 * was not raised twice; who cannot know that, as of a periodic timer's ticks
 * on a host that pauses, says what its own handler counted.
 */
#pragma once

#include <lib/compiler.h>

/* This case raised n interrupts of irq, to be handled before it ends. */
void raised_irqs(u32 irq, u64 n);

/* The same for a system vector: an IPI, INT n, or the timer's. */
void raised_vectors(u32 vector, u64 n);

/* For NMIs that are taken through the live gate, the watchdog's excepted. */
void raised_nmis(u64 n);

/* For levels that this case made arrive as edges. */
void raised_mismatches(u64 n);

/* And for vectors that nobody owns: one more is one that went astray. */
void raised_strays(u64 n);
