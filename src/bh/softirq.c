// SPDX-License-Identifier: MIT
/*
 * softirq.c - pending bits, their actions, and when they run.
 *
 * Linux: kernel/softirq.c. Ours: the time limit is by TSC, not by jiffies.
 */
#include <bh/softirq.h>

#include <asm/bitops.h>
#include <asm/ptrace.h>
#include <bh/tasklet.h>
#include <bh/timer.h>
#include <console/printk.h>
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

static_assert(NR_SOFTIRQS == NR_SOFTIRQ_COUNTS, "struct pcpu_hot");

static void no_action(void)
{
}

/* Written in task context; each word is read whole. */
static softirq_action_t softirq_vec[NR_SOFTIRQS] = {
	[0 ... NR_SOFTIRQS - 1] = no_action,
};

void (*wakeup_softirqd_hook)(void);
void (*preempt_check_hook)(void);

const char *softirq_name(u32 nr)
{
	return softirq_to_name[nr];
}

void open_softirq(u32 nr, softirq_action_t action)
{
	WRITE_ONCE(softirq_vec[nr], action ? action : no_action);
}

softirq_action_t softirq_action(u32 nr)
{
	softirq_action_t action = READ_ONCE(softirq_vec[nr]);

	return action == no_action ? NULL : action;
}

u64 softirq_count_of(u32 nr)
{
	return softirq_count_cpu(nr, smp_processor_id());
}

