// SPDX-License-Identifier: MIT
/*
 * test_irq_smp.c - a line whose handler runs on one CPU while another one
 * waits for it, frees it, or asks for more.
 *
 * Linux: kernel/irq/manage.c.
 */
#include "smp.h"

#include <apic/lapic.h>
#include <cpu/irqflags.h>
#include <lib/errno.h>
#include <lib/string.h>

#define MANAGE	"Linux kernel/irq/manage.c, "
#define CLAIM	"irqbed include/irq/irq.h, irq_claim_vector()"
#define STAY_US 20000
#define TURNS	100

struct far_line far;

irqreturn_t far_handler(int irq, void *dev)
{
	far.cpu = smp_processor_id();
	__atomic_fetch_add(&far.begun, 1, __ATOMIC_SEQ_CST);
	if (far.stay_us)
		udelay(far.stay_us);
	WAIT_FOR(!far.hold, WAIT_DEFAULT_US);
	__atomic_fetch_add(&far.ended, 1, __ATOMIC_SEQ_CST);
	return far.answer;
}

bool far_prepare(void)
{
	memset(&far, 0, sizeof(far));
	far.desc = irq_to_desc(QUIET_IRQ);
	far.answer = IRQ_HANDLED;
	far.other = cpumask_next(1, &cpu_online_mask);
	return irq_have_line();
}

bool far_open(u32 cpu)
{
	return far_prepare() &&
	       EXPECT_EQ(irq_set_affinity(QUIET_IRQ, cpu), 0) &&
	       EXPECT_EQ(request_irq(QUIET_IRQ, far_handler,
				     IRQF_TRIGGER_RISING, "far", &far),
			 0);
}

void far_close(void)
{
	far.hold = false;
	if (far.desc)
		free_irq(QUIET_IRQ, &far);
	far.desc = NULL;
}

void far_send(void)
{
	raised_irqs(QUIET_IRQ, 1);
	EXPECT_EQ(apic_retrigger_irq(far.desc), 0);
}

bool far_begin(void)
{
	u32 want = far.begun + 1;

	far_send();
	return EXPECT_TRUE(WAIT_FOR(far.begun >= want, WAIT_DEFAULT_US));
}

bool far_raise(void)
{
	u32 want = far.ended + 1;

	far_send();
	if (!EXPECT_TRUE(WAIT_FOR(far.ended >= want, WAIT_DEFAULT_US)))
		return false;
	synchronize_hardirq(QUIET_IRQ);
	return EXPECT_EQ(far.ended, want);
}

bool far_settled(void)
{
	return EXPECT_TRUE(
		WAIT_FOR(!READ_ONCE(far.desc->state), WAIT_DEFAULT_US));
}

u32 far_vectors(u32 cpu)
{
	u32 n = 0;

	for (u32 v = 0; v < NR_VECTORS; v++)
		n += cpu_hot(cpu)->vector_irq[v] == far.desc;
	return n;
}

static int asked;

static void ask(void *unused)
{
	asked = request_irq(QUIET_IRQ, far_handler, IRQF_TRIGGER_RISING, "far",
			    &far);
}

TEST(irq, a_line_goes_to_the_cpu_that_asks, MANAGE "irq_setup_affinity()",
     SMP_LINE)
{
	if (!far_prepare())
		SKIP(return, "no IOAPIC pin for irq %u", QUIET_IRQ);
	EXPECT_EQ(run_on(far.other, ask, NULL, RUN_US), 0);
	EXPECT_EQ(asked, 0);
	EXPECT_EQ(far.desc->cpu, far.other);
	EXPECT_EQ(far_vectors(far.other), 1);
	EXPECT_EQ(far_vectors(0), 0);
	EXPECT_TRUE(far_raise());
	EXPECT_EQ(far.cpu, far.other);
	EXPECT_EQ(free_irq(QUIET_IRQ, &far), 0);
	EXPECT_EQ(far_vectors(far.other), 0);
}

/* fn returns when the handler, which runs on the other CPU, has. */
static void expect_waits(void (*fn)(void))
{
	FAR_OPEN(far.other);
	far.stay_us = STAY_US;
	if (!far_begin())
		return;
	fn();
	EXPECT_EQ(far.ended, 1);
}

static void do_free(void)
{
	EXPECT_EQ(free_irq(QUIET_IRQ, &far), 0);
}

static void do_disable(void)
{
	disable_irq(QUIET_IRQ);
}

static void do_synchronize(void)
{
	synchronize_irq(QUIET_IRQ);
}

TEST(irq, free_irq_waits_for_a_handler_on_another_cpu, MANAGE "free_irq()",
     SMP_LINE)
{
	far_prepare();
	expect_waits(do_free);
}

TEST(irq, disable_irq_waits_for_a_handler_on_another_cpu,
     MANAGE "disable_irq()", SMP_LINE)
{
	far_prepare();
	expect_waits(do_disable);
}

TEST(irq, synchronize_irq_waits_for_a_handler_on_another_cpu,
     MANAGE "synchronize_irq()", SMP_LINE)
{
	far_prepare();
	expect_waits(do_synchronize);
}

TEST(irq, disable_irq_nosync_does_not_wait, MANAGE "disable_irq_nosync()",
     SMP_LINE)
{
	far_prepare();
	FAR_OPEN(far.other);
	far.hold = true;
	if (!far_begin())
		return;
	disable_irq_nosync(QUIET_IRQ);
	EXPECT_EQ(far.ended, 0);
	far.hold = false;
	synchronize_irq(QUIET_IRQ);
	EXPECT_EQ(far.ended, 1);
	enable_irq(QUIET_IRQ);
	EXPECT_TRUE(far_raise());
}

