// SPDX-License-Identifier: MIT
/* test_smp_overflow.c - a stack that overflows is told as its CPU's. */
#include <cpu/cpumask.h>
#include <cpu/stacks.h>
#include <ktest/insn_boot.h>
#include <ktest/ktest.h>
#include <lib/format.h>
#include <lib/string.h>
#include <mm/regions.h>
#include <smp/smp.h>
#include <trap/catch.h>

#define LIMIT_US 2000000

static struct trap got;

/* This CPU's own stack is what overflows. */
static void overflow(void *unused)
{
	u64 bottom = stack_top(smp_processor_id(), STACK_TASK) - STACK_SIZE;

	got = catch_trap(insn_boot_push_there, (void *)bottom);
}

static void expect_overflow(u32 cpu)
{
	enum stack_kind df = STACK_IST1 + IST_DF - 1;
	char name[64], want[64];

	memset(&got, 0, sizeof(got));
	EXPECT_EQ(run_on(cpu, overflow, NULL, LIMIT_US), 0);
	EXPECT_TRAP(got, X86_TRAP_DF);
	EXPECT_EQ(got.handler_sp, stack_top(cpu, df));
	EXPECT_EQ(got.cr2, stack_top(cpu, STACK_TASK) - STACK_SIZE - 8);
	scnprintf(want, sizeof(want), "guard page of the task stack of CPU %u",
		  cpu);
	EXPECT_STREQ(region_name(got.cr2, name, sizeof(name)), want);
}

TEST(smp, an_overflow_is_df_on_the_stack_of_the_cpu_it_happens_to,
     "SDM 3A Interrupt 8; SDM 3A \"Interrupt Stack Table\"", .needs = NEEDS_SMP)
{
	u32 cpu;

	for_each_online_cpu (cpu) {
		if (cpu && ktest_ok())
			expect_overflow(cpu);
	}
}
