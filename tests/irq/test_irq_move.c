// SPDX-License-Identifier: MIT
/*
 * test_irq_move.c - the moments of a move: what is pending at the old CPU, in
 * service, disabled, or in the middle of another move.
 *
 * Linux: kernel/irq/migration.c, arch/x86/kernel/apic/vector.c.
 */
#include "smp.h"

#include <apic/ioapic.h>
#include <cpu/irqflags.h>
#include <dev/wire.h>
#include <ktest/pin.h>
#include <lib/errno.h>

#define AFFINITY "Linux kernel/irq/manage.c, irq_set_affinity()"
#define VECTOR	 "Linux arch/x86/kernel/apic/vector.c, "
#define RESEND	 "Linux arch/x86/kernel/apic/vector.c, apic_retrigger_irq()"
#define ACK	 "Linux arch/x86/kernel/apic/io_apic.c, ioapic_ack_level()"

TEST(irq, affinity_errors_change_nothing, AFFINITY, SMP_LINE)
{
	static struct irq_desc holder;
	struct irq_desc **vectors;
	u8 vector;

	far_prepare();
	FAR_OPEN(0);
	vector = far.desc->vector;
	EXPECT_EQ(irq_set_affinity(NR_IRQS, 0), -EINVAL);
	EXPECT_EQ(irq_set_affinity(QUIET_IRQ, nr_cpu_ids), -EINVAL);
	EXPECT_EQ(irq_set_affinity(QUIET_IRQ, NR_CPUS), -EINVAL);
	EXPECT_EQ(irq_set_affinity(QUIET_IRQ, ~0u), -EINVAL);
	vectors = cpu_hot(far.other)->vector_irq;
	for (u32 v = FIRST_EXTERNAL_VECTOR; v < FIRST_SYSTEM_VECTOR; v++)
		vectors[v] = &holder;
	EXPECT_EQ(irq_set_affinity(QUIET_IRQ, far.other), -ENOSPC);
	for (u32 v = FIRST_EXTERNAL_VECTOR; v < FIRST_SYSTEM_VECTOR; v++)
		vectors[v] = VECTOR_UNUSED;
	EXPECT_EQ(far.desc->cpu, 0);
	EXPECT_EQ(far.desc->vector, vector);
	EXPECT_EQ(far.desc->state, 0);
	EXPECT_EQ(far_vectors(far.other), 0);
	EXPECT_TRUE(far_raise());
	EXPECT_EQ(far.cpu, 0);
}

TEST(irq, a_line_that_cannot_be_sent_elsewhere_says_so, AFFINITY)
{
	if (soft_line())
		EXPECT_EQ(irq_set_affinity(soft.irq, 0), -EINVAL);
}

/* Its own number is taken at the new CPU: another one, free on both. */
TEST(irq, a_moved_line_gets_a_vector_that_is_free,
     VECTOR "assign_managed_vector()", SMP_LINE)
{
	static struct irq_desc holder;
	u8 vector;

	far_prepare();
	FAR_OPEN(0);
	vector = far.desc->vector;
	cpu_hot(far.other)->vector_irq[vector] = &holder;
	cpu_hot(far.other)->vector_irq[0x40] = &holder;
	*this_vector_irq(0x41) = &holder;
	EXPECT_EQ(irq_set_affinity(QUIET_IRQ, far.other), 0);
	cpu_hot(far.other)->vector_irq[vector] = VECTOR_UNUSED;
	cpu_hot(far.other)->vector_irq[0x40] = VECTOR_UNUSED;
	*this_vector_irq(0x41) = VECTOR_UNUSED;
	EXPECT_EQ(far.desc->vector, 0x42);
	EXPECT_EQ(gsi_read_rte(far.desc->gsi).vector, 0x42);
	EXPECT_EQ(gsi_read_rte(far.desc->gsi).dest,
		  cpu_hot(far.other)->apic_id);
	EXPECT_EQ(far_vectors(0), 2); /* the old one, and the half-way one */
	EXPECT_TRUE(far_raise());
	EXPECT_EQ(far.cpu, far.other);
	far_settled();
	EXPECT_EQ(far_vectors(0), 0);
	EXPECT_EQ(far_vectors(far.other), 1);
}

TEST(irq, affinity_outlives_free_irq, AFFINITY, SMP_LINE)
{
	far_prepare();
	FAR_OPEN(far.other);
	EXPECT_EQ(far.desc->cpu, far.other);
	EXPECT_EQ(free_irq(QUIET_IRQ, &far), 0);
	EXPECT_EQ(request_irq(QUIET_IRQ, far_handler, IRQF_TRIGGER_RISING,
			      "far", &far),
		  0);
	EXPECT_EQ(far.desc->cpu, far.other);
	EXPECT_TRUE(far_raise());
	EXPECT_EQ(far.cpu, far.other);
}

