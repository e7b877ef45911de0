// SPDX-License-Identifier: MIT
/* What the cases of IPIs share: see smp_case.h. */
#include "smp_case.h"

#include <trap/traps.h>

/* What each CPU had received, and has since. */
static DEFINE_PER_CPU(u32, ipi_base);
static DEFINE_PER_CPU(u32, ipi_new);

static const struct apic_driver *boot_driver;

static int remember_driver(void)
{
	boot_driver = apic_driver;
	return 0;
}

static void reset_tpr(void *unused)
{
	apic_write(APIC_TASKPRI, 0);
}

static void put_back(void)
{
	if (num_online_cpus() == 1)
		return;
	if (apic_driver != boot_driver)
		smp_use_driver(boot_driver);
	on_each_cpu(reset_tpr, NULL, true);
}

SUITE(smp, .setup = remember_driver, .teardown = put_back);

struct cpumask smp_all(void)
{
	return cpu_online_mask;
}

struct cpumask smp_only(u32 cpu)
{
	struct cpumask mask = { 0 };

	cpumask_set_cpu(cpu, &mask);
	return mask;
}

struct cpumask smp_all_but(u32 cpu)
{
	struct cpumask mask = cpu_online_mask;

	cpumask_clear_cpu(cpu, &mask);
	return mask;
}

u32 smp_last(void)
{
	u32 cpu, last = 0;

	for_each_online_cpu (cpu)
		last = cpu;
	return last;
}

bool smp_subset(u32 n, struct cpumask *set)
{
	u32 sets = 1u << min(num_online_cpus(), 4u), nr = 0, cpu;
	bool odd = n == sets - 1;

	*set = n == sets ? cpu_online_mask : (struct cpumask){ 0 };
	if (n > sets)
		return false;
	for_each_online_cpu (cpu) {
		if (odd ? nr % 2 : nr < 4 && (n + 1) >> nr & 1 && n < sets)
			cpumask_set_cpu(cpu, set);
		nr++;
	}
	return true;
}

void smp_do_on(u32 cpu, void (*fn)(void *), void *arg)
{
	if (cpu == smp_processor_id())
		fn(arg);
	else
		EXPECT_EQ(run_on(cpu, fn, arg, RUN_US), 0);
}

struct send {
	u32 low, dest;
	int err;
};

static void write_icr(void *arg)
{
	struct send *s = arg;

	s->err = apic->icr_write(s->low, s->dest);
}

void smp_send_from(u32 cpu, u32 low, u32 dest)
{
	struct send s = { low | APIC_INT_ASSERT | IPI_VECTOR, dest, 0 };

	smp_do_on(cpu, write_icr, &s);
	EXPECT_EQ(s.err, 0);
}

static u32 ipi_count(u32 cpu)
{
	return (u32)irq_stat_count_cpu((u32)irq_stat_of_vector(IPI_VECTOR),
				       cpu);
}

void ipi_watch(void)
{
	u32 cpu;

	for_each_online_cpu (cpu)
		*per_cpu_ptr(&ipi_base, cpu) = ipi_count(cpu);
}

static bool have_come(const struct cpumask *mask, u32 n)
{
	u32 cpu;

	for_each_cpu (cpu, mask) {
		if (ipi_count(cpu) - *per_cpu_ptr(&ipi_base, cpu) < n)
			return false;
	}
	return true;
}

/* On each CPU, IF=0: what is still in IRR will be counted. */
static void take_stock(void *unused)
{
	*this_cpu_ptr(&ipi_new) = ipi_count(smp_processor_id()) +
				  lapic_test(APIC_IRR, IPI_VECTOR) -
				  *this_cpu_ptr(&ipi_base);
}

static bool judge_counts(const struct cpumask *mask, u32 n, const char *what)
{
	u32 cpu, wrong = 0, got, want;

	for_each_online_cpu (cpu) {
		got = *per_cpu_ptr(&ipi_new, cpu);
		want = cpumask_test_cpu(cpu, mask) ? n : 0;
		if (got != want && !wrong++)
			ktest_note("CPU %u received %u %s, want %u", cpu, got,
				   what, want);
	}
	return EXPECT_EQ(wrong, 0);
}

