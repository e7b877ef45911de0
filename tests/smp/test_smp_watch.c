// SPDX-License-Identifier: MIT
/*
 * test_smp_watch.c - whom the watch of CPUs takes for hung, and whom not. What
 * does hang is in tests/selftest/test_smp_hang.c.
 *
 * Linux: kernel/watchdog_buddy.c.
 */
#include <cpu/deadline.h>
#include <ktest/ktest.h>
#include <smp/smp.h>
#include <smp/watch.h>
#include <trap/traps.h>

#define RULE	"irqbed src/smp/watch.c: a CPU that is not run is not hung"
#define SOME	8
#define WORK_US 2000000

static void nothing(void *unused)
{
}

/* Sleeping, or on its way there: the NMI finds nothing that holds it. */
static void suspect(u32 cpu)
{
	u64 asked = nmi_own_count_cpu(cpu);

	watch_suspect(cpu);
	EXPECT_TRUE(WAIT_FOR(nmi_own_count_cpu(cpu) != asked, WAIT_DEFAULT_US));
	EXPECT_EQ(run_on(cpu, nothing, NULL, WORK_US), 0);
}

TEST(smp, an_idle_cpu_that_did_not_tick_is_asked_before_it_is_judged, RULE,
     .needs = NEEDS_SMP)
{
	u32 recovered = smp_recovered_count(), n = 0, cpu;

	for_each_online_cpu (cpu) {
		if (cpu && n++ < SOME)
			suspect(cpu);
	}
	EXPECT_EQ(smp_recovered_count(), recovered);
}
