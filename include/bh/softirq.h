/* SPDX-License-Identifier: MIT */
/*
 * softirq.h - work that an interrupt leaves for just after itself.
 *
 * raise_softirq() marks; irq_exit() and the last local_bh_enable() run what
 * is marked, with IF=1, lowest number first, never nested on one CPU. What is
 * raised outside interrupts, and the rest when it goes on too long, is left to
 * the CPU's thread ksoftirqd, which lies above: sched/ksoftirqd.h.
 *
 * Linux: kernel/softirq.c, include/linux/interrupt.h.
 */
#pragma once

#include <cpu/irqflags.h>
#include <cpu/preempt.h>
#include <cpu/spinlock.h>
#include <lib/compiler.h>

enum {
	HI_SOFTIRQ,
	TIMER_SOFTIRQ,
	NET_TX_SOFTIRQ,
	NET_RX_SOFTIRQ,
	BLOCK_SOFTIRQ,
	IRQ_POLL_SOFTIRQ,
	TASKLET_SOFTIRQ,
	SCHED_SOFTIRQ,
	HRTIMER_SOFTIRQ,
	RCU_SOFTIRQ,
	NR_SOFTIRQS
};

/* Softirqs re-raised while they run: rounds, and time, before ksoftirqd. */
#define MAX_SOFTIRQ_RESTART 10
#define MAX_SOFTIRQ_TIME_US 2000

typedef void (*softirq_action_t)(void);

/* Linux's name of nr, as in /proc/softirqs. nr < NR_SOFTIRQS. */
const char *softirq_name(u32 nr);

/*
 * Install the action for nr; NULL removes. One that changes preempt_count is
 * said, and it is put right. Boot or task context.
 */
void open_softirq(u32 nr, softirq_action_t action);

/* The action installed, so that a case can put it back. */
softirq_action_t softirq_action(u32 nr);

/* Mark nr pending on this CPU. Any context but NMI; _irqoff: IF is 0. */
void raise_softirq(u32 nr);
static __always_inline void raise_softirq_irqoff(u32 nr);

/* Pending bits of this CPU; forget them and queued tasklets: the runner. */
u32 local_softirq_pending(void);
void softirq_discard_pending(void);

/* Has cpu something pending, or a tasklet queued? As seen from outside. */
bool softirq_work_left(u32 cpu);

/* Keep softirqs off this CPU; nests. The last enable runs what is pending. */
void local_bh_disable(void);
void local_bh_enable(void);

/*
 * A lock that softirqs take, too, but no interrupt: what is pending is run when
 * it is free again. Preemption is off, as softirqs are. Task and softirq
 * context.
 */
static __always_inline void spin_lock_bh(spinlock_t *lock)
{
	local_bh_disable();
	__spin_lock(lock);
}

static __always_inline void spin_unlock_bh(spinlock_t *lock)
{
	__spin_unlock(lock);
	local_bh_enable();
}

/* Run what is pending now, if this context may. IF any; IF=1 while serving. */
void do_softirq(void);

/*
 * What ksoftirqd does once when it runs: true if something was pending. Task
 * context, IF=1. wakeup_softirqd_hook: make this CPU's run. IF=0.
 */
bool run_ksoftirqd(void);
extern void (*wakeup_softirqd_hook)(void);

/* Who was woken while softirqs were off may run now. sched/ fills it. */
extern void (*preempt_check_hook)(void);

/*
 * Who waits for a softirq of another CPU: interrupt those that have some
 * pending, so that their irq_exit() serves it, whatever runs there. The hook is
 * irq/'s IPI.
 */
void softirq_kick_others(void);
extern void (*kick_cpu_hook)(u32 cpu);

/*
 * An action, or another function that was called, has returned with another
 * preempt_count than it began with: as before, and counted. What is said of it
 * is the caller's. Any context.
 */
void preempt_count_leaked(u32 before);
u32 preempt_leak_count(void);

/* How often nr ran on this CPU; on that one: /proc/softirqs. */
u64 softirq_count_of(u32 nr);
u64 softirq_count_cpu(u32 nr, u32 cpu);

/* The table, in Linux's format, "# " first. At most 16 CPUs. */
void show_softirqs(void);

/*
 * Linux's phases: TASKLET and HI; SCHED; TIMER; HRTIMER. SCHED and HRTIMER
 * have no users here: opened in their place, so that raising them is served
 * and counted. Boot CPU.
 */
void softirq_init(void);
void sched_init(void);
void init_timers(void);
void hrtimers_init(void);

/* A thread raises it, or somebody looks on. IF=0. */
void raise_softirq_slow(u32 nr);

static __always_inline void raise_softirq_irqoff(u32 nr)
{
	if (observed() || unlikely(!in_interrupt()))
		raise_softirq_slow(nr);
	else
		this_cpu_bts32(softirq_pending, nr);
}

/*
 * From irq_exit(), out of line: IF=0, something is pending. Softirqs; then, if
 * somebody better waits for this CPU, the way back of what was interrupted
 * will lead past the scheduler. _woken: somebody does already; _regs: on
 * whatever stack that is.
 */
void irq_exit_pending(void);
void irq_exit_woken(void);
void irq_exit_regs(struct pt_regs *regs);

/* Every hardware interrupt's first and last act. IF=0. */
static __always_inline void irq_enter(void)
{
	preempt_count_add(HARDIRQ_OFFSET);
}

static __always_inline void irq_exit(void)
{
	preempt_count_sub(HARDIRQ_OFFSET);
	if (likely(this_cpu_is_zero32(softirq_pending)) || in_interrupt())
		return;
	if (this_cpu_test32(softirq_pending, PENDING_RESCHED))
		irq_exit_woken();
	else
		irq_exit_pending();
}
