// SPDX-License-Identifier: MIT
/*
 * thread.c - the task-context half of threaded interrupts: a thread for each
 * action that has one, asleep until its handler wakes it.
 *
 * The hard handler writes threads_oneshot and IRQTF_RUNTHREAD while the line is
 * IRQD_IRQ_INPROGRESS; the thread clears its bit when it is not. So the line is
 * never unmasked between the two.
 *
 * Linux: kernel/irq/manage.c irq_thread(), handle.c __irq_wake_thread().
 */
#include <console/printk.h>
#include <cpu/deadline.h>
#include <cpu/irqflags.h>
#include <lib/errno.h>
#include <sched/kthread.h>

#include "internal.h"

#define LOST_US 100000 /* a handler that lives has returned by then */

static bool test_and_set(struct irqaction *action, u32 flag)
{
	return __atomic_fetch_or(&action->thread_flags, flag,
				 __ATOMIC_SEQ_CST) &
	       flag;
}

static bool test_and_clear(struct irqaction *action, u32 flag)
{
	return __atomic_fetch_and(&action->thread_flags, ~flag,
				  __ATOMIC_SEQ_CST) &
	       flag;
}

/* Any of them? Looked at anew, by a load that is one with its test. */
static __always_inline bool test_flag(const struct irqaction *action, u32 flags)
{
	barrier();
	return action->thread_flags & flags;
}

static void warn_no_thread(u32 irq, struct irqaction *action)
{
	if (!test_and_set(action, IRQTF_WARNED))
		printk("# warning: irq %u: %s returned IRQ_WAKE_THREAD but has "
		       "no thread function",
		       irq, action->name ? action->name : "");
}

/* One whose thread has crashed is taken for handled, as in Linux. */
void __irq_wake_thread(struct irq_desc *desc, struct irqaction *action)
{
	struct task_struct *thread = action->thread;

	if (unlikely(!action->thread_fn)) {
		warn_no_thread(desc->irq, action);
		return;
	}
	if (thread->exiting || test_and_set(action, IRQTF_RUNTHREAD))
		return;
	__atomic_fetch_or(&desc->threads_oneshot, action->thread_mask,
			  __ATOMIC_SEQ_CST);
	__atomic_add_fetch(&desc->threads_active, 1, __ATOMIC_SEQ_CST);
	wake_up_irqoff(thread);
}

/* Who begins to wait meanwhile sees the count. */
static void wake_threads_waitq(struct irq_desc *desc)
{
	if (!__atomic_sub_fetch(&desc->threads_active, 1, __ATOMIC_SEQ_CST) &&
	    waitqueue_active(&desc->wait_for_threads))
		wake_up_all(&desc->wait_for_threads);
}

/* Locked, IF=0, when true: no handler of the line runs. */
static bool lock_idle_desc(struct irq_desc *desc)
{
	local_irq_disable();
	raw_spin_lock(&desc->lock);
	if (!(desc->state & IRQD_IRQ_INPROGRESS))
		return true;
	raw_spin_unlock(&desc->lock);
	local_irq_enable();
	return false;
}

/* Locked, and no handler runs. */
static __always_inline void let_go_of_line(struct irq_desc *desc,
					   struct irqaction *action)
{
	__atomic_fetch_and(&desc->threads_oneshot, ~action->thread_mask,
			   __ATOMIC_SEQ_CST);
	if (!desc->threads_oneshot && !(desc->state & IRQD_IRQ_DISABLED))
		unmask_irq(desc);
}

/*
 * The last thread of a ONESHOT line lets it interrupt again. One that has been
 * woken meanwhile is not the last: it runs again. Task context, IF=1.
 */
static void irq_finalize_oneshot(struct irq_desc *desc,
				 struct irqaction *action)
{
	if (likely(!action->thread_mask))
		return;
	if (!WAIT_FOR(lock_idle_desc(desc), WAIT_DEFAULT_US)) {
		printk("# warning: a handler of irq %u does not return",
		       desc->irq);
		return;
	}
	if (!test_flag(action, IRQTF_RUNTHREAD))
		let_go_of_line(desc, action);
	raw_spin_unlock(&desc->lock);
	local_irq_enable();
}

/* To where the line is sent: the thread itself goes. */
static __noinline void follow_line(struct irq_desc *desc,
				   struct irqaction *action)
{
	if (test_and_clear(action, IRQTF_AFFINITY))
		set_cpus_allowed(current, READ_ONCE(desc->cpu));
}

/*
 * Asleep, unless there is something to do, and running again. False: there is
 * nothing but to end.
 */
static __always_inline bool sleep_until_woken(const struct irqaction *action)
{
	set_current_state(TASK_INTERRUPTIBLE);
	if (unlikely(test_flag(action, IRQTF_RUNTHREAD | IRQTF_AFFINITY))) {
		set_current_state(TASK_RUNNING);
		return true;
	}
	if (unlikely(kthread_should_stop())) {
		set_current_state(TASK_RUNNING);
		return false;
	}
	local_irq_disable();
	schedule_irqoff();
	local_irq_enable();
	return true;
}

static __always_inline bool begin_to_run(struct irqaction *action)
{
	if (!test_and_clear(action, IRQTF_RUNTHREAD))
		return false;
	action->thread_runs = true;
	return true;
}

