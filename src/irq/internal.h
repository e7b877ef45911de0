/* SPDX-License-Identifier: MIT */
/* internal.h - what the files of irq/ share and nobody else needs. */
#pragma once

#include <cpu/cpumask.h>
#include <irq/irq.h>

/* The IOAPIC's, every GSI's chip. */
extern const struct irq_chip ioapic_chip;

/* Mask the level pins that send vector; each is named in the log. */
void ioapic_mask_level(u32 vector);

/* Take the line out of use, or bring it into it. Lock held. */
int irq_startup(struct irq_desc *desc);
void irq_shutdown(struct irq_desc *desc);
void irq_disable(struct irq_desc *desc);
void irq_enable(struct irq_desc *desc);

/* Begin judging anew whether anybody cares for the line. Lock held. */
void reset_window(struct irq_desc *desc);

/* Woken threads that must not run any more: action's; all, and who ran. */
void irq_forget_thread(struct irqaction *action);
void irq_forget_threads(void);

/*
 * ipi.c: send cpu the vector, unless one is on its way; the handler's first
 * words. Any context; on the CPU itself.
 */
enum ipi {
	IPI_RESCHEDULE,
	IPI_CALL_FUNCTION,
	IPI_CALL_FUNCTION_SINGLE,
	NR_IPIS
};
void send_ipi(u32 cpu, enum ipi ipi);
void send_ipi_mask(const struct cpumask *mask, enum ipi ipi);
void ipi_taken(enum ipi ipi);

/* An INIT has cleared cpu's IRR: none is on its way. */
void ipi_forget(u32 cpu);
