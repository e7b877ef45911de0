/* SPDX-License-Identifier: MIT */
/* nofault.S - accesses that may fault, with their exits in the table. */
#include <trap/extable.h>

	.text
/* long copy_nofault_asm(void *dst, const void *src, size_t len) */
	.globl	copy_nofault_asm
	.hidden	copy_nofault_asm
copy_nofault_asm:
	xorl	%eax, %eax
	movq	%rdx, %rcx
1:	rep movsb
2:	ret				/* AX: 0, or -EFAULT by the fixup */
	EXTABLE(1b, 2b)

/* int rdmsr_safe(u32 msr, u64 *val) */
	.globl	rdmsr_safe
	.hidden	rdmsr_safe
rdmsr_safe:
	movl	%edi, %ecx
1:	rdmsr
	shlq	$32, %rdx
	orq	%rdx, %rax
	movq	%rax, (%rsi)
	xorl	%eax, %eax
2:	ret
	EXTABLE(1b, 2b)

/* int wrmsr_safe(u32 msr, u64 val) */
	.globl	wrmsr_safe
	.hidden	wrmsr_safe
wrmsr_safe:
	movl	%edi, %ecx
	movl	%esi, %eax
	movq	%rsi, %rdx
	shrq	$32, %rdx
1:	wrmsr
	xorl	%eax, %eax
2:	ret
	EXTABLE(1b, 2b)

	.section .note.GNU-stack, "", @progbits
