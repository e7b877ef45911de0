// SPDX-License-Identifier: MIT
/*
 * vector.c - who owns which vector of which CPU: lines, and cases' claims.
 *
 * Linux: arch/x86/kernel/apic/vector.c.
 */
#include <apic/lapic.h>
#include <cpu/cpumask.h>
#include <cpu/spinlock.h>
#include <irq/ipi.h>
#include <lib/errno.h>

#include "internal.h"

#define NR_CLAIMS 32

/* Guards every CPU's vector_irq[], and claims[]. Inside a descriptor's lock. */
static DEFINE_SPINLOCK(vector_lock);

static struct {
	struct irq_desc desc;
	struct irqaction action;
} claims[NR_CLAIMS];

void vector_reset_lock(void)
{
	spin_reset(&vector_lock);
}

void vector_irq_init(void)
{
	for (u32 v = 0; v < NR_VECTORS; v++)
		*this_vector_irq(v) = VECTOR_UNUSED;
}

static bool is_device_vector(u32 v)
{
	return v >= FIRST_EXTERNAL_VECTOR && v < FIRST_SYSTEM_VECTOR &&
	       v != IA32_SYSCALL_VECTOR;
}

static struct irq_desc **slot(u32 cpu, u32 v)
{
	return &cpu_hot(cpu)->vector_irq[v];
}

static bool is_free(u32 cpu, u32 v)
{
	return *slot(cpu, v) == VECTOR_UNUSED;
}

static void take(struct irq_desc *desc, u32 cpu, u32 v)
{
	WRITE_ONCE(*slot(cpu, v), desc);
	desc->vector = (u8)v;
	desc->cpu = cpu;
}

/* The lowest above the ISA lines' that is free on both CPUs, or -ENOSPC. */
static int lowest_free(u32 cpu, u32 other)
{
	for (u32 v = ISA_IRQ_VECTOR(NR_LEGACY_IRQS); v < FIRST_SYSTEM_VECTOR;
	     v++) {
		if (is_device_vector(v) && is_free(cpu, v) && is_free(other, v))
			return (int)v;
	}
	return -ENOSPC;
}

int assign_irq_vector(struct irq_desc *desc, u32 cpu)
{
	/* An ISA line's own vector, whatever it used while that was taken. */
	u32 own = desc->irq < NR_LEGACY_IRQS ? ISA_IRQ_VECTOR(desc->irq)
					     : desc->vector;
	u64 flags = spin_lock_irqsave(&vector_lock);
	int v = own && is_free(cpu, own) ? (int)own : lowest_free(cpu, cpu);

	if (v >= 0)
		take(desc, cpu, (u32)v);
	spin_unlock_irqrestore(&vector_lock, flags);
	return v < 0 ? v : 0;
}

/*
 * While it is being moved an interrupt may come by the new vector at the old
 * CPU, or by the old one at the new: both lead to the line.
 */
int reserve_irq_vector(struct irq_desc *desc, u32 cpu)
{
	u64 flags = spin_lock_irqsave(&vector_lock);
	int v = is_free(cpu, desc->vector) ? desc->vector
					   : lowest_free(cpu, desc->cpu);

	if (v >= 0) {
		WRITE_ONCE(*slot(cpu, (u32)v), desc);
		WRITE_ONCE(*slot(desc->cpu, (u32)v), desc);
	}
	spin_unlock_irqrestore(&vector_lock, flags);
	return v;
}

void drop_reserved_vector(struct irq_desc *desc, u32 cpu, u8 v)
{
	u64 flags = spin_lock_irqsave(&vector_lock);

	WRITE_ONCE(*slot(cpu, v), VECTOR_UNUSED);
	if (v != desc->vector)
		WRITE_ONCE(*slot(desc->cpu, v), VECTOR_UNUSED);
	spin_unlock_irqrestore(&vector_lock, flags);
}

static void clear_slots(struct irq_desc *desc, u32 cpu)
{
	for (u32 v = FIRST_EXTERNAL_VECTOR; v < FIRST_SYSTEM_VECTOR; v++) {
		if (*slot(cpu, v) == desc &&
		    (cpu != desc->cpu || v != desc->vector))
			WRITE_ONCE(*slot(cpu, v), VECTOR_UNUSED);
	}
}

void release_old_vectors(struct irq_desc *desc)
{
	u64 flags = spin_lock_irqsave(&vector_lock);

	clear_slots(desc, desc->prev_cpu);
	spin_unlock_irqrestore(&vector_lock, flags);
}

/*
 * On the CPU that the line left. What is in service has found the line
 * already; what is pending is still to.
 */