/* True: woken. False: to end, and not woken before. */
static __always_inline bool irq_wait_for_interrupt(struct irq_desc *desc,
						   struct irqaction *action)
{
	while (likely(sleep_until_woken(action))) {
		if (unlikely(test_flag(action, IRQTF_AFFINITY)))
			follow_line(desc, action);
		if (likely(begin_to_run(action)))
			return true;
	}
	return begin_to_run(action);
}

static void irq_thread_fn(struct irq_desc *desc, struct irqaction *action)
{
	if (likely(action->thread_fn((int)desc->irq, action->dev) ==
		   IRQ_HANDLED))
		__atomic_add_fetch(&desc->threads_handled, 1, __ATOMIC_RELAXED);
	irq_finalize_oneshot(desc, action);
}

/*
 * Its CPU got INIT: so did a handler of the line that had hit it there, and
 * whoever held its locks there. IF=0.
 */
static void lost_finalize_oneshot(struct irq_desc *desc,
				  struct irqaction *action)
{
	if (!action->thread_mask)
		return;
	if (!WAIT_FOR(!(READ_ONCE(desc->state) & IRQD_IRQ_INPROGRESS), LOST_US))
		printk("# warning: a handler of irq %u was lost", desc->irq);
	raw_spin_lock(&desc->lock);
	desc->state &= ~IRQD_IRQ_INPROGRESS;
	let_go_of_line(desc, action);
	raw_spin_unlock(&desc->lock);
}

/*
 * An exception has ended the thread, or an INIT, and another one sees to it:
 * its line must not wait for it.
 */
static void irq_thread_dtor(void *data)
{
	struct irqaction *action = data;
	struct irq_desc *desc = irq_to_desc(action->irq);
	const struct task_struct *task = action->thread;

	printk("# exiting task \"%s\" (%u) is an active IRQ thread (irq %u)",
	       task->comm, task->pid, desc->irq);
	if (task != current) {
		raw_spin_reset(&desc->lock);
		spin_reset(&desc->wait_for_threads.lock);
	}
	if (test_and_clear(action, IRQTF_RUNTHREAD))
		wake_threads_waitq(desc);
	if (action->thread_runs)
		wake_threads_waitq(desc);
	if (task == current)
		irq_finalize_oneshot(desc, action);
	else
		lost_finalize_oneshot(desc, action);
}

static int irq_thread(void *data)
{
	struct irqaction *action = data;
	struct irq_desc *desc = irq_to_desc(action->irq);

	test_and_set(action, IRQTF_READY);
	wake_up_all(&desc->wait_for_threads);
	kthread_on_crash(irq_thread_dtor);
	while (irq_wait_for_interrupt(desc, action)) {
		irq_thread_fn(desc, action);
		action->thread_runs = false;
		wake_threads_waitq(desc);
	}
	return 0;
}

int setup_irq_thread(struct irq_desc *desc, struct irqaction *action)
{
	u32 cpu = desc->action ? READ_ONCE(desc->cpu) : irq_startup_cpu(desc);

	if (!action->thread_fn)
		return 0;
	action->thread_flags = IRQTF_AFFINITY;
	action->thread = kthread_create_on_cpu(
		irq_thread, action, cpu, PRIO_IRQ_THREAD, "irq/%u-%s",
		action->irq, action->name ? action->name : "");
	return action->thread ? 0 : -ENOMEM;
}

/* Once it has come to its loop it may be stopped, and serves what woke it. */
void start_irq_thread(struct irq_desc *desc, struct irqaction *action)
{
	if (!action->thread)
		return;
	wake_up_process(action->thread);
	if (!wait_event_timeout(desc->wait_for_threads,
				test_flag(action, IRQTF_READY),
				WAIT_DEFAULT_US * deadline_scale))
		printk("# warning: the thread of irq %u does not begin",
		       desc->irq);
}

int stop_irq_thread(struct irqaction *action)
{
	if (!action->thread)
		return 0;
	if (kthread_stop(action->thread) == -ETIMEDOUT) {
		printk("# warning: %s does not end", action->thread->comm);
		return -ETIMEDOUT;
	}
	return 0;
}

int take_thread_mask(struct irq_desc *desc, struct irqaction *action)
{
	u64 taken = 0;

	if (!(action->flags & IRQF_ONESHOT))
		return 0;
	for (const struct irqaction *a = desc->action; a; a = a->next)
		taken |= a->thread_mask;
	if (!~taken)
		return -EBUSY;
	action->thread_mask = BIT(__builtin_ctzll(~taken));
	return 0;
}

void irq_set_thread_affinity(struct irq_desc *desc)
{
	for (struct irqaction *a = desc->action; a; a = a->next) {
		if (!a->thread)
			continue;
		test_and_set(a, IRQTF_AFFINITY);
		wake_up_process(a->thread);
	}
}

void irq_forget_wakeups(struct irq_desc *desc)
{
	for (struct irqaction *a = desc->action; a; a = a->next) {
		if (test_and_clear(a, IRQTF_RUNTHREAD))
			wake_threads_waitq(desc);
	}
}

static bool is_thread_of(const struct irq_desc *desc)
{
	for (const struct irqaction *a = desc->action; a; a = a->next) {
		if (a->thread == current)
			return true;
	}
	return false;
}

void irq_wait_for_threads(struct irq_desc *desc)
{
	if (!is_thread_of(desc) &&
	    !wait_event_timeout(desc->wait_for_threads,
				!READ_ONCE(desc->threads_active),
				WAIT_DEFAULT_US * deadline_scale))
		printk("# warning: a thread of irq %u does not return",
		       desc->irq);
}
