/* SPDX-License-Identifier: MIT */
/*
 * insn_fpu.S - instructions of the x87, MMX and SSE units, and sequences that
 * raise their exceptions. Each leaves x87 as FNINIT does.
 */
#include "insn_trap.h"

#define FCW_UNMASK_ZE	0x037b
#define MXCSR_DEFAULT	0x1f80

	.text

	.macro unit name, text:vararg
insn \name
	\text
at \name
	ret
	.endm

unit fninit,	fninit
unit fwait,	fwait
unit fnop,	fnop
unit fxsave,	fxsave (%rdi)

insn fld1
	fld1
at fld1
	fninit
	ret
insn mmx
	pxor	%mm0, %mm0
at mmx
	emms
	ret
insn sse_add
	addps	%xmm0, %xmm0
at sse_add
	ret

/* TS is set; CLTS ends it, so that nothing faults. */
insn clts_fld1
	clts
at clts_fld1
	fld1
	fninit
	ret

	.macro pending_zero_divide
	fninit
	pushq	$FCW_UNMASK_ZE
	fldcw	(%rsp)
	addq	$8, %rsp
	fld1
	fldz
	fdivrp				/* 1 / 0: pending, not raised yet */
	.endm

/* Left pending: C does no floating point. */
insn fdiv_pend
	pending_zero_divide
at fdiv_pend
	ret
unit fld_from,	fldl (%rdi)
unit mmx_from,	movq (%rdi), %mm0
unit fstcw_to,	fnstcw (%rdi)
unit fstsw_to,	fnstsw (%rdi)
unit fstenv_to,	fnstenv (%rdi)
unit fsave_to,	fnsave (%rdi)

insn fdiv_fwait
	pending_zero_divide
at fdiv_fwait
	fwait
	fninit
	ret
insn fdiv_fld1
	pending_zero_divide
at fdiv_fld1
	fld1
	fninit
	ret
insn fdiv_mmx
	pending_zero_divide
at fdiv_mmx
	pxor	%mm0, %mm0
	fninit
	ret
/* Those that do not wait do not raise it: RAX gets the status word. */
insn fdiv_no_wait
	pending_zero_divide
	fnstsw	%ax
	movzwl	%ax, %eax
	movq	%rax, (%rdi)
	fnclex
at fdiv_no_wait
	fwait
	fninit
	ret

	/* struct x87_op: cw 0, sw_after 2, a 4, b 14; pending at the FWAIT */
	.macro x87_op name, op
insn \name
	fninit
	fldcw	(%rdi)
	fldt	4(%rdi)
	fldt	14(%rdi)
	\op
	fnstsw	2(%rdi)
at \name
	fwait
	fninit
	ret
	.endm

x87_op x87_mul, fmulp
x87_op x87_div, fdivrp
insn x87_pop				/* of an empty register */
	fninit
	fldcw	(%rdi)
	fstp	%st(0)
	fnstsw	2(%rdi)
at x87_pop
	fwait
	fninit
	ret

	/* mxcsr 0, mxcsr_after 4, a 8, b 12 */
	.macro sse_op name, op
insn \name
	ldmxcsr	(%rdi)
	movss	8(%rdi), %xmm0
	movss	12(%rdi), %xmm1
at \name
	\op	%xmm1, %xmm0
	stmxcsr	4(%rdi)
	ret
	.endm

sse_op sse_div,  divss
sse_op sse_sqrt, sqrtss
sse_op sse_mul,  mulss
insn sse_cvt
	ldmxcsr	(%rdi)
	movss	12(%rdi), %xmm1
at sse_cvt
	cvtss2si %xmm1, %eax
	stmxcsr	4(%rdi)
	ret
insn ldmxcsr
	ldmxcsr	(%rdi)
at ldmxcsr
	ret

	.section .note.GNU-stack, "", @progbits
