/* SPDX-License-Identifier: MIT */
/*
 * insn_stub.S - enter a vector's stub as the CPU would, for vectors that
 * nothing here raises: include/ktest/insn_stub.h.
 */
#include <asm/desc_defs.h>

#include "insn_trap.h"

	.text

insn enter_stub
	movq	%rsp, %rax
	movq	0x08(%rdi), %rcx		/* an IST's top? */
	testq	%rcx, %rcx
	cmovzq	%rsp, %rcx
	pushfq
	popq	%rdx
	cli					/* as an interrupt gate */
	movq	%rcx, %rsp
	andq	$-16, %rsp
	pushq	$__KERNEL_DS
	pushq	%rax
	pushq	%rdx
	pushq	$__KERNEL_CS
	leaq	insn_enter_stub_at(%rip), %rcx
	pushq	%rcx
	cmpb	$0, 0x18(%rdi)
	je	1f
	pushq	0x10(%rdi)
1:	jmp	*(%rdi)
at enter_stub
	ret

	.section .note.GNU-stack, "", @progbits
