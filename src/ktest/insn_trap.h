/* SPDX-License-Identifier: MIT */
/*
 * insn_trap.h - the macros of insn_*.S of the exception suites.
 *
 *	insn foo	begins void insn_foo(void *arg), arg in RDI
 *	at foo		names the address insn_foo_at: where the fault is, or
 *			where a trap returns to, if that is not the first byte
 */
#pragma once
/* clang-format off */

#include <asm/processor-flags.h>

	.macro insn name
	.balign	16
	.globl	insn_\name
	.hidden	insn_\name
insn_\name:
	.endm

	.macro at name
	.globl	insn_\name\()_at
	.hidden	insn_\name\()_at
insn_\name\()_at:
	.endm

	/* One instruction, given as bytes where no assembler would make it. */
	.macro bytes name, list:vararg
insn \name
	.byte	\list
	ret
	.endm

	/* One instruction, judged by its own address. */
	.macro plain name, text:vararg
insn \name
at \name
	\text
	ret
	.endm

	/*
	 * The same with RFLAGS.AC set. POPF rather than STAC, which needs
	 * SMAP. Where the access faults, the catcher puts RFLAGS back.
	 */
	.macro with_ac name, text:vararg
insn \name
	pushfq
	movq	(%rsp), %rdx
	orl	$X86_EFLAGS_AC, (%rsp)
	popfq
at \name
	\text
	pushq	%rdx
	popfq
	ret
	.endm

	/*
	 * EDX: the companion's port. LSR's data ready is the answer; what was
	 * asked for is under way.
	 */
	.macro await
	addl	$5, %edx
	movl	$10000, %ecx
1:	inb	%dx, %al
	testb	$1, %al
	jz	1b
2:	pause
	decl	%ecx
	jnz	2b
	.endm
