/* SPDX-License-Identifier: MIT */
/*
 * irqflags_thunk.S - from a point of irqflags.h into C, with all registers
 * kept: so a point costs its function nothing while it is off.
 *
 * The call is followed by a word that tells, from itself, where the function
 * goes on. That place is the event's address, and what a backtrace shows.
 */
#define FLAGS	(-8)	/* from RBP */
#define IF_BIT	9

	.text
	/*
	 * hook(ip, flags) with IF=0. What IF is afterwards op tells: btr is 0,
	 * so that no interrupt comes between what is seen and the caller's
	 * CLI; bts is 1; bt changes nothing.
	 */
	.macro THUNK name hook op
	.balign	16
	.globl	\name
	.hidden	\name
	.type	\name, @function
\name:
	pushq	%rbp
	movq	%rsp, %rbp
	pushfq
	cli
	pushq	%rax
	pushq	%rcx
	pushq	%rdx
	pushq	%rsi
	pushq	%rdi
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	%r11
	movq	8(%rbp), %rdi
	movslq	(%rdi), %rax
	addq	%rax, %rdi
	movq	%rdi, 8(%rbp)
	movq	FLAGS(%rbp), %rsi
	\op	$IF_BIT, FLAGS(%rbp)
	andq	$-16, %rsp
	cld
	call	*irqflags_hooks+\hook(%rip)
	leaq	FLAGS - 9 * 8(%rbp), %rsp
	popq	%r11
	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rdi
	popq	%rsi
	popq	%rdx
	popq	%rcx
	popq	%rax
	popfq
	popq	%rbp
	ret
	.endm

	THUNK	trace_hardirqs_off_thunk 0 btrq
	THUNK	trace_hardirqs_on_thunk 8 btq
	THUNK	trace_hardirqs_restore_thunk 8 btsq

	.section .note.GNU-stack, "", @progbits
