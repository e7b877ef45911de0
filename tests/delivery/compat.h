/* SPDX-License-Identifier: MIT */
/* compat.h - what the files of suite `compat` share: test_compat.c has it. */
#pragma once

#include <ktest/insn_compat.h>

#include "delivery.h"

#define SLOT 10 /* free in our GDT */
#define SEL  (SLOT * 8 + 3)

/* At insn of insn_compat.h; its stack can be read alone. */
struct pt_regs compat_regs(const char *insn);

/* run(), or SKIP and false where the code lies above 4 GiB. */
bool compat_enter(const struct pt_regs *regs);

/* The frame got is that of RIP at and else of regs, its status flags free. */
void compat_judge(const struct iret_frame *got, const void *at,
		  const struct pt_regs *regs);
