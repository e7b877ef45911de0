/* SPDX-License-Identifier: MIT */
/*
 * head.S - the first instructions after the firmware, and the boot stack.
 */
#include <asm/msr-index.h>
#include <asm/processor-flags.h>

/* As every stack; PE sections align to less, so RSP is aligned at run time. */
#define BOOT_STACK_ALIGN 0x4000

	.text
/*
 * void start_on_own_stack(struct boot_info *info)
 *
 * GS base first: C code compiled with the stack protector reads %gs:40. RBP
 * is cleared, or every backtrace would wander into the firmware's frames. The
 * stack's lowest word holds GS base, as on every stack: the paranoid entry.
 * CET goes before any far return or IRET of ours: a shadow stack judges them,
 * and no CALL has told it of ours. Its state first, then CR4.
 */
	.globl	start_on_own_stack
	.hidden	start_on_own_stack
start_on_own_stack:
	cli
	cld
	leaq	boot_stack_top(%rip), %rsp
	andq	$-BOOT_STACK_ALIGN, %rsp
	movq	%cr4, %rax
	testl	$X86_CR4_CET, %eax
	jz	1f
	xorl	%eax, %eax
	xorl	%edx, %edx
	movl	$MSR_IA32_S_CET, %ecx
	wrmsr
	movq	%cr4, %rax
	andq	$~X86_CR4_CET, %rax
	movq	%rax, %cr4
1:	xorl	%eax, %eax		/* Intel clears GS base with it */
	movl	%eax, %gs
	leaq	__per_cpu_start(%rip), %rax
	movq	%rax, %rdx
	shrq	$32, %rdx
	movl	$MSR_GS_BASE, %ecx
	wrmsr
	leaq	__per_cpu_start(%rip), %rax
	movq	%rax, -BOOT_STACK_ALIGN(%rsp)
	xorl	%ebp, %ebp
	call	start
	ud2				/* start() never returns */

	.section .bss.boot_stack, "aw", @nobits
	.balign	4096
	.globl	boot_stack, boot_stack_top
	.hidden	boot_stack, boot_stack_top
boot_stack:
	.skip	2 * BOOT_STACK_ALIGN
boot_stack_top:

	.section .note.GNU-stack, "", @progbits
