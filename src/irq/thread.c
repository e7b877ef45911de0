// SPDX-License-Identifier: MIT
/*
 * thread.c - the task-context half of threaded interrupts.
 *
 * There is no thread: the idle loop of the CPU that woke it runs a thread_fn,
 * so that it follows the line's affinity, as in Linux; or a case on that CPU
 * that calls irq_run_threads(), or whoever waits for the line's threads.
 *
 * Linux: kernel/irq/manage.c irq_thread(), irq_finalize_oneshot().
 */
#include <console/printk.h>
#include <cpu/cpumask.h>
#include <cpu/deadline.h>
#include <cpu/irqflags.h>
#include <cpu/preempt.h>

#include "internal.h"

#define MAX_RUNS                                                    \
	64 /* a turn: a thread may wake itself by its line for ever \
	    */
#define STOP_US 100000

/* Guards the list of the woken, oldest first, and action->thread_runs. */
static raw_spinlock_t woken_lock;
static struct irqaction *woken;

/* This CPU runs a thread. One that waits for threads: not for itself. */
static DEFINE_PER_CPU(bool, thread_runs);

static u64 lock_woken(void)
{
	u64 flags = local_irq_save();

	raw_spin_lock(&woken_lock);
	return flags;
}

static void unlock_woken(u64 flags)
{
	raw_spin_unlock(&woken_lock);
	local_irq_restore(flags);
}

void thread_reset_lock(void)
{
	raw_spin_reset(&woken_lock);
}

static void warn_no_thread(u32 irq, struct irqaction *action)
{
	if (!action->warned)
		printk("# warning: irq %u: %s returned IRQ_WAKE_THREAD but has "
		       "no thread function",
		       irq, action->name ? action->name : "");
	action->warned = true;
}

static void append(struct irqaction *action)
{
	struct irqaction **tail = &woken;

	while (*tail)
		tail = &(*tail)->next_woken;
	action->next_woken = NULL;
	*tail = action;
}

/* One that is woken already runs once: as a flag in Linux, IRQTF_RUNTHREAD. */
void __irq_wake_thread(struct irq_desc *desc, struct irqaction *action)
{
	if (!action->thread_fn) {
		warn_no_thread(desc->irq, action);
		return;
	}
	raw_spin_lock(&woken_lock);
	if (!action->run_thread) {
		action->run_thread = true;
		action->thread_cpu = smp_processor_id();
		action->desc = desc;
		append(action);
		__atomic_add_fetch(&desc->threads_active, 1, __ATOMIC_SEQ_CST);
	}
	raw_spin_unlock(&woken_lock);
}

/*
 * The last thread of a ONESHOT line lets it interrupt again; while the handler
 * runs (another CPU's) that is the flow handler's to do.
 */
static void irq_finalize_oneshot(struct irq_desc *desc)
{
	u64 flags = local_irq_save();

	raw_spin_lock(&desc->lock);
	__atomic_sub_fetch(&desc->threads_active, 1, __ATOMIC_SEQ_CST);
	if (desc->state & IRQS_ONESHOT && !desc->threads_active &&
	    !(desc->state & (IRQD_IRQ_DISABLED | IRQD_IRQ_INPROGRESS)))
		unmask_irq(desc);
	raw_spin_unlock(&desc->lock);
	local_irq_restore(flags);
}

/*
 * The oldest of desc, or if that is NULL of those that this CPU woke; off the
 * list. One that runs on another CPU runs again after, never beside itself.
 */
static struct irqaction *take_woken(const struct irq_desc *desc)
{
	u64 flags = lock_woken();
	struct irqaction **link = &woken, *action;

	while ((action = *link)) {
		bool wanted = desc ? action->desc == desc
				   : action->thread_cpu == smp_processor_id();

		if (wanted && !action->thread_runs)
			break;
		link = &action->next_woken;
	}
	if (action) {
		*link = action->next_woken;
		action->run_thread = false;
		action->thread_runs = true;
	}
	unlock_woken(flags);
	return action;
}

static void call_thread(struct irqaction *action)
{
	struct irq_desc *desc = action->desc;
	irqreturn_t ret;

	*this_cpu_ptr(&thread_runs) = true;
	native_irq_enable();
	ret = action->thread_fn((int)desc->irq, action->dev);
	native_irq_disable();
	*this_cpu_ptr(&thread_runs) = false;
	if (ret == IRQ_HANDLED)
		__atomic_add_fetch(&desc->threads_handled, 1, __ATOMIC_RELAXED);
}

/* IF=0 on entry and exit. False: none was woken. */
static bool run_one(const struct irq_desc *of)
{
	struct irqaction *action = take_woken(of);

	if (!action)
		return false;
	call_thread(action);
	__atomic_store_n(&action->thread_runs, false, __ATOMIC_RELEASE);
	irq_finalize_oneshot(action->desc);
	return true;
}

static bool may_run_threads(void)
{
	return !*this_cpu_ptr(&thread_runs) && in_task();
}

bool irq_run_threads(void)
{
	u64 flags;
	bool any = false;

	if (!READ_ONCE(woken))
		return false;
	flags = local_irq_save();
	for (u32 i = 0; i < MAX_RUNS && may_run_threads(); i++) {
		if (!run_one(NULL))
			break;
		any = true;
	}
	local_irq_restore(flags);
	return any;
}

static bool threads_are_done(struct irq_desc *desc)
{
	u64 flags;

	if (!READ_ONCE(desc->threads_active))
		return true;
	flags = local_irq_save();
	run_one(desc);
	local_irq_restore(flags);
	return false;
}

void irq_finish_threads(struct irq_desc *desc)
{
	if (may_run_threads() &&
	    !WAIT_FOR(threads_are_done(desc), WAIT_DEFAULT_US))
		printk("# warning: a thread of irq %u does not return",
		       desc->irq);
}

static bool unlink_woken(struct irqaction *action)
{
	struct irqaction **link = &woken;
	bool found;

	while (*link && *link != action)
		link = &(*link)->next_woken;
	found = *link;
	if (found)
		*link = action->next_woken;
	action->run_thread = false;
	return found;
}

void irq_forget_thread(struct irqaction *action)
{
	u64 flags = lock_woken();
	bool found = unlink_woken(action);

	unlock_woken(flags);
	if (found)
		irq_finalize_oneshot(action->desc);
}

static bool no_cpu_runs_one(void)
{
	u32 cpu;

	for_each_online_cpu (cpu) {
		if (cpu != smp_processor_id() &&
		    READ_ONCE(*per_cpu_ptr(&thread_runs, cpu)))
			return false;
	}
	return true;
}

/* Also after a thread that did not come back, or a wake-up that did not. */
void irq_forget_threads(void)
{
	u64 flags = lock_woken();
	u32 cpu;

	while (woken) {
		woken->run_thread = false;
		woken = woken->next_woken;
	}
	unlock_woken(flags);
	WAIT_FOR(no_cpu_runs_one(), STOP_US);
	for_each_online_cpu (cpu)
		*per_cpu_ptr(&thread_runs, cpu) = false;
}