bool ipi_expect(const struct cpumask *mask, u32 n)
{
	WAIT_FOR(have_come(mask, n), WAIT_DEFAULT_US);
	EXPECT_EQ(on_each_cpu(take_stock, NULL, true), 0);
	raised_vectors(IPI_VECTOR, (u64)n * cpumask_weight(mask));
	return judge_counts(mask, n, "IPIs");
}

static bool one_has_come(void)
{
	u32 cpu;

	for_each_online_cpu (cpu) {
		if (ipi_count(cpu) != *per_cpu_ptr(&ipi_base, cpu))
			return true;
	}
	return false;
}

int ipi_expect_one(const struct cpumask *mask)
{
	int who = -1;
	u32 cpu;

	WAIT_FOR(one_has_come(), 1000);
	EXPECT_EQ(on_each_cpu(take_stock, NULL, true), 0);
	for_each_online_cpu (cpu) {
		u32 n = *per_cpu_ptr(&ipi_new, cpu);

		raised_vectors(IPI_VECTOR, n);
		if (n && (n > 1 || who != -1))
			ktest_note("CPU %u received %u, too", cpu, n);
		if (n)
			who = n > 1 || who != -1 || !cpumask_test_cpu(cpu, mask)
				      ? -2
				      : (int)cpu;
	}
	return who;
}

static bool take_nmi(struct pt_regs *regs, void *unused)
{
	return true;
}

static u32 nmi_count(u32 cpu)
{
	return (u32)trap_count_cpu(X86_TRAP_NMI, cpu);
}

void nmi_watch(void)
{
	u32 cpu;

	trap_hook(X86_TRAP_NMI, take_nmi, NULL);
	for_each_online_cpu (cpu)
		*per_cpu_ptr(&ipi_base, cpu) = nmi_count(cpu);
}

static bool nmis_have_come(const struct cpumask *mask)
{
	u32 cpu;

	for_each_cpu (cpu, mask) {
		if (nmi_count(cpu) == *per_cpu_ptr(&ipi_base, cpu))
			return false;
	}
	return true;
}

/* An NMI waits for nothing: who answers here has taken his. */
static void take_stock_of_nmis(void *unused)
{
	*this_cpu_ptr(&ipi_new) =
		nmi_count(smp_processor_id()) - *this_cpu_ptr(&ipi_base);
}

bool nmi_expect(const struct cpumask *mask)
{
	WAIT_FOR(nmis_have_come(mask), WAIT_DEFAULT_US);
	EXPECT_EQ(on_each_cpu(take_stock_of_nmis, NULL, true), 0);
	raised_nmis(cpumask_weight(mask));
	return judge_counts(mask, 1, "NMIs");
}

void judge_ipi(u32 sender, u32 low, u32 dest, struct cpumask want)
{
	ipi_watch();
	smp_send_from(sender, low, dest);
	if (!ipi_expect(&want, 1))
		ktest_note("CPU %u sent 0x%05x to 0x%x", sender, low, dest);
}

static void init_ldr(void *driver)
{
	apic_init_ldr(driver);
}

/* Physical IDs only, while the CPUs disagree. */
void smp_use_driver(const struct apic_driver *d)
{
	if (!apic_is_x2apic) {
		apic_driver = &apic_physflat;
		EXPECT_EQ(on_each_cpu(init_ldr, (void *)d, true), 0);
	}
	apic_driver = d;
}

u32 smp_logical_id(u32 cpu)
{
	u32 id = cpu_hot(cpu)->apic_id;

	return apic_is_x2apic ? id >> 4 << 16 | 1u << (id & 15)
			      : apic_driver->ldr(cpu);
}

/* SDM 3A "Flat Model", "Cluster Model", and x2APIC's clusters. */
static bool names(u32 dest, u32 ldr)
{
	if (apic_is_x2apic)
		return dest == 0xffffffff ||
		       (dest >> 16 == ldr >> 16 && dest & ldr & 0xffff);
	if (dest == 0xff)
		return true;
	if (apic_driver->dfr == APIC_DFR_FLAT)
		return dest & ldr;
	return dest >> 4 == ldr >> 4 && dest & ldr & 0xf;
}

struct cpumask smp_named_by(u32 dest)
{
	struct cpumask mask = { 0 };
	u32 cpu;

	for_each_online_cpu (cpu) {
		if (names(dest, smp_logical_id(cpu)))
			cpumask_set_cpu(cpu, &mask);
	}
	return mask;
}
