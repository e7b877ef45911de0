// SPDX-License-Identifier: MIT
/*
 * IPIs to other CPUs by every destination there is. After each send every CPU
 * is asked what it received: nobody else did.
 *
 * Spec: SDM 3A "Interrupt Command Register (ICR)", "Determining IPI
 *       Destination"; APM 2 "Interprocessor Interrupts (IPI)".
 */
#include "smp_case.h"

#include <acpi/tables.h>
#include <cpu/cpufeature.h>
#include <lib/random.h>

#define AWAITED_CPUS 8
#define SENDERS	     64 /* each to all: of more CPUs the seed chooses some */

/* One CPU's sends: who did not receive, once one did not. */
struct row {
	bool await;
	int missing;
};

/* Each is waited for, so that no two can have changed places. */
static void send_row(void *arg)
{
	u32 stat = (u32)irq_stat_of_vector(IPI_VECTOR), cpu;
	struct row *row = arg;

	for_each_online_cpu (cpu) {
		u64 before = irq_stat_count_cpu(stat, cpu);

		apic_send_ipi(cpu_hot(cpu)->apic_id, IPI_VECTOR);
		if (!row->await ||
		    WAIT_FOR(irq_stat_count_cpu(stat, cpu) != before,
			     WAIT_DEFAULT_US))
			continue;
		row->missing = (int)cpu;
		return;
	}
}

/* Is it one of so many, of these that are left? Each is as likely. */
static bool is_chosen(u64 *seed, u32 *left, u32 *senders)
{
	bool chosen = random_below(seed, (*left)--) < *senders;

	*senders -= chosen;
	return chosen;
}

/* Of many CPUs each row is sent at once, and counted as a whole. */
TEST(smp, ipi_from_each_cpu_to_each, DEST_RULE, .needs = NEEDS_SMP,
     .deadline_ms = 60000)
{
	u32 cpu, left = num_online_cpus(), senders = min(left, (u32)SENDERS);
	struct cpumask all = smp_all();
	u64 seed = ktest_seed();

	if (senders < left)
		ktest_note("%u of %u CPUs sent, seed=0x%llx", senders, left,
			   (unsigned long long)seed);
	for_each_online_cpu (cpu) {
		struct row row = { num_online_cpus() <= AWAITED_CPUS, -1 };

		if (!is_chosen(&seed, &left, &senders))
			continue;
		ipi_watch();
		smp_do_on(cpu, send_row, &row);
		EXPECT_EQ(row.missing, -1);
		if (!ipi_expect(&all, 1))
			ktest_note("CPU %u sent", cpu);
		if (!ktest_ok())
			return;
	}
}

TEST(smp, ipi_all_but_self_comes_to_all_others, DEST_RULE, .needs = NEEDS_SMP)
{
	judge_ipi(0, APIC_DEST_ALLBUT, 0, smp_all_but(0));
	judge_ipi(smp_last(), APIC_DEST_ALLBUT, 0, smp_all_but(smp_last()));
}

TEST(smp, ipi_all_including_self_comes_to_all, DEST_RULE, .needs = NEEDS_SMP)
{
	judge_ipi(0, APIC_DEST_ALLINC, 0, smp_all());
	judge_ipi(smp_last(), APIC_DEST_ALLINC, 0, smp_all());
}

/* Whatever the destination field names. */
TEST(smp, ipi_self_shorthand_comes_to_nobody_else, DEST_RULE,
     .needs = NEEDS_SMP)
{
	u32 last = smp_last();

	judge_ipi(0, APIC_DEST_SELF, cpu_hot(last)->apic_id, smp_only(0));
	judge_ipi(last, APIC_DEST_SELF, cpu_hot(0)->apic_id, smp_only(last));
}

TEST(smp, ipi_physical_broadcast_comes_to_all,
     "SDM 3A Physical Destination "
     "Mode",
     .needs = NEEDS_SMP)
{
	u32 everybody = apic_is_x2apic ? 0xffffffff : 0xff;

	judge_ipi(0, APIC_DEST_PHYSICAL, everybody, smp_all());
	judge_ipi(smp_last(), APIC_DEST_PHYSICAL, everybody, smp_all());
}

static bool is_named(u32 id)
{
	const struct acpi_madt *m = &acpi_tables.madt;

	for (u32 i = 0; i < m->nr_cpus; i++) {
		if (m->cpu[i].apic_id == id)
			return true;
	}
	return false;
}

