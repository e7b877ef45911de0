// SPDX-License-Identifier: MIT
/*
 * softirq.c - pending bits, their actions, and when they run.
 *
 * Linux: kernel/softirq.c. Ours: the time limit is by TSC, as there are no
 * jiffies.
 */
#include <bh/softirq.h>

#include <asm/ptrace.h>
#include <bh/tasklet.h>
#include <bh/timer.h>
#include <cpu/cpumask.h>
#include <cpu/deadline.h>
#include <cpu/irqflags.h>
#include <cpu/stacks.h>
#include <lockdep/lockdep.h>
#include <trace/events.h>

static const char *const softirq_to_name[NR_SOFTIRQS] = {
	"HI",	    "TIMER",   "NET_TX", "NET_RX",  "BLOCK",
	"IRQ_POLL", "TASKLET", "SCHED",	 "HRTIMER", "RCU",
};

/* Written in task context; each word is read whole. */
static softirq_action_t softirq_vec[NR_SOFTIRQS];

static DEFINE_PER_CPU(u64, softirq_counts[NR_SOFTIRQS]);

void (*wakeup_softirqd_hook)(void);
void (*preempt_check_hook)(void);

const char *softirq_name(u32 nr)
{
	return softirq_to_name[nr];
}

void open_softirq(u32 nr, softirq_action_t action)
{
	WRITE_ONCE(softirq_vec[nr], action);
}

softirq_action_t softirq_action(u32 nr)
{
	return READ_ONCE(softirq_vec[nr]);
}

u64 softirq_count_of(u32 nr)
{
	return *this_cpu_ptr(&softirq_counts[nr]);
}

u64 softirq_count_cpu(u32 nr, u32 cpu)
{
	return READ_ONCE(*per_cpu_ptr(&softirq_counts[nr], cpu));
}

u32 local_softirq_pending(void)
{
	return this_cpu(softirq_pending) & ~PENDING_RESCHED;
}

static bool work_seen(u32 cpu)
{
	return READ_ONCE(cpu_hot(cpu)->softirq_pending) & ~PENDING_RESCHED ||
	       READ_ONCE(cpu_hot(cpu)->preempt_count) & SOFTIRQ_MASK ||
	       tasklets_queued(cpu);
}

/* It moves from one of these to the next while they are read: once more. */
bool softirq_work_left(u32 cpu)
{
	return work_seen(cpu) || work_seen(cpu) || work_seen(cpu);
}

void softirq_discard_pending(void)
{
	this_cpu_and32(softirq_pending, PENDING_RESCHED);
	tasklet_discard();
}

static void wakeup_softirqd(void)
{
	if (wakeup_softirqd_hook)
		wakeup_softirqd_hook();
}

void raise_softirq_irqoff(u32 nr)
{
	trace_softirq_raise(nr, softirq_to_name[nr]);
	this_cpu_or32(softirq_pending, 1u << nr);
	/* Outside any interrupt nobody's exit will look: ksoftirqd must. */
	if (!in_interrupt())
		wakeup_softirqd();
}

void raise_softirq(u32 nr)
{
	u64 flags = local_irq_save();

	raise_softirq_irqoff(nr);
	local_irq_restore(flags);
}

/* One round: every bit of pending once, lowest first. IF=1. */
static __always_inline void run_actions(u32 pending)
{
	while (pending) {
		u32 nr = (u32)__builtin_ctz(pending);
		softirq_action_t action = softirq_action(nr);

		pending &= pending - 1;
		(*this_cpu_ptr(&softirq_counts[nr]))++;
		trace_softirq_entry(nr, softirq_to_name[nr]);
		if (action)
			action();
		trace_softirq_exit(nr, softirq_to_name[nr]);
	}
}

/*
 * IF=0 on entry and exit, 1 while actions run. A thread that waits for this
 * CPU ends it, too: ksoftirqd goes on behind that one. seen: src/lockdep/ is
 * on, which is asked once and not at each change of IF.
 */
