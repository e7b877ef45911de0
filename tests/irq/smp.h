/* SPDX-License-Identifier: MIT */
/*
 * smp.h - one line whose interrupts are IPIs of its vector, sent by the boot
 * CPU to wherever the line is, and whose handler says where and how often.
 */
#pragma once

#include "irq.h"

#include <cpu/cpumask.h>
#include <cpu/deadline.h>
#include <ktest/raised.h>
#include <smp/smp.h>

#define RUN_US	 5000000
#define SMP_LINE .needs = NEEDS_SMP | NEEDS_IOAPIC

extern struct far_line {
	struct irq_desc *desc;
	volatile u32 begun, ended, cpu; /* cpu: of the last one begun */
	volatile bool hold;		/* the handler stays until it is off */
	u32 stay_us;			/* or so long */
	irqreturn_t answer;
	u32 other; /* a CPU that is not the boot CPU */
} far;

irqreturn_t far_handler(int irq, void *dev);

/* Everything anew; false: this machine lacks the line. */
bool far_prepare(void);

/* The same, requested and sent to cpu. */
bool far_open(u32 cpu);

/* One interrupt: sent; sent, and begun; sent, and over. */
void far_send(void);
bool far_begin(void);
bool far_raise(void);

/* The line's last move is over; nothing of it is left. */
bool far_settled(void);

/* Is desc in the vector table of cpu? How often. */
u32 far_vectors(u32 cpu);

#define FAR_OPEN(cpu)                                                        \
	do {                                                                 \
		if (!far_open(cpu))                                          \
			SKIP(return, "no IOAPIC pin for irq %u", QUIET_IRQ); \
	} while (0)
