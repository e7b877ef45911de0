// SPDX-License-Identifier: MIT
/*
 * test_irq_kthread.c - the threads of threaded interrupts as threads: who they
 * are, what they run before, that they may sleep, and how several of a line
 * keep it masked. On a line without a pin, each event of which is over, thread
 * and all, when the instruction that raised it returns.
 *
 * Linux: kernel/irq/manage.c irq_thread(), setup_irq_thread().
 */
#include "irq.h"

#include <cpu/deadline.h>
#include <cpu/irqflags.h>
#include <cpu/preempt.h>
#include <cpu/stacks.h>
#include <ktest/insn.h>
#include <lib/errno.h>
#include <lib/format.h>
#include <lib/string.h>
#include <sched/completion.h>
#include <sched/kthread.h>

#define THREAD	"Linux kernel/irq/manage.c, irq_thread()"
#define SETUP	"Linux kernel/irq/manage.c, setup_irq_thread()"
#define ONESHOT "Linux kernel/irq/manage.c, irq_finalize_oneshot()"
#define WAKE	"Linux kernel/irq/handle.c, __irq_wake_thread()"
#define MANY	100 /* more than a CPU has stacks */

/* One action: its thread counts, waits if it is held, and does one thing. */
struct part {
	irqreturn_t answer;
	u32 hard, begun, ended;
	struct task_struct *task;
	char comm[TASK_COMM_LEN];
	enum stack_kind stack;
	u32 count;
	bool irqs_off, masked;
	bool hold;
	struct completion go;
	void (*then)(struct part *p);
};

static struct part a, b;
static struct irq_desc *desc;

static irqreturn_t hard_handler(int irq, void *dev)
{
	struct part *p = dev;

	p->hard++;
	return p->answer;
}

static irqreturn_t thread_fn(int irq, void *dev)
{
	struct part *p = dev;

	p->begun++;
	p->task = current;
	strscpy(p->comm, current->comm, sizeof(p->comm));
	p->stack = stack_of((u64)__builtin_frame_address(0)).kind;
	p->count = preempt_count();
	p->irqs_off = irqs_disabled();
	p->masked = soft.masked;
	if (p->hold)
		wait_for_completion(&p->go);
	if (p->then)
		p->then(p);
	p->ended++;
	return IRQ_HANDLED;
}

static bool add(struct part *p, u32 flags, const char *name)
{
	*p = (struct part){ .answer = IRQ_WAKE_THREAD };
	init_completion(&p->go);
	return EXPECT_EQ(request_threaded_irq(soft.irq, hard_handler, thread_fn,
					      flags, name, p),
			 0);
}

/* A new line; level: it is masked at each interrupt. */
static bool open(u32 flags)
{
	desc = soft_line();
	return desc &&
	       EXPECT_EQ(irq_set_handler(soft.irq, flags & IRQF_ONESHOT
							   ? handle_level_irq
							   : handle_edge_irq),
			 0) &&
	       add(&a, flags, "one");
}

static bool open_two(u32 flags)
{
	return open(flags | IRQF_SHARED) && add(&b, flags | IRQF_SHARED, "two");
}

static void close(struct part *p)
{
	p->hold = false;
	complete_all(&p->go);
	EXPECT_EQ(free_irq(soft.irq, p), 0);
}

TEST(irq, a_thread_is_named_after_its_line_and_action, SETUP)
{
	char name[TASK_COMM_LEN];

	if (!open(0))
		return;
	soft_raise(1);
	scnprintf(name, sizeof(name), "irq/%u-one", soft.irq);
	EXPECT_STREQ(a.comm, name);
	EXPECT_EQ(a.stack, STACK_THREAD);
	EXPECT_EQ(a.count, 0);
	EXPECT_FALSE(a.irqs_off);
	EXPECT_NE(a.task, current);
	EXPECT_EQ(a.task->prio, PRIO_IRQ_THREAD);
	close(&a);
}

/* It is there before the first interrupt, and asleep. */
TEST(irq, a_request_makes_a_thread_that_sleeps, SETUP)
{
	struct task_struct *t;

	if (!open(0))
		return;
	t = desc->action->thread;
	if (EXPECT_TRUE(t))
		EXPECT_EQ(t->state, TASK_INTERRUPTIBLE);
	EXPECT_EQ(a.begun, 0);
	soft_raise(1);
	EXPECT_EQ(a.task, t);
	EXPECT_EQ(t->state, TASK_INTERRUPTIBLE);
	close(&a);
}

