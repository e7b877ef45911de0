/* SPDX-License-Identifier: MIT */
/* call_on_stack.S - a call that runs on another stack. */
	.text
/*
 * void call_on_stack(void (*fn)(void *), void *arg, u64 top)
 *
 * RBP still links to the old stack, so a backtrace crosses the switch.
 */
	.globl	call_on_stack
	.hidden	call_on_stack
call_on_stack:
	pushq	%rbp
	movq	%rsp, %rbp
	movq	%rdx, %rsp
	movq	%rdi, %rax
	movq	%rsi, %rdi
	call	*%rax
	movq	%rbp, %rsp
	popq	%rbp
	ret

	.section .note.GNU-stack, "", @progbits
