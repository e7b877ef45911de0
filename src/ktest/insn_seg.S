/* SPDX-License-Identifier: MIT */
/* insn_seg.S - segment loads, bad addresses, control registers and MSRs. */
#include <asm/desc_defs.h>

#include "insn_trap.h"

	.text

plain mov_ds,		movl %edi, %ds
plain mov_es,		movl %edi, %es
plain mov_fs,		movl %edi, %fs
plain mov_gs,		movl %edi, %gs
plain mov_ss,		movl %edi, %ss
plain lldt,		lldt %di
plain ltr,		ltr %di
plain lss,		lss (%rdi), %eax
plain lfs,		lfs (%rdi), %eax
plain lgs,		lgs (%rdi), %eax
plain far_jmp,		ljmp *(%rdi)

insn far_ret
	pushq	%rdi
	leaq	1f(%rip), %rax
	pushq	%rax
at far_ret
	lretq
1:	ret

plain load,		movq (%rdi), %rax
plain store,		movq %rax, (%rdi)
plain jmp,		jmp *%rdi
plain call,		call *%rdi
plain movaps_load,	movaps (%rdi), %xmm0
plain movaps_store,	movaps %xmm0, (%rdi)
plain fxsave_to,	fxsave (%rdi)
plain fxrstor_of,	fxrstor (%rdi)
plain xsave_to,		xsave (%rdi)
plain invlpg,		invlpg (%rdi)

/* Two struct desc_ptr: the one to be judged, and the one to go back to. */
insn lgdt
at lgdt
	lgdt	(%rdi)
	lgdt	10(%rdi)
	ret
insn lidt
at lidt
	lidt	(%rdi)
	lidt	10(%rdi)
	ret

/* CMPXCHG16B changes RBX if it succeeds: it compares with what is not there. */
insn cmpxchg16b_of
	xorl	%eax, %eax
	xorl	%edx, %edx
at cmpxchg16b_of
	cmpxchg16b (%rdi)
	ret

	/* RBP or RSP is made to point where RDI says, and put back. */
	.macro by_rbp name, text:vararg
insn \name
	pushq	%rbp
	movq	%rdi, %rbp
	xorl	%eax, %eax
at \name
	\text
	popq	%rbp
	ret
	.endm

by_rbp load_rbp,	movq (%rbp), %rax
by_rbp store_rbp,	movq %rax, (%rbp)
by_rbp load_rbp_index,	movq (%rax, %rbp), %rax
by_rbp load_fs_rbp,	movq %fs:(%rbp), %rax

	.macro by_rsp name, text:vararg
insn \name
	movq	%rsp, %rdx
	movq	%rdi, %rsp
at \name
	\text
	movq	%rdx, %rsp
	ret
	.endm

by_rsp load_rsp,	movq (%rsp), %rax
by_rsp push,		pushq %rax
by_rsp pop,		popq %rax
by_rsp call_on,		call 1f
1:
by_rsp ud2_on,		ud2

insn ret_to
	pushq	%rdi
at ret_to
	ret

/* 14 prefixes and NOP are 15 bytes, which is the limit. */
insn nops15
at nops15
	.rept	14
	.byte	0x66
	.endr
	nop
	ret
insn nops16
at nops16
	.rept	15
	.byte	0x66
	.endr
	nop
	ret

plain mov_cr0,		movq %rdi, %cr0
plain mov_cr3,		movq %rdi, %cr3
plain mov_cr4,		movq %rdi, %cr4
plain mov_cr8,		movq %rdi, %cr8

	.macro indexed name
insn \name
	movl	(%rdi), %ecx
	movl	8(%rdi), %eax
	movl	12(%rdi), %edx
at \name
	\name
	ret
	.endm
indexed rdmsr
indexed wrmsr
indexed xsetbv

	.section .note.GNU-stack, "", @progbits
