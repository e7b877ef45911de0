/* SPDX-License-Identifier: MIT */
/*
 * insn_compat.S - 32-bit code for compatibility mode at CPL 3: include/ktest/
 * insn_compat.h. What raises nothing ends in INT DL_BACK.
 */
#include <asm/desc_defs.h>
#include <ktest/insn_delivery.h>

	.macro sym name
	.globl	insn_compat_\name
	.hidden	insn_compat_\name
insn_compat_\name:
	.endm

	.macro insn name, insn:vararg
	.balign	16, 0xcc
	sym	\name
	\insn
	int	$DL_BACK
	.endm

	/* The same with EAX in DS, where insn then stands at NAME_at. */
	.macro ds name, insn:vararg
	.balign	16, 0xcc
	sym	\name
	movl	%eax, %ds
	sym	\name\()_at
	\insn
	int	$DL_BACK
	.endm

	.section .user.text, "ax"
	.code32
insn aam,		.byte 0xd4, 0
insn into,		into
insn bound,		bound %eax, (%edx)
insn swapgs,		.byte 0x0f, 0x01, 0xf8
insn pop_ss,		.byte 0x17, 0x90, 0x90
insn load_by_ebp,	movl (%ebp), %ecx
insn load_by_cs,	movl %cs:(%edx), %ecx
insn jmp,		jmp *%edx
insn lcall,		lcall *(%edx)
insn ljmp,		ljmp *(%edx)
insn sysenter,		sysenter
insn pop_ss_int,	.byte 0x17, 0xcd, DL_INT
insn push,		pushl %edx
ds load,		movl (%edx), %ecx
ds load_disp,		movl 0x20(%edx), %ecx
ds store,		movl %ecx, (%edx)

	.balign	8
sym user_ds				/* what POP SS pops */
	.long	__USER_DS
sym bounds				/* 0 lies within */
	.long	0, 1
	.code64

	.section .note.GNU-stack, "", @progbits
