// SPDX-License-Identifier: MIT
/*
 * manage.c - request_irq() and its relatives: who is called for which line.
 *
 * Linux: kernel/irq/manage.c.
 */
#include <apic/ioapic.h>
#include <console/printk.h>
#include <cpu/deadline.h>
#include <cpu/preempt.h>
#include <cpu/spinlock.h>
#include <lib/errno.h>
#include <sched/sched.h>

#include "internal.h"

#define ALIVE_US 100000 /* a handler that will return has */

/* A free slot has no handler: it is taken under the lock, given back without.
 */
struct irqaction irq_actions[NR_ACTIONS];
static DEFINE_SPINLOCK(actions_lock);

static irqreturn_t irq_default_primary_handler(int irq, void *dev)
{
	return IRQ_WAKE_THREAD;
}

static struct irqaction *new_action(const struct irqaction *want)
{
	struct irqaction *action = irq_actions, *end = action + NR_ACTIONS;
	u64 flags = spin_lock_irqsave(&actions_lock);

	while (action < end && READ_ONCE(action->handler))
		action++;
	if (action < end)
		*action = *want;
	else
		action = NULL;
	if (action)
		trace_action(action);
	spin_unlock_irqrestore(&actions_lock, flags);
	return action;
}

static void free_action(struct irqaction *action)
{
	__atomic_store_n(&action->handler, NULL, __ATOMIC_RELEASE);
}

/* A thread that stays has its action, too. */
static int end_action(struct irqaction *action)
{
	int err = stop_irq_thread(action);

	if (!err)
		free_action(action);
	return err;
}

static u32 trigger_of(const struct irq_desc *desc)
{
	if (desc->level)
		return desc->active_low ? IRQF_TRIGGER_LOW : IRQF_TRIGGER_HIGH;
	return desc->active_low ? IRQF_TRIGGER_FALLING : IRQF_TRIGGER_RISING;
}

/* Not two at once: a pin has one. */
static bool is_one_trigger(u32 trigger)
{
	return !(trigger & (trigger - 1));
}

static void set_trigger(struct irq_desc *desc, u32 trigger)
{
	if (!trigger)
		return;
	desc->level = trigger & (IRQF_TRIGGER_HIGH | IRQF_TRIGGER_LOW);
	desc->active_low = trigger & (IRQF_TRIGGER_FALLING | IRQF_TRIGGER_LOW);
}

/* Both sides of a shared line must have said so, and agree on the rest. */
static bool may_join(const struct irq_desc *desc, u32 flags)
{
	u32 trigger = flags & IRQF_TRIGGER_MASK;

	return desc->action->flags & flags & IRQF_SHARED &&
	       !((desc->action->flags ^ flags) & IRQF_ONESHOT) &&
	       (!trigger || trigger == trigger_of(desc));
}

/* One enable of those that depth wants. Lock held. */
static void __enable_irq(struct irq_desc *desc)
{
	if (--desc->depth)
		return;
	desc->state &= ~IRQS_SPURIOUS_DISABLED;
	irq_enable(desc);
}

/* Lock held. */
static int __setup_irq(struct irq_desc *desc, struct irqaction *new)
{
	struct irqaction **tail = &desc->action;
	bool first = !desc->action;
	int err = 0;

	if (first) {
		set_trigger(desc, new->flags &IRQF_TRIGGER_MASK);
		err = irq_startup(desc);
		if (err)
			return err;
		if (new->flags & IRQF_ONESHOT)
			desc->state |= IRQS_ONESHOT;
	} else if (!may_join(desc, new->flags)) {
		return -EBUSY;
	}
	err = take_thread_mask(desc, new);
	if (err)
		return err;
	reset_window(desc); /* the new one may be who cares */
	while (*tail)
		tail = &(*tail)->next;
	desc->name = new->name;
	WRITE_ONCE(*tail, new);
	if (first ? !(new->flags &IRQF_NO_AUTOEN)
		  : desc->state & IRQS_SPURIOUS_DISABLED) {
		desc->state &= ~IRQS_SPURIOUS_DISABLED; /* another chance */
		__enable_irq(desc);
	}
	return 0;
}

/*
 * A thread without ONESHOT and without a handler of its own would storm; who
 * shares a line that another left disabled would wait for ever.
 */
static bool is_sane(const struct irq_desc *desc, const struct irqaction *a)
{
	return desc && (a->handler || a->thread_fn) &&
	       !(a->flags & IRQF_SHARED && !a->dev) &&
	       !(a->flags & IRQF_SHARED && a->flags & IRQF_NO_AUTOEN) &&
	       is_one_trigger(a->flags & IRQF_TRIGGER_MASK) &&
	       (a->handler || a->flags & IRQF_ONESHOT);
}

/* Both wait, for memory or for handlers: never from an interrupt. */
static bool may_sleep(const char *what, u32 irq)
{
	if (!in_task())
		printk("# warning: %s of irq %u from interrupt context", what,
		       irq);
	return in_task();
}

/* Not while another is being added or freed: free_irq() waits for its end. */
static int add_action(struct irq_desc *desc, struct irqaction *action)
{
	u64 flags;
	int err;

	mutex_lock(&desc->request_mutex);
	flags = raw_spin_lock_irqsave(&desc->lock);
	err = __setup_irq(desc, action);
	raw_spin_unlock_irqrestore(&desc->lock, flags);
	mutex_unlock(&desc->request_mutex);
	return err;
}

