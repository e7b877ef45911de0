// SPDX-License-Identifier: MIT
/*
 * IPIs from all to all. Fixed ones: each sender has a vector of its own, of
 * several priority classes, so that the target's handler knows who sent it and
 * two senders never merge. Reschedules: one flag a target says whether one is
 * on its way, so that what was sent is what arrives.
 *
 * Spec: SDM 3A "Issuing Interprocessor Interrupts", "Interrupt Acceptance for
 *       Fixed Interrupts". Linux: arch/x86/kernel/smp.c.
 */
#include "stress.h"

#include <apic/lapic.h>
#include <cpu/irqflags.h>
#include <irq/ipi.h>
#include <irq/irq.h>
#include <irq/irqstat.h>

#define ROUNDS 10

static DEFINE_PER_CPU(u32, sent[STRESS_CREW]); /* by this CPU, to a place */
static DEFINE_PER_CPU(u32, came[STRESS_CREW]); /* here, from a place */

/* Eight classes, then the same ones again: 0x4b, 0x5b ... 0xbb, 0x4d ... */
static u32 vector_of(u32 place)
{
	return 0x4b + place % 8 * 0x10 + place / 8 * 2;
}

/*
 * It sends one itself, as handlers may: between the two halves of an ICR that
 * the interrupted code is just writing.
 */
static irqreturn_t on_ipi(int vector, void *dev)
{
	smp_send_reschedule(
		cpumask_next(smp_processor_id() ? 0 : 1, &cpu_online_mask));
	for (u32 i = 0; i < STRESS_CREW; i++) {
		u32 *n = this_cpu_ptr(&came[i]);

		if (vector_of(i) == (u32)vector)
			WRITE_ONCE(*n, *n + 1);
	}
	return IRQ_HANDLED;
}

static const char *ipi_open(void)
{
	for (u32 i = 0; i < STRESS_CREW; i++)
		EXPECT_EQ(
			irq_claim_vector_everywhere(vector_of(i), on_ipi, NULL),
			0);
	return NULL;
}

static void ipi_close(void)
{
	for (u32 i = 0; i < STRESS_CREW; i++)
		irq_release_vector(vector_of(i));
}

static void ipi_enter(struct stress_cpu *me)
{
	for (u32 i = 0; i < STRESS_CREW; i++)
		*this_cpu_ptr(&sent[i]) = *this_cpu_ptr(&came[i]) = 0;
}

static void send(struct stress_cpu *me, u32 place)
{
	u32 cpu = stress_cpu_at(place);

	++*this_cpu_ptr(&sent[place]);
	if (apic_send_ipi(cpu_hot(cpu)->apic_id, vector_of(me->place)))
		stress_lost(me, me->cpu, "the APIC's readiness to send");
}

static bool is_there(const struct stress_cpu *me, u32 place)
{
	u32 *n = per_cpu_ptr(&came[me->place], stress_cpu_at(place));

	return (s32)(READ_ONCE(*n) - *this_cpu_ptr(&sent[place])) >= 0;
}

/* With IF=0 those to oneself, and others', pile up. */
static void ipi_step(struct stress_cpu *me)
{
	u32 to = stress_some(me);
	u64 flags = native_save_fl();

	if (stress_random(me, 2))
		local_irq_disable();
	for (u32 i = 0; i < stress_size(); i++) {
		if (to & 1u << i)
			send(me, i);
	}
	local_irq_restore(flags);
	for (u32 i = 0; i < stress_size(); i++) {
		if (to & 1u << i)
			STRESS_WAIT(me, is_there(me, i), stress_cpu_at(i),
				    "the receipt of a fixed IPI");
	}
}

static void ipi_judge(void)
{
	for (u32 from = 0; from < stress_size(); from++) {
		for (u32 to = 0; to < stress_size(); to++)
			stress_expect(
				"fixed IPIs", from, to,
				*per_cpu_ptr(&sent[to], stress_cpu_at(from)),
				*per_cpu_ptr(&came[from], stress_cpu_at(to)));
	}
}

const struct stress_op stress_ipi = {
	.name = "fixed IPIs",
	.open = ipi_open,
	.enter = ipi_enter,
	.step = ipi_step,
	.judge = ipi_judge,
	.close = ipi_close,
};

TEST(stress, fixed_ipis_of_all_to_all_come_once_each,
     "SDM 3A Issuing Interprocessor Interrupts", .needs = NEEDS_SMP,
     .deadline_ms = STRESS_MS)
{
	stress_run(&stress_ipi, ROUNDS);
}

/* came: but for those that an earlier case raised by itself. */
static u64 sent_before, came_before, not_ours;

static u64 reschedules(void)
{
	return irq_stat_count((u32)irq_stat_of_vector(RESCHEDULE_VECTOR));
}

/* Others may send some, too: both counts are read when none is on its way. */
static bool none_on_its_way(void)
{
	sent_before = ipi_sent_count(RESCHEDULE_VECTOR);
	came_before = reschedules() - not_ours;
	return sent_before == came_before;
}

static void answer(void *unused)
{
}

/* Who answers a call has taken what has a higher vector. */
static const char *reschedule_open(void)
{
	not_ours = 0;
	smp_call_function(answer, NULL, true);
	none_on_its_way();
	not_ours = came_before - sent_before;
	return NULL;
}

/* Some more than needed: those that find one on its way are none. */
static void reschedule_step(struct stress_cpu *me)
{
	u32 to = stress_some(me);

	for (u32 i = 0; i < stress_size(); i++) {
		if (to & 1u << i) {
			smp_send_reschedule(stress_cpu_at(i));
			smp_send_reschedule(stress_cpu_at(i));
		}
	}
}

static u64 reschedules_of(u32 cpu)
{
	return READ_ONCE(cpu_hot(cpu)->irq_stat.irq_resched);
}

/* A flag that stays set would keep all later ones away. */
static void expect_one_more(u32 cpu)
{
	u64 before = reschedules_of(cpu);

	smp_send_reschedule(cpu);
	if (!EXPECT_TRUE(
		    WAIT_FOR(reschedules_of(cpu) != before, WAIT_DEFAULT_US)))
		ktest_note("CPU %u gets no reschedule IPI any more", cpu);
}

static void reschedule_judge(void)
{
	WAIT_FOR(none_on_its_way(), WAIT_DEFAULT_US);
	if (!EXPECT_EQ(came_before, sent_before))
		ktest_note("reschedule IPIs: got came, want were sent");
	for (u32 i = 0; i < stress_size() && ktest_ok(); i++)
		expect_one_more(stress_cpu_at(i));
}

const struct stress_op stress_reschedule = {
	.name = "reschedules",
	.open = reschedule_open,
	.step = reschedule_step,
	.judge = reschedule_judge,
};

TEST(stress, reschedules_of_all_to_all_come_once_each,
     "irqbed include/irq/ipi.h", .needs = NEEDS_SMP, .deadline_ms = STRESS_MS)
{
	stress_run(&stress_reschedule, ROUNDS);
}
