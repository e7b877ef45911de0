// SPDX-License-Identifier: MIT
/*
 * ipi.c - sending a system vector to another CPU, once until it is taken.
 *
 * Linux: arch/x86/kernel/smp.c.
 */
#include <irq/ipi.h>

#include <apic/apic_driver.h>
#include <apic/lapic.h>
#include <trace/events.h>

#include "internal.h"

/* Bit of each vector: sent, and not taken yet. Set by any CPU. */
static DEFINE_PER_CPU(u32, ipi_pending);

static DEFINE_PER_CPU(u64, ipi_sent[NR_IPIS]);

static const u8 ipi_vector[NR_IPIS] = {
	[IPI_RESCHEDULE] = RESCHEDULE_VECTOR,
	[IPI_CALL_FUNCTION] = CALL_FUNCTION_VECTOR,
	[IPI_CALL_FUNCTION_SINGLE] = CALL_FUNCTION_SINGLE_VECTOR,
	[IPI_IRQ_WORK] = IRQ_WORK_VECTOR,
};

/* Is it ours to send? Then it counts as sent. */
static bool ipi_begin(u32 cpu, enum ipi ipi, const void *callsite,
		      const void *callback)
{
	u32 old = __atomic_fetch_or(per_cpu_ptr(&ipi_pending, cpu), 1u << ipi,
				    __ATOMIC_SEQ_CST);

	if (old & 1u << ipi)
		return false;
	trace_ipi_send_cpu(cpu, callsite, callback);
	__atomic_fetch_add(this_cpu_ptr(&ipi_sent[ipi]), 1, __ATOMIC_RELAXED);
	return true;
}

void send_ipi(u32 cpu, enum ipi ipi, const void *callsite, const void *callback)
{
	if (ipi_begin(cpu, ipi, callsite, callback))
		apic_send_ipi(cpu_hot(cpu)->apic_id, ipi_vector[ipi]);
}

/* Who has one on its way already is left out; the rest may be one write. */
void send_ipi_mask(const struct cpumask *mask, enum ipi ipi,
		   const void *callsite, const void *callback)
{
	struct cpumask todo = *mask;
	u32 cpu, n = 0;

	for_each_cpu (cpu, mask) {
		if (ipi_begin(cpu, ipi, callsite, callback))
			n++;
		else
			todo.bits[cpu / 64] &= ~BIT(cpu % 64);
	}
	if (n)
		apic_send_ipi_mask(&todo, ipi_vector[ipi]);
}

void ipi_taken(enum ipi ipi)
{
	__atomic_fetch_and(this_cpu_ptr(&ipi_pending), ~(1u << ipi),
			   __ATOMIC_SEQ_CST);
}

void ipi_forget(u32 cpu)
{
	__atomic_store_n(per_cpu_ptr(&ipi_pending, cpu), 0, __ATOMIC_SEQ_CST);
}

u64 ipi_sent_count(u32 vector)
{
	for (u32 ipi = 0; ipi < NR_IPIS; ipi++) {
		if (ipi_vector[ipi] == vector)
			return per_cpu_sum(&ipi_sent[ipi]);
	}
	return 0;
}

void smp_send_reschedule(u32 cpu)
{
	send_ipi(cpu, IPI_RESCHEDULE, __builtin_return_address(0), NULL);
}
