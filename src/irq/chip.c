// SPDX-License-Identifier: MIT
/*
 * chip.c - flow handlers: what is done to the controller around a handler, so
 * that nothing is lost, doubled or nested. And how a line is switched on and
 * off, lazily.
 *
 * Linux: kernel/irq/chip.c, resend.c.
 */
#include <apic/lapic.h>
#include <cpu/irqflags.h>

#include "internal.h"

void mask_irq(struct irq_desc *desc)
{
	if (desc->state & IRQD_IRQ_MASKED || !desc->chip->irq_mask)
		return;
	desc->chip->irq_mask(desc);
	desc->state |= IRQD_IRQ_MASKED;
}

void unmask_irq(struct irq_desc *desc)
{
	if (!(desc->state & IRQD_IRQ_MASKED))
		return;
	if (desc->chip->irq_unmask)
		desc->chip->irq_unmask(desc);
	desc->state &= ~IRQD_IRQ_MASKED;
}

/* A level line needs no replay: it is still there when unmasked. */
static void check_irq_resend(struct irq_desc *desc)
{
	bool pending = desc->state & IRQS_PENDING;

	desc->state &= ~IRQS_PENDING;
	if (!pending || desc->level || desc->state & IRQS_REPLAY ||
	    !desc->chip->irq_retrigger)
		return;
	if (!desc->chip->irq_retrigger(desc))
		desc->state |= IRQS_REPLAY;
}

void irq_disable(struct irq_desc *desc)
{
	desc->state |= IRQD_IRQ_DISABLED;
}

void irq_enable(struct irq_desc *desc)
{
	desc->state &= ~IRQD_IRQ_DISABLED;
	unmask_irq(desc);
	check_irq_resend(desc);
}

/* As nobody's: the next request_irq() finds no trace of the last. */
static void forget_line(struct irq_desc *desc)
{
	release_irq_vector(desc);
	desc->state = IRQD_IRQ_DISABLED | IRQD_IRQ_MASKED |
		      (desc->state & IRQD_IRQ_INPROGRESS);
	desc->depth = 1;
	desc->handle_irq = NULL;
	desc->level = desc->wired_level;
	desc->active_low = desc->wired_low;
}

int irq_startup(struct irq_desc *desc)
{
	int err = assign_irq_vector(desc, irq_startup_cpu(desc));

	/* The last owner's handler may still run on another CPU. */
	desc->state = IRQD_IRQ_DISABLED | IRQD_IRQ_MASKED |
		      (desc->state & IRQD_IRQ_INPROGRESS);
	desc->depth = 1;
	desc->threads_handled_last &= ~SPURIOUS_DEFERRED;
	desc->threads_oneshot = 0;
	if (!desc->handle_irq)
		desc->handle_irq =
			desc->level ? handle_fasteoi_irq : handle_edge_irq;
	desc->flow_name = desc->level ? "fasteoi" : "edge";
	if (!err && desc->chip->irq_startup)
		err = desc->chip->irq_startup(desc);
	if (err)
		forget_line(desc);
	return err;
}

void irq_shutdown(struct irq_desc *desc)
{
	if (desc->chip->irq_shutdown)
		desc->chip->irq_shutdown(desc);
	forget_line(desc);
}

static __always_inline void kstat_incr(const struct irq_desc *desc)
{
	__asm__ volatile("incq %%gs:%c[off](,%[irq],8)"
			 :
			 : [off] "i"(offsetof(struct pcpu_hot, kstat_irqs)),
			   [irq] "r"((u64)desc->irq)
			 : "memory", "cc");
}

/* What action said, if it was anything but "handled". */
static irqreturn_t heed(struct irq_desc *desc, struct irqaction *action,
			irqreturn_t ret)
{
	if (ret == IRQ_WAKE_THREAD)
		__irq_wake_thread(desc, action);
	return ret;
}

/*
 * A handler may let interrupts in and forget to shut them out again; with the
 * lock taken the line's next one would wait for us, and we for it.
 */
static __always_inline irqreturn_t call_handler(const struct irq_desc *desc,
						const struct irqaction *action)
{
	irqreturn_t ret = action->handler((int)desc->irq, action->dev);

	native_irq_disable();
	return ret;
}

/* The whole chain, or one action that said something else. IF=0. */
static __noinline void handle_irq_chain(struct irq_desc *desc)
{
	irqreturn_t all = IRQ_NONE;

	for (struct irqaction *a = desc->action; a; a = a->next)
		all |= heed(desc, a, call_handler(desc, a));
	note_answer(desc, all);
}

static __noinline void heed_unusual(struct irq_desc *desc, irqreturn_t ret)
{
	struct irqaction *action = desc->action;

	if (action)
		heed(desc, action, ret);
	note_answer(desc, ret);
}

/* The last call each time, so that nothing need be kept. */
static __noinline void heed_single(struct irq_desc *desc, irqreturn_t ret)
{
	struct irqaction *action = desc->action;

	if (likely(ret == IRQ_WAKE_THREAD && action && threads_did(desc)))
		__irq_wake_thread(desc, action);
	else
		heed_unusual(desc, ret);
}

/*
 * Lock held, dropped while the actions run: they may be long. The one action
 * of most lines is called from here; it is not kept in a register beyond the
 * call, since free_irq() waits for IRQD_IRQ_INPROGRESS.
 */
