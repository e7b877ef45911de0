/* SPDX-License-Identifier: MIT */
/* insn_pf.S - accesses that may meet a page fault half way. */
#include "insn_trap.h"

	.text

plain pf_read2,		movw (%rdi), %ax
plain pf_read4,		movl (%rdi), %eax
plain pf_read8,		movq (%rdi), %rax
plain pf_read16,	movups (%rdi), %xmm0
plain pf_write2,	movw $-1, (%rdi)
plain pf_write4,	movl $-1, (%rdi)
plain pf_write8,	movq $-1, (%rdi)
plain pf_write16,	movups %xmm0, (%rdi)

plain pf_read_fs,	movb %fs:(%rdi), %al
plain pf_read_addr32,	movb (%edi), %al

insn pf_stac_read
	stac
at pf_stac_read
	movb	(%rdi), %al
	clac
	ret

insn pf_stac_clac_read
	stac
	clac
at pf_stac_clac_read
	movb	(%rdi), %al
	ret

plain pf_add,		addl $1, (%rdi)
plain pf_lock_add,	lock addl $1, (%rdi)
plain pf_inc,		incl (%rdi)
plain pf_bts,		btsl $0, (%rdi)
plain pf_xchg,		xchgl %eax, (%rdi)
plain pf_xadd,		lock xaddl %eax, (%rdi)

	/* RAX and RDX hold what no case puts into memory. */
	.macro compare name, text:vararg
insn \name
	movq	$-2, %rax
	movq	$-2, %rdx
at \name
	\text
	ret
	.endm

compare pf_cmpxchg,	cmpxchgq %rcx, (%rdi)
compare pf_lock_cmpxchg, lock cmpxchgq %rcx, (%rdi)
compare pf_cmpxchg8b,	lock cmpxchg8b (%rdi)
compare pf_cmpxchg16b,	lock cmpxchg16b (%rdi)

	/* EDX:EAX: x87 and SSE. */
	.macro state name, text:vararg
insn \name
	movl	$3, %eax
	xorl	%edx, %edx
at \name
	\text
	ret
	.endm

state pf_fxsave,	fxsave (%rdi)
state pf_fxrstor,	fxrstor (%rdi)
state pf_xsave,		xsave (%rdi)
state pf_xrstor,	xrstor (%rdi)

plain pf_lea,		leaq (%rdi), %rax
plain pf_nop,		nopl (%rdi)
plain pf_prefetch,	prefetcht0 (%rdi)
plain pf_prefetchw,	prefetchw (%rdi)
plain pf_invlpg,	invlpg (%rdi)
plain pf_clflush,	clflush (%rdi)

insn pf_iretq_on
	movq	%rdi, %rsp
at pf_iretq_on
	iretq

insn pf_invpcid
	movq	(%rdi), %rax
at pf_invpcid
	invpcid	8(%rdi), %rax
	ret

	.macro string name, text:vararg
insn \name
	movq	(%rdi), %rsi
	movq	16(%rdi), %rcx
	movq	8(%rdi), %rdi
	xorl	%eax, %eax
at \name
	\text
	ret
	.endm

	/* DF is set by the first instruction; a fault's catcher clears it. */
	.macro down name, text:vararg
insn \name
	std
	movq	(%rdi), %rsi
	movq	16(%rdi), %rcx
	movq	8(%rdi), %rdi
	xorl	%eax, %eax
at \name
	\text
	cld
	ret
	.endm

string pf_rep_movsb,	rep movsb
string pf_rep_movsq,	rep movsq
string pf_rep_stosb,	rep stosb
string pf_rep_stosq,	rep stosq
string pf_rep_lodsb,	rep lodsb
string pf_rep_scasb,	repe scasb
string pf_rep_cmpsb,	repe cmpsb
down pf_rep_stosb_down,	rep stosb
down pf_rep_movsb_down,	rep movsb

plain pf_int_0x80,	int $0x80
with_ac pf_int_0x80_ac,	int $0x80
with_ac pf_mov_es_ac,	movl %edi, %es

	.section .user.text, "ax"

	.macro user name, text:vararg
	.globl	user_pf_\name
	.hidden	user_pf_\name
user_pf_\name:
	\text
	int	$0x80
	.endm

user read16,		movups (%rdi), %xmm0
user write16,		movups %xmm0, (%rdi)
user push,		pushq %rax
user push_imm,		pushq $1
user pushf,		pushfq
user push_mem,		pushq (%rdi)
user pop_mem,		popq (%rdi)
user call,		call user_pf_push
user call_mem,		call *(%rdi)
user enter,		enter $16, $0
user enter_far,		enter $0x1000, $0
user pop,		popq %rax
user popf,		popfq
user ret,		ret
user leave,		leave
user mov_es,		movl %edi, %es
user in,		inb $0x80, %al

	.section .note.GNU-stack, "", @progbits
