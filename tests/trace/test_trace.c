// SPDX-License-Identifier: MIT
/*
 * test_trace.c - the event trace: what is written, in which order, how much is
 * lost, and that switching it off leaves no trace of it.
 *
 * Linux: Documentation/trace/ftrace.rst, events.rst.
 */
#include <apic/lapic.h>
#include <bh/softirq.h>
#include <bh/tasklet.h>
#include <bh/timer.h>
#include <cpu/deadline.h>
#include <cpu/irqflags.h>
#include <entry/idt.h>
#include <irq/irq.h>
#include <irq/sysvec.h>
#include <ktest/insn_mem.h>
#include <ktest/raised.h>
#include <lib/string.h>
#include <sched/workqueue.h>
#include <trap/catch.h>
#include <trap/traps.h>

#include "trace.h"

static void close_trace(void)
{
	if (ktest_tracing())
		return;
	trace_stop();
	trace_free();
}

SUITE(trace, .teardown = close_trace);

bool trace_ours(void)
{
	if (ktest_tracing())
		SKIP(return false, "the run itself is traced");
	return true;
}

bool trace_open(u32 entries)
{
	return trace_ours() && EXPECT_EQ(trace_start(entries), 0);
}

struct trace_entry trace_seen[TRACE_SEEN];

u32 trace_close(void)
{
	u64 lost;
	u32 n = 0;

	trace_stop();
	trace_rewind();
	while (n < TRACE_SEEN && trace_read(&trace_seen[n], &lost))
		n++;
	return n;
}

/* The next event of that type from entry number from on, or NULL. */
const struct trace_entry *trace_next(u32 *from, u32 n, u32 type)
{
	while (*from < n) {
		const struct trace_entry *e = &trace_seen[(*from)++];

		if (e->type == type)
			return e;
	}
	return NULL;
}

static irqreturn_t handled(int irq, void *dev)
{
	return IRQ_HANDLED;
}

#define VECTOR 0x71

static void self_ipi(u32 vector)
{
	apic_send_self(vector);
	WAIT_FOR(!lapic_test(APIC_IRR, vector), WAIT_DEFAULT_US);
}

/* Entry and exit of nothing but it, in this order, as hardirqs with IF=0. */
static void expect_pair(u32 entry, u32 n, u64 arg)
{
	u32 at = 0;
	const struct trace_entry *a = trace_next(&at, n, entry);
	const struct trace_entry *b = trace_next(&at, n, entry + 1);

	if (!EXPECT_TRUE(a && b))
		return;
	EXPECT_EQ(a->arg[0], arg);
	EXPECT_EQ(b->arg[0], arg);
	EXPECT_EQ(a->flags & ~TRACE_NEED_RESCHED,
		  TRACE_IRQS_OFF | TRACE_HARDIRQ);
	EXPECT_EQ(b->flags, a->flags);
	EXPECT_LT(a->tsc, b->tsc);
}

TEST(trace, a_claimed_vector_has_entry_and_exit, TRACE_EVENTS "irq.h")
{
	if (!trace_open(64))
		return;
	EXPECT_EQ(irq_claim_vector(VECTOR, handled, NULL), 0);
	self_ipi(VECTOR);
	expect_pair(TRACE_irq_handler_entry, trace_close(), VECTOR);
	irq_release_vector(VECTOR);
}

TEST(trace, one_claimed_before_is_seen_and_afterwards_is_not,
     TRACE_EVENTS "irq.h")
{
	u32 n;

	if (!trace_ours())
		return;
	EXPECT_EQ(irq_claim_vector(VECTOR, handled, NULL), 0);
	if (!trace_open(64))
		return;
	self_ipi(VECTOR);
	n = trace_close();
	expect_pair(TRACE_irq_handler_entry, n, VECTOR);
	self_ipi(VECTOR);
	EXPECT_EQ(trace_close(), n);
	irq_release_vector(VECTOR);
}

#define LINE 13 /* FERR#'s: quiet */

static irqreturn_t decline(int irq, void *dev)
{
	(*(u32 *)dev)++;
	return IRQ_NONE;
}

