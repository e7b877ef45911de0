/* SPDX-License-Identifier: MIT */
/*
 * sched.h - what the cases of threads, works and timers share: a diary of who
 * ran in which order, threads and interrupts to order.
 */
#pragma once

#include <cpu/deadline.h>
#include <ktest/ktest.h>
#include <sched/kthread.h>
#include <sched/sched.h>

#define LINUX_CORE    "Linux kernel/sched/core.c"
#define LINUX_KTHREAD "Linux kernel/kthread.c"
#define LINUX_WQ      "Linux kernel/workqueue.c"
#define RUN_US	      5000000 /* what another CPU may take for its part */

/*
 * One round more of what two CPUs do in turns? A busy host runs them one after
 * the other, a slice a turn: then fewer than wanted, but one.
 */
#define ROUNDS_US 3000000
static inline bool more_rounds(u32 done, u32 wanted, u64 until)
{
	return done < wanted && (!done || !deadline_passed(until));
}

/* A letter for each who ran, in order; any CPU, any context. */
#define DIARY_SIZE 64
extern char diary[DIARY_SIZE];
void diary_begin(void);
void note(char who);

/* A thread of this CPU, or of cpu, woken. NULL: a check has failed. */
struct task_struct *spawn(int (*fn)(void *), void *data, enum sched_prio prio);
struct task_struct *spawn_on(u32 cpu, int (*fn)(void *), void *data,
			     enum sched_prio prio);

/* A thread's function: a note of the letter that data is, its result. */
int note_letter(void *data);

/* One hardware interrupt on this CPU, whose handler calls fn(arg). IF=1. */
bool sched_interrupt(void (*fn)(void *arg), void *arg);

/* wake_up_process(arg), for sched_interrupt() and run_on(). */
void wake_task(void *arg);

/*
 * One of the log's sinks for a while: how often part stands in what was
 * written meanwhile.
 */
void listen(void);
void listen_no_more(void);
u32 heard(const char *part);

/* The second CPU. */
u32 other_cpu(void);
