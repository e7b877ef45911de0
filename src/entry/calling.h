/* SPDX-License-Identifier: MIT */
/*
 * calling.h - the macros of entry.S.
 *
 * What lies on the stack when C is called, lowest address first:
 *
 *	r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi
 *	vector  error code			<- pushed by the stub, the CPU
 *	rip  cs  rflags  rsp  ss		<- pushed by the CPU, always
 *
 * 22 words: RSP, aligned to 16 by the CPU before its pushes, is aligned again
 * at the call.
 */
#pragma once
/* clang-format off */

#include <asm/msr-index.h>
#include <asm/ptrace.h>
#include <cpu/percpu.h>

#define STACK_SIZE_ASM	0x4000		/* cpu/stacks.h, with those below */
#define STACK_AREA_ASM	0x200000	/* STACK_AREA_PER_CPU */
#define ENTRY_TOP_ASM	0x48000		/* RSP0 - base of the CPU's area */
#define NMI_EXECUTING	8		/* offset in the stack */
#define CS_FROM_STUB	24		/* CS above vector, error code, rip */
#define CS_PREEMPT	0x10000		/* cpu/preempt.h: IRETQ ignores them */
#define CS_TRACED	0x20000

	.macro SYM_START name
	.globl	\name
	.hidden	\name
	.type	\name, @function
\name:
	.endm

	.macro PUSH_REGS
	pushq	%rdi
	pushq	%rsi
	pushq	%rdx
	pushq	%rcx
	pushq	%rax
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	%r11
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	.endm

	.macro POP_REGS_AND_STUB	/* leaves RSP at rip */
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
	popq	%r11
	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rax
	popq	%rcx
	popq	%rdx
	popq	%rsi
	popq	%rdi
	addq	$16, %rsp
	.endm

	/* A user's RFLAGS.AC would switch SMAP off under us; gates keep AC. */
	.macro CLAC_IF_SMAP
	cmpb	$0, smap_on(%rip)
	je	.Lno_smap_\@
	clac
.Lno_smap_\@:
	.endm

	/* From CPL 3 the user's GS is live: change to ours. */
	.macro SWAPGS_IF_USER cs_offset
	testb	$3, \cs_offset(%rsp)
	jz	.Lkernel_gs_\@
	swapgs
	CLAC_IF_SMAP
.Lkernel_gs_\@:
	.endm

	/* One shape for all: the CPU pushed an error code, or a 0 is for it. */
	.macro ERROR_CODE_AND_VECTOR vector
	endbr64
	.if ((TRAP_ERROR_CODE_MASK >> \vector) & 1) == 0
	pushq	$0
	.endif
	pushq	$\vector
	cld
	.endm

	/*
	 * Call handler from an IST stack, with the registers pushed. RBX keeps
	 * the GS base that was live while that of this CPU's area, found at
	 * the bottom of the stack itself, is loaded; it is put back unless C
	 * resumes elsewhere.
	 */
	.macro PARANOID_CALL handler
	movl	$MSR_GS_BASE, %ecx
	rdmsr
	shlq	$32, %rdx
	leaq	(%rax, %rdx), %rbx
	movq	%rsp, %rax
	andq	$-STACK_SIZE_ASM, %rax
	movq	(%rax), %rax
	movq	%rax, %rdx
	shrq	$32, %rdx
	wrmsr
	movq	%rsp, %rdi
	call	\handler
	testb	%al, %al
	jnz	.Lresumed_elsewhere_\@
	movl	$MSR_GS_BASE, %ecx
	movq	%rbx, %rax
	movq	%rbx, %rdx
	shrq	$32, %rdx
	wrmsr
.Lresumed_elsewhere_\@:
	.endm

	/*
	 * A fault of the IRETQ to CPL 3 arrives from CPL 0 with the user's GS
	 * already live. IF is 0 there, so only exceptions need to look.
	 */
	.macro FIX_GS_AFTER_BAD_IRET
	leaq	native_irq_return_user(%rip), %rax
	cmpq	%rax, PT_IP(%rsp)
	jne	.Lgs_is_ours_\@
	swapgs
.Lgs_is_ours_\@:
	.endm

	/*
	 * fn(regs) on this CPU's irq stack, or, when an interrupt or a softirq
	 * that it left is on that stack already, on the interrupted one. Sets
	 * and puts back what get_irq_regs() tells.
	 */
	.macro CALL_ON_IRQ_STACK fn
	movq	%rsp, %rdi
	cmpq	$0, %gs:GS_IRQ_REGS
	jne	.Lnested_\@
	movq	%rdi, %gs:GS_IRQ_REGS
	movq	%rsp, %rbx
	movq	%gs:GS_IRQ_STACK_TOP, %rsp
	call	\fn
	movq	%rbx, %rsp
	movq	$0, %gs:GS_IRQ_REGS
	RETURN_FROM_EVENT
.Lnested_\@:
	movq	%gs:GS_IRQ_REGS, %rbx
	movq	%rdi, %gs:GS_IRQ_REGS
	call	\fn
	movq	%rbx, %gs:GS_IRQ_REGS
	jmp	return_from_event
	.endm

	/* The kernel's own way back; the other ones are longer, and one each. */
	.macro RETURN_FROM_EVENT
	testl	$(CS_PREEMPT | CS_TRACED | 3), PT_CS(%rsp)
	jnz	return_special
	POP_REGS_AND_STUB
	iretq
	.endm
