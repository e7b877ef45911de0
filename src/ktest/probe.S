/* SPDX-License-Identifier: MIT */
/*
 * probe.S - 256 stubs that take what they find. See include/ktest/probe.h.
 *
 * Below what the CPU pushed, a stub's stack holds, lowest address first:
 *	r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi
 *	RFLAGS at entry, vector			= struct probe_regs
 * The stubs never look at GS: they may come from CPL 3 with the user's.
 */
#include <asm/desc_defs.h>

	.text

	.macro sym name
	.globl	\name
	.hidden	\name
\name:
	.endm

	.macro push_gprs
	.irp reg, di, si, dx, cx, ax, 8, 9, 10, 11, bx, bp, 12, 13, 14, 15
	pushq	%r\reg
	.endr
	.endm

	.macro pop_gprs
	.irp reg, 15, 14, 13, 12, bp, bx, 11, 10, 9, 8, ax, cx, dx, si, di
	popq	%r\reg
	.endr
	.endm

	.balign	16
sym probe_stubs
	.set	vec, 0
	.rept	256
	.balign	16, 0xcc
	endbr64
	pushq	$vec
	jmp	probe_common
	.set	vec, vec + 1
	.endr
	.org	probe_stubs + 16 * 256

probe_common:
	pushfq
	push_gprs
	pushq	$2			/* TF, NT, AC, DF off: we judge them, */
	popfq				/* we do not rely on them */
	movq	%rsp, %rdi
	movq	%rsp, %rbx
	andq	$-16, %rsp
	call	probe_note
	movq	%rbx, %rsp
	testl	%eax, %eax
	jz	.Lleave
	cmpl	$1, %eax
	pop_gprs
	leaq	16(%rsp), %rsp		/* RFLAGS, vector; keeps ZF */
	je	.Lno_code
	leaq	8(%rsp), %rsp
.Lno_code:
	iretq

	/* IRETQ even to where a JMP would do: it ends NMI blocking. */
.Lleave:
	leaq	probe_resume(%rip), %rdi
	movq	0x00(%rdi), %rbx
	movq	0x08(%rdi), %rbp
	movq	0x10(%rdi), %r12
	movq	0x18(%rdi), %r13
	movq	0x20(%rdi), %r14
	movq	0x28(%rdi), %r15
	leaq	.Lresumed(%rip), %rax
	pushq	$__KERNEL_DS
	pushq	0x30(%rdi)
	pushq	0x38(%rdi)
	pushq	$__KERNEL_CS
	pushq	%rax
	movl	$1, %eax
	iretq

/* int probe_call_asm(void (*fn)(void *), void *arg) */
sym probe_call_asm
	pushq	%rbp			/* a frame, so that backtraces cross it */
	movq	%rsp, %rbp
	leaq	probe_resume(%rip), %rdx
	movq	%rbx, 0x00(%rdx)
	movq	%rbp, 0x08(%rdx)
	movq	%r12, 0x10(%rdx)
	movq	%r13, 0x18(%rdx)
	movq	%r14, 0x20(%rdx)
	movq	%r15, 0x28(%rdx)
	movq	%rsp, 0x30(%rdx)
	pushfq
	popq	0x38(%rdx)
	movq	%rdi, %rax
	movq	%rsi, %rdi
	call	*%rax
	cli
	xorl	%eax, %eax
.Lresumed:
	popq	%rbp
	ret

	/* Load all of struct pt_regs but what IRETQ loads; RSP is then at ip. */
	.macro load_for_iret
	movq	%rdi, %rsp
	testb	$3, 0x90(%rsp)		/* PT_CS: to CPL 3 with the user's GS */
	jz	.Lsame_gs_\@
	swapgs
.Lsame_gs_\@:
	pop_gprs
	leaq	16(%rsp), %rsp
	.endm

sym probe_enter
	load_for_iret
sym probe_enter_iretq
	iretq

sym probe_enter_nt
	load_for_iret
	pushfq				/* over error_code, which nobody needs */
	orl	$0x4000, (%rsp)
	popfq
sym probe_enter_nt_iretq
	iretq

	.section .note.GNU-stack, "", @progbits
