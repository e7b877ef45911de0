// SPDX-License-Identifier: MIT
/*
 * test_irq_thread.c - request_threaded_irq(): the hard handler wakes, the
 * thread runs in task context, and a ONESHOT line stays masked between. What
 * is judged between the two is, with preemption off.
 *
 * Linux: kernel/irq/manage.c, handle.c.
 */
#include "irq.h"

#include <apic/ioapic.h>
#include <apic/lapic.h>
#include <bh/hrtimer.h>
#include <cpu/deadline.h>
#include <cpu/irqflags.h>
#include <cpu/preempt.h>
#include <ktest/raised.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <sched/wait.h>

#define REQUEST "Linux kernel/irq/manage.c, request_threaded_irq()"
#define WAKE	"Linux kernel/irq/handle.c, __irq_wake_thread()"
#define SOON_NS 1000000
#define ONESHOT "Linux kernel/irq/manage.c, irq_finalize_oneshot()"

static struct irq_probe hard;

static struct {
	u32 calls, hard_calls;
	bool in_task, irqs_off, masked;
	int irq;
} thread;

/* The thread sleeps before anything else, until it is let go. */
static struct {
	struct wait_queue_head wait;
	volatile bool on;
	struct hrtimer timer;
} held;

static enum hrtimer_restart let_go(struct hrtimer *timer)
{
	held.on = false;
	wake_up(&held.wait);
	return HRTIMER_NORESTART;
}

/* While the case waits. */
static void let_go_soon(void)
{
	hrtimer_init(&held.timer, let_go);
	hrtimer_start(&held.timer, SOON_NS, HRTIMER_MODE_REL);
}

static u32 vector(void)
{
	return irq_to_desc(QUIET_IRQ)->vector;
}

static bool pin_masked(void)
{
	return gsi_read_rte(irq_to_desc(QUIET_IRQ)->gsi).masked;
}

static irqreturn_t thread_fn(int irq, void *dev)
{
	wait_event(held.wait, !held.on);
	thread.calls++;
	thread.hard_calls = hard.calls;
	thread.in_task = in_task();
	thread.irqs_off = irqs_disabled();
	thread.masked = pin_masked();
	thread.irq = irq;
	return IRQ_HANDLED;
}

static int request(irq_handler_t handler, u32 flags)
{
	hard = (struct irq_probe){ .answer = IRQ_WAKE_THREAD };
	memset(&thread, 0, sizeof(thread));
	held.on = false;
	init_waitqueue_head(&held.wait);
	return request_threaded_irq(QUIET_IRQ, handler, thread_fn, flags,
				    "threaded", &hard);
}

/* One interrupt of the line, taken and ended. */
static void raise(void)
{
	u64 before = kstat_irqs(QUIET_IRQ);

	raised_irqs(QUIET_IRQ, 1);
	EXPECT_EQ(apic_send_self(vector()), 0);
	EXPECT_TRUE(WAIT_FOR(kstat_irqs(QUIET_IRQ) != before, WAIT_DEFAULT_US));
}

#define NEED_LINE()                                                          \
	do {                                                                 \
		if (!irq_have_line())                                        \
			SKIP(return, "no IOAPIC pin for irq %u", QUIET_IRQ); \
	} while (0)

TEST(irq, a_thread_runs_in_task_context_after_its_handler, WAKE,
     .needs = NEEDS_IOAPIC)
{
	NEED_LINE();
	EXPECT_EQ(request(irq_probe_handler, IRQF_TRIGGER_RISING), 0);
	preempt_disable();
	raise();
	EXPECT_EQ(hard.calls, 1);
	EXPECT_EQ(thread.calls, 0);
	preempt_enable();
	EXPECT_EQ(thread.calls, 1);
	EXPECT_EQ(thread.irq, QUIET_IRQ);
	EXPECT_TRUE(thread.in_task);
	EXPECT_FALSE(thread.irqs_off);
	EXPECT_FALSE(thread.masked);
	EXPECT_EQ(free_irq(QUIET_IRQ, &hard), 0);
}

TEST(irq, a_thread_woken_twice_before_it_runs_runs_once, WAKE,
     .needs = NEEDS_IOAPIC)
{
	NEED_LINE();
	EXPECT_EQ(request(irq_probe_handler, IRQF_TRIGGER_RISING), 0);
	preempt_disable();
	raise();
	raise();
	preempt_enable();
	EXPECT_EQ(hard.calls, 2);
	EXPECT_EQ(thread.calls, 1);
	EXPECT_EQ(irq_to_desc(QUIET_IRQ)->threads_active, 0);
	raise();
	EXPECT_EQ(thread.calls, 2);
	EXPECT_EQ(free_irq(QUIET_IRQ, &hard), 0);
}

