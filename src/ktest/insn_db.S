/* SPDX-License-Identifier: MIT */
/*
 * insn_db.S - code to step over and to watch.
 *
 * TF set by POPF steps from the next instruction on; the POPF that clears it
 * is still stepped, as the last: an exception after each of PUSHF, AND, POPF.
 */
#include "insn_trap.h"

#define TF 0x100

	.text

	.macro tf_on
	pushfq
	orl	$TF, (%rsp)
	popfq
	.endm

	.macro tf_off			/* three steps */
	pushfq
	andl	$~TF, (%rsp)
	popfq
	.endm

insn step_nops
	tf_on
at step_nops
	nop
	nop
	tf_off
	.globl	insn_step_nops_end
	.hidden	insn_step_nops_end
insn_step_nops_end:
	ret

insn step_cpuid
	pushq	%rbx
	xorl	%eax, %eax
	tf_on
at step_cpuid
	cpuid
	tf_off
	popq	%rbx
	ret

insn step_in
	tf_on
at step_in
	inb	$0x80, %al
	tf_off
	ret

/* Three iterations into (RDI). */
insn step_rep
	movl	$3, %ecx
	tf_on
at step_rep
	rep stosb
	tf_off
	ret

/* IRETQ brings TF: the instruction it returns to is the first stepped. */
insn step_iret
	movq	%rsp, %rax
	movl	%ss, %ecx
	pushq	%rcx
	pushq	%rax
	pushfq
	orl	$TF, (%rsp)
	movl	%cs, %ecx
	pushq	%rcx
	leaq	insn_step_iret_at(%rip), %rax
	pushq	%rax
	iretq
at step_iret
	nop
	tf_off
	ret

insn step_store
	tf_on
at step_store
	movb	$1, (%rdi)
	tf_off
	ret

/* UD2 faults before it is done: nothing to step. A hook goes on behind it. */
insn step_ud2
	tf_on
at step_ud2
	ud2
	tf_off
	ret

insn loop3
	movl	$3, %ecx
at loop3
	decl	%ecx
	jnz	insn_loop3_at
	ret

	.macro access name, text:vararg
insn \name
	\text
at \name
	ret
	.endm

access store1,		movb $1, (%rdi)
access store2,		movw $1, (%rdi)
access store4,		movl $1, (%rdi)
access store8,		movq $1, (%rdi)
access load1,		movb (%rdi), %al
access load8,		movq (%rdi), %rax
access outb,		outb %al, $0x80
access mov_to_dr0,	movq %rdi, %dr0
access mov_to_dr1,	movq %rdi, %dr1
access mov_to_dr2,	movq %rdi, %dr2
access mov_to_dr3,	movq %rdi, %dr3
access mov_to_dr4,	movq %rdi, %dr4
access mov_to_dr5,	movq %rdi, %dr5
access mov_to_dr6,	movq %rdi, %dr6
access mov_to_dr7,	movq %rdi, %dr7
access mov_from_dr4,	movq %dr4, %rax
access mov_from_dr5,	movq %dr5, %rax

	.section .note.GNU-stack, "", @progbits