bool old_vectors_pending(const struct irq_desc *desc)
{
	for (u32 v = FIRST_EXTERNAL_VECTOR; v < FIRST_SYSTEM_VECTOR; v++) {
		if (*this_vector_irq(v) == desc && lapic_test(APIC_IRR, v))
			return true;
	}
	return false;
}

void release_irq_vector(struct irq_desc *desc)
{
	u64 flags = spin_lock_irqsave(&vector_lock);

	if (*slot(desc->cpu, desc->vector) == desc)
		WRITE_ONCE(*slot(desc->cpu, desc->vector), VECTOR_UNUSED);
	if (desc->state & IRQD_MOVE_IN_PROGRESS)
		clear_slots(desc, desc->prev_cpu);
	spin_unlock_irqrestore(&vector_lock, flags);
}

int apic_retrigger_irq(struct irq_desc *desc)
{
	if (desc->cpu == smp_processor_id())
		return apic_send_self(desc->vector);
	return apic_send_ipi(cpu_hot(desc->cpu)->apic_id, desc->vector);
}

/* Lock held. */
static int claim(u32 vector, irq_handler_t handler, void *dev)
{
	if (*this_vector_irq(vector) != VECTOR_UNUSED)
		return -EBUSY;
	for (u32 i = 0; i < NR_CLAIMS; i++) {
		if (claims[i].desc.action)
			continue;
		claims[i].action =
			(struct irqaction){ .handler = handler, .dev = dev };
		claims[i].desc = (struct irq_desc){
			.handle_irq = claim_flow(),
			.action = &claims[i].action,
			.irq = vector, /* its handler is told this */
		};
		take(&claims[i].desc, smp_processor_id(), vector);
		return 0;
	}
	return -ENOMEM;
}

int irq_claim_vector(u32 vector, irq_handler_t handler, void *dev)
{
	u64 flags;
	int err;

	if (!is_device_vector(vector) || !handler)
		return -EINVAL;
	flags = spin_lock_irqsave(&vector_lock);
	err = claim(vector, handler, dev);
	spin_unlock_irqrestore(&vector_lock, flags);
	return err;
}

static void pass_by(void *unused)
{
}

/*
 * Wherever it is taken: at one CPU, or everywhere. Another CPU that answers a
 * call is in no handler of it any more.
 */
static void drop_claim(struct irq_desc *desc)
{
	u64 flags = spin_lock_irqsave(&vector_lock);
	bool elsewhere = false;
	u32 cpu;

	for_each_online_cpu (cpu) {
		if (*slot(cpu, desc->vector) != desc)
			continue;
		WRITE_ONCE(*slot(cpu, desc->vector), VECTOR_UNUSED);
		elsewhere |= cpu != smp_processor_id();
	}
	spin_unlock_irqrestore(&vector_lock, flags);
	if (elsewhere)
		smp_call_function(pass_by, NULL, true);
	WRITE_ONCE(desc->action, NULL);
}

/* Lock held. What vector leads to here, at every other CPU, too, if it can. */
static int claim_others(u32 vector)
{
	u32 cpu;

	for_each_online_cpu (cpu) {
		if (cpu != smp_processor_id() && !is_free(cpu, vector))
			return -EBUSY;
	}
	for_each_online_cpu (cpu)
		WRITE_ONCE(*slot(cpu, vector), *this_vector_irq(vector));
	return 0;
}

int irq_claim_vector_everywhere(u32 vector, irq_handler_t handler, void *dev)
{
	int err = irq_claim_vector(vector, handler, dev);
	u64 flags;

	if (err)
		return err;
	flags = spin_lock_irqsave(&vector_lock);
	err = claim_others(vector);
	spin_unlock_irqrestore(&vector_lock, flags);
	if (err)
		irq_release_vector(vector);
	return err;
}

void irq_release_vector(u32 vector)
{
	if (vector >= NR_VECTORS)
		return;
	for (u32 i = 0; i < NR_CLAIMS; i++) {
		if (READ_ONCE(*this_vector_irq(vector)) == &claims[i].desc)
			drop_claim(&claims[i].desc);
	}
}

void claims_set_flow(irq_flow_handler_t flow)
{
	u64 flags = spin_lock_irqsave(&vector_lock);

	for (u32 i = 0; i < NR_CLAIMS; i++) {
		if (claims[i].desc.action)
			WRITE_ONCE(claims[i].desc.handle_irq, flow);
	}
	spin_unlock_irqrestore(&vector_lock, flags);
}

void irq_release_claims(void)
{
	for (u32 i = 0; i < NR_CLAIMS; i++) {
		if (READ_ONCE(claims[i].desc.action))
			drop_claim(&claims[i].desc);
	}
}
