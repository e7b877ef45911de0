/* SPDX-License-Identifier: MIT */
/*
 * trampoline.S - the first instructions of every CPU but the boot CPU.
 *
 * A copy of it lies in a page below 1 MiB, where a SIPI's vector can point:
 * CS is the page's segment, IP 0, real mode. It goes straight to long mode:
 * with EFER.LME set, CR0.PE and CR0.PG together activate it. The copy is
 * mapped R-X; what smp_boot.c fills in is written before that, and its GDT
 * has the accessed bits set. The IDT is empty: until the CPU has its own, an
 * exception is a shutdown, and the boot CPU's wait ends.
 *
 * Spec: SDM 3A "MP Initialization Protocol Algorithm for MP Systems",
 *       "Initializing IA-32e Mode"; APM 2 "Long-Mode Initialization Example".
 *       Linux: arch/x86/realmode/rm/trampoline_64.S.
 */
#include <asm/apicdef.h>
#include <asm/msr-index.h>
#include <asm/processor-flags.h>

#include "internal.h"

#define TR_CODE64	8	/* selector in the GDT below */
#define AT(name)	(name - trampoline_start)

	.macro SYM name
	.globl	\name
	.hidden	\name
\name:
	.endm

	.section .rodata.trampoline, "a"
	.balign	16
SYM trampoline_start
	.code16
	cli
	cld
	movw	%cs, %ax
	movw	%ax, %ds
	lidtl	AT(tr_no_idt)
	lgdtl	AT(tr_gdt_ptr)
	movl	AT(tr_cr4), %eax
	movl	%eax, %cr4
	movl	AT(tr_cr3), %eax
	movl	%eax, %cr3
	movl	$MSR_EFER, %ecx
	movl	$(EFER_LME | EFER_NX), %eax
	xorl	%edx, %edx
	wrmsr
	movl	$(X86_CR0_PG | X86_CR0_WP | X86_CR0_NE | X86_CR0_ET | \
		X86_CR0_MP | X86_CR0_PE), %eax
	movl	%eax, %cr0
	ljmpl	*AT(tr_far)

	.code64
	.balign	16
SYM trampoline_64
	jmpq	*tr_start(%rip)

	.balign	16
tr_gdt:
	.quad	0
	.quad	0x00209b0000000000	/* 64-bit code, accessed */
tr_gdt_end:

SYM tr_gdt_ptr
	.word	tr_gdt_end - tr_gdt - 1
	.long	AT(tr_gdt)		/* + the page */
	.word	0
SYM tr_far
	.long	AT(trampoline_64)	/* + the page */
	.word	TR_CODE64
tr_no_idt:
	.word	0
	.long	0
	.balign	8
SYM tr_start
	.quad	0			/* secondary_startup_64 */
SYM tr_cr3
	.long	0
SYM tr_cr4
	.long	0
SYM trampoline_end

	.text
/*
 * Long mode, our page tables, no stack. The APIC's own word for who this is,
 * in the mode that we use, rather than CPUID's, which is as of reset. Then the
 * CPU's number is its ID's place in cpuid_to_apicid[]. A CPU that nobody
 * waits for any more, or whose ID is nobody's, parks.
 */
SYM secondary_startup_64
	xorl	%eax, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	movl	%eax, %fs
	movl	%eax, %gs
	movq	smp_startup_hook(%rip), %rdx
	leaq	0f(%rip), %rbx
	testq	%rdx, %rdx
	jz	0f
	jmpq	*%rdx
0:	cmpb	$0, apic_is_x2apic(%rip)
	je	1f
	movl	$MSR_IA32_APICBASE, %ecx
	rdmsr
	orl	$MSR_IA32_APICBASE_ENABLE, %eax	/* the one, then the other */
	wrmsr
	orl	$MSR_IA32_APICBASE_EXTD, %eax
	wrmsr
	movl	$(MSR_X2APIC_BASE + (APIC_ID >> 4)), %ecx
	rdmsr
	jmp	2f
1:	movq	apic_mmio(%rip), %rdx
	movl	APIC_ID(%rdx), %eax
	shrl	$24, %eax
2:	leaq	cpuid_to_apicid(%rip), %rdx
	movl	$1, %edi		/* 0 is the boot CPU */
3:	cmpl	nr_cpu_ids(%rip), %edi
	jae	halt_forever
	cmpl	%eax, (%rdx, %rdi, 4)
	je	4f
	incl	%edi
	jmp	3b
4:	leaq	cpu_boot_state(%rip), %rdx
	movl	$CPU_KICKED, %eax
	movl	$CPU_ALIVE, %ecx
	lock cmpxchgl %ecx, (%rdx, %rdi, 4)
	jne	halt_forever
	movl	%edi, %eax		/* stack_top(cpu, STACK_TASK) */
	imulq	$STACK_AREA_ASM, %rax
	movabsq	$(STACK_AREA_BASE_ASM + STACK_SLOT_ASM), %rdx
	leaq	(%rax, %rdx), %rsp
	movq	-STACK_SIZE_ASM(%rsp), %rax	/* GS base: cpu/stacks.h */
	movq	%rax, %rdx
	shrq	$32, %rdx
	movl	$MSR_GS_BASE, %ecx
	wrmsr
	xorl	%ebp, %ebp
	call	start_secondary
	ud2				/* it never returns */

	.section .note.GNU-stack, "", @progbits
