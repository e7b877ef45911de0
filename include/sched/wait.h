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
	bool queued;
};

struct wait_queue_head {
	raw_spinlock_t lock; /* guards the list */
	struct wait_queue_entry *first;
};

static inline void init_waitqueue_head(struct wait_queue_head *wq)
{
	*wq = (struct wait_queue_head){ 0 };
}

/* Get into the queue, last, with that state; out of it, and running. */
void prepare_to_wait(struct wait_queue_head *wq, struct wait_queue_entry *entry,
		     u32 state);
void finish_wait(struct wait_queue_head *wq, struct wait_queue_entry *entry);

/* Wake the first one, or all. What they wait for is true before. Not NMI. */
void wake_up(struct wait_queue_head *wq);
void wake_up_all(struct wait_queue_head *wq);

/* Does anybody wait? */
bool waitqueue_active(const struct wait_queue_head *wq);

/*
 * schedule(), but not longer than usec (not scaled): what is left of it, 0 if
 * nothing. The state is the caller's, as for schedule().
 */
u64 schedule_timeout(u64 usec);

/* Sleep at least so long. Task context. */
void usleep(u64 usec);
static inline void msleep(u32 ms)
{
	usleep((u64)ms * 1000);
}

/* Sleep until cond is true; it is looked at after each wake-up. */
#define wait_event(wq, cond)                                              \
	do {                                                              \
		struct wait_queue_entry wait_entry = { .task = current }; \
		might_sleep();                                            \
		while (prepare_to_wait(&(wq), &wait_entry,                \
				       TASK_UNINTERRUPTIBLE),             \
		       !(cond))                                           \
			schedule();                                       \
		finish_wait(&(wq), &wait_entry);                          \
	} while (0)

/* The same for at most usec: whether cond was true in the end. */
#define wait_event_timeout(wq, cond, usec)                                \
	({                                                                \
		struct wait_queue_entry wait_entry = { .task = current }; \
		u64 wait_left = (usec);                                   \
		bool wait_true;                                           \
		might_sleep();                                            \
		while (prepare_to_wait(&(wq), &wait_entry,                \
				       TASK_UNINTERRUPTIBLE),             \
		       !(wait_true = !!(cond)) && wait_left)              \
			wait_left = schedule_timeout(wait_left);          \
		finish_wait(&(wq), &wait_entry);                          \
		wait_true || (cond);                                      \
	})
