// SPDX-License-Identifier: MIT
/*
 * test_irq_thread_smp.c - which CPU runs a line's thread, and that no two do.
 *
 * Linux: kernel/irq/manage.c irq_thread(), irq_thread_check_affinity().
 */
#include "smp.h"

#include <bh/hrtimer.h>
#include <lib/string.h>
#include <sched/sched.h>

#define THREAD	"Linux kernel/irq/manage.c, irq_thread()"
#define FOLLOWS "Linux kernel/irq/manage.c, irq_thread_check_affinity()"
#define STAY_US 20000

static struct {
	volatile u32 begun, ended, cpu, inside, nested;
	volatile bool hold, in_task;
	u32 stay_us;
} thread;

static irqreturn_t thread_fn(int irq, void *dev)
{
	if (__atomic_fetch_add(&thread.inside, 1, __ATOMIC_SEQ_CST))
		thread.nested++;
	thread.cpu = smp_processor_id();
	thread.in_task = in_task();
	__atomic_fetch_add(&thread.begun, 1, __ATOMIC_SEQ_CST);
	if (thread.stay_us)
		udelay(thread.stay_us);
	WAIT_FOR(!thread.hold, WAIT_DEFAULT_US);
	__atomic_fetch_sub(&thread.inside, 1, __ATOMIC_SEQ_CST);
	__atomic_fetch_add(&thread.ended, 1, __ATOMIC_SEQ_CST);
	return IRQ_HANDLED;
}

/* The line at the other CPU, with a thread. */
static bool open(u32 flags)
{
	if (!far_prepare())
		return false;
	memset(&thread, 0, sizeof(thread));
	far.answer = IRQ_WAKE_THREAD;
	EXPECT_EQ(irq_set_affinity(QUIET_IRQ, far.other), 0);
	return EXPECT_EQ(request_threaded_irq(QUIET_IRQ, far_handler, thread_fn,
					      flags, "far", &far),
			 0);
}

#define OPEN(flags)                                                          \
	do {                                                                 \
		if (!open(flags))                                            \
			SKIP(return, "no IOAPIC pin for irq %u", QUIET_IRQ); \
	} while (0)

static bool thread_begins(u32 n)
{
	return EXPECT_TRUE(WAIT_FOR(thread.begun == n, WAIT_DEFAULT_US));
}

static volatile bool busy, stop;

static void be_busy(void *unused)
{
	preempt_disable();
	busy = true;
	WAIT_FOR(stop, WAIT_DEFAULT_US);
	preempt_enable();
}

/* The line's CPU is busy with a task that gives way to none. */
static bool keep_busy(void)
{
	busy = stop = false;
	return EXPECT_EQ(run_on_start(far.other, be_busy, NULL, RUN_US), 0) &&
	       EXPECT_TRUE(WAIT_FOR(busy, WAIT_DEFAULT_US));
}

static enum hrtimer_restart stop_it(struct hrtimer *timer)
{
	stop = true;
	return HRTIMER_NORESTART;
}

static void stop_soon(void)
{
	static struct hrtimer timer;

	hrtimer_init(&timer, stop_it);
	hrtimer_start(&timer, 2000 * NSEC_PER_USEC, HRTIMER_MODE_REL);
}

TEST(irq, a_thread_runs_on_the_cpu_of_its_line, FOLLOWS, SMP_LINE)
{
	OPEN(IRQF_TRIGGER_RISING);
	if (!keep_busy())
		return;
	EXPECT_TRUE(far_raise());
	EXPECT_EQ(thread.begun, 0);
	stop = true;
	EXPECT_TRUE(WAIT_FOR(thread.ended == 1, WAIT_DEFAULT_US));
	EXPECT_EQ(thread.cpu, far.other);
	EXPECT_TRUE(thread.in_task);
	EXPECT_EQ(run_on_wait(far.other), 0);
}

TEST(irq, a_thread_follows_its_line, FOLLOWS, SMP_LINE)
{
	OPEN(IRQF_TRIGGER_RISING);
	EXPECT_TRUE(far_raise());
	EXPECT_TRUE(WAIT_FOR(thread.ended == 1, WAIT_DEFAULT_US));
	EXPECT_EQ(irq_set_affinity(QUIET_IRQ, 0), 0);
	EXPECT_TRUE(far_raise());
	EXPECT_TRUE(WAIT_FOR(thread.ended == 2, WAIT_DEFAULT_US));
	EXPECT_EQ(thread.cpu, 0);
}

