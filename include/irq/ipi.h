/* SPDX-License-Identifier: MIT */
/*
 * ipi.h - interrupts from CPU to CPU, and functions called through them.
 *
 * An IPI that is pending when another of its vector is sent is one: the APIC
 * merges them. So each system vector sent from here has a flag for each
 * target, which its handler clears first, and whoever finds it set sends none:
 * what was sent is what arrives, and can be counted.
 *
 * Linux: arch/x86/kernel/smp.c, kernel/smp.c.
 */
#pragma once

#include <asm/irq_vectors.h>
#include <cpu/cpumask.h>

/* Make cpu look for work: ends its HLT. Any context. */
void smp_send_reschedule(u32 cpu);

typedef void (*smp_call_func_t)(void *info);

/*
 * Call func(info) on cpu in hardirq context, IF=0; on this CPU directly. wait:
 * return when it has; info must stay until then. 0; -ENXIO: not online;
 * -ETIMEDOUT: no answer within 2 s times scale=: then func will not be called
 * any more, unless it had begun, and then it is broken off; -EFAULT: something
 * else broke it off. Not from NMI. Waits also with IF=0: calls of
 * others that wait for this CPU are served meanwhile.
 */
int smp_call_function_single(u32 cpu, smp_call_func_t func, void *info,
			     bool wait);

/* The same on all of mask that are online but this one; the first error. */
int smp_call_function_many(const struct cpumask *mask, smp_call_func_t func,
			   void *info, bool wait);

/* On all others; on all, this one included. */
int smp_call_function(smp_call_func_t func, void *info, bool wait);
int on_each_cpu(smp_call_func_t func, void *info, bool wait);

/* How long one may stay unanswered; a case lowers it, and puts it back. */
extern u64 smp_call_timeout_us;

/* A function that cpu runs does not end: smp/ fills it, and breaks it off. */
extern void (*csd_stuck_hook)(u32 cpu);

/* REBOOT_VECTOR has come: smp/ fills it, and may not return. */
extern void (*reboot_hook)(void);

/*
 * What this CPU called was broken off: it has failed, and what is queued behind
 * it is called now. IF=0. The same for a cpu that an INIT has stopped.
 */
void smp_call_abandon(void);
void smp_call_forget(u32 cpu);

/* Memory for a call to each of n CPUs from each. Boot CPU. 0 or -ENOMEM. */
int smp_call_init(u32 n);

/* How many IPIs of vector this file sent, from all CPUs. */
u64 ipi_sent_count(u32 vector);

/* Their handlers, behind the EOI. Hardirq context. */
void generic_smp_call_function_interrupt(void);
void generic_smp_call_function_single_interrupt(void);
