/* SPDX-License-Identifier: MIT */
/*
 * raised.h - the other side of /proc/interrupts: what a case raised.
 *
 * A case that makes a line, or a system vector but the timer's, interrupt says
 * how often, and the runner compares with what the interrupt layer counted: a
 * lost, doubled or stray one fails the case by name. What merged with one
 * before it was not raised twice. LOC is not compared: how many ticks a
 * periodic timer raises depends on the host; its own cases judge it.
 */
#pragma once

#include <lib/compiler.h>

/* This case raised n interrupts of irq, to be handled before it ends. */
void raised_irqs(u32 irq, u64 n);

/* The same for a system vector: an IPI, or INT n. Others are not compared. */
void raised_vectors(u32 vector, u64 n);

/* And for vectors that nobody owns: one more is one that went astray. */
void raised_strays(u64 n);
