// SPDX-License-Identifier: MIT
/*
 * smp_call.c - functions called on other CPUs: a queue a CPU, and an IPI when
 * something was put into it.
 *
 * Each CPU has one call_single_data for each target, so that nobody's stack is
 * on a queue: a call that is not answered in time is cancelled where it lies.
 *
 * Linux: kernel/smp.c.
 */
#include <irq/ipi.h>

#include <asm/pgtable.h>
#include <console/printk.h>
#include <cpu/deadline.h>
#include <cpu/irqflags.h>
#include <cpu/preempt.h>
#include <lib/errno.h>
#include <mm/page_alloc.h>

#include "internal.h"

enum csd_state { CSD_FREE, CSD_QUEUED, CSD_RUNNING, CSD_CANCELLED };

struct call_single_data {
	struct call_single_data *next;
	smp_call_func_t func;
	void *info;
	u32 state; /* enum csd_state; by its two CPUs, by cmpxchg */
	int err;   /* -EFAULT: func began, and was not to end */
};

u64 smp_call_timeout_us = WAIT_DEFAULT_US;

static DEFINE_PER_CPU(struct call_single_data *, call_single_queue);
static DEFINE_PER_CPU(struct call_single_data *, cfd_data); /* by target */

/* What this CPU took from its queue and has not called; what it calls. */
static DEFINE_PER_CPU(struct call_single_data *, csd_taken);
static DEFINE_PER_CPU(struct call_single_data *, csd_running);

void (*csd_stuck_hook)(u32 cpu);

int smp_call_init(u32 n)
{
	size_t size = ALIGN_UP(n * sizeof(struct call_single_data), PAGE_SIZE);

	for (u32 cpu = 0; cpu < n; cpu++) {
		u64 pages = alloc_pages((u32)(size / PAGE_SIZE));

		if (!pages)
			return -ENOMEM;
		*per_cpu_ptr(&cfd_data, cpu) = (struct call_single_data *)pages;
	}
	return 0;
}

static u32 csd_state(const struct call_single_data *csd)
{
	return __atomic_load_n(&csd->state, __ATOMIC_ACQUIRE);
}

