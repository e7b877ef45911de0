/* SPDX-License-Identifier: MIT */
/*
 * sched.h - who runs next.
 *
 * Preemptive: a thread gives way to one of lower prio number at the end of the
 * interrupt that woke that one, or at once where the waker is a thread itself,
 * unless preempt_count() says otherwise.
 *
 * Linux: kernel/sched/core.c.
 */
#pragma once

#include <cpu/irqflags.h>
#include <cpu/preempt.h>
#include <sched/task.h>

/*
 * Make cpu's "ktest", which is what it begins with, and its "swapper". Boot
 * CPU, after cpu_prepare(cpu), before cpu runs. 0 or -ENOMEM.
 */
int sched_prepare_cpu(u32 cpu);

/*
 * This CPU begins, or begins anew, on its "ktest": whoever ran here before is
 * lost, who waited waits on. IF=0. And what another CPU does before that, while
 * cpu does not run.
 */
void sched_start_cpu(void);
void sched_forget_cpu(u32 cpu);

/* The "ktest" of cpu. */
struct task_struct *cpu_main_task(u32 cpu);

/*
 * Let another thread run; return when it is this one's turn again, with a
 * state other than TASK_RUNNING only after a wake-up. IF any: it is put back.
 * Not in an interrupt, with preemption off, or holding a lock: "scheduling
 * while atomic" is reported, and nothing happens.
 */
void schedule(void);

/* The same with IF=0, and so it stays, by who is no kworker in a work. */
void schedule_irqoff(void);

/* Behind all others of the same prio. Same contexts. */
void yield(void);

/* schedule() if somebody waits for it; true if so. Same contexts. */
bool cond_resched(void);

/* Has this CPU somebody better to run? */
static inline bool need_resched(void)
{
	return this_cpu_test32(softirq_pending, PENDING_RESCHED);
}

/*
 * Make task run if its state is one of mask; else, or when it runs already,
 * false. The waker's writes before are seen by the woken. Any context but NMI.
 */
bool try_to_wake_up(struct task_struct *task, u32 mask);

static inline bool wake_up_process(struct task_struct *task)
{
	return try_to_wake_up(task, TASK_NORMAL);
}

/*
 * wake_up_process() with IF=0: who is better than the caller runs when that is
 * 1 again.
 */
void wake_up_irqoff(struct task_struct *task);

/*
 * task, the caller or a thread that sleeps, is to run on cpu: at once, or from
 * its next wake-up on; one that runs elsewhere, from the wake-up after its next
 * sleep. Nothing if cpu is not online. The caller: task context, may switch.
 */
void set_cpus_allowed(struct task_struct *task, u32 cpu);

/* From the way back of an interrupt, on the thread's own stack. IF=0. */
void preempt_schedule_irq(void);

/* Keep this CPU to the calling thread; nests. The last enable may switch. */
static inline void preempt_disable(void)
{
	preempt_count_add(PREEMPT_OFFSET);
	barrier();
}

void preempt_enable(void);

/*
 * Behind IF=1 again: what was woken with IF=0 may be to run first. Any context,
 * any IF: nothing where it must not switch.
 */
void preempt_check_resched(void);

/*
 * Put IF back as local_irq_save() found it; if that is 1, and meanwhile
 * somebody better was woken, he comes first.
 */
static __always_inline void local_irq_restore_resched(u64 flags)
{
	if (!irqs_were_on(flags))
		return;
	if (need_resched() && this_cpu_is_zero32(preempt_count))
		preempt_schedule_irq();
	local_irq_restore(flags);
}

/* The same where nobody looks on. */
static __always_inline void native_irq_restore_resched(u64 flags)
{
	if (!(flags & X86_EFLAGS_IF))
		return;
	if (need_resched() && this_cpu_is_zero32(preempt_count))
		preempt_schedule_irq();
	native_irq_enable();
}

/*
 * A state to sleep in, set before the condition is looked at: a wake-up
 * between the two is not lost, for it sets the state back.
 */
static inline void set_current_state(u32 state)
{
	__atomic_store_n(&current->state, state, __ATOMIC_SEQ_CST);
}

/* Another CPU has woken somebody here. IF=0; the reschedule IPI's handler. */
void scheduler_ipi(void);

/* One tick: the running thread's slice may be over. Hardirq context. */
void scheduler_tick(void);

/* smp_send_reschedule(), which lies above. */
extern void (*resched_cpu_hook)(u32 cpu);

/*
 * Arm this CPU's tick, to come once SCHED_SLICE_US from now: a thread has a
 * rival of its own prio. The timer room's business.
 */
extern void (*sched_tick_hook)(void);
void sched_tick_init(void); /* tick.c: by an hrtimer */

/* Not this CPU's, if the rival is gone. Task context. */
void sched_tick_stop(void);

/* break_off.c: a guard's end takes a thread out of all lists. Boot CPU. */
void sched_break_off_init(void);
#define SCHED_SLICE_US 4000

/* Where a sleeper may be called: else a report with a backtrace. */
void might_sleep_at(const char *file, int line);
#define might_sleep() might_sleep_at(__FILE__, __LINE__)

/* How many reports of the two kinds there were, and preempt_leak_count(). */
u32 sched_bug_count(void);

/*
 * How often cpu's idle loop, or its ksoftirqd, went round: as long as either
 * does, nothing keeps the CPU to itself.
 */
u64 nr_idle_rounds(u32 cpu);
void sched_count_round(void);

/*
 * An exception or an NMI ended what this CPU did in a thread: what that left
 * behind is put right. count: smp_recovered_count() tells of it. smp/ fills it.
 * Task context, IF=1.
 */
extern void (*cpu_recover_hook)(bool count);

/* Switches on cpu, ever. */
u64 nr_context_switches(u32 cpu);
