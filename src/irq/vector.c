// SPDX-License-Identifier: MIT
/*
 * vector.c - who owns which vector of this CPU: lines, and cases' claims.
 *
 * Linux: arch/x86/kernel/apic/vector.c.
 */
#include <apic/lapic.h>
#include <cpu/cpumask.h>
#include <cpu/irqflags.h>
#include <lib/errno.h>

#include "internal.h"

#define NR_CLAIMS 32

/* Written in task context. */
static struct {
	struct irq_desc desc;
	struct irqaction action;
} claims[NR_CLAIMS];

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

static void take(struct irq_desc *desc, u32 v)
{
	desc->vector = (u8)v;
	desc->cpu = smp_processor_id();
	WRITE_ONCE(*this_vector_irq(v), desc);
}

int assign_irq_vector(struct irq_desc *desc)
{
	/* An ISA line's own vector, whatever it used while that was taken. */
	u32 own = desc->irq < NR_LEGACY_IRQS ? ISA_IRQ_VECTOR(desc->irq)
					     : desc->vector;

	if (own && *this_vector_irq(own) == VECTOR_UNUSED) {
		take(desc, own);
		return 0;
	}
	for (u32 v = ISA_IRQ_VECTOR(NR_LEGACY_IRQS);
	     is_device_vector(v) || v == IA32_SYSCALL_VECTOR; v++) {
		if (!is_device_vector(v) ||
		    *this_vector_irq(v) != VECTOR_UNUSED)
			continue;
		take(desc, v);
		return 0;
	}
	return -ENOSPC;
}

void release_irq_vector(struct irq_desc *desc)
{
	struct irq_desc **slot = this_vector_irq(desc->vector);

	if (*slot == desc)
		WRITE_ONCE(*slot, VECTOR_UNUSED);
}

int irq_claim_vector(u32 vector, irq_handler_t handler, void *dev)
{
	if (!is_device_vector(vector) || !handler)
		return -EINVAL;
	if (*this_vector_irq(vector) != VECTOR_UNUSED)
		return -EBUSY;
	for (u32 i = 0; i < NR_CLAIMS; i++) {
		if (claims[i].desc.action)
			continue;
		claims[i].action =
			(struct irqaction){ .handler = handler, .dev = dev };
		claims[i].desc = (struct irq_desc){
			.handle_irq = handle_percpu_irq,
			.action = &claims[i].action,
			.irq = vector, /* its handler is told this */
		};
		take(&claims[i].desc, vector);
		return 0;
	}
	return -ENOMEM;
}

int irq_claim_vector_everywhere(u32 vector, irq_handler_t handler, void *dev)
{
	int err = irq_claim_vector(vector, handler, dev);
	struct irq_desc **slot;
	u32 cpu;

	if (err)
		return err;
	for_each_online_cpu (cpu) {
		slot = &cpu_hot(cpu)->vector_irq[vector];
		if (cpu == smp_processor_id())
			continue;
		if (*slot != VECTOR_UNUSED) {
			irq_release_vector(vector);
			return -EBUSY;
		}
		WRITE_ONCE(*slot, *this_vector_irq(vector));
	}
	return 0;
}

/* Wherever it is taken: at one CPU, or everywhere. */
static void drop_claim(struct irq_desc *claim)
{
	struct irq_desc **slot;
	u32 cpu;

	for_each_online_cpu (cpu) {
		slot = &cpu_hot(cpu)->vector_irq[claim->vector];
		if (*slot == claim)
			WRITE_ONCE(*slot, VECTOR_UNUSED);
	}
	claim->action = NULL;
}

void irq_release_vector(u32 vector)
{
	if (vector >= NR_VECTORS)
		return;
	for (u32 i = 0; i < NR_CLAIMS; i++) {
		if (*this_vector_irq(vector) == &claims[i].desc)
			drop_claim(&claims[i].desc);
	}
}

void irq_release_claims(void)
{
	for (u32 i = 0; i < NR_CLAIMS; i++) {
		if (claims[i].desc.action)
			drop_claim(&claims[i].desc);
	}
}