TEST(irq, a_thread_never_runs_beside_itself, THREAD, SMP_LINE)
{
	OPEN(IRQF_TRIGGER_RISING);
	thread.hold = true;
	EXPECT_TRUE(far_raise());
	if (!thread_begins(1))
		return;
	EXPECT_EQ(irq_set_affinity(QUIET_IRQ, 0), 0);
	EXPECT_TRUE(far_raise());
	EXPECT_EQ(thread.begun, 1);
	thread.hold = false;
	EXPECT_TRUE(WAIT_FOR(thread.ended == 2, WAIT_DEFAULT_US));
	EXPECT_EQ(thread.cpu, 0);
	EXPECT_EQ(thread.nested, 0);
}

TEST(irq, free_irq_waits_for_a_thread_on_another_cpu,
     "Linux kernel/irq/manage.c, free_irq()", SMP_LINE)
{
	OPEN(IRQF_TRIGGER_RISING);
	thread.stay_us = STAY_US;
	EXPECT_TRUE(far_raise());
	if (!thread_begins(1))
		return;
	EXPECT_EQ(free_irq(QUIET_IRQ, &far), 0);
	EXPECT_EQ(thread.ended, 1);
}

/* Its CPU gives way to nobody: who waits for it waits. */
TEST(irq, a_thread_whose_cpu_is_busy_is_waited_for,
     "Linux kernel/irq/manage.c, synchronize_irq()", SMP_LINE)
{
	OPEN(IRQF_TRIGGER_RISING);
	if (!keep_busy())
		return;
	EXPECT_TRUE(far_raise());
	EXPECT_EQ(far.cpu, far.other);
	EXPECT_EQ(thread.begun, 0);
	stop_soon();
	synchronize_irq(QUIET_IRQ);
	EXPECT_TRUE(stop);
	EXPECT_EQ(thread.ended, 1);
	EXPECT_EQ(thread.cpu, far.other);
	EXPECT_EQ(run_on_wait(far.other), 0);
}

/* INIT takes its stack: who waits for it, and its line, must not wait. */
TEST(irq, a_thread_lost_with_its_cpu_lets_go_of_its_line,
     "irqbed include/irq/irq.h, request_threaded_irq()", SMP_LINE)
{
	OPEN(IRQF_ONESHOT | IRQF_TRIGGER_HIGH);
	raised_mismatches(1); /* an IPI is an edge */
	ktest_means_crashes(1);
	thread.hold = true;
	EXPECT_TRUE(far_raise());
	if (!thread_begins(1))
		return;
	EXPECT_TRUE(READ_ONCE(far.desc->state) & IRQD_IRQ_MASKED);
	EXPECT_EQ(smp_restart_cpu(far.other), 0);
	thread.hold = false;
	EXPECT_EQ(thread.ended, 0);
	EXPECT_EQ(far.desc->threads_active, 0);
	EXPECT_EQ(far.desc->threads_oneshot, 0);
	EXPECT_FALSE(READ_ONCE(far.desc->state) & IRQD_IRQ_MASKED);
	synchronize_irq(QUIET_IRQ);
	EXPECT_EQ(free_irq(QUIET_IRQ, &far), 0);
}

/* Masked where the handler ran, unmasked where the thread did. */
TEST(irq, a_oneshot_line_is_unmasked_by_its_thread_on_another_cpu,
     "Linux kernel/irq/manage.c, irq_finalize_oneshot()", SMP_LINE)
{
	OPEN(IRQF_ONESHOT | IRQF_TRIGGER_HIGH);
	raised_mismatches(1); /* an IPI is an edge */
	thread.hold = true;
	EXPECT_TRUE(far_raise());
	if (!thread_begins(1))
		return;
	EXPECT_TRUE(READ_ONCE(far.desc->state) & IRQD_IRQ_MASKED);
	thread.hold = false;
	EXPECT_TRUE(WAIT_FOR(!(READ_ONCE(far.desc->state) & IRQD_IRQ_MASKED),
			     WAIT_DEFAULT_US));
	EXPECT_EQ(thread.ended, 1);
}