static bool csd_move(struct call_single_data *csd, u32 from, u32 to)
{
	return __atomic_compare_exchange_n(&csd->state, &from, to, false,
					   __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

static void queue_push(struct call_single_data **head,
		       struct call_single_data *csd)
{
	csd->next = __atomic_load_n(head, __ATOMIC_RELAXED);
	while (!__atomic_compare_exchange_n(head, &csd->next, csd, false,
					    __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
		cpu_relax();
}

/* All of it, the first one queued first. */
static struct call_single_data *queue_take(void)
{
	struct call_single_data *list, *first = NULL;

	list = __atomic_exchange_n(this_cpu_ptr(&call_single_queue), NULL,
				   __ATOMIC_SEQ_CST);
	while (list) {
		struct call_single_data *next = list->next;

		list->next = first;
		first = list;
		list = next;
	}
	return first;
}

/* The last word on csd: whoever waits may use it again at once. */
static void csd_unlock(struct call_single_data *csd)
{
	__atomic_store_n(&csd->state, CSD_FREE, __ATOMIC_RELEASE);
}

/* func may wait for others, and call what has come meanwhile: it nests. */
static void csd_call(struct call_single_data *csd)
{
	struct call_single_data **running = this_cpu_ptr(&csd_running);
	struct call_single_data *outer = *running;

	if (csd_move(csd, CSD_QUEUED, CSD_RUNNING)) {
		csd->next = outer;
		*running = csd;
		csd->func(csd->info);
		*running = outer;
	}
	csd_unlock(csd);
}

/* IF=0, hardirq context. */
static void flush_queue(void)
{
	struct call_single_data **taken = this_cpu_ptr(&csd_taken), **tail;
	struct call_single_data *csd;

	tail = taken;
	while (*tail)
		tail = &(*tail)->next;
	*tail = queue_take();
	while ((csd = *taken)) {
		*taken = csd->next;
		csd_call(csd);
	}
}

/* Those that ran have failed; those that did not still may. */
static void fail_running(u32 cpu)
{
	struct call_single_data **running = per_cpu_ptr(&csd_running, cpu);
	struct call_single_data *csd;

	while ((csd = *running)) {
		*running = csd->next;
		csd->err = -EFAULT;
		csd_unlock(csd);
	}
}

void smp_call_abandon(void)
{
	fail_running(smp_processor_id());
	preempt_count_add(HARDIRQ_OFFSET);
	flush_queue();
	preempt_count_sub(HARDIRQ_OFFSET);
}

/* Nobody is there to call them: who waits gives up, and frees his. */
void smp_call_forget(u32 cpu)
{
	struct call_single_data **taken = per_cpu_ptr(&csd_taken, cpu), *csd;

	fail_running(cpu);
	while ((csd = *taken)) {
		*taken = csd->next;
		csd->err = -EFAULT;
		csd_unlock(csd);
	}
	ipi_forget(cpu);
}

void generic_smp_call_function_interrupt(void)
{
	ipi_taken(IPI_CALL_FUNCTION);
	flush_queue();
}

void generic_smp_call_function_single_interrupt(void)
{
	ipi_taken(IPI_CALL_FUNCTION_SINGLE);
	flush_queue();
}

/*
 * Two that wait for each other with IF=0 serve each other from here. What a
 * function finds is the same as in the interrupt, which still comes; softirqs
 * that it raises are run behind that.
 */
static bool csd_is_free(const struct call_single_data *csd)
{
	if (csd_state(csd) == CSD_FREE)
		return true;
	if (irqs_disabled()) {
		preempt_count_add(HARDIRQ_OFFSET);
		flush_queue();
		preempt_count_sub(HARDIRQ_OFFSET);
	}
	return false;
}

static int csd_result(struct call_single_data *csd)
{
	int err = csd->err;

	csd->err = 0;
	return err;
}

/* A function that does not end may be taken out of it: Linux only tells. */
static int csd_wait(struct call_single_data *csd, u32 cpu)
{
	if (WAIT_FOR(csd_is_free(csd), smp_call_timeout_us))
		return csd_result(csd);
	printk("# warning: CPU %u does not answer a function call of CPU %u",
	       cpu, smp_processor_id());
	if (csd_move(csd, CSD_QUEUED, CSD_CANCELLED) ||
	    csd_state(csd) != CSD_RUNNING || !csd_stuck_hook)
		return -ETIMEDOUT;
	csd_stuck_hook(cpu);
	WAIT_FOR(csd_is_free(csd), WAIT_DEFAULT_US);
	csd_result(csd);
	return -ETIMEDOUT;
}

/* Behind the last one to this target, if that was not waited for. IF=0. */
static int csd_queue(u32 cpu, smp_call_func_t func, void *info)
{
	struct call_single_data *csd = &(*this_cpu_ptr(&cfd_data))[cpu];
	int err = csd_wait(csd, cpu);

	if (err == -ETIMEDOUT)
		return err;
	csd->func = func;
	csd->info = info;
	__atomic_store_n(&csd->state, CSD_QUEUED, __ATOMIC_RELAXED);
	queue_push(per_cpu_ptr(&call_single_queue, cpu), csd);
	return 0;
}

static void call_here(smp_call_func_t func, void *info)
{
	u64 flags = local_irq_save();

	func(info);
	local_irq_restore(flags);
}

int smp_call_function_single(u32 cpu, smp_call_func_t func, void *info,
			     bool wait)
{
	u64 flags;
	int err;

	if (!cpu_online(cpu))
		return -ENXIO;
	if (cpu == smp_processor_id()) {
		call_here(func, info);
		return 0;
	}
	flags = local_irq_save();
	err = csd_queue(cpu, func, info);
	if (!err)
		send_ipi(cpu, IPI_CALL_FUNCTION_SINGLE,
			 __builtin_return_address(0), (const void *)func);
	local_irq_restore(flags);
	if (!err && wait)
		err = csd_wait(&(*this_cpu_ptr(&cfd_data))[cpu], cpu);
	return err;
}

static int wait_for_many(const struct cpumask *called)
{
	int first = 0, err;
	u32 cpu;

	for_each_cpu (cpu, called) {
		err = csd_wait(&(*this_cpu_ptr(&cfd_data))[cpu], cpu);
		first = first ? first : err;
	}
	return first;
}

/*
 * Those that took the call remain in called; the first error of the others.
 * IF=0: a call by an interrupt would wait for one whose IPI is not sent yet.
 */
static int queue_many(struct cpumask *called, smp_call_func_t func, void *info)
{
	u32 cpu, self = smp_processor_id();
	int first = 0, err;

	for_each_cpu (cpu, called) {
		err = cpu == self || !cpu_online(cpu)
			      ? -ENXIO
			      : csd_queue(cpu, func, info);
		if (err)
			called->bits[cpu / 64] &= ~BIT(cpu % 64);
		if (err && err != -ENXIO && !first)
			first = err;
	}
	return first;
}

int smp_call_function_many(const struct cpumask *mask, smp_call_func_t func,
			   void *info, bool wait)
{
	struct cpumask called = *mask;
	u64 flags = local_irq_save();
	int first = queue_many(&called, func, info), err = 0;

	send_ipi_mask(&called, IPI_CALL_FUNCTION, __builtin_return_address(0),
		      (const void *)func);
	local_irq_restore(flags);
	if (wait)
		err = wait_for_many(&called);
	return first ? first : err;
}

int smp_call_function(smp_call_func_t func, void *info, bool wait)
{
	return smp_call_function_many(&cpu_online_mask, func, info, wait);
}

int on_each_cpu(smp_call_func_t func, void *info, bool wait)
{
	int err = smp_call_function(func, info, wait);

	call_here(func, info);
	return err;
}
