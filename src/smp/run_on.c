// SPDX-License-Identifier: MIT
/*
 * run_on.c - what the other CPUs' "ktest" does: sleep until there is work, and
 * do it; and what becomes of a CPU that something took out of what it did.
 */
#include <apic/lapic.h>
#include <asm/processor-flags.h>
#include <asm/special_insns.h>
#include <bh/softirq.h>
#include <bh/timer.h>
#include <console/printk.h>
#include <cpu/deadline.h>
#include <cpu/halt.h>
#include <cpu/irqflags.h>
#include <irq/ipi.h>
#include <irq/irq.h>
#include <lib/errno.h>
#include <sched/sched.h>
#include <smp/watch.h>
#include <trap/catch.h>

#include "internal.h"

#define DEAD_US 15000000 /* longer than all that is done to wake it */

/* The giver fills it and sets busy; its CPU clears busy when all is done. */
struct cpu_work {
	void (*fn)(void *);
	void *arg;
	u64 usec;
	int err;
	bool started, busy;
};

static DEFINE_PER_CPU(struct cpu_work, cpu_work);

static u32 recovered; /* by any CPU: times one was taken out of a hang */

static struct cpu_work *work_of(u32 cpu)
{
	return per_cpu_ptr(&cpu_work, cpu);
}

static bool work_waits(struct cpu_work *w)
{
	return __atomic_load_n(&w->busy, __ATOMIC_ACQUIRE) && !w->started;
}

/* What an interrupt began here, and did not end, is forgotten. IF=1 then. */
static void forget_interrupts(void)
{
	softirq_discard_pending();
	hrtimers_recover();
	timers_recover();
	watch_start_ticks();
	local_irq_enable();
}

/*
 * An exception or an NMI took this CPU out of whatever it did: a handler, a
 * call, a lock of printk's. What others wait for must end, too.
 */
static void recover(void)
{
	local_irq_disable();
	write_dr7(DR7_FIXED);
	irq_reset_locks();
	smp_call_abandon();
	lapic_drain();
	forget_interrupts();
}

static void count_and_recover(void)
{
	__atomic_fetch_add(&recovered, 1,
			   __ATOMIC_SEQ_CST); /* then they go on */
	recover();
}

/* On a hang's end by NMI, too, it comes back here. */
static void do_work(struct cpu_work *w)
{
	u64 outer = watch_begin(w->usec);
	struct catch_frame frame;

	w->started = true;
	if (catch_run(&frame, CATCH_GUARD, w->fn, w->arg)) {
		w->err = frame.trap.nr == X86_TRAP_NMI ? -ETIMEDOUT : -EFAULT;
		count_and_recover();
	}
	watch_end(outer);
	__atomic_store_n(&w->busy, false, __ATOMIC_RELEASE);
}

/* run_on_start() wakes it. */
static void work_while_online(void *arg)
{
	struct cpu_work *w = arg;

	while (cpu_online(smp_processor_id())) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (!work_waits(w)) {
			schedule();
			continue;
		}
		set_current_state(TASK_RUNNING);
		do_work(w);
	}
}

/* The guard ends what an interrupt began here, and was not to survive. */
__noreturn void work_loop(void)
{
	struct cpu_work *w = this_cpu_ptr(&cpu_work);
	struct catch_frame frame;

	forget_interrupts();
	while (cpu_online(smp_processor_id())) {
		if (!catch_run(&frame, CATCH_GUARD, work_while_online, w))
			continue;
		printk("# CPU %u is back in its idle loop", smp_processor_id());
		count_and_recover();
		watch_end(0);
	}
	halt_forever();
}

/* It was a thread or "swapper": what "ktest" does here goes on, if it does. */
void recover_cpu(bool count)
{
	struct cpu_work *w = this_cpu_ptr(&cpu_work);

	if (count)
		count_and_recover();
	else
		recover();
	if (smp_processor_id() && !(w->busy && w->started))
		watch_end(0);
}

int run_on_start(u32 cpu, void (*fn)(void *), void *arg, u64 usec)
{
	struct cpu_work *w = work_of(cpu);

	if (!cpu_online(cpu) || cpu == smp_processor_id() || !cpu)
		return -ENXIO;
	if (__atomic_load_n(&w->busy, __ATOMIC_ACQUIRE))
		return -EBUSY;
	*w = (struct cpu_work){ .fn = fn, .arg = arg, .usec = usec };
	__atomic_store_n(&w->busy, true, __ATOMIC_RELEASE);
	wake_up_process(cpu_main_task(cpu));
	return 0;
}

/* Who waits watches: a CPU whose time is over gets the NMI from here. */
static bool is_done(const struct cpu_work *w, u32 cpu)
{
	if (!__atomic_load_n(&w->busy, __ATOMIC_ACQUIRE))
		return true;
	watch_check(cpu);
	if (local_softirq_pending())
		yield(); /* it may wait for this CPU's ksoftirqd */
	return watch_hopeless(cpu);
}

int run_on_wait(u32 cpu)
{
	struct cpu_work *w = work_of(cpu);

	/* Its own end comes first; this one is for a CPU that is dead. */
	WAIT_FOR(is_done(w, cpu), w->usec + DEAD_US);
	if (!__atomic_load_n(&w->busy, __ATOMIC_ACQUIRE))
		return w->err;
	__atomic_fetch_add(&recovered, 1, __ATOMIC_RELAXED);
	printk("# CPU %u takes no NMI: INIT, and it begins anew", cpu);
	smp_restart_cpu(cpu);
	return -ETIMEDOUT;
}

int run_on(u32 cpu, void (*fn)(void *), void *arg, u64 usec)
{
	int err = run_on_start(cpu, fn, arg, usec);

	return err ? err : run_on_wait(cpu);
}

void run_on_forget(u32 cpu)
{
	*work_of(cpu) = (struct cpu_work){ .err = -ETIMEDOUT };
}

bool run_on_settle(bool at_once)
{
	bool settled = true;
	u32 cpu;

	for_each_online_cpu (cpu) {
		if (!READ_ONCE(work_of(cpu)->busy))
			continue;
		printk("# CPU %u was left with work to do", cpu);
		settled = false;
		if (at_once)
			watch_overdue(cpu);
		run_on_wait(cpu);
	}
	return settled;
}

u32 smp_recovered_count(void)
{
	return __atomic_load_n(&recovered, __ATOMIC_RELAXED);
}