TEST(irq, a_handler_that_does_not_wake_starts_no_thread, WAKE,
     .needs = NEEDS_IOAPIC)
{
	NEED_LINE();
	EXPECT_EQ(request(irq_probe_handler, IRQF_TRIGGER_RISING), 0);
	hard.answer = IRQ_HANDLED;
	raise();
	EXPECT_EQ(hard.calls, 1);
	EXPECT_EQ(irq_to_desc(QUIET_IRQ)->threads_active, 0);
	EXPECT_EQ(thread.calls, 0);
	EXPECT_EQ(free_irq(QUIET_IRQ, &hard), 0);
}

TEST(irq, without_a_handler_the_thread_is_woken_at_once,
     "Linux kernel/irq/manage.c, irq_default_primary_handler()",
     .needs = NEEDS_IOAPIC)
{
	NEED_LINE();
	EXPECT_EQ(request(NULL, IRQF_ONESHOT | IRQF_TRIGGER_RISING), 0);
	raise();
	EXPECT_EQ(thread.calls, 1);
	EXPECT_EQ(free_irq(QUIET_IRQ, &hard), 0);
}

TEST(irq, a_thread_alone_must_be_oneshot, REQUEST, .needs = NEEDS_IOAPIC)
{
	NEED_LINE();
	EXPECT_EQ(request(NULL, 0), -EINVAL);
	EXPECT_EQ(request_threaded_irq(QUIET_IRQ, NULL, NULL, IRQF_ONESHOT,
				       "none", &hard),
		  -EINVAL);
	EXPECT_EQ(free_irq(QUIET_IRQ, &hard), -ENOENT);
}

static void wake_thrice(void)
{
	soft_raise(3);
}

/* Linux: warn_no_thread(), once an action. */
TEST(irq, a_wake_up_without_a_thread_is_told_once,
     "Linux kernel/irq/handle.c, __handle_irq_event_percpu()")
{
	hard = (struct irq_probe){ .answer = IRQ_WAKE_THREAD };
	if (!soft_line())
		return;
	EXPECT_EQ(request_irq(soft.irq, irq_probe_handler, 0, "bare", &hard),
		  0);
	EXPECT_EQ(irq_lines_of(wake_thrice), 1);
	EXPECT_EQ(irq_to_desc(soft.irq)->threads_active, 0);
}

static irqreturn_t thread_answer;

static irqreturn_t answering_thread(int irq, void *dev)
{
	thread.calls++;
	return thread_answer;
}

#define SPURIOUS "Linux kernel/irq/spurious.c, note_interrupt()"

/* The answer is known at the next interrupt, so one window more may pass. */
TEST(irq, threads_that_never_care_are_a_storm, SPURIOUS)
{
	static const irqreturn_t answers[] = { IRQ_NONE, IRQ_HANDLED };

	irq_spurious_window = 2000;
	irq_spurious_gap_us = 10000000;
	for (u32 i = 0; i < ARRAY_SIZE(answers); i++) {
		struct irq_desc *desc = soft_line();

		thread_answer = answers[i];
		if (!desc ||
		    !EXPECT_EQ(request_threaded_irq(soft.irq, NULL,
						    answering_thread,
						    IRQF_ONESHOT, "t", &hard),
			       0))
			return;
		for (u32 n = 0; n < 2 * irq_spurious_window; n++) {
			if (desc->state & IRQS_SPURIOUS_DISABLED)
				break;
			soft_raise(1);
		}
		EXPECT_EQ(!!(desc->state & IRQS_SPURIOUS_DISABLED),
			  answers[i] == IRQ_NONE);
		soft_close();
	}
}

static u32 thread_depth;

/* It waits for the line's threads: it must not run in itself. */
static irqreturn_t waiting_thread(int irq, void *dev)
{
	thread_depth++;
	EXPECT_EQ(thread_depth, 1);
	if (!thread.calls++) {
		soft_raise(1);
		disable_irq(soft.irq);
		enable_irq(soft.irq);
	}
	thread_depth--;
	return IRQ_HANDLED;
}

static void raise_one(void)
{
	soft_raise(1);
}

