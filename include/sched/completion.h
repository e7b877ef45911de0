/* SPDX-License-Identifier: MIT */
/* completion.h - wait until somebody says "done". Linux: completion.h. */
#pragma once

#include <sched/wait.h>

struct completion {
	u32 done; /* under wait.lock */
	struct wait_queue_head wait;
};

static inline void init_completion(struct completion *x)
{
	*x = (struct completion){ 0 };
}

/* Lets one waiter through, now or later; all of them, for good. Not NMI. */
void complete(struct completion *x);
void complete_all(struct completion *x);

/* Task context. _timeout: at most usec times scale=; false: it is over. */
void wait_for_completion(struct completion *x);
bool wait_for_completion_timeout(struct completion *x, u64 usec);

/* Take one "done" if there is one. Any context but NMI. */
bool try_wait_for_completion(struct completion *x);
