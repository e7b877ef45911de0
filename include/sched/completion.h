/* SPDX-License-Identifier: MIT */
/* completion.h - wait until somebody says "done". Linux: completion.h. */
#pragma once

#include <sched/wait.h>

struct completion {
	u32 done; /* under wait.lock */
	struct wait_queue_head wait;
};

extern struct lock_class completion_class;

static inline void init_completion(struct completion *x)
{
	*x = (struct completion){
		.wait.lock = __SPIN_LOCK_UNLOCKED(&completion_class),
	};
}

/* For the next use, after complete_all(): nobody waits. */
static inline void reinit_completion(struct completion *x)
{
	WRITE_ONCE(x->done, 0);
}

/*
 * Lets one waiter through, now or later, who came first first; all of them, for
 * good. A waiter may free x at once. Not NMI.
 */
void complete(struct completion *x);
void complete_all(struct completion *x);

/*
 * Task context. _timeout: at most usec times scale=; what was left of them, at
 * least 1, or 0: it is over.
 */
void wait_for_completion(struct completion *x);
u64 wait_for_completion_timeout(struct completion *x, u64 usec);

/* Take one "done" if there is one. Any context but NMI. */
bool try_wait_for_completion(struct completion *x);

/* Would the next one not have to wait? */
bool completion_done(struct completion *x);
