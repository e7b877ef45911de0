// SPDX-License-Identifier: MIT
/*
 * INTx with a threaded handler: the level stays until the thread has quieted
 * the function, and must not interrupt again until then.
 *
 * Spec: PCI Local Bus Specification 3.0, "Interrupt Pins".
 *       Linux: kernel/irq/manage.c irq_finalize_oneshot().
 */
#include "pci_case.h"

#include <apic/ioapic.h>
#include <cpu/cpumask.h>
#include <cpu/deadline.h>
#include <irq/irq.h>
#include <ktest/raised.h>
#include <sched/completion.h>

#define RULE                               \
	"Linux kernel/irq/manage.c, "      \
	"irq_finalize_oneshot(); PCI 3.0 " \
	"Interrupt Pins"
#define FOLLOWS                                                            \
	"Linux kernel/irq/manage.c, irq_thread_check_affinity(); PCI 3.0 " \
	"Interrupt Pins"
#define SOME	  8 /* CPUs */
#define TIMES	  3
#define LINGER_US 300 /* a line that is not masked storms meanwhile */

static struct {
	volatile u32 ended, lookers, cpu;
	u32 not_masked;
	struct completion go; /* the looker's */
} t;

static bool pin_masked(void)
{
	u32 flags;

	return gsi_read_rte((u32)intx_gsi(&flags)).masked;
}

static irqreturn_t quiet(int irq, void *dev)
{
	udelay(LINGER_US);
	t.not_masked += !pin_masked();
	t.cpu = smp_processor_id();
	pci_source_lower(src);
	t.ended++;
	return IRQ_HANDLED;
}

/* It has nothing to do with the function, and takes its time. */
static irqreturn_t look(int irq, void *dev)
{
	wait_for_completion(&t.go);
	t.lookers++;
	return IRQ_HANDLED;
}

static bool request(irq_handler_t fn, void *dev)
{
	return EXPECT_EQ(request_threaded_irq(intx_irq(), NULL, fn,
					      IRQF_ONESHOT | IRQF_SHARED,
					      "intx", dev),
			 0);
}

static bool begin(void)
{
	t.ended = t.lookers = t.not_masked = 0;
	init_completion(&t.go);
	set_command(PCI_COMMAND_INTX_DISABLE, false);
	return request(quiet, &t);
}

static void end(void)
{
	set_command(PCI_COMMAND_INTX_DISABLE, true);
	EXPECT_EQ(free_irq(intx_irq(), &t), 0);
}

/* One interrupt each, however long the level stays. */
static void judge_alone(void)
{
	u64 before = kstat_irqs(intx_irq());

	if (!begin())
		return;
	for (u32 n = 1; n <= TIMES; n++) {
		EXPECT_FALSE(pin_masked());
		pci_source_raise(src);
		EXPECT_TRUE(WAIT_FOR(t.ended == n, WAIT_DEFAULT_US));
		pin_settle();
		EXPECT_EQ(kstat_irqs(intx_irq()) - before, n);
	}
	EXPECT_EQ(t.not_masked, 0);
	raised_irqs(intx_irq(), TIMES);
	end();
}

TEST(pci, intx_of_a_oneshot_thread_interrupts_once_until_it_is_quiet, RULE,
     .needs = NEEDS_IOAPIC)
{
	each_source(HAS_INTX, judge_alone);
}

static void judge_last(void)
{
	u64 before = kstat_irqs(intx_irq());

	if (!begin() || !request(look, &t.go))
		return;
	pci_source_raise(src);
	EXPECT_TRUE(WAIT_FOR(t.ended == 1, WAIT_DEFAULT_US));
	pci_source_raise(src); /* the looker sleeps: it waits for him */
	pin_settle();
	EXPECT_EQ(kstat_irqs(intx_irq()) - before, 1);
	EXPECT_TRUE(pin_masked());
	complete_all(&t.go);
	EXPECT_TRUE(WAIT_FOR(t.ended == 2 && t.lookers == 2, WAIT_DEFAULT_US));
	pin_settle();
	EXPECT_EQ(kstat_irqs(intx_irq()) - before, 2);
	EXPECT_FALSE(pin_masked());
	raised_irqs(intx_irq(), 2);
	EXPECT_EQ(free_irq(intx_irq(), &t.go), 0);
	end();
}

TEST(pci, intx_stays_masked_until_its_last_oneshot_thread_is_done, RULE,
     .needs = NEEDS_IOAPIC)
{
	each_source(HAS_INTX, judge_last);
}

static void judge_moved(void)
{
	u32 irq = intx_irq(), n = 0, cpu;

	if (!begin())
		return;
	for_each_online_cpu (cpu) {
		if (cpu >= SOME)
			break;
		EXPECT_EQ(irq_set_affinity(irq, cpu), 0);
		pci_source_raise(src);
		EXPECT_TRUE(WAIT_FOR(t.ended == n + 1, WAIT_DEFAULT_US));
		EXPECT_EQ(t.cpu, cpu);
		pin_settle();
		n++;
	}
	EXPECT_EQ(t.not_masked, 0);
	raised_irqs(irq, n);
	end();
}

TEST(pci, a_thread_of_intx_runs_where_its_level_line_is_sent, FOLLOWS,
     .needs = NEEDS_IOAPIC | NEEDS_SMP)
{
	each_source(HAS_INTX, judge_moved);
}
