// SPDX-License-Identifier: MIT
/*
 * run_on.c - the idle loop of the other CPUs, and work for it.
 */
#include <asm/irq_vectors.h>
#include <bh/softirq.h>
#include <cpu/deadline.h>
#include <cpu/halt.h>
#include <cpu/irqflags.h>
#include <irq/ipi.h>
#include <lib/errno.h>
#include <smp/watch.h>
#include <trap/catch.h>

#include "internal.h"

/* The giver fills it and sets busy; its CPU clears busy when all is done. */
struct cpu_work {
	void (*fn)(void *);
	void *arg;
	u64 usec;
	int err;
	bool started, busy;
};

static DEFINE_PER_CPU(struct cpu_work, cpu_work);

static struct cpu_work *work_of(u32 cpu)
{
	return per_cpu_ptr(&cpu_work, cpu);
}

static bool work_waits(struct cpu_work *w)
{
	return __atomic_load_n(&w->busy, __ATOMIC_ACQUIRE) && !w->started;
}

/* On a hang's end by NMI, too, it comes back here. */
static void do_work(struct cpu_work *w)
{
	struct catch_frame frame;

	w->started = true;
	watch_begin(w->usec);
	if (catch_run(&frame, CATCH_GUARD, w->fn, w->arg))
		w->err = watch_expired() ? -ETIMEDOUT : -EFAULT;
	watch_end();
	local_irq_disable();
	__atomic_store_n(&w->busy, false, __ATOMIC_RELEASE);
}

/* The next interrupt ends the sleep: run_on_start() sends one. */
static void idle_once(struct cpu_work *w)
{
	local_irq_disable();
	if (!work_waits(w)) {
		cpu_idle_once();
		return;
	}
	local_irq_enable();
	do_work(w);
}

__noreturn void idle_loop(void)
{
	struct cpu_work *w = this_cpu_ptr(&cpu_work);

	watch_start_ticks();
	while (cpu_online(smp_processor_id()))
		idle_once(w);
	halt_forever();
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
	smp_send_reschedule(cpu);
	return 0;
}

/* Who waits watches: a CPU whose time is over gets the NMI from here. */
static bool is_done(const struct cpu_work *w, u32 cpu)
{
	if (!__atomic_load_n(&w->busy, __ATOMIC_ACQUIRE))
		return true;
	watch_check(cpu);
	return false;
}

int run_on_wait(u32 cpu)
{
	struct cpu_work *w = work_of(cpu);

	/* Its own end comes first; this one is for a CPU that is dead. */
	if (!WAIT_FOR(is_done(w, cpu), w->usec + WAIT_DEFAULT_US))
		return -ETIMEDOUT;
	return w->err;
}

int run_on(u32 cpu, void (*fn)(void *), void *arg, u64 usec)
{
	int err = run_on_start(cpu, fn, arg, usec);

	return err ? err : run_on_wait(cpu);
}