/* No wait, no call that could switch: the handler's exit does. */
TEST(irq, a_thread_runs_before_the_task_that_was_hit_goes_on, WAKE)
{
	if (!open(0))
		return;
	for (u32 n = 1; n <= 5; n++) {
		soft_raise(1);
		EXPECT_EQ(a.ended, n);
	}
	close(&a);
}

static u32 order, thread_at, other_at;

static void note_thread(struct part *p)
{
	thread_at = ++order;
}

static int note_other(void *unused)
{
	other_at = ++order;
	return 0;
}

/* Woken behind it, run before it. */
TEST(irq, a_thread_runs_before_a_kworkers_prio, THREAD)
{
	struct task_struct *t =
		kthread_create_on_cpu(note_other, NULL, 0, PRIO_NORMAL, "w");

	order = 0;
	if (!EXPECT_TRUE(t) || !open(0))
		return;
	a.then = note_thread;
	preempt_disable();
	wake_up_process(t);
	soft_raise(1);
	EXPECT_EQ(order, 0);
	preempt_enable();
	EXPECT_EQ(thread_at, 1);
	EXPECT_EQ(other_at, 2);
	EXPECT_EQ(kthread_stop(t), 0);
	close(&a);
}

static void raise_thrice(struct part *p)
{
	if (p->begun == 1)
		soft_raise(3);
}

TEST(irq, a_thread_woken_while_it_runs_runs_once_more, WAKE)
{
	if (!open(0))
		return;
	a.then = raise_thrice;
	soft_raise(1);
	EXPECT_EQ(a.hard, 4);
	EXPECT_EQ(a.ended, 2);
	EXPECT_EQ(desc->threads_active, 0);
	close(&a);
}

/* What is asleep keeps nobody from the CPU, and nothing from the line. */
TEST(irq, a_thread_may_sleep, THREAD)
{
	if (!open(0))
		return;
	a.hold = true;
	soft_raise(1);
	EXPECT_EQ(a.begun, 1);
	EXPECT_EQ(a.ended, 0);
	soft_raise(2);
	EXPECT_EQ(a.hard, 3);
	EXPECT_EQ(desc->threads_active, 2);
	a.hold = false;
	complete(&a.go);
	EXPECT_EQ(a.ended, 2);
	EXPECT_EQ(desc->threads_active, 0);
	close(&a);
}

TEST(irq, disable_irq_nosync_does_not_wait_for_a_thread,
     "Linux kernel/irq/manage.c, disable_irq_nosync()")
{
	if (!open(0))
		return;
	a.hold = true;
	soft_raise(1);
	disable_irq_nosync(soft.irq);
	EXPECT_EQ(a.ended, 0);
	complete(&a.go);
	EXPECT_EQ(a.ended, 1);
	enable_irq(soft.irq);
	close(&a);
}

/* One sleeps in its function: the other one's work is not behind it. */
TEST(irq, actions_of_a_line_have_a_thread_each, THREAD)
{
	if (!open_two(0))
		return;
	a.hold = true;
	soft_raise(1);
	EXPECT_EQ(a.begun, 1);
	EXPECT_EQ(a.ended, 0);
	EXPECT_EQ(b.ended, 1);
	EXPECT_NE(a.task, b.task);
	b.answer = IRQ_NONE; /* only who asks is woken */
	soft_raise(1);
	EXPECT_EQ(b.ended, 1);
	close(&a);
	EXPECT_EQ(a.ended, 2);
	close(&b);
}

TEST(irq, a_oneshot_line_stays_masked_until_its_last_thread_is_done, ONESHOT)
{
	if (!open_two(IRQF_ONESHOT))
		return;
	EXPECT_FALSE(soft.masked);
	a.hold = true;
	soft_raise(1);
	EXPECT_TRUE(a.masked && b.masked);
	EXPECT_EQ(b.ended, 1);
	EXPECT_EQ(a.ended, 0);
	EXPECT_TRUE(soft.masked);
	EXPECT_NE(desc->threads_oneshot, 0);
	complete(&a.go);
	EXPECT_EQ(a.ended, 1);
	EXPECT_FALSE(soft.masked);
	EXPECT_EQ(desc->threads_oneshot, 0);
	close(&b);
	close(&a);
}

static void raise_again(struct part *p)
{
	if (p->begun == 1) {
		soft_raise(1);
		p->masked = false;
	}
}

