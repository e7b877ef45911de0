// SPDX-License-Identifier: MIT
/*
 * test_sched.c - threads: made, woken, switched, preempted, ended.
 *
 * Linux: kernel/sched/core.c, kernel/kthread.c.
 */
#include <apic/lapic.h>
#include <cpu/cpumask.h>
#include <cpu/deadline.h>
#include <cpu/irqflags.h>
#include <cpu/stacks.h>
#include <irq/irq.h>
#include <ktest/ktest.h>
#include <sched/completion.h>
#include <sched/kthread.h>

#define KTHREAD "Linux kernel/kthread.c"
#define CORE	"Linux kernel/sched/core.c"

struct seen {
	struct task_struct *task;
	enum stack_kind stack;
	u32 count, cpu;
	bool irqs_on;
};

static int look(void *data)
{
	struct seen *s = data;

	s->task = current;
	s->stack = stack_of((u64)__builtin_frame_address(0)).kind;
	s->count = preempt_count();
	s->cpu = smp_processor_id();
	s->irqs_on = native_save_fl() & X86_EFLAGS_IF;
	return 42;
}

TEST(sched, a_thread_runs_its_function_in_task_context, KTHREAD)
{
	struct seen s = { 0 };
	struct task_struct *t =
		kthread_create_on_cpu(look, &s, 0, PRIO_NORMAL, "look");

	if (!EXPECT_TRUE(t))
		return;
	EXPECT_EQ(s.task, NULL);
	EXPECT_TRUE(wake_up_process(t)); /* it preempts this thread */
	EXPECT_EQ(s.task, t);
	EXPECT_EQ(s.stack, STACK_THREAD);
	EXPECT_EQ(s.count, 0);
	EXPECT_EQ(s.cpu, 0);
	EXPECT_TRUE(s.irqs_on);
	EXPECT_EQ(kthread_stop(t), 42);
}

TEST(sched, msleep_is_never_early_and_lets_others_run,
     "Linux kernel/time/timer.c msleep()")
{
	bool switched = false;

	/* A host that stops this CPU meanwhile wakes it before it slept. */
	for (u32 i = 0; i < 10 && !switched; i++) {
		u64 switches = nr_context_switches(0), begin = rdtsc();

		msleep(3);
		EXPECT_GE(tsc_to_us(rdtsc() - begin), 3000);
		switched = nr_context_switches(0) >= switches + 2;
	}
	EXPECT_TRUE(switched);
}

static int wait_and_add(void *data)
{
	struct completion *x = data;

	wait_for_completion(x);
	return 1;
}

TEST(sched, a_completion_wakes_who_waits, "Linux kernel/sched/completion.c")
{
	struct completion x;
	struct task_struct *t;

	init_completion(&x);
	t = kthread_create_on_cpu(wait_and_add, &x, 0, PRIO_NORMAL, "waiter");
	if (!EXPECT_TRUE(t))
		return;
	wake_up_process(t);
	EXPECT_EQ(t->state, TASK_UNINTERRUPTIBLE);
	complete(&x);
	EXPECT_EQ(kthread_stop(t), 1);
}
