/* SPDX-License-Identifier: MIT */
/*
 * insn_sched.S - a call with known values in every register that it must keep.
 *
 * Spec: System V ABI, AMD64 supplement, "Registers".
 */
	.text

	.balign	16
	.globl	insn_sched_call
	.hidden	insn_sched_call
	.type	insn_sched_call, @function
insn_sched_call:
	.irp	reg, bx, bp, 12, 13, 14, 15
	pushq	%r\reg
	.endr
	pushfq
	pushq	%rdi
	subq	$8, %rsp		/* a call wants RSP aligned */
	.set	at, 0
	.irp	reg, bx, bp, 12, 13, 14, 15
	movq	at(%rdi), %r\reg
	.set	at, at + 8
	.endr
	pushq	96(%rdi)
	popfq
	call	*%rsi
	addq	$8, %rsp
	popq	%rdi
	pushfq
	popq	104(%rdi)
	.irp	reg, bx, bp, 12, 13, 14, 15
	movq	%r\reg, at(%rdi)
	.set	at, at + 8
	.endr
	popfq
	.irp	reg, 15, 14, 13, 12, bp, bx
	popq	%r\reg
	.endr
	ret

	.section .note.GNU-stack, "", @progbits
