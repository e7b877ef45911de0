// SPDX-License-Identifier: MIT
/*
 * test_stress_where.c - the contexts that the stress cases do things in.
 *
 * A CPU leaves itself an order, and makes an interrupt or a softirq come that
 * carries it out: one at a time, so that what was lost is known at once.
 */
#include "stress.h"

#include <apic/lapic.h>
#include <irq/ipi.h>
#include <irq/irq.h>

#define VECTOR	0x71	    /* the other cases' end in b and d */
#define SOFTIRQ RCU_SOFTIRQ /* no room of ours uses it */

struct order {
	void (*fn)(void *); /* NULL: carried out */
	void *arg;
};

static DEFINE_PER_CPU(struct order, order);
static softirq_action_t found;

static void carry_out(void)
{
	struct order *o = this_cpu_ptr(&order);
	void (*fn)(void *) = o->fn;

	if (!fn)
		return;
	fn(o->arg);
	WRITE_ONCE(o->fn, NULL);
}

static irqreturn_t on_vector(int irq, void *dev)
{
	carry_out();
	return IRQ_HANDLED;
}

void stress_where_open(void)
{
	found = softirq_action(SOFTIRQ);
	open_softirq(SOFTIRQ, carry_out);
	EXPECT_EQ(irq_claim_vector_everywhere(VECTOR, on_vector, NULL), 0);
}

void stress_where_close(void)
{
	irq_release_vector(VECTOR);
	open_softirq(SOFTIRQ, found);
}

static bool carried_out(void)
{
	return !READ_ONCE(this_cpu_ptr(&order)->fn);
}

static void by_softirq(struct stress_cpu *me)
{
	local_bh_disable();
	raise_softirq(SOFTIRQ);
	local_bh_enable();
	STRESS_WAIT(me, carried_out(), me->cpu, "a softirq of its own");
}

static void by_interrupt(struct stress_cpu *me)
{
	if (apic_send_self(VECTOR))
		stress_lost(me, me->cpu, "the APIC's readiness to send");
	STRESS_WAIT(me, carried_out(), me->cpu, "an interrupt of its own");
}

void stress_in(struct stress_cpu *me, enum stress_where where,
	       void (*fn)(void *), void *arg)
{
	u32 cpu = stress_cpu_at(stress_other(me));

	*this_cpu_ptr(&order) = (struct order){ fn, arg };
	switch (where) {
	case STRESS_SOFTIRQ:
		by_softirq(me);
		break;
	case STRESS_HARDIRQ:
		by_interrupt(me);
		break;
	case STRESS_OTHER:
		if (smp_call_function_single(cpu, fn, arg, true))
			stress_lost(me, cpu, "the answer to a function call");
		break;
	default:
		fn(arg);
	}
	this_cpu_ptr(&order)->fn = NULL;
}

enum stress_where stress_anywhere(struct stress_cpu *me)
{
	u32 n = stress_random(me, 32);

	return n < 1   ? STRESS_OTHER
	       : n < 5 ? STRESS_HARDIRQ
	       : n < 9 ? STRESS_SOFTIRQ
		       : STRESS_THREAD;
}
