/* SPDX-License-Identifier: MIT */
/*
 * ptrace.h - the registers of whatever an event interrupted, in the order the
 * entry code pushes them. Linux's pt_regs; here orig_ax is split in two, so
 * the vector is always known.
 */
#pragma once

/* clang-format off */
#define PT_R15		0x00
#define PT_RDI		0x70
#define PT_VECTOR	0x78
#define PT_ERROR_CODE	0x80
#define PT_IP		0x88
#define PT_CS		0x90
#define PT_FLAGS	0x98
#define PT_SP		0xa0
#define PT_SS		0xa8
#define PT_SIZE		0xb0

#ifndef __ASSEMBLER__
#include <lib/compiler.h>

struct pt_regs {
	u64 r15, r14, r13, r12, bp, bx, r11, r10, r9, r8;
	u64 ax, cx, dx, si, di;
	u64 vector;		/* pushed by the stub */
	u64 error_code;		/* pushed by the CPU, or 0 by the stub */
	u64 ip, cs, flags, sp, ss;	/* pushed by the CPU, always all five */
};
static_assert(offsetof(struct pt_regs, r15) == PT_R15, "entry.S");
static_assert(offsetof(struct pt_regs, di) == PT_RDI, "entry.S");
static_assert(offsetof(struct pt_regs, vector) == PT_VECTOR, "entry.S");
static_assert(offsetof(struct pt_regs, error_code) == PT_ERROR_CODE, "entry.S");
static_assert(offsetof(struct pt_regs, ip) == PT_IP, "entry.S");
static_assert(offsetof(struct pt_regs, cs) == PT_CS, "entry.S");
static_assert(offsetof(struct pt_regs, flags) == PT_FLAGS, "entry.S");
static_assert(offsetof(struct pt_regs, sp) == PT_SP, "entry.S");
static_assert(offsetof(struct pt_regs, ss) == PT_SS, "entry.S");
static_assert(sizeof(struct pt_regs) == PT_SIZE, "entry.S");

static inline bool user_mode(const struct pt_regs *regs)
{
	return (regs->cs & 3) == 3;
}
#endif
/* clang-format on */