static volatile bool closed, open;

static void be_closed(void *unused)
{
	local_irq_disable();
	closed = true;
	WAIT_FOR(open, WAIT_DEFAULT_US);
	local_irq_enable();
}

/* The other CPU has IF=0 from here to open = true. */
static bool close_other(void)
{
	closed = open = false;
	return EXPECT_EQ(run_on_start(far.other, be_closed, NULL, RUN_US), 0) &&
	       EXPECT_TRUE(WAIT_FOR(closed, WAIT_DEFAULT_US));
}

TEST(irq, what_is_pending_at_the_old_cpu_is_handled_there,
     VECTOR "__vector_cleanup()", SMP_LINE)
{
	u64 here, there;

	far_prepare();
	FAR_OPEN(far.other);
	here = kstat_irqs_cpu(QUIET_IRQ, 0);
	there = kstat_irqs_cpu(QUIET_IRQ, far.other);
	if (!close_other())
		return;
	far_send();
	EXPECT_EQ(irq_set_affinity(QUIET_IRQ, 0), 0);
	EXPECT_EQ(far_vectors(far.other), 1);
	EXPECT_TRUE(far_raise());
	EXPECT_EQ(far.cpu, 0);
	EXPECT_TRUE(far.desc->state & IRQD_MOVE_IN_PROGRESS);
	open = true;
	EXPECT_TRUE(WAIT_FOR(far.ended == 2, WAIT_DEFAULT_US));
	EXPECT_EQ(run_on_wait(far.other), 0);
	far_settled();
	EXPECT_EQ(far_vectors(far.other), 0);
	EXPECT_EQ(kstat_irqs_cpu(QUIET_IRQ, 0) - here, 1);
	EXPECT_EQ(kstat_irqs_cpu(QUIET_IRQ, far.other) - there, 1);
}

/* With IF=0 nobody can be asked to hurry: it is done when the first is over. */
TEST(irq, a_move_asked_for_during_a_move_is_done_after_it,
     "Linux kernel/irq/manage.c, irq_set_affinity_pending()", SMP_LINE)
{
	far_prepare();
	FAR_OPEN(far.other);
	EXPECT_EQ(irq_set_affinity(QUIET_IRQ, 0), 0);
	local_irq_disable();
	EXPECT_EQ(irq_set_affinity(QUIET_IRQ, far.other), 0);
	EXPECT_EQ(far.desc->cpu, 0);
	EXPECT_EQ(far.desc->state,
		  IRQD_MOVE_IN_PROGRESS | IRQD_SETAFFINITY_PENDING);
	local_irq_enable();
	EXPECT_TRUE(far_raise());
	EXPECT_EQ(far.cpu, 0);
	EXPECT_TRUE(WAIT_FOR(READ_ONCE(far.desc->cpu) == far.other,
			     WAIT_DEFAULT_US));
	EXPECT_TRUE(far_raise());
	EXPECT_EQ(far.cpu, far.other);
	far_settled();
	EXPECT_EQ(far_vectors(0), 0);
}

TEST(irq, a_quiet_line_moves_again_and_again, AFFINITY, SMP_LINE)
{
	u32 cpu, vectors = 0;

	far_prepare();
	FAR_OPEN(0);
	for (u32 i = 0; i < 3; i++) {
		for_each_online_cpu (cpu)
			EXPECT_EQ(irq_set_affinity(QUIET_IRQ, cpu), 0);
	}
	EXPECT_TRUE(far_raise());
	EXPECT_EQ(far.cpu, far.desc->affinity);
	far_settled();
	for_each_online_cpu (cpu)
		vectors += far_vectors(cpu);
	EXPECT_EQ(vectors, 1);
}

TEST(irq, a_replay_goes_to_the_lines_cpu, RESEND, SMP_LINE)
{
	far_prepare();
	FAR_OPEN(far.other);
	disable_irq(QUIET_IRQ);
	EXPECT_EQ(apic_retrigger_irq(far.desc), 0); /* replayed: once */
	EXPECT_TRUE(WAIT_FOR(READ_ONCE(far.desc->state) & IRQS_PENDING,
			     WAIT_DEFAULT_US));
	raised_irqs(QUIET_IRQ, 1);
	enable_irq(QUIET_IRQ);
	EXPECT_TRUE(WAIT_FOR(far.ended == 1, WAIT_DEFAULT_US));
	EXPECT_EQ(far.cpu, far.other);
}

