/* SPDX-License-Identifier: MIT */
/*
 * ud_group.h - judge each encoding of a group of src/ktest/insn_ud.S; messages
 * show its bytes.
 */
#pragma once

#include <ktest/insn_ud.h>

#include "judge.h"

struct ud_group {
	const char *file;
	int line;
	const char *first, *end;
};

#define UD_GROUP(name)                                                 \
	(&(const struct ud_group){ __FILE__, __LINE__, insn_ud_##name, \
				   insn_ud_##name##_end })

/* What memory operands name: 64 bytes, and as much behind them. */
extern u64 ud_operand[16];

/* Each raises vector nr with error code 0, or nothing: TRAP_NONE. */
void ud_judge(const struct ud_group *group, u32 nr);

/* The same with another RDI. */
void ud_judge_arg(const struct ud_group *group, u32 nr, void *arg);

/* One slot, of that name, which is optional. */
void ud_judge_slot(const struct ud_group *group, const char *slot,
		   const char *name, u32 nr, void *arg);

/* One slot does not raise #UD; whatever else it does is its own affair. */
void ud_judge_valid(const struct ud_group *group, const char *slot,
		    const char *name);

#define EXPECT_UD(group)   ud_judge(UD_GROUP(group), X86_TRAP_UD)
#define EXPECT_RUNS(group) ud_judge(UD_GROUP(group), TRAP_NONE)

/* With bits of CR4 clear, or of CR0 set. */
#define EXPECT_UD_WITHOUT_CR4(group, bits) \
	ud_judge_cr4(UD_GROUP(group), bits, X86_TRAP_UD)
void ud_judge_cr4(const struct ud_group *group, u64 clear, u32 nr);
void ud_judge_cr0(const struct ud_group *group, u64 set, u32 nr);
