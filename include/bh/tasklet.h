/* SPDX-License-Identifier: MIT */
/*
 * tasklet.h - a function run once for each time it was scheduled since it
 * last began, in softirq context, never on two CPUs at once.
 *
 * Linux: include/linux/interrupt.h "Tasklets".
 */
#pragma once

#include <lib/compiler.h>

enum {
	TASKLET_STATE_SCHED, /* on a list, or about to be */
	TASKLET_STATE_RUN,   /* running on some CPU */
};

struct tasklet_struct {
	struct tasklet_struct *next;
	unsigned long state; /* bits TASKLET_STATE_*, atomic */
	int count;	     /* > 0: disabled, atomic */
	void (*callback)(struct tasklet_struct *t);
	unsigned long data; /* the owner's */
};

#define DECLARE_TASKLET(name, fn) \
	struct tasklet_struct name = { .callback = (fn) }

void tasklet_setup(struct tasklet_struct *t,
		   void (*callback)(struct tasklet_struct *t));

/*
 * Have it run on this CPU, behind those scheduled before; _hi: in HI_SOFTIRQ,
 * before everything else. Already scheduled: nothing. Any context but NMI.
 */
void tasklet_schedule(struct tasklet_struct *t);
void tasklet_hi_schedule(struct tasklet_struct *t);

/*
 * Keep it from running; nests. disable also waits for a run on another CPU,
 * and says when that does not end, as tasklet_kill() does: bh/late.h.
 */
void tasklet_disable_nosync(struct tasklet_struct *t);
int tasklet_disable(struct tasklet_struct *t); /* 0 or -ETIMEDOUT */
void tasklet_enable(struct tasklet_struct *t);

/*
 * Wait until it is neither scheduled nor running, on any CPU. Task context,
 * IF=1, not disabled. 0, or -ETIMEDOUT when it never ended (it reschedules
 * itself, or is disabled).
 */
int tasklet_kill(struct tasklet_struct *t);

/*
 * Forget what is queued on this CPU without touching it: the runner, after a
 * case whose tasklets may have died with its stack.
 */
void tasklet_discard(void);

/* Is a tasklet queued on cpu? As seen from outside. */
bool tasklets_queued(u32 cpu);

/* The softirq actions. */
void tasklet_action(void);
void tasklet_hi_action(void);
