/* SPDX-License-Identifier: MIT */
/*
 * outside.h - an event from outside the machine, asked of the host companion,
 * at an instruction of the case's choice. RF is judged elsewhere: no such
 * event's manual says more than that faults set it.
 */
#pragma once

#include <ktest/companion.h>
#include <ktest/insn_companion.h>

#include "judge.h"

#define IST_STACK(ist) ((enum stack_kind)(STACK_IST1 + (ist)-1))

/*
 * Ask for words, be at CPL 0 polling (or at CPL 3) when it comes, and judge
 * all there is to judge of vector nr on stack. False: nothing to go on with;
 * the case was skipped or failed.
 */
bool outside_event(struct trap *got, u32 nr, enum stack_kind stack,
		   const char *words);
bool outside_user_event(struct trap *got, u32 nr, const char *words);

/*
 * An event for every CPU: the case judges its own, others are counted here,
 * from outside_reset() on, by both hooks below. Two that meet are one: wait
 * for the first before the second is asked for.
 */
void outside_reset(void);
bool outside_await_elsewhere(u32 n);
/* Has each other CPU got n, and no more? */
bool outside_expect_elsewhere(u32 n);
/* The runner is to count an NMI at each other CPU; and one here? */
void outside_raised_nmis(bool here);

/* Handles what comes elsewhere, and leaves this CPU's to who else wants it. */
bool outside_not_here(struct pt_regs *regs, void *unused);

/* A hook's note of where its events came; go on with the next instruction. */
struct outside_note {
	u32 n, before_hlt;
	u64 ip, flags;
	enum stack_kind stack;
};
bool outside_count(struct pt_regs *regs, void *note);

/*
 * In HLT with IF=0 when it comes: is HLT over, and the saved RIP behind it?
 * everywhere: other CPUs get it, too, and each time.
 */
void outside_hlt(u32 nr, const char *words, bool everywhere);
