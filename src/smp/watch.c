// SPDX-License-Identifier: MIT
/* watch.c - deadlines of CPUs, and the NMI when one has passed. */
#include <smp/watch.h>

#include <apic/apic_timer.h>
#include <apic/lapic.h>
#include <cpu/cpumask.h>
#include <cpu/deadline.h>

#define NMI_EVERY_US 100000
#define TICK_US	     1000000

/* Written by its own CPU; 0: nothing to watch. Others only read it. */
static DEFINE_PER_CPU(u64, watch_deadline);
static DEFINE_PER_CPU(u64,
		      next_nmi); /* by whoever checks: a race is harmless */

static bool ticks; /* some CPU's timer runs */

void watch_begin(u64 usec)
{
	__atomic_store_n(this_cpu_ptr(&watch_deadline), deadline_after(usec),
			 __ATOMIC_RELEASE);
}

void watch_end(void)
{
	__atomic_store_n(this_cpu_ptr(&watch_deadline), 0, __ATOMIC_RELEASE);
}

static bool is_over(u32 cpu)
{
	u64 deadline = __atomic_load_n(per_cpu_ptr(&watch_deadline, cpu),
				       __ATOMIC_ACQUIRE);

	return deadline && deadline_passed(deadline);
}

bool watch_expired(void)
{
	return is_over(smp_processor_id());
}

void watch_check(u32 cpu)
{
	u64 *next = per_cpu_ptr(&next_nmi, cpu);

	if (!is_over(cpu) || !deadline_passed(READ_ONCE(*next)))
		return;
	WRITE_ONCE(*next, rdtsc() + us_to_tsc(NMI_EVERY_US));
	apic_send_nmi(cpu_hot(cpu)->apic_id);
}

/* The next lower CPU that is online; the boot CPU has one above it. */
static void tick(void)
{
	u32 cpu = smp_processor_id();

	do {
		cpu--;
	} while (cpu && !cpu_online(cpu));
	watch_check(cpu);
}

void watch_start_ticks(void)
{
	if (!smp_processor_id())
		return;
	apic_timer_set_handler(tick);
	if (!apic_timer_start(TIMER_PERIODIC, TICK_US))
		WRITE_ONCE(ticks, true);
}

void watch_stop_ticks(void)
{
	if (!smp_processor_id())
		return;
	apic_timer_stop();
	apic_timer_set_handler(NULL);
}

bool watch_is_on(void)
{
	return READ_ONCE(ticks);
}
