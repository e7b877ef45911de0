// SPDX-License-Identifier: MIT
/*
 * test_smp_restart.c - INIT and SIPI of a CPU that runs already: the last
 * resort against a hang, and the way of a CPU that comes too late.
 */
#include <apic/lapic.h>
#include <bh/timer.h>
#include <cpu/deadline.h>
#include <cpu/preempt.h>
#include <irq/ipi.h>
#include <ktest/ktest.h>
#include <lib/errno.h>
#include <sched/wait.h>
#include <smp/smp.h>

static u32 last_cpu(void)
{
	return nr_cpu_ids - 1;
}

static void count(void *arg)
{
	__atomic_fetch_add((u32 *)arg, 1, __ATOMIC_RELAXED);
}

/* What INIT must not have changed, or what the start must have made anew. */
struct seen {
	u64 tsc, misc;
	u32 apic_id, svr, preempt;
};

static void look(void *arg)
{
	struct seen *s = arg;

	s->tsc = rdtsc();
	s->apic_id = lapic_id();
	s->svr = apic_read(APIC_SPIV);
	s->preempt = preempt_count();
	s->misc = rdmsr(MSR_IA32_APICBASE);
}

TEST(smp, init_and_sipi_bring_a_running_cpu_back,
     "SDM 3A MP Initialization Protocol Algorithm for MP Systems; SDM 3A "
     "Processor State After Reset",
     .needs = NEEDS_SMP)
{
	u32 cpu = last_cpu(), n = 0;
	struct seen before, after;

	EXPECT_EQ(run_on(cpu, look, &before, 2000000), 0);
	EXPECT_EQ(smp_restart_cpu(cpu), 0);
	EXPECT_TRUE(cpu_online(cpu));
	EXPECT_EQ(run_on(cpu, look, &after, 2000000), 0);
	EXPECT_GT(after.tsc, before.tsc);
	EXPECT_EQ(after.apic_id, before.apic_id);
	EXPECT_EQ(after.misc, before.misc);
	EXPECT_EQ(after.svr, before.svr);
	EXPECT_EQ(after.preempt, 0);
	EXPECT_EQ(smp_call_function_single(cpu, count, &n, true), 0);
	EXPECT_EQ(n, 1);
}

/* What it was doing is over, and does not end later either. */
static bool released;

static void wait(void *arg)
{
	count(arg);
	WAIT_FOR(READ_ONCE(released), WAIT_DEFAULT_US);
	count(arg);
}

TEST(smp, init_ends_what_a_cpu_was_doing, "SDM 3A Processor State After Reset",
     .needs = NEEDS_SMP)
{
	u32 cpu = last_cpu(), n = 0;

	released = false;
	EXPECT_EQ(run_on_start(cpu, wait, &n, 10000000), 0);
	EXPECT_TRUE(WAIT_FOR(READ_ONCE(n), WAIT_DEFAULT_US));
	EXPECT_EQ(smp_restart_cpu(cpu), 0);
	WRITE_ONCE(released, true);
	EXPECT_EQ(run_on(cpu, count, &n, 2000000), 0);
	EXPECT_EQ(n, 2);
}

static struct timer_list timers[2];
static u32 expired;

static void expire(struct timer_list *timer)
{
	count(&expired);
}

static void start_timers(void *delay)
{
	for (u32 i = 0; i < ARRAY_SIZE(timers); i++)
		mod_timer(&timers[i], get_jiffies_64() + *(const u32 *)delay);
}

TEST(smp, timers_of_a_cpu_that_begins_anew_expire,
     "irqbed include/bh/timer.h: cpu was stopped by INIT, what is pending "
     "remains so",
     .needs = NEEDS_SMP)
{
	u32 cpu = last_cpu(), later = HZ / 10, soon = 1;

	expired = 0;
	for (u32 i = 0; i < ARRAY_SIZE(timers); i++)
		timer_setup(&timers[i], expire, 0);
	EXPECT_EQ(run_on(cpu, start_timers, &later, 2000000), 0);
	EXPECT_EQ(smp_restart_cpu(cpu), 0);
	msleep(100);
	if (!EXPECT_TRUE(WAIT_FOR(READ_ONCE(expired) == 2, WAIT_DEFAULT_US)))
		return;
	EXPECT_EQ(run_on(cpu, start_timers, &soon, 2000000), 0);
	EXPECT_TRUE(WAIT_FOR(READ_ONCE(expired) == 4, WAIT_DEFAULT_US));
}

TEST(smp, a_cpu_that_nobody_waits_for_parks,
     "irqbed src/smp/trampoline.S: a late CPU parks itself", .needs = NEEDS_SMP)
{
	u32 cpu = last_cpu(), n = 0;

	EXPECT_EQ(smp_park_cpu(cpu), 0);
	EXPECT_EQ(num_online_cpus(), nr_cpu_ids - 1);
	EXPECT_EQ(smp_failed_id(0), cpu_hot(cpu)->apic_id);
	EXPECT_EQ(run_on(cpu, count, &n, 2000000), -ENXIO);
	EXPECT_EQ(smp_call_function_single(cpu, count, &n, true), -ENXIO);
	EXPECT_EQ(on_each_cpu(count, &n, true), 0);
	EXPECT_EQ(n, nr_cpu_ids - 1);
	EXPECT_EQ(smp_restart_cpu(cpu), 0);
	EXPECT_EQ(run_on(cpu, count, &n, 2000000), 0);
	EXPECT_EQ(num_online_cpus(), nr_cpu_ids);
}

TEST(smp, the_boot_cpu_is_not_restarted,
     "SDM 3A MP Initialization Protocol Algorithm for MP Systems")
{
	EXPECT_EQ(smp_restart_cpu(0), -EINVAL);
	EXPECT_EQ(smp_park_cpu(0), -EINVAL);
}