/* Both actions of a line, each with its own dev and its own answer. */
TEST(trace, each_action_of_a_line_has_its_name_and_answer, TRACE_EVENTS "irq.h")
{
	u32 calls = 0, n, at = 0;
	const struct irq_desc *desc = irq_to_desc(LINE);
	const struct trace_entry *e;

	if (!trace_ours())
		return;
	if (desc->level)
		SKIP(return, "irq 13 is level-triggered here");
	EXPECT_EQ(request_irq(LINE, decline, IRQF_SHARED, "first", &calls), 0);
	if (!trace_open(64))
		return;
	EXPECT_EQ(request_irq(LINE, handled, IRQF_SHARED, "second", &n), 0);
	raised_irqs(LINE, 2);
	self_ipi(desc->vector);
	EXPECT_NE(desc->action->handler, decline);
	n = trace_close();
	EXPECT_EQ(desc->action->handler, decline);
	self_ipi(desc->vector);
	EXPECT_EQ(calls, 2);
	e = trace_next(&at, n, TRACE_irq_handler_entry);
	EXPECT_TRUE(e && e->arg[0] == LINE && !strcmp(e->name, "first"));
	e = trace_next(&at, n, TRACE_irq_handler_exit);
	EXPECT_TRUE(e && e->arg[1] == IRQ_NONE);
	e = trace_next(&at, n, TRACE_irq_handler_entry);
	EXPECT_TRUE(e && e->arg[0] == LINE && !strcmp(e->name, "second"));
	e = trace_next(&at, n, TRACE_irq_handler_exit);
	EXPECT_TRUE(e && e->arg[1] == IRQ_HANDLED);
	EXPECT_EQ(free_irq(LINE, &calls), 0);
	EXPECT_EQ(free_irq(LINE, &n), 0);
}

TEST(trace, a_system_vector_has_entry_and_exit, TRACE_EVENTS "irq_vectors.h")
{
	static const struct {
		u32 vector, entry;
	} rows[] = {
		{ X86_PLATFORM_IPI_VECTOR, TRACE_x86_platform_ipi_entry },
		{ IRQ_WORK_VECTOR, TRACE_irq_work_entry },
		{ THERMAL_APIC_VECTOR, TRACE_thermal_apic_entry },
		{ THRESHOLD_APIC_VECTOR, TRACE_threshold_apic_entry },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		if (!trace_open(64))
			return;
		raised_vectors(rows[i].vector, 1);
		self_ipi(rows[i].vector);
		expect_pair(rows[i].entry, trace_close(), rows[i].vector);
	}
}

static u64 gate_target(u32 vector)
{
	const gate_desc *g = &idt_table[vector];

	return g->offset_low | (u64)g->offset_middle << 16 |
	       (u64)g->offset_high << 32;
}

/* One through its own gate costs what it cost before. */
TEST(trace, off_the_system_vectors_enter_as_ever, "irqbed src/irq/trace.c")
{
	u64 before = gate_target(X86_PLATFORM_IPI_VECTOR), on;

	if (lockdep_on())
		SKIP(return, "with lockdep gates lead another way");
	if (!trace_open(64))
		return;
	EXPECT_EQ(before, asm_sysvec_x86_platform_ipi);
	on = gate_target(X86_PLATFORM_IPI_VECTOR);
	trace_stop();
	EXPECT_NE(on, before);
	EXPECT_EQ(gate_target(X86_PLATFORM_IPI_VECTOR), before);
	EXPECT_EQ(*this_vector_irq(X86_PLATFORM_IPI_VECTOR), VECTOR_UNUSED);
}

static void nothing(struct tasklet_struct *t)
{
}

