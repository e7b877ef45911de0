// SPDX-License-Identifier: MIT
/*
 * completion.c - a count under the lock of the queue of those who wait.
 *
 * A completion often lies on its waiter's stack: who has seen "done" under the
 * lock knows that whoever said so has left it.
 *
 * Linux: kernel/sched/completion.c.
 */
#include <sched/completion.h>

#include <cpu/deadline.h>
#include <cpu/spinlock.h>

#define FOR_EVER (~0u)

struct lock_class completion_class = { .name = "&x->wait" };

void complete(struct completion *x)
{
	u64 flags;

	preempt_disable();
	flags = spin_lock_irqsave(&x->wait.lock);
	if (x->done != FOR_EVER)
		x->done++;
	__wake_up_locked(&x->wait, TASK_NORMAL, 1);
	spin_unlock_irqrestore(&x->wait.lock, flags);
	preempt_enable();
}

void complete_all(struct completion *x)
{
	u64 flags;

	preempt_disable();
	flags = spin_lock_irqsave(&x->wait.lock);
	x->done = FOR_EVER;
	__wake_up_locked(&x->wait, TASK_NORMAL, 0);
	spin_unlock_irqrestore(&x->wait.lock, flags);
	preempt_enable();
}

/* Locked. */
static bool take(struct completion *x)
{
	if (!x->done)
		return false;
	if (x->done != FOR_EVER)
		x->done--;
	return true;
}

bool try_wait_for_completion(struct completion *x)
{
	u64 flags = spin_lock_irqsave(&x->wait.lock);
	bool done = take(x);

	spin_unlock_irqrestore(&x->wait.lock, flags);
	return done;
}

bool completion_done(struct completion *x)
{
	u64 flags = spin_lock_irqsave(&x->wait.lock);
	bool done = x->done;

	spin_unlock_irqrestore(&x->wait.lock, flags);
	return done;
}

/* Take one, or get in line if it is worth it. */
static bool take_or_queue(struct completion *x, struct wait_queue_entry *entry,
			  bool queue)
{
	u64 flags = spin_lock_irqsave(&x->wait.lock);
	bool done = take(x);

	if (!done && queue)
		prepare_to_wait_locked(&x->wait, entry, TASK_UNINTERRUPTIBLE);
	else
		finish_wait_locked(&x->wait, entry);
	spin_unlock_irqrestore(&x->wait.lock, flags);
	return done;
}

static u64 wait_for(struct completion *x, u64 usec)
{
	struct wait_queue_entry entry = { .task = current,
					  .flags = WQ_FLAG_EXCLUSIVE };
	bool done;

	might_sleep();
	while (!(done = take_or_queue(x, &entry, usec)) && usec)
		usec = schedule_timeout(usec);
	return done ? max(usec, (u64)1) : 0;
}

void wait_for_completion(struct completion *x)
{
	wait_for(x, MAX_SCHEDULE_TIMEOUT);
}

u64 wait_for_completion_timeout(struct completion *x, u64 usec)
{
	return wait_for(x, usec * deadline_scale);
}
