// SPDX-License-Identifier: MIT
/*
 * kthread.c - threads: from a free stack to its first call and back.
 *
 * A thread's struct lies at the top of its stack, above what it pushes.
 *
 * Linux: kernel/kthread.c.
 */
#include <sched/kthread.h>

#include <asm/pgtable.h>
#include <bh/late.h>
#include <console/printk.h>
#include <cpu/cpumask.h>
#include <cpu/deadline.h>
#include <cpu/spinlock.h>
#include <cpu/stacks.h>
#include <lib/errno.h>
#include <lib/format.h>
#include <lib/string.h>
#include <mm/cpu_stacks.h>
#include <sched/completion.h>
#include <trace/trace.h>
#include <trap/catch.h>

#include "internal.h"

struct kthread {
	struct task_struct task;
	int (*fn)(void *data);
	void *data;
	int result;
	bool started;
	struct completion exited;
	void (*on_crash)(void *data);
};

/* Of one CPU's thread stacks: mapped once, used again and again. */
struct stack_pool {
	u64 mapped, used; /* bit n: STACK_THREAD + n */
	u64 kept;	  /* not a case's: kthreads_keep() */
};
static_assert(NR_THREAD_STACKS < 64, "a word of them");

static DEFINE_PER_CPU(struct stack_pool, stack_pool);
static DEFINE_SPINLOCK(pool_lock);
static u32 crashes;

u32 kthread_crash_count(void)
{
	return READ_ONCE(crashes);
}

/* The lowest free one, or -1. */
static int take_slot(struct stack_pool *pool)
{
	u64 flags = spin_lock_irqsave(&pool_lock);
	int slot;

	slot = __builtin_ctzll(~pool->used);
	if (slot < (int)NR_THREAD_STACKS)
		pool->used |= BIT(slot);
	spin_unlock_irqrestore(&pool_lock, flags);
	return slot < (int)NR_THREAD_STACKS ? slot : -1;
}

static void give_slot(u32 cpu, u32 slot)
{
	u64 flags = spin_lock_irqsave(&pool_lock);

	per_cpu_ptr(&stack_pool, cpu)->used &= ~BIT(slot);
	per_cpu_ptr(&stack_pool, cpu)->kept &= ~BIT(slot);
	spin_unlock_irqrestore(&pool_lock, flags);
}

/* Pids are for traces and reports: names may be equal. */
void task_set_pid(struct task_struct *task)
{
	static u32 last;

	task->pid = __atomic_add_fetch(&last, 1, __ATOMIC_RELAXED);
	trace_save_cmdline(task->pid, task->comm);
}

/* Whoever has the slot is alone with its bit of mapped. */
static bool map_slot(u32 cpu, u32 slot)
{
	struct stack_pool *pool = per_cpu_ptr(&stack_pool, cpu);

	if (pool->mapped & BIT(slot))
		return true;
	if (map_cpu_stack(cpu, STACK_THREAD + slot, (u64)cpu_hot(cpu)))
		return false;
	__atomic_fetch_or(&pool->mapped, BIT(slot), __ATOMIC_ACQ_REL);
	return true;
}

static struct kthread *kthread_at(u32 cpu, u32 slot)
{
	u64 top = stack_top(cpu, STACK_THREAD + slot);

	return (struct kthread *)ALIGN_DOWN(top - sizeof(struct kthread), 64);
}

struct task_struct *task_alloc(u32 cpu, enum sched_prio prio, const char *comm)
{
	int slot = take_slot(per_cpu_ptr(&stack_pool, cpu));
	struct kthread *k;

	if (slot < 0)
		return NULL;
	if (!map_slot(cpu, (u32)slot)) {
		give_slot(cpu, (u32)slot);
		return NULL;
	}
	k = kthread_at(cpu, (u32)slot);
	memset(k, 0, sizeof(*k));
	k->task.cpu = k->task.wake_cpu = cpu;
	k->task.prio = prio;
	k->task.stack_top = (u64)k;
	k->task.kthread = k;
	strscpy(k->task.comm, comm, sizeof(k->task.comm));
	if (prio != PRIO_IDLE)
		task_set_pid(&k->task);
	return &k->task;
}

