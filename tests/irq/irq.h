/* SPDX-License-Identifier: MIT */
/* irq.h - what the cases of suite irq share. */
#pragma once

#include <irq/irq.h>
#include <ktest/ktest.h>

/*
 * FERR#'s line: with CR0.NE set nothing drives it, so it can be requested and
 * raised at will, by a self IPI of its vector.
 */
#define QUIET_IRQ 13

/* Two vectors nobody else has, the second of a higher priority class. */
#define VECTOR_LOW  0x61
#define VECTOR_HIGH 0xa1

/* Counts its calls; dev points at the struct. */
struct irq_probe {
	u32 calls;
	int irq;   /* of the last call */
	u32 order; /* which call of all probes it was, from 1 */
	irqreturn_t answer;
	void (*then)(void);
};
irqreturn_t irq_probe_handler(int irq, void *dev);

/* Send vector to this CPU and wait until probe was called once more. */
bool irq_raise(u32 vector, const struct irq_probe *probe);

/* The quiet line can be had on this machine. */
bool irq_have_line(void);

/*
 * A line without a pin: nothing but its descriptor, raised by INT n of its
 * vector, so that each event is over on return. Its chip notes what it is
 * asked to do. On every machine.
 */
extern struct soft_line {
	u32 irq;
	bool masked;
	u32 acks, eois, retriggers;
	int startup_error; /* what irq_startup answers */
} soft;

/* A new one; the suite's teardown gives it back. */
struct irq_desc *soft_line(void);
void soft_close(void);

/* n events, counted if the line is enabled. */
void soft_raise(u32 n);

/* How many lines fn logs. */
u32 irq_lines_of(void (*fn)(void));

/* Give back the devices that cases drive through request_irq(). */
void irq_sources_close(void);
void affinity_close(void);
void far_close(void);
