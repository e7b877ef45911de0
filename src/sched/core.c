// SPDX-License-Identifier: MIT
/*
 * core.c - the switch from one thread to the next.
 *
 * Linux: kernel/sched/core.c __schedule().
 */
#include <cpu/canary.h>
#include <cpu/irqflags.h>
#include <trace/events.h>

#include "rq.h"

DEFINE_PER_CPU(struct rq, runqueues);

void (*sched_tick_hook)(void);

/* On Linux's scale: SCHED_FIFO 50, nice 0, nice 19, and its swapper's. */
u32 linux_prio(const struct task_struct *task)
{
	static const u8 prio[NR_PRIOS] = {
		[PRIO_IRQ_THREAD] = 49, [PRIO_HIGH] = 100, [PRIO_NORMAL] = 120,
		[PRIO_KTEST] = 139,	[PRIO_IDLE] = 120,
	};

	return prio[task->prio];
}

u64 nr_context_switches(u32 cpu)
{
	return READ_ONCE(per_cpu_ptr(&runqueues, cpu)->nr_switches);
}

/* It has ended, or goes to another CPU. */
static __noinline void see_off(struct rq *rq)
{
	struct task_struct *gone = rq->gone;
	void (*forget)(struct task_struct * task) = rq->forget;
	bool dead = gone->state == TASK_DEAD;

	rq->gone = NULL;
	if (!dead)
		WRITE_ONCE(gone->cpu, gone->wake_cpu);
	raw_spin_unlock(&rq->lock);
	if (dead)
		forget(gone);
	else
		activate(gone);
}

/*
 * The new thread's first words: the old one is off its stack. IF=0. True: who
 * waited for that may be better than this one.
 */
static __always_inline bool finish_task_switch(struct rq *rq)
{
	if (unlikely(rq->gone)) {
		see_off(rq);
		return need_resched();
	}
	raw_spin_unlock(&rq->lock);
	return false;
}

void schedule_tail(void);
void schedule_tail(void)
{
	if (finish_task_switch(this_rq()))
		preempt_schedule_irq();
	local_irq_enable();
}

static __noinline void trace_switch(bool preempt,
				    const struct task_struct *prev,
				    const struct task_struct *next)
{
	trace_save_cmdline(prev->pid, prev->comm);
	trace_save_cmdline(next->pid, next->comm);
	trace_sched_switch(preempt, prev->pid, linux_prio(prev), prev->state,
			   next->pid, linux_prio(next));
}

static __always_inline bool context_switch(struct rq *rq,
					   struct task_struct *prev,
					   struct task_struct *next,
					   bool preempt)
{
	if (trace_on())
		trace_switch(preempt, prev, next);
	rq->nr_switches++;
	next->nr_switches++;
	this_cpu(current_task) = next;
	return finish_task_switch(switch_to(rq, &prev->sp, next->sp));
}

/*
 * IF=0. preempt: it did not ask, and stays runnable whatever its state. True:
 * to be called again.
 */
static __always_inline bool __schedule(bool preempt)
{
	struct rq *rq = this_rq();
	struct task_struct *prev = current, *next;

	raw_spin_lock(&rq->lock);
	this_cpu_and32(softirq_pending, ~PENDING_RESCHED);
	if (preempt && likely(!rq->slice_over)) {
		enqueue(rq, prev, true);
	} else {
		rq->slice_over = false;
		if (preempt || READ_ONCE(prev->state) == TASK_RUNNING)
			enqueue(rq, prev, false);
		else
			prev->on_rq = false;
	}
	next = pick_next(rq);
	if (likely(next != prev))
		return context_switch(rq, prev, next, preempt);
	raw_spin_unlock(&rq->lock);
	return false;
}

/* A thread that must not switch is told so, and goes on. */
static __noinline void refuse_to_switch(u64 flags)
{
	sched_is_atomic();
	set_current_state(TASK_RUNNING);
	local_irq_restore(flags);
}

void schedule(void)
{
	u64 flags = local_irq_save();
	struct worker *w = current->worker;

	if (unlikely(!this_cpu_is_zero32(preempt_count))) {
		refuse_to_switch(flags);
		return;
	}
	if (unlikely(w) && READ_ONCE(current->state) != TASK_RUNNING)
		wq_worker_sleeping(w);
	while (unlikely(__schedule(false)))
		;
	if (unlikely(w))
		wq_worker_running(w);
	local_irq_restore(flags);
}

void schedule_irqoff(void)
{
	if (unlikely(!this_cpu_is_zero32(preempt_count))) {
		refuse_to_switch(0);
		return;
	}
	while (unlikely(__schedule(false)))
		;
}

void preempt_schedule_irq(void)
{
	while (unlikely(__schedule(true)))
		;
}

void preempt_check_resched(void)
{
	if (likely(!need_resched()) || preempt_count() || irqs_disabled())
		return;
	local_irq_disable();
	preempt_schedule_irq();
	local_irq_enable();
}

void preempt_enable(void)
{
	barrier();
	preempt_count_sub(PREEMPT_OFFSET);
	preempt_check_resched();
}

void yield(void)
{
	u64 flags = local_irq_save();

	this_rq()->slice_over = true;
	if (!sched_is_atomic())
		preempt_schedule_irq();
	local_irq_restore(flags);
}

bool cond_resched(void)
{
	if (!need_resched() || preempt_count() || irqs_disabled())
		return false;
	schedule();
	return true;
}

/*
 * This thread's last state here, of which no wake-up makes another: a waker
 * that has still seen the one before it is through.
 */
static void set_special_state(struct rq *rq, u32 state)
{
	raw_spin_lock(&rq->lock);
	WRITE_ONCE(current->state, state);
	rq->gone = current;
	raw_spin_unlock(&rq->lock);
}

void leave_cpu(void)
{
	u64 flags = local_irq_save();

	if (sched_is_atomic()) {
		local_irq_restore(flags);
		return;
	}
	set_special_state(this_rq(), TASK_WAKING);
	while (unlikely(__schedule(false)))
		;
	local_irq_restore(flags);
}

void scheduler_tick(void)
{
	struct rq *rq = this_rq();

	raw_spin_lock(&rq->lock);
	if (rq->nonempty & BIT(current->prio)) {
		rq->slice_over = true;
		this_cpu_or32(softirq_pending, PENDING_RESCHED);
	}
	raw_spin_unlock(&rq->lock);
}

void sched_prepare(struct task_struct *task, void (*fn)(void *), void *arg)
{
	u64 *sp = (u64 *)task->stack_top;

	*--sp = (u64)arg;
	*--sp = (u64)fn;
	*--sp = (u64)ret_from_fork;
	*--sp = 0; /* rbp */
	*--sp = 0; /* catch_top */
	*--sp = get_random_canary();
	task->sp = (u64)sp;
	task->state = TASK_UNINTERRUPTIBLE;
}

__noreturn void sched_die(void (*forget)(struct task_struct *task))
{
	struct rq *rq;

	local_irq_disable();
	rq = this_rq();
	rq->forget = forget;
	set_special_state(rq, TASK_DEAD);
	__schedule(false);
	__builtin_unreachable();
}
