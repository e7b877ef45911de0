// SPDX-License-Identifier: MIT
/* test_smp_log.c - one line is one write, whoever else has something to say. */
#include <console/console.h>
#include <console/printk.h>
#include <cpu/deadline.h>
#include <irq/ipi.h>
#include <ktest/ktest.h>

#define SLOW_US 3000 /* in the middle of a line */

static bool speaking, other_comes;

/* The first line finds a sink that takes its time. */
static void slow_write(const char *line, size_t len)
{
	if (__atomic_exchange_n(&speaking, true, __ATOMIC_ACQ_REL))
		return;
	WAIT_FOR(READ_ONCE(other_comes), WAIT_DEFAULT_US);
	udelay(SLOW_US);
}

static void say(void *unused)
{
	ktest_note("CPU %u says so", smp_processor_id());
}

/* The boot CPU in the middle of another's line, then all of them at once. */
TEST(smp, lines_of_many_cpus_do_not_mix,
     "irqbed include/console/printk.h, printk()", .needs = NEEDS_SMP)
{
	static struct console slow = { .write = slow_write };
	struct cpumask some = { .bits = { GENMASK(11, 0) } };
	u32 breaks = printk_breaks();

	speaking = true;
	console_register(&slow);
	speaking = other_comes = false;
	EXPECT_EQ(smp_call_function_many(&some, say, NULL, false), 0);
	EXPECT_TRUE(WAIT_FOR(READ_ONCE(speaking), WAIT_DEFAULT_US));
	WRITE_ONCE(other_comes, true);
	say(NULL);
	EXPECT_EQ(smp_call_function_many(&some, say, NULL, true), 0);
	console_unregister(&slow);
	EXPECT_EQ(printk_breaks(), breaks);
}

static void expect_list(u64 cpus, const char *want)
{
	struct cpumask mask = { .bits = { cpus } };
	char list[24];

	cpulist_scnprintf(list, sizeof(list), &mask);
	if (cpus < BIT(min(nr_cpu_ids, 63u)))
		EXPECT_STREQ(list, want);
}

/* As far as there are so many; what does not fit is said to be there. */
TEST(smp, a_list_of_cpus_joins_neighbours,
     "Linux Documentation/core-api/printk-formats.rst \"bitmap and its "
     "derivatives\"",
     .needs = NEEDS_SMP)
{
	expect_list(0, "");
	expect_list(0x2, "1");
	expect_list(0x3, "0-1");
	expect_list(0x5, "0,2");
	expect_list(0xb, "0-1,3");
	expect_list(0xfff0ff, "0-7,12-23");
	expect_list(0x155555555, "0,2,4,6,8,...");
}
