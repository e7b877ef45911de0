/* SPDX-License-Identifier: MIT */
/*
 * insn_lapic.S - what the cases of the local APIC need in assembly; see
 * include/ktest/insn_lapic.h.
 */
#include <asm/irq_vectors.h>
#include <asm/msr-index.h>
#include <ktest/insn_lapic.h>

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

/*
 * A CPU that SIPI has started, without a stack: back by RBX. An access of a
 * register that is not there would be a shutdown, so in another mode, or with
 * the registers elsewhere, only the base is read.
 */
func insn_lapic_look
	leaq	apic_look(%rip), %rdi
	movl	$MSR_IA32_APICBASE, %ecx
	rdmsr
	movl	%eax, 24(%rdi)
	movl	%edx, 28(%rdi)
	movq	24(%rdi), %rax
	cmpq	%rax, (%rdi)
	jne	4f
	leaq	APIC_LOOK_ROW(%rdi), %rsi
	movl	16(%rdi), %ebp
	movq	8(%rdi), %r8
1:	movl	(%rsi), %ecx
	xorl	%edx, %edx
	testq	%r8, %r8
	jnz	2f
	rdmsr
	jmp	3f
2:	movl	(%r8, %rcx), %eax
3:	movl	%eax, 8(%rsi)
	movl	%edx, 12(%rsi)
	addq	$16, %rsi
	decl	%ebp
	jnz	1b
	incl	20(%rdi)
4:	jmpq	*%rbx

	.data
	.balign	8
label lapic_scratch_hook
	.quad	0

	.bss
	.balign	8
label apic_look
	.skip	APIC_LOOK_ROW + 16 * APIC_LOOK_REGS

	.section .note.GNU-stack, "", @progbits
