/* SPDX-License-Identifier: MIT */
/*
 * insn_irq.S - software interrupts by number, and a HLT in a known state. See
 * insn_irq.h.
 */
#include <asm/irq_vectors.h>

	.text
	.balign	16
	.globl	insn_irq_int
	.hidden	insn_irq_int
insn_irq_int:				# vector v at + 4 * v
	.set	vec, 0
	.rept	NR_VECTORS
	.byte	0xcd, vec		# int $vec: always this form, also for 3
	ret
	.balign	4, 0xcc
	.set	vec, vec + 1
	.endr

/*
 * void insn_irq_sti_hlt(const u64 pattern[15])
 *
 * All registers but RSP from pattern, in pt_regs order, then STI; HLT. STI's
 * shadow covers HLT, so an interrupt that waits ends the HLT and nothing else.
 */
	.globl	insn_irq_sti_hlt, insn_irq_after_hlt, insn_irq_hlt_sp
	.hidden	insn_irq_sti_hlt, insn_irq_after_hlt, insn_irq_hlt_sp
insn_irq_sti_hlt:
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	movq	%rsp, insn_irq_hlt_sp(%rip)
	movq	0x00(%rdi), %r15
	movq	0x08(%rdi), %r14
	movq	0x10(%rdi), %r13
	movq	0x18(%rdi), %r12
	movq	0x20(%rdi), %rbp
	movq	0x28(%rdi), %rbx
	movq	0x30(%rdi), %r11
	movq	0x38(%rdi), %r10
	movq	0x40(%rdi), %r9
	movq	0x48(%rdi), %r8
	movq	0x50(%rdi), %rax
	movq	0x58(%rdi), %rcx
	movq	0x60(%rdi), %rdx
	movq	0x68(%rdi), %rsi
	movq	0x70(%rdi), %rdi
	sti
	hlt
insn_irq_after_hlt:
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
	ret

	.data
	.balign	8
insn_irq_hlt_sp:
	.quad	0

	.section .note.GNU-stack, "", @progbits
