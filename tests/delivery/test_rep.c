// SPDX-License-Identifier: MIT
/*
 * A repeated string instruction interrupted between two iterations: the frame
 * holds a state from which it goes on, with RF set, and it does go on.
 *
 * Where in the string the interrupt lands is chance, so each attempt aims the
 * APIC timer into it and is repeated until one landed inside.
 *
 * Spec: SDM 2B "REP"; SDM 3B "Instruction-Breakpoint Exception Condition";
 *       APM 3 "Repeat Prefixes".
 */
#include <apic/apic_timer.h>
#include <asm/special_insns.h>
#include <lib/string.h>
#include <mm/page_alloc.h>

#include "delivery.h"

#define RULE	 "SDM 2B REP: pending interrupts"
#define PAGES	 65
#define COUNT	 (PAGES * PAGE_SIZE - 57) /* some CPUs look each 64 Ki */
#define ATTEMPTS 200
#define STEP_US	 10

/* The state in hit i lies inside the string, and all registers agree. */
static void judge_middle(u32 i, const struct pt_regs *start, bool source)
{
	const struct pt_regs *now = &probe.hit[i].regs;
	u64 done = COUNT - now->cx;

	EXPECT_LT(now->cx, COUNT);
	EXPECT_GT(now->cx, 0);
	EXPECT_EQ(now->di, start->di + done);
	EXPECT_EQ(now->si, start->si + (source ? done : 0));
	EXPECT_EQ(now->ax, start->ax);
	EXPECT_EQ(plain(i)->ip, start->ip);
	EXPECT_EQ(plain(i)->flags, FLAGS_IF | X86_EFLAGS_RF);
}

/* Run it with the timer aimed us ahead. True: it landed inside. */
static bool attempt(const struct pt_regs *start, u64 us, bool source)
{
	bool inside;

	memset((void *)start->di, 0, COUNT);
	if (!EXPECT_EQ(apic_timer_start(TIMER_ONESHOT, us), 0))
		return false;
	run(start);
	apic_timer_stop();
	inside = probe.hits == 2 && plain(0)->ip == start->ip &&
		 probe.hit[0].regs.cx < COUNT;
	if (inside)
		judge_middle(0, start, source);
	/* However it was hit, it ended complete. */
	EXPECT_PLAIN(probe.hits - 1, DL_BACK, start->ip + 4);
	EXPECT_EQ(probe.hit[probe.hits - 1].regs.cx, 0);
	EXPECT_EQ(probe.hit[probe.hits - 1].regs.di, start->di + COUNT);
	return inside;
}

static bool interrupt_inside(struct pt_regs *start, bool source)
{
	u64 flags = local_irq_save();
	bool inside = false;

	start->cx = COUNT;
	start->flags = FLAGS_IF;
	probe.eoi[LOCAL_TIMER_VECTOR] = true;
	probe.action[LOCAL_TIMER_VECTOR] = PROBE_RETURN;
	for (u32 n = 0; n < ATTEMPTS && !inside && ktest_ok(); n++)
		inside = attempt(start, STEP_US + n % 64 * STEP_US, source);
	local_irq_restore(flags);
	return inside;
}

TEST(delivery, rep_movsb_interrupted_midway_resumes_exactly, RULE,
     .uses = USES_APIC_TIMER)
{
	struct pt_regs regs = kernel_regs(insn_dl_rep_movsb);
	u64 from = alloc_pages(PAGES), to = alloc_pages(PAGES);

	if (!EXPECT_NE(from, 0) || !EXPECT_NE(to, 0))
		return;
	for (u64 i = 0; i < COUNT; i++)
		((u8 *)from)[i] = (u8)(i * 7 + i / 251);
	regs.si = from;
	regs.di = to;
	if (!interrupt_inside(&regs, true))
		ktest_skip("no interrupt landed inside the string");
	EXPECT_EQ(memcmp((void *)to, (void *)from, COUNT), 0);
	free_pages(from, PAGES);
	free_pages(to, PAGES);
}

TEST(delivery, rep_stosb_interrupted_midway_resumes_exactly, RULE,
     .uses = USES_APIC_TIMER)
{
	struct pt_regs regs = kernel_regs(insn_dl_rep_stosb);
	u64 to = alloc_pages(PAGES + 1);
	u64 bad = 0;

	if (!EXPECT_NE(to, 0))
		return;
	memset((void *)to, 0x11, COUNT + PAGE_SIZE);
	regs.di = to;
	regs.ax = 0xa5;
	if (!interrupt_inside(&regs, false))
		ktest_skip("no interrupt landed inside the string");
	for (u64 i = 0; i < COUNT; i++)
		bad += ((u8 *)to)[i] != 0xa5;
	EXPECT_EQ(bad, 0);
	EXPECT_EQ(((u8 *)to)[COUNT], 0x11); /* and not one too many */
	free_pages(to, PAGES + 1);
}

#define STEPS 4

/* No step beyond the string: TF falls with the last iteration's trap. */
static enum probe_action step(struct probe_regs *regs)
{
	if (!regs->cx)
		((struct iret_frame *)regs->top)->flags &= ~(u64)X86_EFLAGS_TF;
	return PROBE_RETURN;
}

static void single_step_rep(struct pt_regs *regs)
{
	static u8 to[STEPS];

	regs->cx = STEPS;
	regs->di = (u64)to;
	regs->flags |= X86_EFLAGS_TF;
	probe.hook[X86_TRAP_DB] = step;
	write_dr6(DR6_RESERVED);
	run(regs);
	write_dr6(DR6_RESERVED);
}

TEST(delivery, a_single_stepped_rep_traps_after_each_iteration,
     "SDM 3B Single-Step Exception Condition")
{
	struct pt_regs regs = kernel_regs(insn_dl_rep_stosb);

	single_step_rep(&regs);
	EXPECT_EQ(probe.hits, STEPS + 1);
	for (u32 i = 0; i < STEPS; i++) {
		u64 left = STEPS - 1 - i;

		EXPECT_PLAIN(i, X86_TRAP_DB, regs.ip + (left ? 0 : 2));
		EXPECT_EQ(probe.hit[i].regs.cx, left);
		EXPECT_EQ(probe.hit[i].regs.di, regs.di + i + 1);
		EXPECT_EQ(probe.hit[i].dr6 & (DR_STEP | DR_BD | DR_BT),
			  DR_STEP);
	}
	EXPECT_PLAIN(STEPS, DL_BACK, regs.ip + 4);
}

TEST(delivery, a_trap_between_iterations_saves_rf_set,
     "SDM 3B Instruction-Breakpoint Exception Condition")
{
	struct pt_regs regs = kernel_regs(insn_dl_rep_stosb);

	single_step_rep(&regs);
	EXPECT_EQ(probe.hits, STEPS + 1);
	for (u32 i = 0; i < STEPS - 1; i++) {
		EXPECT_PLAIN(i, X86_TRAP_DB, regs.ip);
		EXPECT_EQ(plain(i)->flags,
			  FLAGS0 | X86_EFLAGS_TF | X86_EFLAGS_RF);
	}
}
