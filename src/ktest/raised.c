// SPDX-License-Identifier: MIT
/*
 * raised.c - after each case: does the interrupt layer's count of each line
 * equal what the case says it raised? Summed over all CPUs. What irq/ipi.c
 * sent by itself, for a case or for the runner, is known there.
 */
#include <ktest/raised.h>

#include <console/printk.h>
#include <cpu/deadline.h>
#include <irq/ipi.h>
#include <irq/irq.h>
#include <irq/irqstat.h>
#include <lib/format.h>

#include "internal.h"

static u64 said[NR_IRQS], before[NR_IRQS];
static u64 said_stat[NR_IRQ_STATS], before_stat[NR_IRQ_STATS];
static u64 said_strays, before_strays;
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
		said_stat[stat] += n;
}

void raised_strays(u64 n)
{
	said_strays += n;
}

static u64 sent(u32 stat)
{
	return ipi_sent_count(irq_stat_vector(stat));
}

void raised_begin(void)
{
	said_strays = 0;
	before_strays = stray_count();
	stray_reports_anew();
	for (u32 irq = 0; irq < NR_IRQS; irq++) {
		said[irq] = 0;
		before[irq] = kstat_irqs(irq);
	}
	for (u32 i = 0; i < NR_IRQ_STATS; i++) {
		said_stat[i] = 0;
		before_stat[i] = irq_stat_count(i) - sent(i);
	}
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

/* A real spurious interrupt may come at any time: only too few are wrong. */
static bool stat_is_right(u32 i)
{
	u64 counted = irq_stat_count(i) - sent(i) - before_stat[i];

	if (irq_stat_vector(i) == SPURIOUS_APIC_VECTOR &&
	    counted > said_stat[i])
		said_stat[i] = counted;
	return same(irq_stat_tag(i), counted, said_stat[i]);
}

/* The name only of a line that needs one: this is done after each case. */
static bool line_is_right(u32 irq)
{
	u64 counted = kstat_irqs(irq) - before[irq];
	char tag[16];

	if (!counted && !said[irq])
		return true;
	scnprintf(tag, sizeof(tag), "irq %u", irq);
	return same(tag, counted, said[irq]);
}

/* What was sent is on its way for a moment. */
static bool all_arrived(void)
{
	for (u32 i = 0; i < NR_IRQ_STATS; i++) {
		if ((s64)(irq_stat_count(i) - sent(i) - before_stat[i]) < 0)
			return false;
	}
	return true;
}

bool raised_compare(void)
{
	bool right = true;
	char tag[24];

	WAIT_FOR(all_arrived(), WAIT_DEFAULT_US);
	for (u32 irq = 0; irq < NR_IRQS; irq++)
		right &= line_is_right(irq);
	for (u32 i = 0; i < NR_IRQ_STATS; i++)
		right &= stat_is_right(i);
	scnprintf(tag, sizeof(tag), "strays (0x%02x)", stray_last());
	return right & same(tag, stray_count() - before_strays, said_strays);
}

u64 raised_total(void)
{
	return total;
}
