/* SPDX-License-Identifier: MIT */
/* insn_fpu.h - x87, MMX and SSE one by one: src/ktest/insn_fpu.S. */
#pragma once

#define INSN(name)                   \
	void insn_##name(void *arg); \
	extern char insn_##name##_at[]
INSN(fninit);
INSN(fld1);
INSN(fwait);
INSN(fnop);
INSN(mmx);
INSN(sse_add);
INSN(fxsave);
INSN(clts_fld1);
/* From, or to, where RDI says. Of these only the first two wait. */
INSN(fld_from);
INSN(mmx_from);
INSN(fstcw_to);
INSN(fstsw_to);
INSN(fstenv_to);
INSN(fsave_to);
INSN(fdiv_pend); /* an unmasked zero-divide is pending when it returns */
/* Leaves an unmasked zero-divide pending, which _at meets. */
INSN(fdiv_fwait);
INSN(fdiv_fld1);
INSN(fdiv_mmx);
INSN(fdiv_no_wait);
/* RDI: struct x87_op. a times b, or a by b; _at is the FWAIT behind. */
INSN(x87_mul);
INSN(x87_div);
INSN(x87_pop);
/* RDI: struct sse_op. Loads its MXCSR; _at is the instruction judged. */
INSN(sse_div);
INSN(sse_sqrt);
INSN(sse_mul);
INSN(sse_cvt);
INSN(ldmxcsr);
#undef INSN

#include <lib/types.h>

struct x87_op {
	u16 cw, sw_after;
	u8 a[10], b[10]; /* extended precision, as bytes */
};

struct sse_op {
	u32 mxcsr, mxcsr_after;
	u32 a, b; /* singles, as bits: C does no floating point */
};
