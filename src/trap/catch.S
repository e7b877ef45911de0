/* SPDX-License-Identifier: MIT */
/*
 * catch.S - catch_run(): a call that an exception can end.
 *
 * The frame gets what the ABI makes the callee keep; catch_resume() rewrites
 * an exception's pt_regs with it, so IRETQ itself makes the jump and unblocks
 * NMIs on the way.
 */
	.text
	.globl	catch_call
	.hidden	catch_call
/* int catch_call(struct catch_frame *frame, void (*fn)(void *), void *arg) */
catch_call:
	movq	%rbx, 0x00(%rdi)
	movq	%rbp, 0x08(%rdi)
	movq	%r12, 0x10(%rdi)
	movq	%r13, 0x18(%rdi)
	movq	%r14, 0x20(%rdi)
	movq	%r15, 0x28(%rdi)
	movq	%rsp, 0x30(%rdi)
	leaq	.Lresume(%rip), %rax
	movq	%rax, 0x38(%rdi)
	pushfq
	popq	0x40(%rdi)
	pushq	%rbp			/* a frame, so that backtraces cross it */
	movq	%rsp, %rbp
	movq	%rsi, %rax
	movq	%rdx, %rdi
	call	*%rax
	popq	%rbp
	xorl	%eax, %eax
.Lresume:				/* AX is 1 when an exception came here */
	ret

	.section .note.GNU-stack, "", @progbits
