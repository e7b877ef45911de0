/* SPDX-License-Identifier: MIT */
/*
 * wait.h - threads that wait for a condition. Linux: include/linux/wait.h.
 */
#pragma once

#include <sched/sched.h>

/* One that waits; it lies on the waiter's stack. */
struct wait_queue_entry {
	struct wait_queue_entry *next;
	struct task_struct *task;
	u32 flags; /* WQ_FLAG_* */
	bool queued;
};

#define WQ_FLAG_EXCLUSIVE 0x01 /* one of these is enough for a wake-up */

/* Those that are not exclusive first; in both parts who came first. */
struct wait_queue_head {
	spinlock_t lock; /* guards the list */
	struct wait_queue_entry *first;
};

/* All of one class: no two are ever held at once. */
extern struct lock_class waitqueue_class;

static inline void init_waitqueue_head(struct wait_queue_head *wq)
{
	wq->lock = __SPIN_LOCK_UNLOCKED(&waitqueue_class);
	wq->first = NULL;
}

/* Get into the queue, with that state; out of it, and running. */
void prepare_to_wait(struct wait_queue_head *wq, struct wait_queue_entry *entry,
		     u32 state);
void prepare_to_wait_exclusive(struct wait_queue_head *wq,
			       struct wait_queue_entry *entry, u32 state);
void finish_wait(struct wait_queue_head *wq, struct wait_queue_entry *entry);

/* The same for who holds wq->lock, with IF=0. */
void prepare_to_wait_locked(struct wait_queue_head *wq,
			    struct wait_queue_entry *entry, u32 state);
void finish_wait_locked(struct wait_queue_head *wq,
			struct wait_queue_entry *entry);

/*
 * Wake all that are not exclusive, and nr that are (0: those, too, all). What
 * they wait for is true before. mask: as try_to_wake_up(). _locked: for who
 * holds wq->lock, with IF=0 and preemption off. Any context but NMI.
 */
void __wake_up(struct wait_queue_head *wq, u32 mask, u32 nr);
void __wake_up_locked(struct wait_queue_head *wq, u32 mask, u32 nr);

#define wake_up(wq)		      __wake_up(wq, TASK_NORMAL, 1)
#define wake_up_nr(wq, nr)	      __wake_up(wq, TASK_NORMAL, nr)
#define wake_up_all(wq)		      __wake_up(wq, TASK_NORMAL, 0)
#define wake_up_interruptible(wq)     __wake_up(wq, TASK_INTERRUPTIBLE, 1)
#define wake_up_interruptible_all(wq) __wake_up(wq, TASK_INTERRUPTIBLE, 0)

/* Does anybody wait? */
static inline bool waitqueue_active(const struct wait_queue_head *wq)
{
	barrier(); /* a plain load behind it: one instruction with its test */
	return wq->first;
}

/*
 * schedule(), but not longer than usec (not scaled): what is left of it, 0 if
 * nothing. The state is the caller's, as for schedule(). With
 * MAX_SCHEDULE_TIMEOUT it is schedule(), and that is left.
 */
#define MAX_SCHEDULE_TIMEOUT (~0ull)
u64 schedule_timeout(u64 usec);

/* Sleep at least so long. Task context. */
void usleep(u64 usec);
static inline void msleep(u32 ms)
{
	usleep((u64)ms * 1000);
}

/*
 * What the wait_event()s are made of: cond is looked at first, and after each
 * wake-up. The value is 0 if it was false when usec were over, else what was
 * left of them, at least 1.
 */
#define ___wait_event(wq, cond, task_state, wait_flags, usec)                  \
	({                                                                     \
		struct wait_queue_entry wait_entry = { .task = current,        \
						       .flags =                \
							       (wait_flags) }; \
		u64 wait_left = (usec);                                        \
		bool wait_true;                                                \
		might_sleep();                                                 \
		while (prepare_to_wait(&(wq), &wait_entry, task_state),        \
		       !(wait_true = !!(cond)) && wait_left)                   \
			wait_left = schedule_timeout(wait_left);               \
		finish_wait(&(wq), &wait_entry);                               \
		wait_true || (cond) ? max(wait_left, (u64)1) : 0;              \
	})

/* Sleep until cond is true. */
#define wait_event(wq, cond)                                    \
	((void)___wait_event(wq, cond, TASK_UNINTERRUPTIBLE, 0, \
			     MAX_SCHEDULE_TIMEOUT))

/* The same for at most usec: 0 if it was not true then. */
#define wait_event_timeout(wq, cond, usec) \
	___wait_event(wq, cond, TASK_UNINTERRUPTIBLE, 0, usec)

/* Of several that wait so, wake_up() wakes one. */
#define wait_event_exclusive(wq, cond)                       \
	((void)___wait_event(wq, cond, TASK_UNINTERRUPTIBLE, \
			     WQ_FLAG_EXCLUSIVE, MAX_SCHEDULE_TIMEOUT))

/* What wake_up_interruptible() wakes, too: there are no signals, so 0. */
#define wait_event_interruptible(wq, cond)                    \
	((void)___wait_event(wq, cond, TASK_INTERRUPTIBLE, 0, \
			     MAX_SCHEDULE_TIMEOUT),           \
	 0)
