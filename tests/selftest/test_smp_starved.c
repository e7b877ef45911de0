// SPDX-License-Identifier: MIT
/*
 * starved - the host runs none of the CPUs for longer than any may be silent:
 * none of them hangs. tests/qemu/smp.t stops the emulator meanwhile.
 */
#include <cpu/deadline.h>
#include <ktest/ktest.h>
#include <smp/smp.h>

#define RULE	"irqbed src/smp/watch.c: a CPU that is not run is not hung"
#define STOP_US 10000000 /* watch.c's STALE_US */
#define ALL_US	100000000
#define LOOK_US 3000000 /* the others' ticks, and what they would lead to */

SUITE(starved, .manual = true, .needs = NEEDS_SMP);

/* Time went by without us. */
static bool was_stopped(u64 *last)
{
	u64 before = *last;

	*last = rdtsc();
	return tsc_to_us(*last - before) > STOP_US;
}

TEST(starved, no_idle_cpu_is_taken_for_hung, RULE, .deadline_ms = 110000)
{
	u32 recovered = smp_recovered_count();
	u64 last = rdtsc();

	ktest_note("starved: stop the emulator now, for more than 10 s");
	if (!EXPECT_TRUE(WAIT_FOR(was_stopped(&last), ALL_US)))
		return;
	WAIT_FOR(false, LOOK_US);
	EXPECT_EQ(smp_recovered_count(), recovered);
}
