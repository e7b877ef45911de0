// SPDX-License-Identifier: MIT
/* test_outside.c - see outside.h. */
#include "outside.h"

#include <cpu/cpumask.h>
#include <cpu/deadline.h>
#include <cpu/irqflags.h>
#include <ktest/raised.h>
#include <lib/string.h>
#include <trap/traps.h>

#include "judge.h"

#define HLT_TRIES     8
#define STATUS_AND_RF (X86_EFLAGS_STATUS | X86_EFLAGS_RF)
#define CLEAR_IN_HANDLER \
	(X86_EFLAGS_IF | X86_EFLAGS_TF | X86_EFLAGS_NT | X86_EFLAGS_RF)

static void *port(void)
{
	return (void *)(u64)companion_port();
}

void outside_raised_nmis(bool here)
{
	raised_nmis(num_online_cpus() - 1 + here);
}

/* An NMI is one that the runner counts. */
static void raised(u32 nr)
{
	if (nr == X86_TRAP_NMI)
		outside_raised_nmis(true);
}

/* What is the same at both levels. True: it was that vector. */
static bool judge_event(const struct trap *got, u32 nr, u64 flags,
			enum stack_kind stack)
{
	u64 top = stack_top(smp_processor_id(), stack);
	bool arrived = got->nr == nr;
	int err = companion_answer();

	if (!arrived && err)
		return companion_did(err);
	if (!companion_did(err))
		return false;
	raised(nr);
	if (!EXPECT_TRAP(*got, nr))
		return false;
	EXPECT_EQ(got->error_code, 0);
	EXPECT_EQ(got->flags & ~(u64)STATUS_AND_RF, flags);
	EXPECT_EQ(got->stack, stack);
	EXPECT_EQ(got->handler_sp, top - (stack == STACK_IST2 ? NMI_COPY : 0));
	EXPECT_EQ(got->handler_flags & CLEAR_IN_HANDLER, 0);
	EXPECT_EQ(got->regs.di, companion_port());
	return true;
}

bool outside_event(struct trap *got, u32 nr, enum stack_kind stack,
		   const char *words)
{
	u64 flags = native_save_fl() & ~(u64)STATUS_AND_RF;

	if (!companion_did(companion_prepare("%s", words)))
		return false;
	*got = catch_trap(insn_fire, port());
	if (!judge_event(got, nr, flags, stack))
		return false;
	EXPECT_EQ(got->cs, __KERNEL_CS);
	EXPECT_EQ(got->ss, __KERNEL_DS);
	EXPECT_EQ(stack_of(got->sp).kind, STACK_TASK);
	EXPECT_GE(got->ip, insn_fire_at);
	return EXPECT_LT(got->ip, insn_fire_end);
}

bool outside_user_event(struct trap *got, u32 nr, const char *words)
{
	struct pt_regs *regs = user_regs((u64)user_fire);

	regs->flags |= X86_EFLAGS_IOPL;
	regs->di = companion_port();
	if (!companion_did(companion_prepare("%s", words)))
		return false;
	*got = catch_user(regs);
	if (!judge_event(got, nr, regs->flags, STACK_ENTRY))
		return false;
	EXPECT_EQ(got->cs, __USER_CS);
	EXPECT_EQ(got->ss, __USER_DS);
	EXPECT_EQ(got->sp, regs->sp);
	EXPECT_GE(got->ip, user_fire_at);
	return EXPECT_LT(got->ip, user_fire_end);
}

static u32 elsewhere[NR_CPUS]; /* each is written by its own CPU */

void outside_reset(void)
{
	memset(elsewhere, 0, sizeof(elsewhere));
}

static u32 came_to(u32 cpu)
{
	return READ_ONCE(elsewhere[cpu]);
}

static bool came_elsewhere(u32 n)
{
	u32 cpu;

	for_each_online_cpu (cpu) {
		if (cpu && came_to(cpu) < n)
			return false;
	}
	return true;
}

bool outside_await_elsewhere(u32 n)
{
	return WAIT_FOR(came_elsewhere(n), WAIT_DEFAULT_US);
}

bool outside_expect_elsewhere(u32 n)
{
	bool right = true;
	u32 cpu;

	outside_await_elsewhere(n);
	for_each_online_cpu (cpu) {
		if (!cpu || EXPECT_EQ(came_to(cpu), n))
			continue;
		ktest_note("at CPU %u", cpu);
		right = false;
	}
	return right;
}

bool outside_not_here(struct pt_regs *regs, void *unused)
{
	u32 cpu = smp_processor_id();

	if (!cpu)
		return false;
	WRITE_ONCE(elsewhere[cpu], elsewhere[cpu] + 1);
	return true;
}

bool outside_count(struct pt_regs *regs, void *note)
{
	struct outside_note *s = note;

	if (outside_not_here(regs, NULL))
		return true;
	s->ip = regs->ip;
	s->flags = regs->flags;
	s->stack = stack_of((u64)regs).kind;
	/* Too early: the HLT would have no end. */
	if (regs->ip == (u64)insn_fire_hlt_at) {
		regs->ip = (u64)insn_fire_hlt_after;
		s->before_hlt++;
	}
	WRITE_ONCE(s->n, s->n + 1);
	return true;
}

/*
 * One that comes before HLT is asked for again, each time with more delay:
 * the host may be slow to go on with us, and quick to do as it was told.
 */
static bool hlt_once(const char *words, u32 tries)
{
	int err = tries ? companion_prepare("after %u %s", 1u << tries, words)
			: companion_prepare("%s", words);

	if (!companion_did(err))
		return false;
	insn_fire_hlt(port());
	return companion_did(companion_answer());
}

void outside_hlt(u32 nr, const char *words, bool everywhere)
{
	struct outside_note s = { 0 };
	u32 asked = 1, tries = 0;

	trap_hook(nr, outside_count, &s);
	/* Refused, it would never end the HLT: see first that it is not. */
	if (!companion_did(companion_ask("%s", words)) ||
	    !EXPECT_TRUE(WAIT_FOR(READ_ONCE(s.n), WAIT_DEFAULT_US)))
		return;
	raised(nr);
	local_irq_disable();
	do {
		if (everywhere)
			outside_await_elsewhere(asked);
		if (!hlt_once(words, tries))
			break;
		raised(nr);
		asked++;
	} while (s.ip != (u64)insn_fire_hlt_after && ++tries < HLT_TRIES);
	local_irq_enable();
	EXPECT_EQ(s.ip, insn_fire_hlt_after);
	EXPECT_EQ(s.flags & X86_EFLAGS_IF, 0);
	EXPECT_EQ(s.n, asked);
	if (everywhere)
		outside_expect_elsewhere(asked);
}