int request_threaded_irq(u32 irq, irq_handler_t handler,
			 irq_handler_t thread_fn, u32 flags, const char *name,
			 void *dev)
{
	struct irq_desc *desc = irq_to_desc(irq);
	struct irqaction want = { .handler = handler,
				  .thread_fn = thread_fn,
				  .dev = dev,
				  .irq = irq,
				  .flags = flags,
				  .name = name };
	struct irqaction *action;
	int err;

	if (!may_sleep("request", irq) || !is_sane(desc, &want))
		return -EINVAL;
	if (thread_fn)
		might_sleep();
	if (!handler)
		want.handler = irq_default_primary_handler;
	action = new_action(&want);
	if (!action)
		return -ENOMEM;
	err = setup_irq_thread(desc, action);
	if (!err)
		err = add_action(desc, action);
	if (err)
		end_action(action);
	else
		start_irq_thread(desc, action);
	return err;
}

/* The link that leads to dev's action, or to the chain's NULL end. */
static struct irqaction **find_action(struct irq_desc *desc, const void *dev)
{
	struct irqaction **link = &desc->action;

	while (*link && (*link)->dev != dev)
		link = &(*link)->next;
	return link;
}

/* Out of the chain; the last one takes the line with it. */
static struct irqaction *unlink_action(struct irq_desc *desc, const void *dev)
{
	u64 flags = raw_spin_lock_irqsave(&desc->lock);
	struct irqaction **link = find_action(desc, dev), *action = *link;

	if (action) {
		WRITE_ONCE(*link, action->next);
		if (!desc->action)
			irq_shutdown(desc);
	}
	raw_spin_unlock_irqrestore(&desc->lock, flags);
	return action;
}

/* Its thread, if woken, runs once more. */
static int __free_irq(struct irq_desc *desc, void *dev)
{
	struct irqaction *action = unlink_action(desc, dev);

	if (!action)
		return -ENOENT;
	synchronize_hardirq(desc->irq);
	return end_action(action);
}

int free_irq(u32 irq, void *dev)
{
	struct irq_desc *desc = irq_to_desc(irq);
	int err;

	if (!desc || !may_sleep("free", irq))
		return -EINVAL;
	mutex_lock(&desc->request_mutex);
	err = __free_irq(desc, dev);
	mutex_unlock(&desc->request_mutex);
	return err;
}

/* Another CPU's handler may just be at it; one that was broken off is not. */
static void forget_handlers(struct irq_desc *desc)
{
	if (READ_ONCE(desc->state) & IRQD_IRQ_INPROGRESS &&
	    !WAIT_FOR(!(READ_ONCE(desc->state) & IRQD_IRQ_INPROGRESS),
		      ALIVE_US)) {
		printk("# warning: a handler of irq %u was lost", desc->irq);
		desc->state &= ~IRQD_IRQ_INPROGRESS;
	}
	irq_forget_wakeups(desc);
}

/* After each case: nearly all lines have nothing that could be freed. */
void irq_free_lines(void)
{
	for (u32 irq = 0; irq < NR_IRQS; irq++) {
		struct irq_desc *desc = irq_to_desc(irq);

		if (desc->action || desc->state & IRQD_IRQ_INPROGRESS)
			forget_handlers(desc);
		/* Its owner was ended. */
		if (mutex_is_locked(&desc->request_mutex))
			mutex_init(&desc->request_mutex);
		while (desc->action)
			free_irq(irq, desc->action->dev);
		desc->affinity_set = false;
		desc->threads_active = 0;
	}
	/* Those whose threads do not end: nobody waits for them any more. */
	for (u32 i = 0; i < NR_ACTIONS; i++)
		free_action(&irq_actions[i]);
}

static void reset_locks(struct irq_desc *desc)
{
	raw_spin_reset(&desc->lock);
	spin_reset(&desc->wait_for_threads.lock);
}

void irq_reset_locks(void)
{
	ioapic_reset_lock();
	spin_reset(&actions_lock);
	vector_reset_lock();
	irqdesc_reset_lock();
	for (u32 irq = 0; irq < NR_IRQS; irq++)
		reset_locks(irq_to_desc(irq));
}

void disable_irq_nosync(u32 irq)
{
	struct irq_desc *desc = irq_to_desc(irq);
	u64 flags;

	if (!desc)
		return;
	flags = raw_spin_lock_irqsave(&desc->lock);
	if (desc->action && !desc->depth++)
		irq_disable(desc);
	raw_spin_unlock_irqrestore(&desc->lock, flags);
}

void disable_irq(u32 irq)
{
	disable_irq_nosync(irq);
	synchronize_irq(irq);
}

void enable_irq(u32 irq)
{
	struct irq_desc *desc = irq_to_desc(irq);
	u64 flags;

	if (!desc)
		return;
	flags = raw_spin_lock_irqsave(&desc->lock);
	if (!desc->depth || !desc->action)
		printk("# warning: unbalanced enable for irq %u", irq);
	else
		__enable_irq(desc);
	raw_spin_unlock_irqrestore(&desc->lock, flags);
}

bool synchronize_hardirq(u32 irq)
{
	struct irq_desc *desc = irq_to_desc(irq);

	if (!desc)
		return true;
	if (!in_hardirq() &&
	    !WAIT_FOR(!(READ_ONCE(desc->state) & IRQD_IRQ_INPROGRESS),
		      WAIT_DEFAULT_US))
		printk("# warning: a handler of irq %u does not return", irq);
	return !READ_ONCE(desc->threads_active);
}

void synchronize_irq(u32 irq)
{
	if (synchronize_hardirq(irq) || !in_task())
		return;
	irq_wait_for_threads(irq_to_desc(irq));
}

int irq_set_handler(u32 irq, irq_flow_handler_t handle)
{
	struct irq_desc *desc = irq_to_desc(irq);

	if (!desc || handle == handle_percpu_irq)
		return -EINVAL;
	if (desc->action)
		return -EBUSY;
	desc->handle_irq = handle;
	return 0;
}