TEST(trace, a_tasklet_runs_inside_its_softirq, TRACE_EVENTS "irq.h")
{
	static const u8 want[] = { TRACE_softirq_raise, TRACE_softirq_entry,
				   TRACE_tasklet_entry, TRACE_tasklet_exit,
				   TRACE_softirq_exit };
	DECLARE_TASKLET(t, nothing);
	u32 n, at = 0;

	if (!trace_open(64))
		return;
	local_bh_disable();
	tasklet_schedule(&t);
	local_bh_enable();
	n = trace_close();
	for (u32 i = 0; i < ARRAY_SIZE(want); i++) {
		const struct trace_entry *e = trace_next(&at, n, want[i]);

		if (!EXPECT_TRUE(e))
			return;
		if (i % 4 < 2 && want[i] != TRACE_tasklet_entry)
			EXPECT_STREQ(e->name, "TASKLET");
		if (want[i] == TRACE_tasklet_entry) {
			EXPECT_EQ(e->arg[0], &t);
			EXPECT_EQ(e->arg[1], nothing);
			EXPECT_EQ(e->flags & TRACE_SOFTIRQ, TRACE_SOFTIRQ);
		}
		if (!i) /* bh was off as it was raised */
			EXPECT_EQ(e->flags & (TRACE_BH_OFF | TRACE_SOFTIRQ),
				  TRACE_BH_OFF);
	}
}

static void do_nothing(struct work_struct *work)
{
}

/* Queued, taken by a kworker that is switched to, begun and ended there. */
TEST(trace, a_work_is_followed_into_its_kworker, TRACE_EVENTS "workqueue.h")
{
	static const u8 want[] = {
		TRACE_workqueue_queue_work, TRACE_workqueue_activate_work,
		TRACE_sched_waking,	    TRACE_sched_wakeup,
		TRACE_sched_switch,	    TRACE_workqueue_execute_start,
		TRACE_workqueue_execute_end
	};
	static struct work_struct work;
	const struct trace_entry *e = NULL;
	u32 n, at = 0, woken = 0, self = current->pid;

	init_work(&work, do_nothing);
	if (!trace_open(64))
		return;
	EXPECT_TRUE(schedule_work(&work));
	flush_work(&work);
	n = trace_close();
	for (u32 i = 0; i < ARRAY_SIZE(want); i++) {
		e = trace_next(&at, n, want[i]);
		if (!EXPECT_TRUE(e))
			return;
		if (i < 2)
			EXPECT_EQ(e->pid, self);
		if (want[i] == TRACE_sched_wakeup)
			woken = (u32)e->arg[0];
	}
	EXPECT_EQ(e->arg[0], &work);
	EXPECT_EQ(e->arg[1], do_nothing);
	EXPECT_EQ(e->pid, woken);
	EXPECT_EQ(strncmp(trace_find_cmdline(woken), "kworker/", 8), 0);
}

static void timer_fn(struct timer_list *timer)
{
}

/* A jiffy's alarm: vector, hrtimer inside it, softirq behind, timer in that. */
TEST(trace, a_timer_is_seen_from_its_vector_to_its_function,
     TRACE_EVENTS "timer.h")
{
	static const u8 want[] = {
		TRACE_local_timer_entry,  TRACE_hrtimer_expire_entry,
		TRACE_softirq_raise,	  TRACE_hrtimer_expire_exit,
		TRACE_local_timer_exit,	  TRACE_softirq_entry,
		TRACE_timer_expire_entry, TRACE_timer_expire_exit,
		TRACE_softirq_exit
	};
	static struct timer_list timer;
	u32 n, at = 0;

	timer_setup(&timer, timer_fn, 0);
	if (!trace_open(256))
		return;
	mod_timer(&timer, get_jiffies_64() + 1);
	EXPECT_TRUE(WAIT_FOR(!timer_pending(&timer), WAIT_DEFAULT_US));
	n = trace_close();
	for (u32 i = 0; i < ARRAY_SIZE(want); i++)
		EXPECT_TRUE(trace_next(&at, n, want[i]));
}

TEST(trace, a_page_fault_says_address_place_and_error_code,
     TRACE_EVENTS "exceptions.h")
{
	const struct trace_entry *e;
	u32 n, at = 0;

	if (!trace_open(64))
		return;
	catch_trap(insn_mem_write, (void *)8);
	n = trace_close();
	e = trace_next(&at, n, TRACE_page_fault_kernel);
	if (!EXPECT_TRUE(e))
		return;
	EXPECT_EQ(e->arg[0], 8);
	EXPECT_EQ(e->arg[1], insn_mem_write_at);
	EXPECT_EQ(e->arg[2], 2);
}
