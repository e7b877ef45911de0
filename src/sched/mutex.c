// SPDX-License-Identifier: MIT
/* mutex.c - Linux: kernel/locking/mutex.c, without spinning on the owner. */
#include <sched/mutex.h>

#include <trap/report.h>

bool mutex_trylock(struct mutex *lock)
{
	struct task_struct *nobody = NULL;

	return __atomic_compare_exchange_n(&lock->owner, &nobody, current,
					   false, __ATOMIC_ACQUIRE,
					   __ATOMIC_RELAXED);
}

void mutex_lock(struct mutex *lock)
{
	might_sleep();
	BUG_ON(READ_ONCE(lock->owner) == current);
	wait_event(lock->wait, mutex_trylock(lock));
}

void mutex_unlock(struct mutex *lock)
{
	BUG_ON(READ_ONCE(lock->owner) != current);
	__atomic_store_n(&lock->owner, NULL, __ATOMIC_RELEASE);
	wake_up(&lock->wait);
}
