// SPDX-License-Identifier: MIT
/*
 * thread.c - the task-context half of threaded interrupts.
 *
 * Linux: kernel/irq/manage.c irq_thread(), irq_finalize_oneshot(). There is no
 * thread yet: the idle loop, or a case that waits, calls irq_run_threads().
 */
#include <console/printk.h>
#include <cpu/irqflags.h>
#include <cpu/preempt.h>

#include "internal.h"

/* A power of two, at least as many as there are actions. */
#define NR_WOKEN 64

/* Woken and not yet run, oldest first. Guarded by woken_lock. */
static struct {
	struct irq_desc *desc;
	struct irqaction *action;
} woken[NR_WOKEN];
static u32 woken_head, woken_tail;
static bool thread_runs; /* a thread that waits for threads: not for itself */
static raw_spinlock_t woken_lock;

static void warn_no_thread(u32 irq, struct irqaction *action)
{
	if (!action->warned)
		printk("# warning: irq %u: %s returned IRQ_WAKE_THREAD but has "
		       "no thread function",
		       irq, action->name ? action->name : "");
	action->warned = true;
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
		woken[woken_head % NR_WOKEN].desc = desc;
		woken[woken_head++ % NR_WOKEN].action = action;
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
	raw_spin_lock(&desc->lock);
	desc->threads_active--;
	if (desc->state & IRQS_ONESHOT && !desc->threads_active &&
	    !(desc->state & (IRQD_IRQ_DISABLED | IRQD_IRQ_INPROGRESS)))
		unmask_irq(desc);
	raw_spin_unlock(&desc->lock);
}

static void call_thread(struct irq_desc *desc, const struct irqaction *action)
{
	irqreturn_t ret;

	thread_runs = true;
	native_irq_enable();
	ret = action->thread_fn((int)desc->irq, action->dev);
	native_irq_disable();
	thread_runs = false;
	if (ret == IRQ_HANDLED)
		desc->threads_handled++;
}

/* IF=0 on entry and exit. False: nothing was woken. */
static bool run_one(void)
{
	struct irqaction *action = NULL;
	struct irq_desc *desc = NULL;

	raw_spin_lock(&woken_lock);
	if (woken_tail != woken_head) {
		desc = woken[woken_tail % NR_WOKEN].desc;
		action = woken[woken_tail++ % NR_WOKEN].action;
		if (action)
			action->run_thread = false;
	}
	raw_spin_unlock(&woken_lock);
	if (!desc)
		return false;
	if (action)
		call_thread(desc, action);
	irq_finalize_oneshot(desc);
	return true;
}

bool irq_run_threads(void)
{
	u64 flags = local_irq_save();
	bool any = false;

	/* Bounded: a thread may wake itself by its line for ever. */
	for (u32 i = 0; i < NR_WOKEN && !thread_runs && in_task(); i++) {
		if (!run_one())
			break;
		any = true;
	}
	local_irq_restore(flags);
	return any;
}

void irq_forget_thread(struct irqaction *action)
{
	u64 flags = local_irq_save();

	raw_spin_lock(&woken_lock);
	for (u32 i = woken_tail; i != woken_head; i++) {
		if (woken[i % NR_WOKEN].action == action)
			woken[i % NR_WOKEN].action = NULL;
	}
	action->run_thread = false;
	raw_spin_unlock(&woken_lock);
	local_irq_restore(flags);
}

/* Also after a thread that did not come back, or a wake-up that did not. */
void irq_forget_threads(void)
{
	u64 flags = local_irq_save();

	woken_lock.locked = 0;
	thread_runs = false;
	while (woken_tail != woken_head) {
		struct irqaction *a = woken[woken_tail++ % NR_WOKEN].action;

		if (a)
			a->run_thread = false;
	}
	local_irq_restore(flags);
}
