/* SPDX-License-Identifier: MIT */
/* syscall.h - what the files of suite `syscall` share: test_sysret.c has it. */
#pragma once

#include <asm/msr-index.h>
#include <asm/special_insns.h>
#include <ktest/insn_syscall.h>

#include "delivery.h"

#define SC_STACK 6 /* IST of DL_BACK: RSP may be anything */

/* What SYSCALL and its kin load; sc_default() is Linux's. */
struct sc_msrs {
	u64 star, lstar, cstar, mask, efer;
	u64 sysenter_cs, sysenter_esp, sysenter_eip;
};

struct sc_msrs sc_default(void);

/*
 * Call fn(arg), or enter regs, on the scratch tables with these MSRs, external
 * interrupts held off by CR8; all is as before when it returns.
 */
void sc_call(const struct sc_msrs *msrs, void (*fn)(void *), void *arg);
void sc_run(const struct sc_msrs *msrs, const struct pt_regs *regs);

static inline u64 star(u64 user, u64 kernel)
{
	return user << 48 | kernel << 32;
}

/* Registers to start from, all 15 different. */
static inline struct pt_regs sc_pattern(struct pt_regs regs)
{
	for (u32 i = 0; i < 15; i++)
		(&regs.r15)[i] = 0xfedcba9876543211ull * (i + 3);
	return regs;
}

/* The flags CPL 3 can have but TF, each alone. */
extern const u64 sc_flags[13];
