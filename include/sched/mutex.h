/* SPDX-License-Identifier: MIT */
/* mutex.h - a lock to sleep for. Linux: include/linux/mutex.h. */
#pragma once

#include <sched/wait.h>

struct mutex {
	struct task_struct *owner; /* changed by cmpxchg; NULL: free */
	struct wait_queue_head wait;
};

extern struct lock_class mutex_wait_class;

#define __MUTEX_INITIALIZER                                          \
	{                                                            \
		.wait.lock = __SPIN_LOCK_UNLOCKED(&mutex_wait_class) \
	}

/* Of file scope: static DEFINE_MUTEX(lock); */
#define DEFINE_MUTEX(name) struct mutex name = __MUTEX_INITIALIZER

static inline void mutex_init(struct mutex *lock)
{
	*lock = (struct mutex)__MUTEX_INITIALIZER;
}

/*
 * Task context; the owner may sleep. Those who wait get it in the order they
 * came. Not recursive: that is reported.
 */
void mutex_lock(struct mutex *lock);

/* True if it was free. Task context. */
bool mutex_trylock(struct mutex *lock);

/* By the owner; anybody else's is reported and changes nothing. */
void mutex_unlock(struct mutex *lock);

static inline bool mutex_is_locked(const struct mutex *lock)
{
	return __atomic_load_n(&lock->owner, __ATOMIC_ACQUIRE);
}
