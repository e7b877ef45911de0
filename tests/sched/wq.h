/* SPDX-License-Identifier: MIT */
/*
 * wq.h - works to order, for the cases of suite workqueue: each notes that it
 * begins by its letter, waits for its gate, if it has one, and counts.
 */
#pragma once

#include <sched/completion.h>
#include <sched/workqueue.h>

#include "sched.h"

struct item {
	struct delayed_work dwork; /* .work is the plain one */
	struct completion *gate;   /* it waits for one "done" of it */
	void (*then)(struct item *item);
	u32 runs, cpu, inside, overlaps;
	u32 again; /* how often it queues itself */
	struct workqueue_struct *wq;
	u64 begun; /* TSC */
	bool in_task, irqs_on;
	struct task_struct *task;
	char letter;
};

/* n of them, of letters a, b, ... on wq, all through gate (may be NULL). */
void items_init(struct item *item, u32 n, struct workqueue_struct *wq,
		struct completion *gate);

static inline struct work_struct *work_of(struct item *item)
{
	return &item->dwork.work;
}

/* Queue all n while nothing can run here; how many were. */
u32 items_queue(struct item *item, u32 n);

/* Poll, asleep in between. */
#define SLEEP_UNTIL(cond) WAIT_FOR((usleep(100), (cond)), WAIT_DEFAULT_US)