/* The line is anew another's while its last handler still runs. */
static void request_again(void *unused)
{
	asked = request_irq(QUIET_IRQ, far_handler, IRQF_TRIGGER_RISING, "new",
			    &asked);
	asked = asked ? asked : (int)far.ended;
}

TEST(irq, a_freed_line_is_anothers_once_its_handler_has_returned,
     MANAGE "free_irq()", SMP_LINE)
{
	far_prepare();
	FAR_OPEN(0);
	far.stay_us = STAY_US;
	local_irq_disable();
	far_send(); /* comes as soon as it may: while we free it */
	EXPECT_EQ(run_on_start(far.other, request_again, NULL, RUN_US), 0);
	local_irq_enable();
	EXPECT_EQ(free_irq(QUIET_IRQ, &far), 0);
	EXPECT_EQ(far.ended, 1);
	EXPECT_EQ(run_on_wait(far.other), 0);
	EXPECT_TRUE(asked == -EBUSY || asked == 1);
	free_irq(QUIET_IRQ, &asked);
}

static struct irq_probe mine, theirs;
static int claimed;

static void claim_theirs(void *unused)
{
	claimed = irq_claim_vector(VECTOR_LOW, irq_probe_handler, &theirs);
}

TEST(irq, a_vector_of_each_cpu_is_its_own, CLAIM, .needs = NEEDS_SMP)
{
	far_prepare();
	mine = theirs = (struct irq_probe){ .answer = IRQ_HANDLED };
	EXPECT_EQ(irq_claim_vector(VECTOR_LOW, irq_probe_handler, &mine), 0);
	EXPECT_EQ(run_on(far.other, claim_theirs, NULL, RUN_US), 0);
	EXPECT_EQ(claimed, 0);
	EXPECT_TRUE(irq_raise(VECTOR_LOW, &mine));
	EXPECT_EQ(READ_ONCE(theirs.calls), 0);
	EXPECT_EQ(apic_send_ipi(cpu_hot(far.other)->apic_id, VECTOR_LOW), 0);
	EXPECT_TRUE(WAIT_FOR(READ_ONCE(theirs.calls), WAIT_DEFAULT_US));
	EXPECT_EQ(mine.calls, 1);
	EXPECT_EQ(theirs.calls, 1);
	irq_release_vector(VECTOR_LOW);
	EXPECT_NE(cpu_hot(far.other)->vector_irq[VECTOR_LOW], VECTOR_UNUSED);
	irq_release_claims(); /* as the runner does */
	EXPECT_EQ(cpu_hot(far.other)->vector_irq[VECTOR_LOW], VECTOR_UNUSED);
}

static void bare_ack(struct irq_desc *desc)
{
	apic_eoi();
}

static const struct irq_chip bare_chip = { .name = "bare",
					   .irq_ack = bare_ack };
static volatile bool go;
static u32 wrong, ready;

static void bad(bool is_bad)
{
	if (is_bad)
		__atomic_fetch_add(&wrong, 1, __ATOMIC_RELAXED);
}

/* Each descriptor, action, vector and claim is one CPU's alone. */
static void turn(struct irq_probe *p)
{
	int irq = irq_alloc_desc(&bare_chip, p);
	struct irq_desc *desc = irq_to_desc((u32)irq);
	int err;

	if (!desc) {
		bad(true);
		return;
	}
	err = request_irq((u32)irq, irq_probe_handler, 0, "turn", p);
	bad(err);
	bad(desc->chip_data != p || !desc->action || desc->action->dev != p);
	bad(*this_vector_irq(desc->vector) != desc);
	bad(irq_claim_vector(VECTOR_HIGH, irq_probe_handler, p));
	bad((*this_vector_irq(VECTOR_HIGH))->action->dev != p);
	irq_release_vector(VECTOR_HIGH);
	bad(free_irq((u32)irq, p));
	irq_free_desc((u32)irq);
}

static void take_turns(void *unused)
{
	struct irq_probe p = { .answer = IRQ_HANDLED };

	__atomic_fetch_add(&ready, 1, __ATOMIC_SEQ_CST);
	WAIT_FOR(go, WAIT_DEFAULT_US);
	for (u32 i = 0; i < TURNS; i++)
		turn(&p);
}

TEST(irq, many_cpus_request_claim_and_free_at_once,
     "irqbed include/irq/irq.h, request_irq()", .needs = NEEDS_SMP)
{
	u32 cpu, others = 0;

	if (ktest_tracing())
		SKIP(return, "a traced run's gates lead another way");
	go = false;
	wrong = ready = 0;
	for_each_online_cpu (cpu) {
		if (cpu && others < 7)
			others += EXPECT_EQ(
				run_on_start(cpu, take_turns, NULL, RUN_US), 0);
	}
	EXPECT_TRUE(WAIT_FOR(READ_ONCE(ready) == others, WAIT_DEFAULT_US));
	go = true;
	take_turns(NULL);
	for_each_online_cpu (cpu) {
		if (cpu && others) {
			others--;
			EXPECT_EQ(run_on_wait(cpu), 0);
		}
		for (u32 v = 0; v < NR_VECTORS; v++)
			wrong += cpu_hot(cpu)->vector_irq[v] != VECTOR_UNUSED;
	}
	EXPECT_EQ(wrong, 0);
}
