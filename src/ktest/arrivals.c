// SPDX-License-Identifier: MIT
/*
 * arrivals.c - where does an interrupt go? Counted on every CPU.
 *
 * Read:    arrivals_expect().
 * Uses:    irq_claim_vector_everywhere(), run_on().
 */
#include <ktest/arrivals.h>

#include <apic/lapic.h>
#include <cpu/deadline.h>
#include <irq/irq.h>
#include <ktest/ktest.h>
#include <lib/string.h>
#include <smp/smp.h>

#define FLUSH_VECTOR 0x22 /* of the lowest class: what is above came first */
#define SETTLE_US    60
#define RUN_US	     2000000

static u32 open_vector; /* 0: none */
static bool deaf; /* a CPU took no interrupt: said once, waited for once */

/* Each is written by its own CPU. */
static u32 counts[NR_CPUS], flushes[NR_CPUS];

static irqreturn_t count_here(int vector, void *dev)
{
	u32 *count = dev;
	u32 cpu = smp_processor_id();

	WRITE_ONCE(count[cpu], count[cpu] + 1);
	return IRQ_HANDLED;
}

bool arrivals_open(u32 vector)
{
	if (!EXPECT_EQ(irq_claim_vector_everywhere(vector, count_here, counts),
		       0))
		return false;
	open_vector = vector;
	deaf = false;
	memset(counts, 0, sizeof(counts));
	return EXPECT_EQ(
		irq_claim_vector_everywhere(FLUSH_VECTOR, count_here, flushes),
		0);
}

/*
 * An interrupt of the lowest class to each CPU: what is pending there is
 * served before. What is on its way has SETTLE_US to become pending.
 */
static void flush(void)
{
	u32 cpu, was;

	udelay(SETTLE_US);
	for_each_online_cpu (cpu) {
		if (deaf)
			return;
		was = READ_ONCE(flushes[cpu]);
		EXPECT_EQ(apic_send_ipi(cpu_hot(cpu)->apic_id, FLUSH_VECTOR),
			  0);
		deaf = !EXPECT_TRUE(WAIT_FOR(READ_ONCE(flushes[cpu]) != was,
					     WAIT_DEFAULT_US));
		if (deaf)
			ktest_note("CPU %u takes no interrupt", cpu);
	}
}

void arrivals_close(void)
{
	if (!open_vector)
		return;
	flush();
	irq_release_vector(FLUSH_VECTOR);
	irq_release_vector(open_vector);
	open_vector = 0;
}

static u32 count_among(const struct cpumask *who)
{
	u32 cpu, n = 0;

	for_each_cpu (cpu, who)
		n += READ_ONCE(counts[cpu]);
	return n;
}

static bool all_arrived(const struct cpumask *who)
{
	u32 cpu;

	for_each_cpu (cpu, who) {
		if (!READ_ONCE(counts[cpu]))
			return false;
	}
	return true;
}

bool arrivals_expect(const struct cpumask *who)
{
	bool right = true;
	u32 cpu;

	WAIT_FOR(all_arrived(who), WAIT_DEFAULT_US);
	flush();
	for_each_online_cpu (cpu) {
		if (EXPECT_EQ(counts[cpu], cpumask_test_cpu(cpu, who)))
			continue;
		ktest_note("at CPU %u, APIC ID 0x%x", cpu,
			   cpu_hot(cpu)->apic_id);
		right = false;
	}
	memset(counts, 0, sizeof(counts));
	return right;
}

bool arrivals_expect_among(const struct cpumask *who, u32 n)
{
	bool right;

	WAIT_FOR(count_among(who) >= n, WAIT_DEFAULT_US);
	flush();
	right = EXPECT_EQ(count_among(who), n);
	right &= EXPECT_EQ(count_among(&cpu_online_mask), n);
	memset(counts, 0, sizeof(counts));
	return right;
}

bool run_on_each(void (*fn)(void *), void *arg)
{
	bool right = true;
	u32 cpu;

	for_each_online_cpu (cpu) {
		if (cpu == smp_processor_id())
			fn(arg);
		else
			right &= EXPECT_EQ(run_on(cpu, fn, arg, RUN_US), 0);
	}
	return right;
}

struct cpumask cpumask_self(void)
{
	struct cpumask mask = { 0 };

	cpumask_set_cpu(smp_processor_id(), &mask);
	return mask;
}

struct cpumask physical_dest(u32 dest)
{
	struct cpumask mask = { 0 };
	u32 cpu, all = apic_is_x2apic ? 0xffffffff : 0xff;

	for_each_online_cpu (cpu) {
		if (dest == all || dest == cpu_hot(cpu)->apic_id)
			cpumask_set_cpu(cpu, &mask);
	}
	return mask;
}