static __always_inline void handle_irq_event(struct irq_desc *desc)
{
	struct irqaction *action = desc->action;
	irqreturn_t ret;

	desc->state |= IRQD_IRQ_INPROGRESS;
	raw_spin_unlock(&desc->lock);
	if (likely(!action->next)) {
		ret = call_handler(desc, action);
		if (unlikely(ret != IRQ_HANDLED))
			heed_single(desc, ret);
	} else {
		handle_irq_chain(desc);
	}
	if (unlikely(!--desc->irqs_left))
		note_window(desc);
	raw_spin_lock(&desc->lock);
}

/*
 * A line in any state but the plain one. False: it must not run now; whether
 * it is remembered is up to pending_if. A level in progress comes by itself.
 */
static __noinline bool irq_may_run(struct irq_desc *desc, u32 pending_if)
{
	desc->state &= ~IRQS_REPLAY;
	if (desc->state & IRQD_MOVE_IN_PROGRESS)
		irq_complete_move(desc);
	if (!(desc->state & (IRQD_IRQ_DISABLED | IRQD_IRQ_INPROGRESS))) {
		desc->state &= ~IRQS_PENDING;
		return true;
	}
	if (desc->state & pending_if)
		desc->state |= IRQS_PENDING;
	return false;
}

/*
 * After an event that did not leave the plain state behind: an edge came while
 * the last one was handled, and is run now, with the next ones let in.
 */
static __noinline bool edge_again(struct irq_desc *desc)
{
	desc->state &= ~IRQD_IRQ_INPROGRESS;
	if ((desc->state & (IRQS_PENDING | IRQD_IRQ_DISABLED)) != IRQS_PENDING)
		return false;
	unmask_irq(desc);
	desc->state &= ~IRQS_PENDING;
	return true;
}

/*
 * The edge is latched anew while the handler runs: end it first. One that
 * arrives meanwhile (the handler let interrupts in, or another CPU has it) is
 * masked, noted and run by whoever runs the first.
 */
void handle_edge_irq(struct irq_desc *desc)
{
	raw_spin_lock(&desc->lock);
	if (unlikely(desc->state) &&
	    !irq_may_run(desc, IRQD_IRQ_DISABLED | IRQD_IRQ_INPROGRESS)) {
		mask_irq(desc);
		desc->chip->irq_ack(desc);
		goto out;
	}
	kstat_incr(desc);
	desc->chip->irq_ack(desc);
	do {
		handle_irq_event(desc);
	} while (unlikely(desc->state != IRQD_IRQ_INPROGRESS) &&
		 edge_again(desc));
	desc->state &= ~IRQD_IRQ_INPROGRESS;
out:
	raw_spin_unlock(&desc->lock);
}

/* Unless disabled meanwhile, or a thread of ONESHOT is still to run. */
static void cond_unmask_irq(struct irq_desc *desc)
{
	if (!(desc->state & IRQD_IRQ_DISABLED) &&
	    !READ_ONCE(desc->threads_oneshot))
		unmask_irq(desc);
}

/*
 * The level that is still there must not come again at the old CPU between its
 * EOI and the move: Linux's ioapic_ack_level().
 */
static __noinline void eoi_and_move(struct irq_desc *desc)
{
	bool masked = desc->state & IRQD_IRQ_MASKED;

	mask_irq(desc);
	desc->chip->irq_eoi(desc);
	irq_move_pending(desc);
	if (!masked)
		unmask_irq(desc);
}

/* The line is held until the handler quiets the device: end it after. */
void handle_fasteoi_irq(struct irq_desc *desc)
{
	raw_spin_lock(&desc->lock);
	if (unlikely(desc->state) && !irq_may_run(desc, IRQD_IRQ_DISABLED)) {
		if (desc->state & IRQD_IRQ_DISABLED)
			mask_irq(desc);
		goto out;
	}
	kstat_incr(desc);
	if (unlikely(desc->state & IRQS_ONESHOT))
		mask_irq(desc);
	handle_irq_event(desc);
	desc->state &= ~IRQD_IRQ_INPROGRESS;
	if (unlikely(desc->state & IRQD_IRQ_MASKED))
		cond_unmask_irq(desc);
out:
	if (unlikely(desc->state & IRQD_SETAFFINITY_PENDING))
		eoi_and_move(desc);
	else
		desc->chip->irq_eoi(desc);
	raw_spin_unlock(&desc->lock);
}

/* For a controller that must be masked to be ended early: 8259-like. */
void handle_level_irq(struct irq_desc *desc)
{
	raw_spin_lock(&desc->lock);
	mask_irq(desc);
	if (desc->chip->irq_ack)
		desc->chip->irq_ack(desc);
	if (irq_may_run(desc, IRQD_IRQ_DISABLED)) {
		kstat_incr(desc);
		handle_irq_event(desc);
		desc->state &= ~IRQD_IRQ_INPROGRESS;
		if (desc->state & IRQD_SETAFFINITY_PENDING)
			irq_move_pending(desc);
		cond_unmask_irq(desc);
	}
	raw_spin_unlock(&desc->lock);
}

/* One CPU's own vector: nobody else to guard against. */
void handle_percpu_irq(struct irq_desc *desc)
{
	desc->tot_count++;
	desc->action->handler((int)desc->irq, desc->action->dev);
	apic_eoi();
}
