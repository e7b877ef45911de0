/* SPDX-License-Identifier: MIT */
/*
 * events.h - the points, with Linux's names; what they hand over is what
 * src/trace/format.c prints. Any context.
 */
#pragma once

#include <trace/trace.h>

/* Two 32-bit numbers in one argument. */
#define TRACE_PAIR(low, high) ((u64)(u32)(high) << 32 | (u32)(low))

static inline void trace_irq_handler_entry(u32 irq, const char *name)
{
	if (trace_on())
		trace_emit(TRACE_irq_handler_entry, irq, 0, 0, name);
}

static inline void trace_irq_handler_exit(u32 irq, u32 ret)
{
	if (trace_on())
		trace_emit(TRACE_irq_handler_exit, irq, ret, 0, NULL);
}

/* name: softirq_name(nr), which lies above this room. */
static __always_inline void trace_softirq(enum trace_type type, u32 nr,
					  const char *name)
{
	if (trace_on())
		trace_emit(type, nr, 0, 0, name);
}

#define trace_softirq_raise(nr, name) \
	trace_softirq(TRACE_softirq_raise, nr, name)
#define trace_softirq_entry(nr, name) \
	trace_softirq(TRACE_softirq_entry, nr, name)
#define trace_softirq_exit(nr, name) trace_softirq(TRACE_softirq_exit, nr, name)

/* An object and its function: most of the rest. */
static __always_inline void trace_pair(enum trace_type type, const void *object,
				       const void *func)
{
	if (trace_on())
		trace_emit(type, (u64)object, (u64)func, 0, NULL);
}

#define trace_tasklet_entry(t, func) trace_pair(TRACE_tasklet_entry, t, func)
#define trace_tasklet_exit(t, func)  trace_pair(TRACE_tasklet_exit, t, func)
#define trace_workqueue_activate_work(work, func) \
	trace_pair(TRACE_workqueue_activate_work, work, func)
#define trace_workqueue_execute_start(work, func) \
	trace_pair(TRACE_workqueue_execute_start, work, func)
#define trace_workqueue_execute_end(work, func) \
	trace_pair(TRACE_workqueue_execute_end, work, func)
#define trace_hrtimer_expire_exit(timer) \
	trace_pair(TRACE_hrtimer_expire_exit, timer, NULL)
#define trace_timer_expire_exit(timer) \
	trace_pair(TRACE_timer_expire_exit, timer, NULL)

/* now: nanoseconds; jiffies. */
static inline void trace_hrtimer_expire_entry(const void *timer,
					      const void *func, u64 now)
{
	if (trace_on())
		trace_emit(TRACE_hrtimer_expire_entry, (u64)timer, (u64)func,
			   now, NULL);
}

static inline void trace_timer_expire_entry(const void *timer, const void *func,
					    u64 now)
{
	if (trace_on())
		trace_emit(TRACE_timer_expire_entry, (u64)timer, (u64)func, now,
			   NULL);
}

/* cpu: the pool's, -1 if it has none. */
static inline void trace_workqueue_queue_work(const void *work,
					      const void *func, u32 req_cpu,
					      int cpu, const char *workqueue)
{
	if (trace_on())
		trace_emit(TRACE_workqueue_queue_work, (u64)work, (u64)func,
			   TRACE_PAIR(req_cpu, cpu), workqueue);
}

/* state: TASK_*; prio: Linux's scale. */
static inline void trace_sched_switch(bool preempt, u32 prev_pid, u32 prev_prio,
				      u32 prev_state, u32 next_pid,
				      u32 next_prio)
{
	if (trace_on())
		trace_emit(TRACE_sched_switch, TRACE_PAIR(prev_pid, prev_prio),
			   TRACE_PAIR(prev_state, preempt),
			   TRACE_PAIR(next_pid, next_prio), NULL);
}

/* About to be woken, and by whom; in its run queue. */
static inline void trace_sched_waking(u32 pid, u32 prio, u32 target_cpu)
{
	if (trace_on())
		trace_emit(TRACE_sched_waking, pid, prio, target_cpu, NULL);
}

static inline void trace_sched_wakeup(u32 pid, u32 prio, u32 target_cpu)
{
	if (trace_on())
		trace_emit(TRACE_sched_wakeup, pid, prio, target_cpu, NULL);
}

/*
 * A system vector's function is called between the two, and may call the
 * third: softirqs are about to run. entry: its event, 0: it has none. before:
 * what _entry() returned, of an interrupt that this one interrupted. IF=0.
 */
u32 trace_vector_entry(u32 entry, u32 vector);
void trace_vector_exit(u32 before);
void trace_vector_owed(void);
static __always_inline void trace_irq_exit(void)
{
	if (trace_on())
		trace_vector_owed();
}

static inline void trace_ipi_send_cpu(u32 cpu, const void *callsite,
				      const void *callback)
{
	if (trace_on())
		trace_emit(TRACE_ipi_send_cpu, cpu, (u64)callsite,
			   (u64)callback, NULL);
}

static inline void trace_page_fault(bool user, u64 address, u64 ip,
				    u64 error_code)
{
	if (trace_on())
		trace_emit(user ? TRACE_page_fault_user
				: TRACE_page_fault_kernel,
			   address, ip, error_code, NULL);
}

static inline void trace_nmi_handler(const void *handler, u64 delta_ns,
				     bool handled)
{
	if (trace_on())
		trace_emit(TRACE_nmi_handler, (u64)handler, delta_ns, handled,
			   NULL);
}
