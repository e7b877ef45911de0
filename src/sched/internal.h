/* SPDX-License-Identifier: MIT */
/* internal.h - what the files of sched/ share and nobody else needs. */
#pragma once

#include <sched/sched.h>

/*
 * switch.S: to the stack that sp was on when it was left here, by save_sp. No
 * register survives but RBP; those that a C function must keep it has pushed.
 * RBX is what who left had in it: this CPU's run queue, on which CPU this
 * thread may ever have been left.
 */
static __always_inline struct rq *switch_to(struct rq *rq, u64 *save_sp, u64 sp)
{
	__asm__ volatile("call __switch_to"
			 : "+b"(rq), "+D"(save_sp), "+S"(sp)
			 :
			 : "rax", "rcx", "rdx", "r8", "r9", "r10", "r11", "r12",
			   "r13", "r14", "r15", "memory", "cc");
	return rq;
}
void ret_from_fork(void);
void ret_broken_off(void);

/*
 * core.c: task has never run; when it is woken, fn(arg) is its first call on
 * its stack, and does not return.
 */
void sched_prepare(struct task_struct *task, void (*fn)(void *), void *arg);

/* The calling thread is never to run again; forget is called off its stack. */
__noreturn void sched_die(void (*forget)(struct task_struct *task));

/* kthread.c: a thread's stack and struct, not started. NULL: no memory. */
struct task_struct *task_alloc(u32 cpu, enum sched_prio prio, const char *comm);

/*
 * kthread.c: its next run is its first one; what it did is lost, and so is it.
 * Neither does it run, nor any other thread of its CPU.
 */
void kthread_prepare(struct task_struct *task);
void kthread_lost(struct task_struct *task);

/* kthread.c: a number of its own, and its name under that. */
void task_set_pid(struct task_struct *task);

/* kthread.c: its stack is anybody's again. */
void free_task(struct task_struct *task);

/*
 * kthread.c: threads that exist now are no case's; of the others on cpu's
 * stacks the next one, from *slot on; NULL: no more. What it was made for, and
 * whether it has come to that.
 */
void kthreads_keep(void);
struct task_struct *next_left_kthread(u32 cpu, u32 *slot);
const void *kthread_function(const struct task_struct *task);
bool kthread_was_woken(const struct task_struct *task);

/* It is TASK_DEAD: has that been said? Then its stack is nobody's. IF any. */
bool kthread_has_exited(const struct task_struct *task);
void kthreads_reset_lock(void);

/*
 * break_off.c: it never runs again, and no list leads to its stack. False: it
 * runs, and no NMI helps. Another thread, IF=1.
 */
bool sched_end_thread(struct task_struct *task);

/* might_sleep.c: is this no place to switch? Then it is reported. */
bool sched_is_atomic(void);

/* worker.c: its thread goes to sleep; it goes on. */
void wq_worker_sleeping(struct worker *w);
void wq_worker_running(struct worker *w);
