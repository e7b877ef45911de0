// SPDX-License-Identifier: MIT
/*
 * raised.c - after each case: does the interrupt layer's count of each line
 * equal what the case says it raised? Summed over all CPUs. What irq/ipi.c
 * sent by itself, for a case or for the runner, is known there.
 */
#include <ktest/raised.h>

#include <bh/hrtimer.h>
#include <console/printk.h>
#include <cpu/cpumask.h>
#include <cpu/deadline.h>
#include <cpu/irqflags.h>
#include <irq/ipi.h>
#include <irq/irq.h>
#include <irq/irqstat.h>
#include <lib/format.h>
#include <lib/string.h>
#include <trap/traps.h>

#include "internal.h"

static u64 said[NR_IRQS], before[NR_IRQS], after[NR_IRQS];
static u64 said_stat[NR_IRQ_STATS], before_stat[NR_IRQ_STATS];
static u64 now_stat[NR_IRQ_STATS], next_stat[NR_IRQ_STATS];
static u64 said_strays, before_strays;
static u64 said_nmis, before_nmis; /* NMI context writes the first, too */
static u64 said_mismatches, before_mismatches;
static u64 total;

void raised_irqs(u32 irq, u64 n)
{
	if (irq < NR_IRQS)
		said[irq] += n;
}

void raised_vectors(u32 vector, u64 n)
{
	int stat = irq_stat_of_vector(vector);

	if (stat >= 0)
		__atomic_add_fetch(&said_stat[stat], n, __ATOMIC_RELAXED);
}

void raised_nmis(u64 n)
{
	__atomic_add_fetch(&said_nmis, n, __ATOMIC_RELAXED);
}

void raised_mismatches(u64 n)
{
	said_mismatches += n;
}

void raised_strays(u64 n)
{
	said_strays += n;
}

/* What a layer raised by itself: IPIs by irq/ipi.c, timers by bh/hrtimer.c. */
static u64 sent(u32 stat)
{
	u32 vector = irq_stat_vector(stat);

	return vector == LOCAL_TIMER_VECTOR ? hrtimer_interrupt_count()
					    : ipi_sent_count(vector);
}

/*
 * What no layer raised by itself. None of this CPU's interrupts falls between
 * the counts, but one of another CPU may, where one too many is let pass: so
 * as a case's end rather too many, as the next one's begin rather too few.
 */
static void take_stat(u32 stat)
{
	u64 flags = local_irq_save();
	u64 sent_first = sent(stat), count;

	barrier();
	count = irq_stat_count(stat);
	barrier();
	now_stat[stat] = count - sent_first;
	next_stat[stat] = count - sent(stat);
	local_irq_restore(flags);
}

static u64 nmi_count(void)
{
	u64 sum = 0;
	u32 cpu;

	for_each_online_cpu (cpu)
		sum += trap_count_cpu(X86_TRAP_NMI, cpu) -
		       nmi_own_count_cpu(cpu);
	return sum;
}

void raised_begin(void)
{
	said_strays = said_nmis = said_mismatches = 0;
	memset(said, 0, sizeof(said));
	memset(said_stat, 0, sizeof(said_stat));
	stray_reports_anew();
}

static bool same(const char *tag, u64 counted, u64 want)
{
	total += counted;
	if (counted == want)
		return true;
	printk("# interrupts: %s counted %llu, the case raised %llu", tag,
	       (unsigned long long)counted, (unsigned long long)want);
	return false;
}

/*
 * A real spurious interrupt may come at any time, and so may a tick of those
 * by which CPUs watch each other: only too few are wrong.
 */
static bool may_be_more(u32 vector)
{
	return vector == SPURIOUS_APIC_VECTOR ||
	       (vector == LOCAL_TIMER_VECTOR && nr_cpu_ids > 1);
}

static bool stat_is_right(u32 i)
{
	u64 counted = now_stat[i] - before_stat[i];

	if (may_be_more(irq_stat_vector(i)) && counted > said_stat[i])
		said_stat[i] = counted;
	return same(irq_stat_tag(i), counted, said_stat[i]);
}

/* The name only of a line that needs one: this is done after each case. */
static bool line_is_right(u32 irq)
{
	u64 counted = after[irq] - before[irq];
	char tag[16];

	if (!counted && !said[irq])
		return true;
	scnprintf(tag, sizeof(tag), "irq %u", irq);
	return same(tag, counted, said[irq]);
}

/* What was sent is on its way for a moment. */
static bool all_arrived(void)
{
	bool all = true;

	for (u32 i = 0; i < NR_IRQ_STATS; i++) {
		take_stat(i);
		all &= (s64)(now_stat[i] - before_stat[i]) >= 0;
	}
	return all;
}

/* One that comes between two cases is the next one's: none is overlooked. */
static void begin_anew(void)
{
	before_strays = stray_count();
	before_nmis = nmi_count();
	before_mismatches = irq_mis_count();
	memcpy(before, after, sizeof(before));
	memcpy(before_stat, next_stat, sizeof(before_stat));
}

bool raised_compare(void)
{
	bool right = true;
	char tag[24];

	WAIT_FOR(all_arrived(), WAIT_DEFAULT_US);
	kstat_irqs_all(after);
	for (u32 irq = 0; irq < NR_IRQS; irq++)
		right &= line_is_right(irq);
	for (u32 i = 0; i < NR_IRQ_STATS; i++)
		right &= stat_is_right(i);
	right &= same("NMI", nmi_count() - before_nmis, said_nmis);
	right &= same("MIS", irq_mis_count() - before_mismatches,
		      said_mismatches);
	scnprintf(tag, sizeof(tag), "strays (0x%02x)", stray_last());
	right &= same(tag, stray_count() - before_strays, said_strays);
	begin_anew();
	return right;
}

u64 raised_total(void)
{
	return total;
}