static __always_inline void serve_softirqs(bool seen)
{
	u64 end = rdtsc() + us_to_tsc(MAX_SOFTIRQ_TIME_US);
	u32 rounds = MAX_SOFTIRQ_RESTART;
	u32 pending = local_softirq_pending();

	preempt_count_add(SOFTIRQ_OFFSET);
	if (seen)
		trace_softirqs_off(__builtin_return_address(0));
	do {
		this_cpu_and32(softirq_pending, PENDING_RESCHED);
		if (seen)
			trace_hardirqs_on();
		native_irq_enable();
		run_actions(pending);
		if (seen)
			trace_hardirqs_off();
		native_irq_disable();
		pending = local_softirq_pending();
	} while (pending && !(this_cpu(softirq_pending) & PENDING_RESCHED) &&
		 --rounds && !deadline_passed(end));
	if (pending)
		wakeup_softirqd();
	if (seen)
		trace_softirqs_on(__builtin_return_address(0));
	preempt_count_sub(SOFTIRQ_OFFSET);
}

static __noinline void do_softirq_seen(void)
{
	serve_softirqs(true);
}

static void __do_softirq(void)
{
	if (unlikely(READ_ONCE(lockdep_on)))
		do_softirq_seen();
	else
		serve_softirqs(false);
}

/* A thread on its own stack, that interrupts may hit: it can be set aside. */
static bool may_preempt(const struct pt_regs *regs)
{
	u32 kind = stack_of((u64)regs).kind;

	return !preempt_count() && regs && !user_mode(regs) &&
	       regs->flags & X86_EFLAGS_IF &&
	       (kind == STACK_TASK || kind == STACK_THREAD);
}

/* As in Linux since 6.4, also while ksoftirqd has been woken for the rest. */
void irq_exit_pending(struct pt_regs *regs)
{
	trace_irq_exit();
	if (local_softirq_pending())
		__do_softirq();
	if (this_cpu(softirq_pending) & PENDING_RESCHED && may_preempt(regs))
		regs->cs |= CS_PREEMPT;
}

void do_softirq(void)
{
	u64 flags;

	if (in_interrupt())
		return;
	flags = local_irq_save();
	if (local_softirq_pending())
		__do_softirq();
	local_irq_restore(flags);
}

bool run_ksoftirqd(void)
{
	bool any;

	local_irq_disable();
	any = local_softirq_pending();
	if (any)
		__do_softirq();
	local_irq_enable();
	return any;
}

void (*kick_cpu_hook)(u32 cpu);

void softirq_kick_others(void)
{
	u32 cpu;

	for_each_online_cpu (cpu) {
		if (cpu != smp_processor_id() && kick_cpu_hook &&
		    READ_ONCE(cpu_hot(cpu)->softirq_pending))
			kick_cpu_hook(cpu);
	}
}

void local_bh_disable(void)
{
	preempt_count_add(SOFTIRQ_DISABLE_OFFSET);
	trace_softirqs_off(__builtin_return_address(0));
	barrier();
}

void local_bh_enable(void)
{
	barrier();
	trace_softirqs_on(__builtin_return_address(0));
	preempt_count_sub(SOFTIRQ_DISABLE_OFFSET);
	if (likely(!this_cpu(softirq_pending)))
		return;
	if (local_softirq_pending())
		do_softirq();
	if (preempt_check_hook)
		preempt_check_hook();
}

/* Nothing to balance, no timer queued: there are no threads yet. */
static void serve_nobody(void)
{
}

void sched_init(void)
{
	open_softirq(SCHED_SOFTIRQ, serve_nobody);
}

void init_timers(void)
{
	init_timers_cpu(0);
	open_softirq(TIMER_SOFTIRQ, run_timer_softirq);
}

void hrtimers_init(void)
{
	open_softirq(HRTIMER_SOFTIRQ, serve_nobody);
}

void softirq_init(void)
{
	open_softirq(TASKLET_SOFTIRQ, tasklet_action);
	open_softirq(HI_SOFTIRQ, tasklet_hi_action);
}