void free_task(struct task_struct *task)
{
	struct stack_info at = stack_of((u64)task);

	give_slot(at.cpu, at.thread);
}

static void call_fn(void *arg)
{
	struct kthread *k = arg;

	k->result = k->fn(k->data);
}

/* Off its stack for good: now somebody else may have it. */
static void say_exited(struct task_struct *task)
{
	complete(&((struct kthread *)task->kthread)->exited);
}

static void note_crash(struct kthread *k)
{
	printk("# thread %s, pid %u, was ended", k->task.comm, k->task.pid);
	k->result = -EFAULT;
	k->task.exiting = true;
	__atomic_fetch_add(&crashes, 1, __ATOMIC_RELAXED);
}

/* In the thread; an interrupt's handler may be what crashed. */
static void has_crashed(struct kthread *k)
{
	note_crash(k);
	set_current_state(TASK_RUNNING);
	if (cpu_recover_hook)
		cpu_recover_hook(false);
	if (k->on_crash)
		k->on_crash(k->data);
}

static void kthread_main(void *arg)
{
	struct kthread *k = arg;
	struct catch_frame frame;

	k->result = -EINTR;
	if (!k->task.should_stop) {
		k->started = true;
		if (catch_run(&frame, CATCH_GUARD, call_fn, k))
			has_crashed(k);
	}
	sched_die(say_exited);
}

void kthread_prepare(struct task_struct *task)
{
	sched_prepare(task, kthread_main, task->kthread);
}

void kthread_lost(struct task_struct *task)
{
	struct kthread *k = task->kthread;

	note_crash(k);
	task->state = TASK_DEAD;
	if (k->on_crash)
		k->on_crash(k->data);
	say_exited(task);
}

struct task_struct *kthread_create_on_cpu(int (*fn)(void *data), void *data,
					  u32 cpu, enum sched_prio prio,
					  const char *fmt, ...)
{
	char comm[TASK_COMM_LEN];
	struct task_struct *task;
	struct kthread *k;
	va_list args;

	might_sleep();
	va_start(args, fmt);
	vscnprintf(comm, sizeof(comm), fmt, args);
	va_end(args);
	task = cpu_online(cpu) ? task_alloc(cpu, prio, comm) : NULL;
	if (!task)
		return NULL;
	k = task->kthread;
	k->fn = fn;
	k->data = data;
	init_completion(&k->exited);
	kthread_prepare(task);
	return task;
}

void kthreads_keep(void)
{
	u32 cpu;

	for_each_online_cpu (cpu) {
		struct stack_pool *pool = per_cpu_ptr(&stack_pool, cpu);

		pool->kept = pool->used;
	}
}

struct task_struct *next_left_kthread(u32 cpu, u32 *slot)
{
	const struct stack_pool *pool = per_cpu_ptr(&stack_pool, cpu);
	u64 left = READ_ONCE(pool->used) & ~pool->kept;

	for (; left && *slot < NR_THREAD_STACKS; ++*slot) {
		if (left & BIT(*slot))
			return &kthread_at(cpu, (*slot)++)->task;
	}
	return NULL;
}

const void *kthread_function(const struct task_struct *task)
{
	return (const void *)((const struct kthread *)task->kthread)->fn;
}

bool kthread_was_woken(const struct task_struct *task)
{
	return ((const struct kthread *)task->kthread)->started;
}

bool kthread_has_exited(const struct task_struct *task)
{
	return completion_done(&((struct kthread *)task->kthread)->exited);
}

void kthreads_reset_lock(void)
{
	spin_reset(&pool_lock);
}

void kthread_on_crash(void (*fn)(void *data))
{
	((struct kthread *)current->kthread)->on_crash = fn;
}

int kthread_stop(struct task_struct *task)
{
	struct kthread *k = task->kthread;
	u64 began = rdtsc();
	int result;

	might_sleep();
	WRITE_ONCE(task->should_stop, true);
	wake_up_process(task);
	if (!wait_for_completion_timeout(&k->exited, sync_wait_us)) {
		warn_late("kthread_stop()", task->comm, task,
			  (const void *)k->fn, began);
		return -ETIMEDOUT;
	}
	result = k->result;
	free_task(task);
	return result;
}
