/* SPDX-License-Identifier: MIT */
/* insn_boot.S - accesses to memory that is protected. See insn_boot.h. */

	.macro insn name
	.balign	16
	.globl	insn_boot_\name
	.hidden	insn_boot_\name
insn_boot_\name:
	.endm

	.text
insn read
	movb	(%rdi), %al
	ret

/* If it should not fault after all, nothing has changed. */
	.balign	16
	.globl	insn_boot_rewrite, insn_boot_rewrite_at
	.hidden	insn_boot_rewrite, insn_boot_rewrite_at
insn_boot_rewrite:
	movb	(%rdi), %al
insn_boot_rewrite_at:
	movb	%al, (%rdi)
	ret

/* For what cannot be read either. */
insn write
	movb	$0, (%rdi)
	ret

/* The fault is the target's: CR2 and RIP are its address. */
insn call
	call	*%rdi
	ret

/* PUSH with RSP = RDI: what a stack overflow is. */
	.balign	16
	.globl	insn_boot_push_there, insn_boot_push_at
	.hidden	insn_boot_push_there, insn_boot_push_at
insn_boot_push_there:
	movq	%rsp, %rax
	movq	%rdi, %rsp
insn_boot_push_at:
	pushq	%rax
	movq	%rax, %rsp
	ret

/* At CPL 3 and nothing else: U=1, so SMEP forbids it to us. */
	.section .user.text, "ax", @progbits
insn user_ret
	ret

	.section .note.GNU-stack, "", @progbits
