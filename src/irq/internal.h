/* SPDX-License-Identifier: MIT */
/* internal.h - what the files of irq/ share and nobody else needs. */
#pragma once

#include <cpu/cpumask.h>
#include <irq/irq.h>

#define NR_ACTIONS 64

/* manage.c: task context writes; a free slot has no handler. */
extern struct irqaction irq_actions[NR_ACTIONS];

/*
 * trace.c: while tracing is on, action's handler is called by one that says
 * so, and a claimed vector has another flow handler. vector.c: all claims'.
 */
void irq_trace_init(void);
void trace_action(struct irqaction *action);
irq_flow_handler_t claim_flow(void);
void claims_set_flow(irq_flow_handler_t flow);

/* The IOAPIC's, every GSI's chip. */
extern const struct irq_chip ioapic_chip;

/* Mask the level pins that send vector; each is named in the log. */
void ioapic_mask_level(u32 vector);

/* Take the line out of use, or bring it into it. Lock held. */
int irq_startup(struct irq_desc *desc);
void irq_shutdown(struct irq_desc *desc);
void irq_disable(struct irq_desc *desc);
void irq_enable(struct irq_desc *desc);

/*
 * Only threads were woken: whether one of them cares is known at the next
 * interrupt. False: so far none has since the last.
 */
static __always_inline bool threads_did(struct irq_desc *desc)
{
	u32 handled = READ_ONCE(desc->threads_handled) | SPURIOUS_DEFERRED;

	if (unlikely(handled == desc->threads_handled_last))
		return false;
	desc->threads_handled_last = handled;
	return true;
}

/* Begin judging anew whether anybody cares for the line. Lock held. */
void reset_window(struct irq_desc *desc);

/*
 * thread.c: make action's thread, asleep; begin it, once the action is in the
 * line's chain; end it. Task context. 0 or -ENOMEM; 0 or -ETIMEDOUT.
 */
int setup_irq_thread(struct irq_desc *desc, struct irqaction *action);
void start_irq_thread(struct irq_desc *desc, struct irqaction *action);
int stop_irq_thread(struct irqaction *action);

/* The bit that keeps the line masked for it. 0 or -EBUSY: 64 have. Locked. */
int take_thread_mask(struct irq_desc *desc, struct irqaction *action);

/* The line goes to another CPU: so do its threads. Lock held. */
void irq_set_thread_affinity(struct irq_desc *desc);

/* A case was broken off: no thread runs for what has come up to now. */
void irq_forget_wakeups(struct irq_desc *desc);

/* Wait for desc's threads, unless the caller is one of them. */
void irq_wait_for_threads(struct irq_desc *desc);

/* Locks whose holder was broken off: task context, nobody else works irqs. */
void vector_reset_lock(void);
void irqdesc_reset_lock(void);

/* migration.c: the CPU where a line begins. Lock held. */
u32 irq_startup_cpu(const struct irq_desc *desc);

/* An interrupt of a line that is being moved has come. Lock held. */
void irq_complete_move(struct irq_desc *desc);

/* Move it now, if it can be: behind the EOI, masked. Lock held. */
void irq_move_pending(struct irq_desc *desc);

/* Lines that left this CPU give their vectors back. The IPI's handler. */
void irq_move_cleanup(void);

/*
 * vector.c: a vector of cpu for desc, which has one elsewhere: its number, or
 * -ENOSPC; one that was not used after all; those of desc->prev_cpu; is one of
 * them pending here? Lock held.
 */
int reserve_irq_vector(struct irq_desc *desc, u32 cpu);
void drop_reserved_vector(struct irq_desc *desc, u32 cpu, u8 v);
void release_old_vectors(struct irq_desc *desc);
bool old_vectors_pending(const struct irq_desc *desc);

/*
 * ipi.c: send cpu the vector, unless one is on its way; the handler's first
 * words. Any context; on the CPU itself. callsite asked for callback there:
 * for the trace.
 */
enum ipi {
	IPI_RESCHEDULE,
	IPI_CALL_FUNCTION,
	IPI_CALL_FUNCTION_SINGLE,
	IPI_IRQ_WORK,
	NR_IPIS
};
void send_ipi(u32 cpu, enum ipi ipi, const void *callsite,
	      const void *callback);
void send_ipi_mask(const struct cpumask *mask, enum ipi ipi,
		   const void *callsite, const void *callback);
void ipi_taken(enum ipi ipi);

/* An INIT has cleared cpu's IRR: none is on its way. */
void ipi_forget(u32 cpu);
