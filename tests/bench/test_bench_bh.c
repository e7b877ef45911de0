// SPDX-License-Identifier: MIT
/*
 * bench - how many instructions a bottom half costs that does nothing, and how
 * many it could: floor*.S, measured in the same run.
 *
 * A softirq, a tasklet: what an interrupt takes more when its handler raises
 * one. A work: all from queue_work() till the thread that called it goes on.
 * An irq thread: what a line's interrupt takes more when its handler asks for
 * it, till it sleeps again and what was interrupted goes on.
 * Each ends up where the floor does: the function was called once, nothing is
 * pending, the words of struct pcpu_hot are as before.
 */
#include <asm/irq_vectors.h>
#include <bh/softirq.h>
#include <bh/tasklet.h>
#include <cpu/irqflags.h>
#include <cpu/preempt.h>
#include <irq/irq.h>
#include <irq/irqdesc.h>
#include <ktest/insn_bench.h>
#include <ktest/ktest.h>
#include <ktest/raised.h>
#include <sched/workqueue.h>

#include "bench.h"
#include "floor.h"

#define RULE "irqbed README.md: a bottom half costs at most 1.5 of its floor"

static_assert(offsetof(struct pcpu_hot, preempt_count) == GS_PREEMPT_COUNT &&
		      offsetof(struct pcpu_hot, softirq_pending) ==
			      GS_SOFTIRQ_PENDING &&
		      offsetof(struct pcpu_hot, cpu_number) == GS_CPU_NUMBER,
	      "floor.h");

static u32 ran;

/* The same number every time, or it is no count. */
static u64 steady(u64 (*measure)(void *), void *arg)
{
	u64 insns;

	measure(arg); /* once through the translator */
	insns = measure(arg);
	for (u32 i = 1; i < REPEATS; i++)
		EXPECT_EQ(measure(arg), insns);
	return insns;
}

static u64 call_cost(void *fn)
{
	return bench_call(fn);
}

static u64 path_cost(void *vector)
{
	return path_of(*(const u32 *)vector);
}

static irqreturn_t noop(int irq, void *dev)
{
	return IRQ_HANDLED;
}

static void nothing(void)
{
}

/* In halves, rounded up, so that 1.5 is what it says. */
static void report(const char *what, u64 ours, u64 floor)
{
	ktest_note("bench.%s=%llu", what, (unsigned long long)ours);
	ktest_note("bench.%s_floor=%llu", what, (unsigned long long)floor);
	EXPECT_GT(floor, 0);
	EXPECT_LE(2 * ours, 3 * floor);
}

/* IF=0. What an interrupt takes more with this handler than with none. */
static u64 cost_in_irq(irq_handler_t handler)
{
	u64 with = 0, without = 0;
	u32 vector = VEC_NOOP;

	EXPECT_EQ(irq_claim_vector(VEC_NOOP, noop, NULL), 0);
	without = steady(path_cost, &vector);
	irq_release_vector(VEC_NOOP);
	EXPECT_EQ(irq_claim_vector(VEC_NOOP, handler, NULL), 0);
	with = steady(path_cost, &vector);
	irq_release_vector(VEC_NOOP);
	return with - without;
}

static u64 more_than(void (*without)(void), void (*floor)(void))
{
	u64 less = steady(call_cost, without);

	return steady(call_cost, floor) - less;
}

static irqreturn_t raise(int irq, void *dev)
{
	raise_softirq_irqoff(NET_RX_SOFTIRQ);
	return IRQ_HANDLED;
}

static void count_softirq(void)
{
	ran++;
}

