// SPDX-License-Identifier: MIT
/*
 * thread.c - the task-context half of threaded interrupts.
 *
 * Linux: kernel/irq/manage.c irq_thread(), irq_finalize_oneshot(). There is no
 * thread yet: the idle loop, or a case that waits, calls irq_run_threads().
 */
#include <cpu/irqflags.h>
#include <cpu/preempt.h>

#include "internal.h"

#define NR_WOKEN                                                    \
	64 /* a power of two, at least as many as there are actions \
	    */

/* Woken and not yet run, oldest first. Guarded by woken_lock. */
static struct {
	struct irq_desc *desc;
	struct irqaction *action;
} woken[NR_WOKEN];
static u32 woken_head, woken_tail;
static raw_spinlock_t woken_lock;

/* One that is woken already runs once: as a flag in Linux, IRQTF_RUNTHREAD. */
void __irq_wake_thread(struct irq_desc *desc, struct irqaction *action)
{
	raw_spin_lock(&woken_lock);
	if (action->thread_fn && !action->run_thread) {
		action->run_thread = true;
		woken[woken_head % NR_WOKEN].desc = desc;
		woken[woken_head++ % NR_WOKEN].action = action;
		__atomic_add_fetch(&desc->threads_active, 1, __ATOMIC_SEQ_CST);
	}
	raw_spin_unlock(&woken_lock);
}

/* The last thread of a ONESHOT line lets it interrupt again. */
static void irq_finalize_oneshot(struct irq_desc *desc)
{
	raw_spin_lock(&desc->lock);
	desc->threads_active--;
	if (desc->state & IRQS_ONESHOT && !desc->threads_active &&
	    !(desc->state & IRQD_IRQ_DISABLED))
		unmask_irq(desc);
	raw_spin_unlock(&desc->lock);
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
	if (action) {
		native_irq_enable();
		action->thread_fn((int)desc->irq, action->dev);
		native_irq_disable();
	}
	irq_finalize_oneshot(desc);
	return true;
}

bool irq_run_threads(void)
{
	u64 flags = local_irq_save();
	bool any = false;

	/* Bounded: a thread that wakes itself by its line may do so for ever.
	 */
	for (u32 i = 0; i < NR_WOKEN && in_task() && run_one(); i++)
		any = true;
	local_irq_restore(flags);
	return any;
}

void irq_forget_thread(struct irq_desc *desc, struct irqaction *action)
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
