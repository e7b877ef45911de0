/* SPDX-License-Identifier: MIT */
/* insn_canonical.S - see include/ktest/insn_canonical.h. */
#include <ktest/insn_delivery.h>

	.macro one label, insn:vararg
	.globl	\label
	.hidden	\label
\label:
	\insn
	int	$DL_BACK
	.endm

	.macro both name, insn:vararg
	.text
	one	insn_canon_\name, \insn
	.section .user.text, "ax"
	one	uf_canon_\name, \insn
	.endm

both enter,		enter $0, $0
both leave,		leave
both ret,		ret
both lret,		lretq
both pushf,		pushfq
both popf,		popfq
both push_imm,		pushq $1
both call,		call . + 5

both movsb,		movsb
both stosb,		stosb
both lodsb,		lodsb
both scasb,		scasb
both cmpsb,		cmpsb
both rep_movsq,		rep movsq
both rep_stosq,		rep stosq

both wrfsbase,		wrfsbase %rax
both wrgsbase,		wrgsbase %rax

	.section .note.GNU-stack, "", @progbits
