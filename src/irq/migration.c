// SPDX-License-Identifier: MIT
/*
 * migration.c - a line's way from one CPU to another, nothing lost, nothing
 * doubled.
 *
 * An edge line moves at once, never masked where a mask would drop an edge.
 * What was sent before still arrives at the old CPU, whose vector leads to the
 * line until the first interrupt at the new one: then that CPU asks the old
 * one to let go of it, by an IPI, or when what is still pending there has
 * been handled. Until then IRQD_MOVE_IN_PROGRESS keeps the line off the flow
 * handlers' fast path, and another move waits.
 *
 * A level line must not get another vector between its interrupt and its EOI,
 * which finds the pin by the vector: if it is on its way or in service, the
 * flow handler moves it behind the EOI.
 *
 * Linux: kernel/irq/migration.c, arch/x86/kernel/apic/vector.c
 *        irq_complete_move(), apic/io_apic.c ioapic_ack_level().
 */
#include <cpu/cpumask.h>
#include <cpu/deadline.h>
#include <cpu/irqflags.h>
#include <cpu/preempt.h>
#include <irq/ipi.h>
#include <lib/errno.h>

#include "internal.h"

/* Longer than an interrupt that is pending at a CPU with IF=1 can take. */
#define COMPLETE_US 10000

static void note_move(struct irq_desc *desc, u32 cpu, u8 vector)
{
	desc->prev_cpu = desc->cpu;
	desc->cpu = cpu;
	desc->vector = vector;
	desc->move_cleanup = false;
	desc->state &= ~IRQD_SETAFFINITY_PENDING;
	desc->state |= IRQD_MOVE_IN_PROGRESS;
	irq_set_thread_affinity(desc);
	if (!desc->level)
		return;
	/* Nothing was on its way: see the chip. */
	release_old_vectors(desc);
	desc->state &= ~IRQD_MOVE_IN_PROGRESS;
}

/* -EBUSY: not now. Lock held. */
static int do_move(struct irq_desc *desc, u32 cpu)
{
	int vector, err;

	if (cpu == desc->cpu) {
		desc->state &= ~IRQD_SETAFFINITY_PENDING;
		return 0;
	}
	if (desc->state & IRQD_MOVE_IN_PROGRESS ||
	    (desc->level && desc->state & IRQD_IRQ_INPROGRESS))
		return -EBUSY;
	vector = reserve_irq_vector(desc, cpu);
	if (vector < 0)
		return vector;
	err = desc->chip->irq_set_affinity(desc, cpu, (u8)vector);
	if (err)
		drop_reserved_vector(desc, cpu, (u8)vector);
	else
		note_move(desc, cpu, (u8)vector);
	return err;
}

void irq_move_pending(struct irq_desc *desc)
{
	if (do_move(desc, desc->affinity) != -EBUSY)
		desc->state &= ~IRQD_SETAFFINITY_PENDING;
}

/* On the CPU that the line left, lock held. */
static void clean_up_here(struct irq_desc *desc)
{
	if (old_vectors_pending(desc))
		return; /* each of them comes here again */
	release_old_vectors(desc);
	desc->state &= ~IRQD_MOVE_IN_PROGRESS;
	if (desc->state & IRQD_SETAFFINITY_PENDING)
		irq_move_pending(desc);
}

void irq_complete_move(struct irq_desc *desc)
{
	u32 cpu = smp_processor_id();

	if (cpu == desc->cpu && !desc->move_cleanup) {
		desc->move_cleanup = true;
		send_ipi(desc->prev_cpu, IPI_IRQ_WORK, NULL,
			 (const void *)irq_move_cleanup);
	} else if (cpu == desc->prev_cpu && desc->move_cleanup) {
		clean_up_here(desc);
	}
}

static bool wants_cleanup(const struct irq_desc *desc)
{
	return desc->chip && READ_ONCE(desc->state) & IRQD_MOVE_IN_PROGRESS &&
	       desc->prev_cpu == smp_processor_id();
}

static void clean_up_if_due(struct irq_desc *desc)
{
	raw_spin_lock(&desc->lock);
	if (wants_cleanup(desc) && desc->move_cleanup)
		clean_up_here(desc);
	raw_spin_unlock(&desc->lock);
}

/* Who asked is not said: every line that has a vector here is looked at. */
void irq_move_cleanup(void)
{
	ipi_taken(IPI_IRQ_WORK);
	for (u32 v = FIRST_EXTERNAL_VECTOR; v < FIRST_SYSTEM_VECTOR; v++) {
		struct irq_desc *desc = READ_ONCE(*this_vector_irq(v));

		if (wants_cleanup(desc))
			clean_up_if_due(desc);
	}
}

/*
 * The line is quiet, or will interrupt soon enough: what its chip sent has
 * arrived, so that the old CPU can tell whether anything is left. But a replay
 * is an IPI, and perhaps still to arrive.
 */
static void force_cleanup(void *info)
{
	struct irq_desc *desc = info;

	raw_spin_lock(&desc->lock);
	if (wants_cleanup(desc) && !(desc->state & IRQS_REPLAY))
		clean_up_here(desc);
	raw_spin_unlock(&desc->lock);
}

static bool is_complete(struct irq_desc *desc)
{
	if (!(READ_ONCE(desc->state) & IRQD_MOVE_IN_PROGRESS))
		return true;
	smp_call_function_single(READ_ONCE(desc->prev_cpu), force_cleanup, desc,
				 true);
	return false;
}

static bool is_started(const struct irq_desc *desc)
{
	return desc->action;
}

/* Lock held. Linux: irq_set_affinity_locked(). */
static int set_affinity(struct irq_desc *desc, u32 cpu)
{
	u32 before = desc->affinity;
	bool was_set = desc->affinity_set;
	int err;

	desc->affinity = cpu;
	desc->affinity_set = true;
	if (!is_started(desc))
		return 0;
	err = do_move(desc, cpu);
	if (err == -EBUSY) {
		desc->state |= IRQD_SETAFFINITY_PENDING;
		return 0;
	}
	if (err) {
		desc->affinity = before;
		desc->affinity_set = was_set;
	}
	return err;
}

int irq_set_affinity(u32 irq, u32 cpu)
{
	struct irq_desc *desc = irq_to_desc(irq);
	u64 flags;
	int err;

	if (!desc || !cpu_online(cpu) || !desc->chip->irq_set_affinity)
		return -EINVAL;
	if (in_task() && !irqs_disabled())
		WAIT_FOR(is_complete(desc), COMPLETE_US);
	flags = raw_spin_lock_irqsave(&desc->lock);
	err = set_affinity(desc, cpu);
	raw_spin_unlock_irqrestore(&desc->lock, flags);
	preempt_check_resched(); /* a thread of it may have been woken */
	return err;
}

u32 irq_startup_cpu(const struct irq_desc *desc)
{
	if (desc->affinity_set && cpu_online(desc->affinity))
		return desc->affinity;
	return smp_processor_id();
}