/*
 * An ID that the MADT does not name, 0xff included: x2APIC's is one of many.
 * In xAPIC mode there may be none: 0.
 */
static u32 absent_id(void)
{
	u32 id = apic_is_x2apic ? 0xff : 0xfe;

	while (id && is_named(id))
		id += apic_is_x2apic ? 1 : -1u;
	return id;
}

static void add_esr(void *arg)
{
	u32 *sum = arg, esr = lapic_esr();

	__atomic_fetch_or(sum, esr, __ATOMIC_RELAXED);
}

/*
 * AMD may log a "sent accept error" at the sender; the SDM knows none. What
 * was logged before, and stays, is nobody's concern here.
 */
TEST(smp, ipi_to_nobody_interrupts_nobody, DEST_RULE, .needs = NEEDS_SMP)
{
	bool intel = boot_cpu_data.vendor == VENDOR_INTEL;
	u32 allowed = intel ? 0 : APIC_ESR_SEND_ACC, before = 0, after = 0;
	struct cpumask none = { 0 };
	u32 absent = absent_id();

	if (!absent)
		SKIP(return, "the MADT names every ID of xAPIC mode");
	on_each_cpu(add_esr, &before, true);
	before = 0;
	on_each_cpu(add_esr, &before, true);
	judge_ipi(0, APIC_DEST_PHYSICAL, absent, none);
	judge_ipi(smp_last(), APIC_DEST_PHYSICAL, absent, none);
	judge_ipi(smp_last(), APIC_DEST_LOGICAL, 0, none);
	on_each_cpu(add_esr, &after, true);
	EXPECT_EQ(after & ~before & ~allowed, 0);
}

static void self_ipi_msr(void *unused)
{
	wrmsr(MSR_X2APIC_BASE + (APIC_SELF_IPI >> 4), IPI_VECTOR);
}

TEST(smp, ipi_by_the_self_ipi_register_comes_to_nobody_else,
     "SDM 3A SELF IPI Register", .needs = NEEDS_SMP | NEEDS_X2APIC)
{
	u32 cpus[] = { 0, 1, smp_last() };

	for (u32 i = 0; i < ARRAY_SIZE(cpus); i++) {
		struct cpumask only = smp_only(cpus[i]);

		if (!cpu_online(cpus[i]))
			continue;
		ipi_watch();
		smp_do_on(cpus[i], self_ipi_msr, NULL);
		ipi_expect(&only, 1);
	}
}

/* What one CPU with IF=0 sees of two sends to it. */
struct held {
	u32 ready, sent; /* by it; by the sender */
	u64 early;	 /* taken with IF=0 */
	bool pending;
};

static void hold_off(void *arg)
{
	u32 stat = (u32)irq_stat_of_vector(IPI_VECTOR);
	u32 self = smp_processor_id();
	struct held *h = arg;

	local_irq_disable();
	h->early = irq_stat_count_cpu(stat, self);
	__atomic_store_n(&h->ready, 1, __ATOMIC_RELEASE);
	WAIT_FOR(READ_ONCE(h->sent), WAIT_DEFAULT_US);
	h->pending =
		WAIT_FOR(lapic_test(APIC_IRR, IPI_VECTOR), WAIT_DEFAULT_US);
	h->early = irq_stat_count_cpu(stat, self) - h->early;
	local_irq_enable();
}

TEST(smp, ipis_to_a_cpu_with_interrupts_off_wait_and_merge,
     "SDM 3A Interrupt Acceptance for Fixed Interrupts", .needs = NEEDS_SMP)
{
	u32 cpu = smp_last();
	struct cpumask only = smp_only(cpu);
	struct held h = { 0 };

	ipi_watch();
	EXPECT_EQ(run_on_start(cpu, hold_off, &h, RUN_US), 0);
	EXPECT_TRUE(WAIT_FOR(READ_ONCE(h.ready), WAIT_DEFAULT_US));
	apic_send_ipi(cpu_hot(cpu)->apic_id, IPI_VECTOR);
	apic_send_ipi(cpu_hot(cpu)->apic_id, IPI_VECTOR);
	WRITE_ONCE(h.sent, 1);
	EXPECT_EQ(run_on_wait(cpu), 0);
	EXPECT_TRUE(h.pending);
	EXPECT_EQ(h.early, 0);
	ipi_expect(&only, 1);
}