u64 softirq_count_cpu(u32 nr, u32 cpu)
{
	return READ_ONCE(cpu_hot(cpu)->softirqs[nr]);
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

static void wake_ksoftirqd(void)
{
	if (wakeup_softirqd_hook)
		wakeup_softirqd_hook();
}

/* Outside any interrupt nobody's exit will look: ksoftirqd must. */
void raise_softirq_slow(u32 nr)
{
	trace_softirq_raise(nr, softirq_to_name[nr]);
	this_cpu_bts32(softirq_pending, nr);
	if (!in_interrupt())
		wake_ksoftirqd();
}

void raise_softirq(u32 nr)
{
	u64 flags = local_irq_save();

	raise_softirq_irqoff(nr);
	local_irq_restore(flags);
}

static u32 leaks;

u32 preempt_leak_count(void)
{
	return READ_ONCE(leaks);
}

void preempt_count_leaked(u32 before)
{
	preempt_count_set(before);
	__atomic_fetch_add(&leaks, 1, __ATOMIC_RELAXED);
}

static __noinline void action_leaked(u64 nr, u32 before)
{
	u32 after = preempt_count();

	preempt_count_leaked(before);
	printk("# huh, entered softirq %u %s 0x%016llx with preempt_count "
	       "%08x, exited with %08x?",
	       (u32)nr, softirq_to_name[nr],
	       (unsigned long long)(u64)softirq_vec[nr], before, after);
}

/*
 * What follows is there twice: as it is, and with the points that somebody
 * looks on at (seen). check: whether the action leaves preempt_count alone.
 */
static __always_inline u64 run_lowest(u64 pending, bool seen, bool check)
{
	u32 before = check ? preempt_count() : 0;
	u64 nr = __ffs(pending);

	this_cpu_inc64_at(softirqs, nr);
	if (seen)
		trace_softirq_entry((u32)nr, softirq_to_name[nr]);
	softirq_vec[nr]();
	if (seen)
		trace_softirq_exit((u32)nr, softirq_to_name[nr]);
	if (check && unlikely(preempt_count() != before))
		action_leaked(nr, before);
	return pending & (pending - 1);
}

static __noinline void run_others(u64 pending, bool seen)
{
	while (pending)
		pending = run_lowest(pending, seen, true);
}

/*
 * One round: every pending bit once, lowest first. IF=0 on entry and exit, 1
 * while actions run.
 */
static __always_inline void run_actions(u64 pending, bool seen, bool check)
{
	this_cpu_and32(softirq_pending, PENDING_RESCHED);
	if (seen)
		local_irq_enable();
	else
		native_irq_enable();
	pending = run_lowest(pending, seen, check);
	if (unlikely(pending))
		run_others(pending, seen);
	if (seen)
		local_irq_disable();
	else
		native_irq_disable();
}

/*
 * More were raised meanwhile: nine rounds, or 2 ms from the beginning of the
 * first (the low half of the TSC; four seconds are never over). A thread that
 * waits for this CPU ends it, too: ksoftirqd goes on behind that one.
 */
static __noinline void run_again(u32 began, bool seen)
{
	u32 most = (u32)us_to_tsc(MAX_SOFTIRQ_TIME_US);
	u32 rounds = MAX_SOFTIRQ_RESTART;

	while (local_softirq_pending() &&
	       !(this_cpu(softirq_pending) & PENDING_RESCHED) && --rounds &&
	       (u32)rdtsc() - began < most) {
		run_actions(local_softirq_pending(), seen, true);
	}
	if (local_softirq_pending())
		wake_ksoftirqd();
}

static __noinline void __do_softirq(void)
{
	u32 began = (u32)rdtsc();

	preempt_count_add(SOFTIRQ_OFFSET);
	trace_softirqs_off(__builtin_return_address(0));
	run_actions(local_softirq_pending(), true, true);
	run_again(began, true);
	trace_softirqs_on(__builtin_return_address(0));
	preempt_count_sub(SOFTIRQ_OFFSET);
}

/*
 * A thread on its own stack, that interrupts may hit: it can be set aside. What
 * comes from CPL 3 is on the entry stack.
 */
static __always_inline bool may_preempt(const struct pt_regs *regs)
{
	return this_cpu_is_zero32(preempt_count) &&
	       regs->flags & X86_EFLAGS_IF && on_thread_stack(regs);
}

/* Somebody was woken. */
static __always_inline void preempt_on_return(struct pt_regs *regs)
{
	if (likely(may_preempt(regs)))
		regs->cs |= CS_PREEMPT;
}

static void irq_exit_wakeups(struct pt_regs *regs)
{
	if (this_cpu(softirq_pending) & PENDING_RESCHED)
		preempt_on_return(regs);
}

/* As in Linux since 6.4, also while ksoftirqd has been woken for the rest. */
void irq_exit_regs(struct pt_regs *regs)
{
	trace_irq_exit();
	if (local_softirq_pending())
		__do_softirq();
	irq_exit_wakeups(regs);
}

/* Apart from what serves softirqs, which saves registers: this need not. */
void irq_exit_woken(void)
{
	struct pt_regs *regs = this_cpu(irq_regs);

	if (this_cpu_test32(softirq_pending, ~PENDING_RESCHED) || observed())
		irq_exit_regs(regs);
	else
		preempt_on_return(regs);
}

/* The first round's first action, which the short way does not look at. */
static __noinline void first_leaked(u64 pending, u32 left)
{
	preempt_count_add(SOFTIRQ_OFFSET - left);
	action_leaked(__ffs(pending), SOFTIRQ_OFFSET);
	preempt_count_sub(SOFTIRQ_OFFSET - left);
}

/*
 * Softirqs alone, nobody looks on, and the task that was hit may switch: the
 * common case is short, where preempt_count is 0 at a softirq's end.
 */
void irq_exit_pending(void)
{
	u32 pending = this_cpu(softirq_pending), began;

	if (observed() || unlikely(!this_cpu_is_zero32(preempt_count))) {
		irq_exit_regs(this_cpu(irq_regs));
		return;
	}
	began = (u32)rdtsc();
	preempt_count_add(SOFTIRQ_OFFSET);
	run_actions(pending, false, false);
	if (likely(this_cpu_is_zero32(softirq_pending))) {
		if (unlikely(!preempt_count_sub_and_test(SOFTIRQ_OFFSET)))
			first_leaked(pending, 0);
		return;
	}
	if (preempt_count() != SOFTIRQ_OFFSET)
		first_leaked(pending, SOFTIRQ_OFFSET);
	run_again(began, false);
	preempt_count_sub(SOFTIRQ_OFFSET);
	irq_exit_wakeups(this_cpu(irq_regs));
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

/* No CPU is balanced, no hrtimer waits for a softirq: served and counted. */
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
