/* SPDX-License-Identifier: MIT */
/*
 * insn_bench.S - lines of known length between two RDTSCs; see
 * include/ktest/insn_bench.h.
 */
	.text

	.macro func name
	.balign	16
	.globl	\name
	.hidden	\name
\name:
	.endm

	.macro tsc_to reg	/* clobbers RAX, RDX */
	rdtsc
	shlq	$32, %rdx
	leaq	(%rax, %rdx), \reg
	.endm

	.macro nops n
	.rept	\n
	nop
	.endr
	.endm

func bench_100_nops
	tsc_to	%rcx
	nops	100
	tsc_to	%rax
	subq	%rcx, %rax
	ret

func bench_200_nops
	tsc_to	%rcx
	nops	200
	tsc_to	%rax
	subq	%rcx, %rax
	ret

func bench_open_window
	tsc_to	%rcx
	sti
	nops	4		/* the first is in STI's shadow */
	cli
	tsc_to	%rax
	subq	%rcx, %rax
	ret

func bench_yield
	tsc_to	%rcx
	pause
	tsc_to	%rax
	subq	%rcx, %rax
	ret

func bench_call
	pushq	%rbx
	movq	%rdi, %rbx
	tsc_to	%rcx
	pushq	%rcx
	pushq	%rcx
	call	*%rbx
	tsc_to	%rax
	popq	%rcx
	popq	%rcx
	subq	%rcx, %rax
	popq	%rbx
	ret

	.section .note.GNU-stack, "", @progbits