TEST(bench, softirq, RULE)
{
	softirq_action_t found = softirq_action(NET_RX_SOFTIRQ);
	u64 ours, floor;

	if (!tsc_counts_instructions())
		SKIP(return, "the TSC counts time, not instructions");
	ran = floor_softirq_ran = 0;
	open_softirq(NET_RX_SOFTIRQ, count_softirq);
	local_irq_disable();
	ours = cost_in_irq(raise);
	floor = more_than(floor_irq, floor_softirq);
	local_irq_enable();
	open_softirq(NET_RX_SOFTIRQ, found);
	EXPECT_EQ(ran, REPEATS + 1);
	EXPECT_EQ(floor_softirq_ran, ran);
	EXPECT_EQ(preempt_count(), 0);
	report("softirq", ours, floor);
}

static void count_tasklet(struct tasklet_struct *t)
{
	ran++;
}

static DECLARE_TASKLET(tasklet, count_tasklet);

static irqreturn_t schedule_tasklet(int irq, void *dev)
{
	tasklet_schedule(&tasklet);
	return IRQ_HANDLED;
}

TEST(bench, tasklet, RULE)
{
	u64 ours, floor;

	if (!tsc_counts_instructions())
		SKIP(return, "the TSC counts time, not instructions");
	ran = floor_tasklet_ran = 0;
	local_irq_disable();
	ours = cost_in_irq(schedule_tasklet);
	floor = more_than(floor_irq, floor_tasklet);
	local_irq_enable();
	EXPECT_EQ(ran, REPEATS + 1);
	EXPECT_EQ(floor_tasklet_ran, ran);
	report("tasklet", ours, floor);
}

static void count_work(struct work_struct *work)
{
	ran++;
}

static struct work_struct work;
static struct workqueue_struct *wq;

static void queue(void)
{
	queue_work(wq, &work);
}

/* IF=1: the worker is better than this thread, and comes at once. */
TEST(bench, work, RULE)
{
	u64 stack[128], call, ours, floor;

	if (!tsc_counts_instructions())
		SKIP(return, "the TSC counts time, not instructions");
	ran = floor_work_ran = 0;
	init_work(&work, count_work);
	floor_work_setup(stack + ARRAY_SIZE(stack));
	wq = system_wq;
	msleep(10); /* who waits for this CPU besides has had it */
	call = steady(call_cost, nothing);
	ours = steady(call_cost, queue) - call;
	floor = steady(call_cost, floor_work) - call;
	EXPECT_EQ(ran, REPEATS + 1);
	EXPECT_EQ(floor_work_ran, ran);
	report("work", ours, floor);
}

static irqreturn_t answer;

static irqreturn_t give_answer(int irq, void *dev)
{
	return answer;
}

static irqreturn_t count_thread(int irq, void *dev)
{
	ran++;
	return IRQ_HANDLED;
}

/* IF=0. What the line's interrupt takes more when it wakes its thread. */
static u64 cost_of_thread(void)
{
	u32 vector = irq_to_desc(LINE)->vector;
	u64 without;

	answer = IRQ_HANDLED;
	without = steady(path_cost, &vector);
	answer = IRQ_WAKE_THREAD;
	return steady(path_cost, &vector) - without;
}

TEST(bench, irq_thread, RULE)
{
	u64 stack[128], ours, floor;

	if (!tsc_counts_instructions())
		SKIP(return, "the TSC counts time, not instructions");
	if (irq_to_desc(LINE)->level)
		SKIP(return, "irq 13 is level-triggered here");
	ran = floor_irq_thread_ran = 0;
	floor_irq_thread_setup(stack + ARRAY_SIZE(stack));
	if (!EXPECT_EQ(request_threaded_irq(LINE, give_answer, count_thread, 0,
					    "bench", NULL),
		       0))
		return;
	raised_irqs(LINE, 2 * (REPEATS + 1));
	local_irq_disable();
	ours = cost_of_thread();
	floor = more_than(floor_irq_handled, floor_irq_thread);
	local_irq_enable();
	free_irq(LINE, NULL);
	EXPECT_EQ(ran, REPEATS + 1);
	EXPECT_EQ(floor_irq_thread_ran, ran);
	EXPECT_EQ(preempt_count(), 0);
	report("irq_thread", ours, floor);
}
