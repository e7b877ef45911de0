/* SPDX-License-Identifier: MIT */
/*
 * task.h - a kernel thread: its stack, its state, its place in a run queue.
 *
 * A thread belongs to one CPU until set_cpus_allowed() gives it to another.
 * Each CPU has two that nobody creates: "ktest", which start() or run_on()'s
 * loop began on and which cases run on, and "swapper", which runs when no
 * other can and halts.
 *
 * Linux: include/linux/sched.h.
 */
#pragma once

#include <cpu/percpu.h>
#include <cpu/spinlock.h>

struct worker;

/* Linux's bits. */
#define TASK_RUNNING	     0x0
#define TASK_INTERRUPTIBLE   0x1 /* kthread_stop() wakes it, too */
#define TASK_UNINTERRUPTIBLE 0x2
#define TASK_DEAD	     0x80
#define TASK_WAKING	     0x200 /* on its way to another CPU */
#define TASK_NORMAL	     (TASK_INTERRUPTIBLE | TASK_UNINTERRUPTIBLE)

/* Lower runs first; equals take turns, a slice each. */
enum sched_prio {
	PRIO_IRQ_THREAD,
	PRIO_HIGH,   /* kworkers of WQ_HIGHPRI */
	PRIO_NORMAL, /* kworkers, what kthread_create() makes */
	PRIO_KTEST,  /* and ksoftirqd: takes turns with a case */
	PRIO_IDLE,
	NR_PRIOS
};

#define TASK_COMM_LEN 16

struct task_struct {
	u64 sp;			  /* while it does not run; switch.S */
	struct task_struct *next; /* in its run queue */
	u32 state;		  /* TASK_*; under its run queue's lock */
	u32 cpu;		  /* where it is, or was last */
	u32 wake_cpu;		  /* where its next wake-up puts it */
	u32 pid;		  /* never used twice; 0: every "swapper" */
	enum sched_prio prio;
	bool on_rq;	  /* it waits for its CPU, or has it: not asleep */
	bool exiting;	  /* its function has ended. Linux: PF_EXITING */
	bool should_stop; /* kthread_stop() waits for it */
	u64 stack_top;
	u64 nr_switches;
	char comm[TASK_COMM_LEN];
	/* The queue that it waits in, and its place there; or NULL. */
	struct wait_queue_head *waits_at;
	struct wait_queue_entry *wait_entry;
	bool broken_off;       /* when it runs next it ends in its guard */
	struct worker *worker; /* a kworker's */
	void *kthread;	       /* struct kthread of kthread.c, or NULL */
};

static_assert(offsetof(struct task_struct, pid) == TASK_PID, "cpu/percpu.h");

/* Who runs on this CPU: the main thread until sched_init_cpu(). */
static inline struct task_struct *get_current(void)
{
	return this_cpu(current_task);
}
#define current get_current()

static inline bool is_idle_task(const struct task_struct *task)
{
	return task->prio == PRIO_IDLE;
}
