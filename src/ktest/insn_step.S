/* SPDX-License-Identifier: MIT */
/*
 * insn_step.S - see include/ktest/insn_step.h. RDI: where memory is accessed;
 * RSI: the source of MOVS and OUTS; RDX: a port; RCX, RAX as needed.
 */
#include <ktest/insn_step.h>

	.macro sym name
	.globl	insn_one_\name
	.hidden	insn_one_\name
insn_one_\name:
	.endm

	.macro back name
sym \name\()_at
	nop
	nop
	int	$STEP_BACK
	ud2
	.endm

	.macro step name, text:vararg
	.balign	16
sym \name
	\text
	back \name
	.endm

	.text
step nop,	nop
step nops,	nop
step rdtsc,	rdtsc
step rdmsr,	rdmsr
step wrmsr,	wrmsr
step to_dr0,	movq %rax, %dr0
step to_dr1,	movq %rax, %dr1
step to_dr2,	movq %rax, %dr2
step to_dr3,	movq %rax, %dr3
step to_dr6,	movq %rax, %dr6
step to_dr7,	movq %rax, %dr7
step from_dr0,	movq %dr0, %rax
step from_dr1,	movq %dr1, %rax
step from_dr2,	movq %dr2, %rax
step from_dr3,	movq %dr3, %rax
step from_dr6,	movq %dr6, %rax
step from_dr7,	movq %dr7, %rax
step to_cr8,	movq %rax, %cr8
step from_cr0,	movq %cr0, %rax
step invlpg,	invlpg (%rdi)
step swapgs,	swapgs
step cli,	cli
step out,	outb %al, $0x80
step push,	pushq %rax
step pushf,	pushfq
step xchg,	xchgq %rax, (%rdi)
step lidt,	lidt (%rdi)
step lgdt,	lgdt (%rdi)
step rep_0,	rep stosb
step rep_stos,	rep stosb
step rep_out,	rep outsb
step int_n,	int $STEP_INT
step int3,	int3
step ud2,	ud2
step hlt,	hlt
step mov_ss,	movw (%rdi), %ss
step store1,	movb %al, (%rdi)
step store2,	movw %ax, (%rdi)
step store4,	movl %eax, (%rdi)
step store8,	movq %rax, (%rdi)
step store16,	movups %xmm0, (%rdi)
step load1,	movb (%rdi), %al
step load2,	movw (%rdi), %ax
step load4,	movl (%rdi), %eax
step load8,	movq (%rdi), %rax
step load16,	movups (%rdi), %xmm0
step rmw,	addb $1, (%rdi)
step movs,	movsb
step push_mem,	pushq (%rdi)
step lea,	leaq (%rdi), %rax
step in1,	inb %dx, %al
step in2,	inw %dx, %ax
step in4,	inl %dx, %eax
step out1,	outb %al, %dx
step out2,	outw %ax, %dx
step out4,	outl %eax, %dx
step ins,	insb
step outs,	outsb

	/* What jumps to _at has one instruction in between not run. */
	.macro jump name, text:vararg
	.balign	16
sym \name
	\text
	ud2
	back \name
	.endm

jump jmp,	jmp insn_one_jmp_at
jump call,	call insn_one_call_at
jump ret,	ret			/* RSP leads to _at */
jump lret,	lretq
jump iret,	iretq
	.balign	16
sym jcc					/* not taken: CF is 0 */
	jc	insn_one_jmp_at
	back	jcc
	.balign	16
sym loop				/* RCX 1: falls through */
	loop	insn_one_loop
	back	loop
	.balign	16
sym popf				/* a mirror image of RFLAGS, TF and all */
	popfq
	back	popf
	.balign	16
sym popf_rf
	popfq
	back	popf_rf

	/* A watched load of SS, then a software interrupt in its shadow. */
	.macro mov_ss_then name, text:vararg
	.balign	16
sym mov_ss_\name
	movw	(%rdi), %ss
	\text
	back	mov_ss_\name
	.endm
mov_ss_then int3, int3
mov_ss_then int_n, int $STEP_INT

	.section .note.GNU-stack, "", @progbits
