/* SPDX-License-Identifier: MIT */
/*
 * insn_df.S - one way to raise each event that CPL 0 and CPL 3 can raise:
 * include/ktest/insn_df.h. What raises nothing ends in INT DL_BACK.
 */
#include <ktest/insn_delivery.h>

#include "insn_trap.h"

	.macro sym name
	.globl	insn_df_\name
	.hidden	insn_df_\name
insn_df_\name:
	.endm

	.macro back
	int	$DL_BACK
	ud2
	.endm

	.macro event name, insn:vararg
	.balign	16, 0xcc
	sym	\name
	\insn
	back
	.endm

/* Both rings' copies; what they read lies beside them. */
	.macro events ring
	event	\ring\()int_n,	int $DL_INT
	event	\ring\()int3,	int3
	event	\ring\()int_4,	int $4
	event	\ring\()icebp,	.byte 0xf1
	event	\ring\()div,	divl %ecx
	event	\ring\()nop,	nop
	event	\ring\()ud2,	ud2
	event	\ring\()fld1,	fld1
	event	\ring\()mov_ds,	movl %eax, %ds
	event	\ring\()mov_ss,	movl %eax, %ss
	event	\ring\()load,	movl (%rdx), %eax
	.balign	16
.Lone_\ring:
	.long	0x3f800000		/* 1.0 */
.Lmxcsr_\ring:
	.long	0x1d80			/* a zero-divide is not masked */
.Lfcw_\ring:
	.word	0x037b			/* the same, for x87 */
	.balign	16, 0xcc
sym \ring\()fdiv
	fninit
	fldcw	.Lfcw_\ring(%rip)
	fld1
	fldz
	fdivrp
sym \ring\()fdiv_fwait
	fwait
	back
	.balign	16, 0xcc
sym \ring\()divss
	ldmxcsr	.Lmxcsr_\ring(%rip)
	movss	.Lone_\ring(%rip), %xmm0
	xorps	%xmm1, %xmm1
sym \ring\()divss_at
	divss	%xmm1, %xmm0
	back
	.balign	16, 0xcc
sym \ring\()fire
	outb	%al, %dx
sym \ring\()fire_at
	await
sym \ring\()fire_end
	back
	.endm

	.text
	events

/* BND0's lower bound becomes RDX; RAX is below it. */
	.balign	16, 0xcc
sym bnd
	.byte	0xf3, 0x0f, 0x1b, 0x02		/* bndmk (%rdx), %bnd0 */
sym bnd_at
	.byte	0xf3, 0x0f, 0x1a, 0x00		/* bndcl (%rax), %bnd0 */
	back

/* As long as it takes an NMI to come. */
	.balign	16, 0xcc
sym wait
1:	decq	%rcx
	jnz	1b
	back

	.section .user.text, "ax"
	events	u_
	event	u_rstorssp, rstorssp (%rdx)

	.code32
	event	u32_into,	into
	event	u32_bound,	bound %eax, (%edx)
	.balign	8
sym u32_bounds
	.long	1, 2			/* EAX = 0 is outside */
	.code64

	.section .note.GNU-stack, "", @progbits
