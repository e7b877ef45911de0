/* SPDX-License-Identifier: MIT */
/* call_gate.h - what the files of suite `call_gate` share; test_call_gate.c. */
#pragma once

#include "delivery.h"

#define CG_RULE	 "SDM 3A IA-32e Mode Call Gates"
#define CG_SLOT	 12 /* the gate's two slots of the GDT */
#define CG_SPARE 14 /* a segment of the case's */
#define CG_GATE	 (CG_SLOT * 8 + 3)
#define IST_BACK 6 /* so that RSP0's stack stays as the call left it */

/* Words a call from CPL 3 pushes, lowest address first. */
struct call_frame {
	u64 ip, cs, sp, ss;
};

/* SDM 3A, figure "Call-Gate Descriptor in IA-32e Mode". */
struct call_gate {
	u16 offset_low, segment;
	u8 reserved0, type : 4, s : 1, dpl : 2, p : 1;
	u16 offset_middle;
	u32 offset_high;
	u8 reserved1, upper_type; /* bits 4:0 must be 0 */
	u16 reserved2;
} __packed;
static_assert(sizeof(struct call_gate) == 16, "SDM 3A: call gate");

/* A good one, of DPL 3, to code of CPL 0 at to; for the case to spoil. */
struct call_gate *cg_gate(const void *to);

/* The user's page at DL_USER_VA: far pointer, and stack. */
extern u64 cg_page;

/* At CPL 3, at insn, whose far pointer is at RDI; its offset is nothing. */
struct pt_regs cg_regs(const void *insn, u16 sel);
