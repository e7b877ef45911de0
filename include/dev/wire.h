/* SPDX-License-Identifier: MIT */
/*
 * wire.h - an interrupt line that software holds high and lets go at will, so
 * that a case can judge an edge or a level exactly, without waiting.
 *
 * The UART's is its "transmitter empty" interrupt, switched by IER; the
 * keyboard controller's is a byte of our own in its output buffer.
 *
 * Context: task context to open and close, the rest any. One user a wire.
 * Spec:    PC16550D datasheet, "Interrupt Enable Register"; IBM PS/2
 *          Technical Reference, command D2H.
 */
#pragma once

#include <lib/compiler.h>

enum wire { WIRE_UART, WIRE_I8042, NR_WIRES };

/* Take it; the line is low. 0, -ENODEV, -EBUSY, -ETIMEDOUT. */
int wire_open(enum wire w);
void wire_close(enum wire w);

/* Another level has arrived at the interrupt controllers on return. */
void wire_raise(enum wire w);
void wire_lower(enum wire w);

/* Its ISA IRQ, once open. */
u32 wire_irq(enum wire w);
