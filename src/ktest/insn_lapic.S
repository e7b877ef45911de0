/* SPDX-License-Identifier: MIT */
/*
 * insn_lapic.S - what the cases of the local APIC need in assembly; see
 * include/ktest/insn_lapic.h.
 */
#include <asm/irq_vectors.h>

	.text

	.macro func name
	.balign	16
	.globl	\name
	.hidden	\name
\name:
	.endm

	.macro label name
	.globl	\name
	.hidden	\name
\name:
	.endm

func lapic_rdmsr
	movl	(%rdi), %ecx
label insn_lapic_rdmsr
	rdmsr
	movl	%eax, 8(%rdi)
	movl	%edx, 12(%rdi)
	ret

func lapic_wrmsr
	movl	(%rdi), %ecx
	movl	8(%rdi), %eax
	movl	12(%rdi), %edx
label insn_lapic_wrmsr
	wrmsr
	ret

func insn_lapic_int_spurious
	int	$SPURIOUS_APIC_VECTOR
	ret

/*
 * Every vector lands here; which one it is, the APIC's ISR tells. 5 words by
 * the CPU and 9 here: RSP is aligned at the call.
 */
func lapic_scratch_stub
	endbr64
	pushq	%rax
	pushq	%rcx
	pushq	%rdx
	pushq	%rsi
	pushq	%rdi
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	%r11
	cld
	call	*lapic_scratch_hook(%rip)
	popq	%r11
	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rdi
	popq	%rsi
	popq	%rdx
	popq	%rcx
	popq	%rax
	iretq

	.data
	.balign	8
label lapic_scratch_hook
	.quad	0

	.section .note.GNU-stack, "", @progbits
