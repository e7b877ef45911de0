// SPDX-License-Identifier: MIT
/*
 * trace.c - interrupts seen: while tracing is on, each handler is called by
 * one of these that says when it began and ended; while it is off no path has
 * an instruction more.
 *
 * A line's action gets another handler, a claimed vector's descriptor another
 * flow handler, one word each. A system vector's gate leads to its stub of
 * irq_entries_start, and vector_irq[] from there to traced_sysvec, which calls
 * the vector's own function inside, as deep in hardirqs as ever.
 */
#include <apic/lapic.h>
#include <bh/softirq.h>
#include <cpu/cpumask.h>
#include <cpu/preempt.h>
#include <irq/ipi.h>
#include <irq/sysvec.h>
#include <lockdep/lockdep.h>
#include <trace/events.h>

#include "internal.h"

static bool tracing;

static struct irqaction *find_action(int irq, const void *dev);

static irqreturn_t traced_handler(int irq, void *dev)
{
	struct irqaction *action = find_action(irq, dev);
	irqreturn_t ret;

	if (!action)
		return IRQ_NONE;
	trace_irq_handler_entry((u32)irq, action->name);
	ret = action->traced(irq, dev);
	trace_irq_handler_exit((u32)irq, ret);
	return ret;
}

/*
 * There is one: free_irq() waits for the handler before the slot is free. But
 * by now its handler may be its own again: trace_stop() waits for nobody.
 */
static struct irqaction *find_action(int irq, const void *dev)
{
	for (u32 i = 0; i < NR_ACTIONS; i++) {
		struct irqaction *a = &irq_actions[i];

		if (READ_ONCE(a->handler) && a->traced && a->dev == dev &&
		    a->irq == (u32)irq)
			return a;
	}
	return NULL;
}

void trace_action(struct irqaction *action)
{
	if (!tracing || action->handler == traced_handler)
		return;
	action->traced = action->handler;
	__atomic_store_n(&action->handler, traced_handler, __ATOMIC_RELEASE);
}

static void trace_actions(void)
{
	for (u32 i = 0; i < NR_ACTIONS; i++) {
		struct irqaction *a = &irq_actions[i];

		if (tracing && a->handler)
			trace_action(a);
		else if (a->handler == traced_handler)
			WRITE_ONCE(a->handler, a->traced);
	}
}

/* As handle_percpu_irq(), seen. Its name is the claim's: none. */
static void handle_traced_claim(struct irq_desc *desc)
{
	irqreturn_t ret;

	trace_irq_handler_entry(desc->irq, "claimed");
	desc->tot_count++;
	ret = desc->action->handler((int)desc->irq, desc->action->dev);
	trace_irq_handler_exit(desc->irq, ret);
	apic_eoi();
}

irq_flow_handler_t claim_flow(void)
{
	return tracing ? handle_traced_claim : handle_percpu_irq;
}

/* Linux's event of each; it has none for the reboot vector. */
#define NR_SYSVECS (NR_VECTORS - FIRST_SYSTEM_VECTOR)
#define SLOT(v)	   ((v)-FIRST_SYSTEM_VECTOR)
static const u8 sysvec_event[NR_SYSVECS] = {
	[SLOT(LOCAL_TIMER_VECTOR)] = TRACE_local_timer_entry,
	[SLOT(IRQ_WORK_VECTOR)] = TRACE_irq_work_entry,
	[SLOT(X86_PLATFORM_IPI_VECTOR)] = TRACE_x86_platform_ipi_entry,
	[SLOT(THRESHOLD_APIC_VECTOR)] = TRACE_threshold_apic_entry,
	[SLOT(THERMAL_APIC_VECTOR)] = TRACE_thermal_apic_entry,
	[SLOT(CALL_FUNCTION_SINGLE_VECTOR)] = TRACE_call_function_single_entry,
	[SLOT(CALL_FUNCTION_VECTOR)] = TRACE_call_function_entry,
	[SLOT(RESCHEDULE_VECTOR)] = TRACE_reschedule_entry,
	[SLOT(ERROR_APIC_VECTOR)] = TRACE_error_apic_entry,
	[SLOT(SPURIOUS_APIC_VECTOR)] = TRACE_spurious_apic_entry,
};

#define X(vector, name) [SLOT(vector)] = sysvec_##name,
static void (*const sysvec_fn[NR_SYSVECS])(struct pt_regs *regs) = {
	SYSVEC_LIST(X)
};
#undef X

static void handle_traced_sysvec(struct irq_desc *desc)
{
	struct pt_regs *regs = this_cpu(irq_regs);
	u32 vector = (u32)regs->vector;
	u32 before = trace_vector_entry(
		trace_on() ? sysvec_event[SLOT(vector)] : 0, vector);

	preempt_count_sub(HARDIRQ_OFFSET); /* it counts itself */
	sysvec_fn[SLOT(vector)](regs);
	trace_vector_exit(before);
	preempt_count_add(HARDIRQ_OFFSET);
}

static struct irq_desc traced_sysvec = { .handle_irq = handle_traced_sysvec };

static void handle_sysvec(struct pt_regs *regs)
{
	struct irq_desc *desc = this_vector_desc(regs->vector);

	if (desc != &traced_sysvec) {
		sysvec_fn[SLOT(regs->vector)](regs);
		return;
	}
	irq_enter();
	handle_traced_sysvec(desc);
	irq_exit();
}

/* From entry.S, every vector's while src/lockdep/ is on. */
void traced_interrupt(struct pt_regs *regs);
void traced_interrupt(struct pt_regs *regs)
{
	bool sysvec = regs->vector >= FIRST_SYSTEM_VECTOR &&
		      sysvec_fn[SLOT(regs->vector)];

	lockdep_irq_enter(regs, sysvec ? (u64)sysvec_fn[SLOT(regs->vector)]
				       : (u64)common_interrupt);
	if (sysvec)
		handle_sysvec(regs);
	else
		common_interrupt(regs);
	lockdep_irq_exit(regs);
}

static void lead_sysvecs_to(struct irq_desc *desc)
{
	u32 cpu;

	for_each_online_cpu (cpu) {
		for (u32 i = 0; i < NR_SYSVECS; i++) {
			if (sysvec_fn[i])
				WRITE_ONCE(cpu_hot(cpu)->vector_irq
						   [FIRST_SYSTEM_VECTOR + i],
					   desc);
		}
	}
}

static void nothing(void *unused)
{
}

/*
 * Off: the gates are back already. Once each CPU has answered a call, none is
 * on its way from a gate to its descriptor.
 */
static void switch_tracing(bool on)
{
	tracing = on;
	if (!on)
		on_each_cpu(nothing, NULL, true);
	lead_sysvecs_to(on ? &traced_sysvec : VECTOR_UNUSED);
	trace_actions();
	claims_set_flow(claim_flow());
}

void irq_trace_init(void)
{
	trace_irq_hook = switch_tracing;
}
