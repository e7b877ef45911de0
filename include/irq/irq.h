/* SPDX-License-Identifier: MIT */
/*
 * irq.h - from a vector to a handler: vector_irq[], irq_desc, flow handlers,
 * the chain of actions. Linux: include/linux/irq.h, interrupt.h.
 *
 * irq numbers 0..15 are the ISA lines wherever the MADT routes them, others
 * are global system interrupts. A vector is per CPU; vector_irq[] joins them.
 */
#pragma once

#include <acpi/acpi.h>
#include <asm/irq_vectors.h>
#include <asm/ptrace.h>
#include <cpu/percpu.h>

#define NR_IRQS 256

typedef enum {
	IRQ_NONE, /* not this device's */
	IRQ_HANDLED,
	IRQ_WAKE_THREAD, /* needs a thread: none before stage 5 */
} irqreturn_t;

typedef irqreturn_t (*irq_handler_t)(int irq, void *dev);

#define IRQF_SHARED	  BIT(0)
#define IRQF_TRIGGER_LOW  BIT(1) /* level, active low: overrides the MADT */
#define IRQF_TRIGGER_HIGH BIT(2) /* level, active high */

struct irq_desc;
typedef void (*irq_flow_handler_t)(struct irq_desc *desc);

struct irq_chip {
	const char *name;
	void (*irq_mask)(struct irq_desc *desc);
	void (*irq_unmask)(struct irq_desc *desc);
	void (*irq_ack)(struct irq_desc *desc); /* edge: before the handler */
	void (*irq_eoi)(struct irq_desc *desc); /* fasteoi: after it */
};

struct irqaction {
	irq_handler_t handler;
	void *dev;
	u32 flags; /* IRQF_* */
	const char *name;
	struct irqaction *next;
};

/* Written by request_irq() and friends with the line masked. */
struct irq_desc {
	irq_flow_handler_t handle_irq;
	const struct irq_chip *chip;
	struct irqaction *action;
	u32 irq, gsi;
	u32 depth;     /* disable_irq() nesting */
	u64 count;     /* of a claimed vector: it has no line's statistics */
	u32 unhandled; /* in a row, for "nobody cared" */
	u32 total;     /* since the last of those counts was looked at */
	u8 vector;
	bool level, active_low, disabled_by_spurious;
	const char *name;
};

/* This CPU's vector_irq[vector]: which descriptor it leads to; NULL: stray. */
static inline struct irq_desc **this_vector_irq(u32 vector)
{
	return &this_cpu(self)->vector_irq[vector];
}

/* The same, read: in the one instruction that the compiler makes two of. */
static __always_inline struct irq_desc *this_vector_desc(u64 vector)
{
	struct irq_desc *desc;

	__asm__ volatile("movq %%gs:%c[off](,%[vector],8), %[desc]"
			 : [desc] "=D"(desc) /* where handle_irq() wants it */
			 : [off] "i"(offsetof(struct pcpu_hot, vector_irq)),
			   [vector] "r"(vector)
			 : "memory");
	return desc;
}

struct irq_desc *irq_to_desc(u32 irq);

/* early_irq_init: descriptors; init_IRQ: ISA routing and vectors. Boot CPU. */
void early_irq_init(void);
void init_IRQ(const struct acpi_info *info);

/*
 * Add handler to irq's chain and unmask it, routed to this CPU. dev tells
 * shared handlers apart. 0; -EINVAL (no handler, no such irq, shared without
 * dev), -ENODEV (no IOAPIC pin), -EBUSY (either side not shared, or another
 * trigger than the chain's), -ENOMEM. Task context.
 */
int request_irq(u32 irq, irq_handler_t handler, u32 flags, const char *name,
		void *dev);

/*
 * After so many interrupts a line is judged: all but a thousandth unhandled,
 * and it is disabled ("nobody cared"). Linux's 100,000; a case lowers it.
 */
extern u32 irq_spurious_window;

/* Remove the action with dev; the last one masks the line. 0 or -ENOENT. */
int free_irq(u32 irq, void *dev);

/* Nesting disable and enable. No wait: on one CPU no handler can be running. */
void disable_irq(u32 irq);
void enable_irq(u32 irq);

/* What the handler saw interrupted (Linux). Hardirq context. */
static inline struct pt_regs *get_irq_regs(void)
{
	return this_cpu(irq_regs);
}

/* Flow handlers. */
void handle_edge_irq(struct irq_desc *desc);
void handle_fasteoi_irq(struct irq_desc *desc);
void handle_percpu_irq(struct irq_desc *desc);

/*
 * A vector of one's own on this CPU, for IPIs and LVT sources of the cases:
 * handler runs in hardirq context, EOI follows. vector is a device vector.
 * 0, -EINVAL, -EBUSY, -ENOMEM. release takes it back.
 */
int irq_claim_vector(u32 vector, irq_handler_t handler, void *dev);
void irq_release_vector(u32 vector);

/* Take back all of them: a case that was broken off cannot. */
void irq_release_claims(void);

/* The same for lines: free every action of every irq. */
void irq_free_lines(void);

/* How often irq's handlers were entered, on this CPU. */
u64 kstat_irqs(u32 irq);

/* Interrupts with no descriptor: how many, and the last one's vector. */
u64 stray_count(void);
u32 stray_last(void);

/* From entry.S: every device vector. IF=0, regs on the stack. */
void common_interrupt(struct pt_regs *regs);
