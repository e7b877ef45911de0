// SPDX-License-Identifier: MIT
/*
 * test_trace_ring.c - the ring itself: full, empty, and written by two at
 * once: an NMI inside a writer, and a #DB at each of a writer's instructions.
 */
#include <apic/lapic.h>
#include <cpu/cpumask.h>
#include <cpu/deadline.h>
#include <cpu/irqflags.h>
#include <ktest/raised.h>
#include <lib/errno.h>
#include <mm/page_alloc.h>
#include <smp/smp.h>
#include <trace/events.h>
#include <trap/traps.h>

#include "trace.h"

#define RING  "irqbed src/trace/ring.c"
#define SLOTS 64

static void emit(u64 number)
{
	trace_emit(TRACE_softirq_raise, number, 0, 0, "HI");
}

/* The next event of this CPU. */
static bool read_own(struct trace_entry *e, u64 *lost)
{
	while (trace_read(e, lost)) {
		if (e->cpu == smp_processor_id())
			return true;
	}
	return false;
}

#define MORE 36

TEST(trace, a_full_ring_drops_the_oldest_and_says_how_many, RING)
{
	struct trace_entry e;
	u64 lost, i;

	if (!trace_open(SLOTS))
		return;
	local_irq_disable();
	for (i = 0; i < SLOTS + MORE; i++)
		emit(i);
	trace_stop();
	local_irq_enable();
	EXPECT_EQ(trace_written() - trace_in_buffer(), MORE);
	trace_rewind();
	for (i = MORE; read_own(&e, &lost); i++) {
		EXPECT_EQ(e.arg[0], i);
		EXPECT_EQ(lost, i == MORE ? MORE : 0);
	}
	EXPECT_EQ(i, SLOTS + MORE);
}

TEST(trace, a_cleared_ring_is_empty_and_none_is_lost, RING)
{
	struct trace_entry e;
	u64 lost;

	if (!trace_open(SLOTS))
		return;
	local_irq_disable();
	for (u64 i = 0; i < SLOTS + MORE; i++)
		emit(i);
	trace_stop();
	trace_clear();
	EXPECT_EQ(trace_written(), 0);
	EXPECT_EQ(trace_in_buffer(), 0);
	EXPECT_FALSE(trace_read(&e, &lost));
	trace_resume();
	emit(7);
	trace_stop();
	local_irq_enable();
	trace_rewind();
	EXPECT_TRUE(read_own(&e, &lost));
	EXPECT_EQ(e.arg[0], 7);
	EXPECT_EQ(lost, 0);
}

TEST(trace, off_nothing_is_written_and_its_memory_is_given_back, RING)
{
	u64 pages = free_page_count();

	if (!trace_open(SLOTS))
		return;
	EXPECT_EQ(trace_start(SLOTS), -EBUSY);
	EXPECT_EQ(pages - free_page_count(), num_online_cpus());
	trace_stop();
	trace_clear();
	trace_softirq_raise(0, "HI"); /* the point itself */
	EXPECT_EQ(trace_written(), 0);
	trace_free();
	EXPECT_EQ(free_page_count(), pages);
	emit(1); /* no ring: nowhere to write */
	EXPECT_EQ(trace_written(), 0);
}

/* Two events, whole, in the order of their times; a is one of them. */
static bool both_are_whole(u64 a, u64 b)
{
	struct trace_entry first, second;
	u64 lost;

	trace_rewind();
	return read_own(&first, &lost) && !lost && read_own(&second, &lost) &&
	       !lost && first.tsc <= second.tsc &&
	       ((first.arg[0] == a && second.arg[0] == b) ||
		(first.arg[0] == b && second.arg[0] == a));
}

static bool emit_in_nmi(struct pt_regs *regs, void *data)
{
	emit(2);
	*(volatile bool *)data = true;
	return true;
}

TEST(trace, an_nmi_writes_into_the_same_ring, RING)
{
	const struct trace_entry *e;
	bool came = false;
	u32 n, at = 0;

	EXPECT_EQ(trap_hook(X86_TRAP_NMI, emit_in_nmi, &came), 0);
	if (!trace_open(SLOTS))
		return;
	raised_nmis(1);
	apic_send_nmi(this_cpu(apic_id));
	EXPECT_TRUE(WAIT_FOR(READ_ONCE(came), WAIT_DEFAULT_US));
	n = trace_close();
	e = trace_next(&at, n, TRACE_softirq_raise);
	if (!EXPECT_TRUE(e))
		return;
	EXPECT_EQ(e->flags & (TRACE_NMI | TRACE_HARDIRQ | TRACE_IRQS_OFF),
		  TRACE_NMI | TRACE_HARDIRQ | TRACE_IRQS_OFF);
	e = trace_next(&at, n, TRACE_nmi_handler);
	EXPECT_TRUE(e && e->arg[0] == (u64)emit_in_nmi && e->arg[2]);
}

/* Counts a writer's instructions, and writes at the one that was chosen. */
struct stepper {
	u32 step, at;
	volatile bool done;
};

static bool step(struct pt_regs *regs, void *data)
{
	struct stepper *s = data;

	if (s->step++ == s->at)
		emit(2);
	if (s->done || s->step > s->at)
		regs->flags &= ~X86_EFLAGS_TF;
	return true;
}

/* Event 1 by trace_emit(), stepped; event 2 inside it. False: it has ended. */
static bool emit_stepped(struct stepper *s, u32 at)
{
	u64 flags = native_save_fl();

	s->step = 0;
	s->at = at;
	s->done = false;
	native_restore_fl(flags | X86_EFLAGS_TF);
	emit(1);
	s->done = true;
	native_restore_fl(flags);
	return s->step > at;
}

#define MOST_INSTRUCTIONS 400

/* As an NMI could: interrupts are off in the writer. */
TEST(trace, a_writer_is_interrupted_at_each_of_its_instructions, RING)
{
	struct stepper s;
	u32 at = 0;

	EXPECT_EQ(trap_hook(X86_TRAP_DB, step, &s), 0);
	if (!trace_open(SLOTS))
		return;
	local_irq_disable();
	while (ktest_ok() && at < MOST_INSTRUCTIONS) {
		trace_clear();
		if (!emit_stepped(&s, at))
			break;
		if (!EXPECT_TRUE(both_are_whole(1, 2)))
			ktest_note("instruction %u", at);
		at++;
	}
	trace_stop();
	local_irq_enable();
	EXPECT_GT(at, 50);
	EXPECT_LT(at, MOST_INSTRUCTIONS);
}

static void emit_here(void *unused)
{
	emit(3);
}

TEST(trace, each_cpu_has_a_ring_and_reading_merges_them_by_time, RING,
     .needs = NEEDS_SMP)
{
	u32 other = smp_processor_id() ? 0 : 1, n, seen = 0;

	if (!trace_open(SLOTS))
		return;
	emit(1);
	EXPECT_EQ(run_on(other, emit_here, NULL, WAIT_DEFAULT_US), 0);
	emit(4);
	n = trace_close();
	for (u32 i = 0; i < n; i++) {
		if (i)
			EXPECT_LE(trace_seen[i - 1].tsc, trace_seen[i].tsc);
		if (trace_seen[i].arg[0] == 3 &&
		    trace_seen[i].type == TRACE_softirq_raise)
			seen += trace_seen[i].cpu == other;
	}
	EXPECT_EQ(seen, 1);
}
