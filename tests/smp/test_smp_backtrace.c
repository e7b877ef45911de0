// SPDX-License-Identifier: MIT
/* test_smp_backtrace.c - NMIs from CPU to CPU: each says where it is. */
#include <cpu/deadline.h>
#include <cpu/irqflags.h>
#include <ktest/ktest.h>
#include <smp/nmi_backtrace.h>
#include <smp/smp.h>
#include <trap/traps.h>

#define RULE "Linux lib/nmi_backtrace.c: nmi_trigger_cpumask_backtrace()"

static bool released;
static u32 arrived;

static void wait_irqs_off(void *arg)
{
	u64 flags = local_irq_save();

	__atomic_fetch_add(&arrived, 1, __ATOMIC_SEQ_CST);
	WAIT_FOR(READ_ONCE(released), WAIT_DEFAULT_US);
	local_irq_restore(flags);
}

/* No matter what it does; and it goes on with it. One NMI each, no more. */
TEST(smp, an_nmi_asks_every_cpu_where_it_is, RULE, .needs = NEEDS_SMP)
{
	u32 cpu, last = nr_cpu_ids - 1;
	u64 nmis = 0;

	for_each_online_cpu (cpu)
		nmis -= nmi_backtrace_count(cpu) +
			trap_count_cpu(X86_TRAP_NMI, cpu);
	released = false;
	arrived = 0;
	EXPECT_EQ(run_on_start(last, wait_irqs_off, NULL, 10000000), 0);
	EXPECT_TRUE(WAIT_FOR(READ_ONCE(arrived), WAIT_DEFAULT_US));
	EXPECT_TRUE(trigger_allbutself_cpu_backtrace());
	WRITE_ONCE(released, true);
	EXPECT_EQ(run_on_wait(last), 0);
	for_each_online_cpu (cpu)
		nmis += nmi_backtrace_count(cpu) +
			trap_count_cpu(X86_TRAP_NMI, cpu);
	EXPECT_EQ(nmis, 2 * (nr_cpu_ids - 1));
}