TEST(irq, a_line_moved_while_disabled_is_replayed_where_it_is_then, RESEND,
     SMP_LINE)
{
	far_prepare();
	FAR_OPEN(far.other);
	disable_irq(QUIET_IRQ);
	EXPECT_EQ(apic_retrigger_irq(far.desc), 0);
	EXPECT_TRUE(WAIT_FOR(READ_ONCE(far.desc->state) & IRQS_PENDING,
			     WAIT_DEFAULT_US));
	EXPECT_EQ(irq_set_affinity(QUIET_IRQ, 0), 0);
	EXPECT_TRUE(gsi_read_rte(far.desc->gsi).masked);
	raised_irqs(QUIET_IRQ, 1);
	enable_irq(QUIET_IRQ);
	EXPECT_TRUE(WAIT_FOR(far.ended == 1, WAIT_DEFAULT_US));
	EXPECT_EQ(far.cpu, 0);
	EXPECT_FALSE(gsi_read_rte(far.desc->gsi).masked);
	far_settled();
}

/* The other sharer's handler is called where the line is, too. */
TEST(irq, a_shared_line_moves_as_one, AFFINITY, SMP_LINE)
{
	struct irq_probe sharer = { .answer = IRQ_HANDLED };

	if (!far_prepare())
		SKIP(return, "no IOAPIC pin for irq %u", QUIET_IRQ);
	EXPECT_EQ(request_irq(QUIET_IRQ, far_handler, IRQF_SHARED, "far", &far),
		  0);
	EXPECT_EQ(request_irq(QUIET_IRQ, irq_probe_handler, IRQF_SHARED, "b",
			      &sharer),
		  0);
	EXPECT_EQ(irq_set_affinity(QUIET_IRQ, far.other), 0);
	EXPECT_TRUE(far_raise());
	EXPECT_EQ(far.cpu, far.other);
	EXPECT_EQ(READ_ONCE(sharer.calls), 1);
	EXPECT_EQ(free_irq(QUIET_IRQ, &sharer), 0);
	EXPECT_EQ(free_irq(QUIET_IRQ, &far), 0);
}

static u32 level_calls, level_cpu[4];
static volatile bool level_hold;

/* The device is quiet only after the second one. */
static irqreturn_t on_level(int irq, void *dev)
{
	if (level_calls < ARRAY_SIZE(level_cpu))
		level_cpu[level_calls] = smp_processor_id();
	WAIT_FOR(!level_hold, WAIT_DEFAULT_US);
	if (level_calls == 1)
		wire_lower(WIRE_UART);
	__atomic_fetch_add(&level_calls, 1, __ATOMIC_SEQ_CST);
	return IRQ_HANDLED;
}

/* A new vector meanwhile, and the EOI would not find the pin any more. */
TEST(irq, a_level_in_service_moves_behind_its_eoi, ACK,
     .needs = NEEDS_SMP | NEEDS_IOAPIC | NEEDS_UART)
{
	struct irq_desc *desc;

	far_prepare();
	if (!wire_take(WIRE_UART))
		SKIP(return, NO_WIRE);
	desc = irq_to_desc(wire_irq(WIRE_UART));
	level_calls = 0;
	level_hold = true;
	EXPECT_EQ(irq_set_affinity(desc->irq, far.other), 0);
	EXPECT_EQ(request_irq(desc->irq, on_level, IRQF_TRIGGER_HIGH, "level",
			      &level_calls),
		  0);
	raised_irqs(desc->irq, 2);
	wire_raise(WIRE_UART);
	EXPECT_TRUE(WAIT_FOR(READ_ONCE(desc->state) & IRQD_IRQ_INPROGRESS,
			     WAIT_DEFAULT_US));
	EXPECT_EQ(irq_set_affinity(desc->irq, 0), 0);
	EXPECT_EQ(desc->cpu, far.other);
	EXPECT_TRUE(READ_ONCE(desc->state) & IRQD_SETAFFINITY_PENDING);
	level_hold = false;
	EXPECT_TRUE(WAIT_FOR(READ_ONCE(level_calls) == 2, WAIT_DEFAULT_US));
	synchronize_hardirq(desc->irq);
	EXPECT_EQ(level_cpu[0], far.other);
	EXPECT_EQ(level_cpu[1], 0);
	EXPECT_EQ(READ_ONCE(desc->state), 0);
	EXPECT_FALSE(gsi_read_rte(desc->gsi).remote_irr);
	EXPECT_EQ(free_irq(desc->irq, &level_calls), 0);
}
