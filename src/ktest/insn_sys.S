/* SPDX-License-Identifier: MIT */
/* insn_sys.S - instructions on system state that insn_seg.S has not. */
#include "insn_trap.h"

	.text

	/* ECX: the extensions, or the counter. */
	.macro by_ecx name
insn \name
	movl	%edi, %ecx
	leaq	-8(%rsp), %rax
	xorl	%edx, %edx
at \name
	\name
	ret
	.endm

by_ecx monitor
by_ecx mwait
by_ecx rdpmc

/* No component is loaded, but all of the header is looked at. */
insn xrstor_nothing
	xorl	%eax, %eax
	xorl	%edx, %edx
at xrstor_nothing
	xrstor	(%rdi)
	ret

/* RDI: the image, which becomes what PUSHF sees of it. */
insn popf_pushf
	pushfq
	pushq	(%rdi)
	popfq
	pushfq
	popq	(%rdi)
	popfq
	ret

	/* RDI: struct seg_load. The register has its selector again behind. */
	.macro load_base name, reg, msr, swap, load
insn \name
	\swap
	movl	%\reg, %r8d
	\load
	movl	$\msr, %ecx
	rdmsr
	movl	%eax, 8(%rdi)
	movl	%edx, 12(%rdi)
	movl	%r8d, %\reg
	\swap
	ret
	.endm

load_base mov_fs_base, fs, 0xc0000100, "", "movw (%rdi), %fs"
load_base pop_fs_base, fs, 0xc0000100, "", "pushq (%rdi); popq %fs"
/* Between two SWAPGS C's own base waits in KERNEL_GS_BASE. IF is 0. */
load_base mov_gs_base, gs, 0xc0000101, swapgs, "movw (%rdi), %gs"
load_base pop_gs_base, gs, 0xc0000101, swapgs, "pushq (%rdi); popq %gs"

	/* RDI: struct seg_load, whose base is an address to read. */
	.macro read_by name, reg, prefix
insn \name
	movl	%\reg, %r8d
	movq	8(%rdi), %rax
	movw	(%rdi), %\reg
	.byte	\prefix
	movq	(%rax), %rax
	movl	%r8d, %\reg
	movq	%rax, 8(%rdi)
	ret
	.endm

read_by read_by_ds, ds, 0x3e
read_by read_by_es, es, 0x26
read_by read_by_ss, ss, 0x36

	.section .note.GNU-stack, "", @progbits