/* Its first run ends while it is wanted again: nothing in between. */
TEST(irq, a_oneshot_line_stays_masked_for_a_second_run, ONESHOT)
{
	if (!open(IRQF_ONESHOT))
		return;
	a.then = raise_again;
	soft_raise(1);
	EXPECT_EQ(a.ended, 2);
	EXPECT_TRUE(a.masked);
	EXPECT_FALSE(soft.masked);
	close(&a);
}

/* Its bit goes with it, and the other one's line comes again. */
TEST(irq, who_frees_a_sharer_lets_go_of_the_line, ONESHOT)
{
	if (!open_two(IRQF_ONESHOT))
		return;
	a.hold = true;
	soft_raise(1);
	EXPECT_TRUE(soft.masked);
	close(&a);
	EXPECT_EQ(a.ended, 1);
	EXPECT_FALSE(soft.masked);
	soft_raise(1);
	EXPECT_EQ(b.ended, 2);
	EXPECT_FALSE(soft.masked);
	close(&b);
}

/* A thread, or its stack, that stayed would be missed soon. */
TEST(irq, no_request_leaves_a_thread_behind, SETUP)
{
	if (!open(0))
		return;
	for (u32 i = 0; i < MANY && ktest_ok(); i++) {
		EXPECT_EQ(request_threaded_irq(soft.irq, hard_handler,
					       thread_fn, 0, "busy", &b),
			  -EBUSY);
		EXPECT_EQ(free_irq(soft.irq, &a), 0);
		add(&a, 0, "again");
	}
	soft_raise(1);
	EXPECT_EQ(a.ended, 1);
	close(&a);
}

static void crash(struct part *p)
{
	insn_ud2(NULL);
}

/* The line, masked for it, comes again; nobody waits for what will not end. */
TEST(irq, a_thread_that_crashes_lets_go_of_its_line,
     "Linux kernel/irq/manage.c, irq_thread_dtor()")
{
	if (!open(IRQF_ONESHOT))
		return;
	ktest_means_crashes(1);
	a.then = crash;
	soft_raise(1);
	EXPECT_EQ(a.begun, 1);
	EXPECT_EQ(a.ended, 0);
	EXPECT_EQ(desc->threads_active, 0);
	EXPECT_EQ(desc->threads_oneshot, 0);
	EXPECT_FALSE(soft.masked);
	soft_raise(2); /* as if it had been handled */
	EXPECT_EQ(a.hard, 3);
	EXPECT_EQ(a.begun, 1);
	EXPECT_EQ(desc->threads_active, 0);
	EXPECT_FALSE(soft.masked);
	EXPECT_TRUE(synchronize_hardirq(soft.irq));
	close(&a);
}

static u32 ended_at_request;

static int free_first(void *unused)
{
	return free_irq(soft.irq, &a);
}

static int request_second(void *unused)
{
	int err = request_threaded_irq(soft.irq, hard_handler, thread_fn,
				       IRQF_ONESHOT, "two", &b);

	ended_at_request = a.ended;
	return err;
}

static struct task_struct *run_thread(int (*fn)(void *))
{
	struct task_struct *t =
		kthread_create_on_cpu(fn, NULL, 0, PRIO_NORMAL, "case");

	if (EXPECT_TRUE(t))
		wake_up_process(t);
	return t;
}

/* Else the old one's thread, when it ends, would unmask the new one's line. */
TEST(irq, a_request_waits_until_a_free_is_over,
     "Linux kernel/irq/manage.c, __free_irq(), request_mutex")
{
	struct task_struct *first, *second;

	if (!open(IRQF_ONESHOT))
		return;
	b = (struct part){ .answer = IRQ_WAKE_THREAD };
	init_completion(&b.go);
	ended_at_request = ~0u;
	a.hold = true;
	soft_raise(1);
	first = run_thread(free_first);
	second = run_thread(request_second);
	EXPECT_EQ(ended_at_request, ~0u);
	EXPECT_FALSE(desc->action);
	complete(&a.go);
	EXPECT_EQ(first ? kthread_stop(first) : -ENOMEM, 0);
	EXPECT_EQ(second ? kthread_stop(second) : -ENOMEM, 0);
	EXPECT_EQ(ended_at_request, 1);
	soft_raise(1);
	EXPECT_EQ(b.ended, 1);
	EXPECT_FALSE(soft.masked);
	close(&b);
}
