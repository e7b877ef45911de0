// SPDX-License-Identifier: MIT
/*
 * break_off.c - ending a thread that will not end by itself.
 *
 * Who runs is ended by NMI, in its guard. Who does not run is taken out of
 * its queue, and never runs again; or, where it must go on behind its guard,
 * the address that its last switch returns to is changed, and the NMI comes
 * as soon as it runs.
 */
#include <asm/special_insns.h>
#include <bh/timer.h>
#include <console/printk.h>
#include <cpu/deadline.h>
#include <cpu/irqflags.h>
#include <cpu/stacks.h>
#include <lib/errno.h>
#include <sched/left.h>
#include <sched/wait.h>
#include <trap/catch.h>
#include <trap/report.h>

#include "rq.h"
#include "workqueue_internal.h"

#define END_US	 1000000 /* for an NMI's way, and the report behind it */
#define QUEUE_US 20000	 /* what nobody holds a run queue for */

/* What __switch_to() leaves on the stack of a thread that does not run. */
struct switch_frame {
	u64 canary, catch_top, bp, ip;
};

/* A stretch of stack that nobody will return to. */
struct dead_stack {
	u64 from, to;
};

void (*end_running_hook)(u32 cpu);

static bool is_dead(const struct dead_stack *dead, const void *p)
{
	return (u64)p >= dead->from && (u64)p < dead->to;
}

static bool hrtimer_is_dead(const struct hrtimer *timer, const void *dead)
{
	return is_dead(dead, timer);
}

static bool timer_is_dead(const struct timer_list *timer, const void *dead)
{
	return is_dead(dead, timer);
}

/* A queue on a case's own stack may be as dead as the case: not touched. */
static void leave_wait_queue(struct task_struct *task,
			     const struct dead_stack *dead)
{
	struct wait_queue_head *wq = task->waits_at;
	struct wait_queue_entry **link;

	task->waits_at = NULL;
	if (!wq || is_dead(dead, wq) || !is_dead(dead, task->wait_entry) ||
	    stack_of((u64)wq).kind == STACK_TASK)
		return;
	spin_reset(&wq->lock);
	__spin_lock(&wq->lock);
	link = &wq->first;
	while (*link && *link != task->wait_entry)
		link = &(*link)->next;
	if (*link)
		*link = task->wait_entry->next;
	__spin_unlock(&wq->lock);
}

static void forget_stack(struct task_struct *task, u64 to)
{
	struct dead_stack dead = { ALIGN_DOWN(to - 1, STACK_SLOT), to };
	u64 flags = local_irq_save();

	leave_wait_queue(task, &dead);
	hrtimers_drop(hrtimer_is_dead, &dead);
	timers_drop(timer_is_dead, &dead);
	works_drop_range(dead.from, dead.to);
	local_irq_restore(flags);
}

void sched_forget_stacks(u32 cpu)
{
	struct task_struct *lost = cpu_curr(cpu);
	struct task_struct *main = cpu_main_task(cpu);

	forget_stack(main, stack_top(cpu, STACK_TASK));
	if (lost != main)
		forget_stack(lost, lost->stack_top);
}

/* Of the running thread: a guard ends it. */
static void abandon_stack(u64 sp)
{
	raw_spin_reset(&this_rq()->lock);
	forget_stack(current, sp);
}

bool sched_in_switch(void)
{
	return READ_ONCE(this_rq()->lock.locked);
}

/*
 * Another CPU has it for a moment, to wake somebody here. Or whoever has it is
 * what hangs: then it will never be given back. Taken, either way.
 */
static void take_queue(struct rq *rq)
{
	if (!WAIT_FOR(raw_spin_trylock(&rq->lock), QUEUE_US))
		printk("# the run queue of CPU %u stays locked: broken open",
		       smp_processor_id());
}

void sched_break_off(struct task_struct *task)
{
	struct rq *rq = this_rq();

	take_queue(rq);
	task->broken_off = true;
	((struct switch_frame *)task->sp)->ip = (u64)ret_broken_off;
	WRITE_ONCE(task->state, TASK_RUNNING);
	if (!task->on_rq) {
		task->on_rq = true;
		enqueue(rq, task, true);
	}
	this_cpu_or32(softirq_pending, PENDING_RESCHED);
	raw_spin_unlock(&rq->lock);
}

/* From ret_broken_off: the NMI's handler finds broken_off set. */
__noreturn void sched_end_in_guard(void);
__noreturn void sched_end_in_guard(void)
{
	int_nmi();
	__builtin_trap();
}

void sched_show_sleeper(const struct task_struct *task)
{
	const struct switch_frame *frame = (struct switch_frame *)task->sp;

	report_backtrace(frame->ip, frame->bp);
}

/*
 * It does not run: it never will. False: it does, or is just being moved; or
 * it has ended, and who saw it off has not said so yet, which is on its stack.
 */
static bool end_sleeper(struct task_struct *task)
{
	u32 cpu = READ_ONCE(task->cpu);
	struct rq *rq = per_cpu_ptr(&runqueues, cpu);
	u64 flags = local_irq_save();
	bool ended, dead;

	raw_spin_lock(&rq->lock);
	dead = task->state == TASK_DEAD;
	ended = !dead && cpu_curr(cpu) != task && rq->gone != task &&
		READ_ONCE(task->cpu) == cpu && task->state != TASK_WAKING;
	if (ended && task->on_rq)
		dequeue(rq, task);
	if (ended)
		task->state = TASK_DEAD;
	else if (!dead)
		WRITE_ONCE(task->broken_off, true);
	raw_spin_unlock(&rq->lock);
	local_irq_restore(flags);
	if (dead)
		return kthread_has_exited(task);
	if (!ended && end_running_hook)
		end_running_hook(task->cpu);
	return ended;
}

bool sched_end_thread(struct task_struct *task)
{
	bool ended = end_sleeper(task);

	for (u32 i = 0; i < 3 && !ended; i++)
		ended = WAIT_FOR(end_sleeper(task), END_US);
	forget_stack(task, task->stack_top);
	return ended;
}

void sched_break_off_init(void)
{
	abandon_stack_hook = abandon_stack;
}
