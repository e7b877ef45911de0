// SPDX-License-Identifier: MIT
/*
 * mutex.c - an owner, and a queue of those who want to be it. Who unlocks makes
 * the first of them the owner: nobody overtakes one that waits.
 *
 * Linux: kernel/locking/mutex.c, its MUTEX_FLAG_HANDOFF for every waiter, and
 * without spinning on the owner.
 */
#include <sched/mutex.h>

#include <cpu/spinlock.h>
#include <trap/report.h>

struct lock_class mutex_wait_class = { .name = "&lock->wait_lock" };

bool mutex_trylock(struct mutex *lock)
{
	struct task_struct *nobody = NULL;

	return __atomic_compare_exchange_n(&lock->owner, &nobody, current,
					   false, __ATOMIC_ACQUIRE,
					   __ATOMIC_RELAXED);
}

/* It is ours, handed over or free, or there is a place in the queue for us. */
static bool take_or_queue(struct mutex *lock, struct wait_queue_entry *entry)
{
	u64 flags = spin_lock_irqsave(&lock->wait.lock);
	bool ours;

	ours = READ_ONCE(lock->owner) == current || mutex_trylock(lock);
	if (ours)
		finish_wait_locked(&lock->wait, entry);
	else
		prepare_to_wait_locked(&lock->wait, entry,
				       TASK_UNINTERRUPTIBLE);
	spin_unlock_irqrestore(&lock->wait.lock, flags);
	return ours;
}

void mutex_lock(struct mutex *lock)
{
	struct wait_queue_entry entry = { .task = current };

	might_sleep();
	BUG_ON(READ_ONCE(lock->owner) == current);
	if (mutex_trylock(lock))
		return;
	while (!take_or_queue(lock, &entry))
		schedule();
}

void mutex_unlock(struct mutex *lock)
{
	struct wait_queue_entry *next;
	u64 flags;

	BUG_ON(READ_ONCE(lock->owner) != current);
	preempt_disable();
	flags = spin_lock_irqsave(&lock->wait.lock);
	next = lock->wait.first;
	__atomic_store_n(&lock->owner, next ? next->task : NULL,
			 __ATOMIC_RELEASE);
	if (next) {
		lock->wait.first = next->next;
		next->queued = false;
		wake_up_process(next->task);
	}
	spin_unlock_irqrestore(&lock->wait.lock, flags);
	preempt_enable();
}
