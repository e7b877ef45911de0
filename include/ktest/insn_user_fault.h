/* SPDX-License-Identifier: MIT */
/*
 * insn_user_fault.h - more of what cases run at CPL 3, by kind of fault:
 * src/ktest/insn_user_fault.S. uf_x begins there, uf_x_end is behind the
 * instruction judged; what does not fault goes on to INT 0x80.
 */
#pragma once

#define USER_FAULT(name) extern char uf_##name[], uf_##name##_end[]
#include <ktest/insn_user_fault.list.h>
#undef USER_FAULT

/* These prepare the unit, and lead to the instruction named behind _. */
extern char uf_fldenv_fwait[], uf_fldenv_fld1[], uf_fldenv_fnstsw[];
extern char uf_fldenv_pxor[];
extern char uf_sse_divss[], uf_sse_mulss[], uf_sse_sqrtss[];

#include <lib/compiler.h>

/* What FLDENV loads in 64-bit mode. SDM 1, figure "x87 FPU Environment". */
struct x87_env {
	u32 fcw, fsw, ftw, fip, fcs, fdp, fds;
};
static_assert(sizeof(struct x87_env) == 28, "SDM 1: 32-bit format");

/* MXCSR, and two singles as bits. */
struct user_sse {
	u32 mxcsr, a, b;
};
