/* SPDX-License-Identifier: MIT */
/*
 * left.h - what a case leaves behind it in the layers of threads and timers:
 * named, ended, and taken out of every list. And how a thread is ended that
 * does not end by itself. For the runner and its watchdog.
 */
#pragma once

#include <sched/task.h>

/* All threads and workqueues that are there now are no case's. Before it. */
void sched_keep_all(void);

/*
 * "# left: ..." for each thread, hrtimer, timer, work and workqueue that is not
 * kept; works get 2 s times scale= to end. All of it ends here, on all CPUs,
 * a thread that runs elsewhere by end_running_hook. How many there were. Of
 * irq_threads (all of that prio) only if no line has one any more. Boot CPU,
 * task context, IF=1; nothing but the runner is at work any more.
 */
u32 sched_clear_left(bool irq_threads);

/*
 * A case was broken off, in one of these layers perhaps: their locks are free
 * again, and this CPU's queue is whole. Task context, IF any.
 */
void sched_reset_locks(void);

/*
 * cpu was stopped by INIT: no list leads any more to the stacks of its "ktest"
 * and of who ran there. Another CPU.
 */
void sched_forget_stacks(u32 cpu);

/*
 * Send cpu an NMI, whose handler looks at broken_off of who runs there, and
 * if it is set ends it in its guard. ktest/ fills it.
 */
extern void (*end_running_hook)(u32 cpu);

/*
 * task, of this CPU, waits for it or sleeps: its next step leads into its own
 * guard, by an NMI that its broken_off explains. A run queue that stays locked
 * is said, and broken open. NMI context.
 */
void sched_break_off(struct task_struct *task);

/* Is this CPU in the midst of a switch or a wake-up? Then nothing may end it.
 * Any context. */
bool sched_in_switch(void);

/* Where a thread that does not run stands: the backtrace. IF=0. */
void sched_show_sleeper(const struct task_struct *task);
