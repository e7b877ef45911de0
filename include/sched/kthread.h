/* SPDX-License-Identifier: MIT */
/*
 * kthread.h - making and ending kernel threads.
 *
 * A thread has a stack of its own with a guard below it, runs on one CPU, and
 * begins in task context with IF=1. An exception that nobody catches ends it,
 * reported; the others go on. Linux: kernel/kthread.c.
 */
#pragma once

#include <lib/compiler.h>
#include <sched/task.h>

/*
 * A thread that sleeps until wake_up_process(): then fn(data) runs on cpu, and
 * its value is kthread_stop()'s. NULL: cpu is not online, or it has no stack
 * left. Task context.
 */
struct task_struct *kthread_create_on_cpu(int (*fn)(void *data), void *data,
					  u32 cpu, enum sched_prio prio,
					  const char *fmt, ...) __printf(5, 6);

/*
 * Ask it to end, wake it, wait until it has, and give its stack back. Returns
 * what fn did; -EINTR: it was never woken, fn not called; -EFAULT: an
 * exception ended it; -ETIMEDOUT: it does not stop (2 s times scale=; it is
 * left). Task context, another thread.
 */
int kthread_stop(struct task_struct *task);

/* In fn: shall it end? Looked at between set_current_state() and schedule(). */
static inline bool kthread_should_stop(void)
{
	barrier(); /* a plain load behind it: one instruction with its test */
	return current->should_stop;
}

/*
 * In a thread's function: if an exception ends it, call fn with the function's
 * own data, still in the thread. If an INIT of its CPU does, that CPU calls it
 * as it begins anew, with IF=0. Linux: task_work_add().
 */
void kthread_on_crash(void (*fn)(void *data));

/* Threads that an exception ended, on all CPUs. */
u32 kthread_crash_count(void);