TEST(irq, a_thread_that_waits_for_threads_does_not_run_in_itself,
     "Linux kernel/irq/manage.c, synchronize_irq()")
{
	thread_depth = 0;
	memset(&thread, 0, sizeof(thread));
	hard = (struct irq_probe){ .answer = IRQ_WAKE_THREAD };
	if (!soft_line())
		return;
	EXPECT_EQ(request_threaded_irq(soft.irq, irq_probe_handler,
				       waiting_thread, 0, "t", &hard),
		  0);
	EXPECT_EQ(irq_lines_of(raise_one), 0); /* no wait in vain */
	EXPECT_EQ(thread.calls, 2);
	EXPECT_EQ(irq_to_desc(soft.irq)->threads_active, 0);
}

TEST(irq, sharers_agree_on_oneshot, REQUEST, .needs = NEEDS_IOAPIC)
{
	struct irq_probe other = { .answer = IRQ_NONE };

	NEED_LINE();
	EXPECT_EQ(request(irq_probe_handler, IRQF_SHARED | IRQF_ONESHOT), 0);
	EXPECT_EQ(request_irq(QUIET_IRQ, irq_probe_handler, IRQF_SHARED,
			      "other", &other),
		  -EBUSY);
	EXPECT_EQ(request_irq(QUIET_IRQ, irq_probe_handler,
			      IRQF_SHARED | IRQF_ONESHOT, "other", &other),
		  0);
	EXPECT_EQ(free_irq(QUIET_IRQ, &other), 0);
	EXPECT_EQ(free_irq(QUIET_IRQ, &hard), 0);
}

/* The level stays: only the thread, which quiets the device, may unmask. */
TEST(irq, a_oneshot_level_line_is_masked_until_its_thread_ran, ONESHOT,
     .needs = NEEDS_IOAPIC)
{
	NEED_LINE();
	EXPECT_EQ(request(irq_probe_handler, IRQF_ONESHOT | IRQF_TRIGGER_HIGH),
		  0);
	raised_mismatches(1); /* an IPI is an edge */
	EXPECT_FALSE(pin_masked());
	preempt_disable();
	raise();
	EXPECT_TRUE(pin_masked());
	preempt_enable();
	EXPECT_EQ(thread.calls, 1);
	EXPECT_TRUE(thread.masked);
	EXPECT_FALSE(pin_masked());
	EXPECT_EQ(free_irq(QUIET_IRQ, &hard), 0);
}

TEST(irq, a_disabled_oneshot_line_stays_masked_after_its_thread, ONESHOT,
     .needs = NEEDS_IOAPIC)
{
	NEED_LINE();
	EXPECT_EQ(request(irq_probe_handler, IRQF_ONESHOT | IRQF_TRIGGER_HIGH),
		  0);
	raised_mismatches(1); /* an IPI is an edge */
	preempt_disable();
	raise();
	disable_irq_nosync(QUIET_IRQ);
	preempt_enable();
	EXPECT_EQ(thread.calls, 1);
	EXPECT_TRUE(pin_masked());
	enable_irq(QUIET_IRQ);
	EXPECT_FALSE(pin_masked());
	EXPECT_EQ(free_irq(QUIET_IRQ, &hard), 0);
}

TEST(irq, synchronize_irq_waits_for_the_thread,
     "Linux kernel/irq/manage.c, synchronize_irq()", .needs = NEEDS_IOAPIC)
{
	NEED_LINE();
	EXPECT_EQ(request(irq_probe_handler, IRQF_TRIGGER_RISING), 0);
	held.on = true;
	raise();
	EXPECT_FALSE(synchronize_hardirq(QUIET_IRQ));
	EXPECT_EQ(thread.calls, 0);
	let_go_soon();
	synchronize_irq(QUIET_IRQ);
	EXPECT_FALSE(held.on);
	EXPECT_EQ(thread.calls, 1);
	EXPECT_TRUE(synchronize_hardirq(QUIET_IRQ));
	EXPECT_EQ(free_irq(QUIET_IRQ, &hard), 0);
}

/* The thread is stopped, but what woke it before is served. */
TEST(irq, a_freed_handlers_thread_runs_once_more_if_woken,
     "Linux kernel/irq/manage.c, irq_wait_for_interrupt()",
     .needs = NEEDS_IOAPIC)
{
	NEED_LINE();
	EXPECT_EQ(request(irq_probe_handler, IRQF_TRIGGER_RISING), 0);
	held.on = true;
	raise();
	EXPECT_EQ(thread.calls, 0);
	raise(); /* while it sleeps in its function */
	let_go_soon();
	EXPECT_EQ(free_irq(QUIET_IRQ, &hard), 0);
	EXPECT_EQ(thread.calls, 2);
	EXPECT_EQ(irq_to_desc(QUIET_IRQ)->threads_active, 0);
}
