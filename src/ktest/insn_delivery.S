/* SPDX-License-Identifier: MIT */
/*
 * insn_delivery.S - what the suite `delivery` judges. Each begins at its
 * symbol; include/ktest/insn_delivery.h says in a word what follows.
 */
#include <ktest/insn_delivery.h>

	.macro sym name
	.globl	insn_dl_\name
	.hidden	insn_dl_\name
insn_dl_\name:
	.endm

	.macro insn name
	.balign	16, 0xcc
	sym	\name
	.endm

	.macro back
	int	$DL_BACK
	ud2
	.endm

	.text
	.balign	16
sym int_table
	.set	vec, 0
	.rept	256
	.byte	0xcd, vec		/* two bytes for vector 3 too */
	ret
	.byte	0xcc
	.set	vec, vec + 1
	.endr

insn int_back
	int	$DL_INT
	back
insn nop
	nop
	nop
	back
insn ud2
	ud2
	back
insn load
	movq	(%rdx), %rax
sym load_next
	back
insn sti
	sti
	nop
	nop
	back
insn sti_cli
	sti
	cli
	nop
	back
insn sti_hlt
	sti
	hlt
	back
insn sti_ud2
	sti
	ud2
	back
insn sti_mov_ss
	sti
	movl	%eax, %ss
	nop
	nop
	back
insn lss
	lss	(%rdx), %eax
sym lss_next
	nop
	back
insn mov_ss
	movl	%eax, %ss
	nop
	nop
	back
insn mov_ss_ud2
	movl	%eax, %ss
	ud2
	back
insn mov_ss_mem
	movw	(%rdx), %ss
	nop
	nop
	back
insn mov_ss_loop
	movl	%eax, %ss
sym mov_ss_loop_nop
	nop
	decq	%rcx
	jnz	insn_dl_mov_ss_loop
	back
insn sti_mov_ss_loop
	sti
1:	movl	%eax, %ss
	nop
	decq	%rcx
	jnz	1b
	cli
	back
insn pop_ss
	.byte	0x17
	back
insn popf
	popfq
	nop
	back
insn lock_mov
	.byte	0xf0, 0x89, 0x02	/* lock mov %eax, (%rdx) */
	back
insn fld
	fldl	(%rdx)
	back
insn nop_ud2
	nop
	ud2
	back
insn jmp
	jmp	*%rdx
insn mov_cr8
	movq	%rcx, %cr8
sym mov_cr8_next
	nop
	back
insn rep_movsb
	rep movsb
	back
insn rep_stosb
	rep stosb
	back

/* struct dl_context, in RDI at the call and on the stack meanwhile. */
#define GPR_IN		0
#define GPR_OUT		120
#define FLAGS_IN	240
#define FLAGS_OUT	248
#define XMM_IN		256
#define XMM_OUT		512
#define SAVED_SP	768

	/* pt_regs' order; RDI, the base, comes last. */
	.macro each_gpr op base
	.set	offset, 0
	.irp reg, 15, 14, 13, 12, bp, bx, 11, 10, 9, 8, ax, cx, dx, si
	\op	%r\reg, \base
	.set	offset, offset + 8
	.endr
	.endm

	.macro load_gpr reg base
	movq	\base+offset(%rdi), \reg
	.endm

	.macro store_gpr reg base
	movq	\reg, \base+offset(%rdi)
	.endm

	.macro context_in
	.irp reg, bx, bp, 12, 13, 14, 15
	pushq	%r\reg
	.endr
	movq	%rsp, SAVED_SP(%rdi)
	pushq	%rdi
	.irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	movdqu	XMM_IN + 16 * \n(%rdi), %xmm\n
	.endr
	pushq	FLAGS_IN(%rdi)
	each_gpr load_gpr GPR_IN
	movq	GPR_IN + 112(%rdi), %rdi
	popfq
	.endm

	/* On the stack: the context's address. */
	.macro context_out
	pushfq
	xchgq	%rdi, 8(%rsp)
	popq	FLAGS_OUT(%rdi)
	each_gpr store_gpr GPR_OUT
	popq	GPR_OUT + 112(%rdi)
	cld
	.irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	movdqu	%xmm\n, XMM_OUT + 16 * \n(%rdi)
	.endr
	subq	%rsp, SAVED_SP(%rdi)	/* 0: the stack is level */
	.irp reg, 15, 14, 13, 12, bp, bx
	popq	%r\reg
	.endr
	ret
	.endm

insn context_int3
	context_in
	int3
	context_out
insn context_icebp
	context_in
	.byte	0xf1
	context_out
insn context_irq
	context_in
	sti
	nop
	cli
	context_out
insn context_ud2
	context_in
sym context_ud2_insn
	ud2
	context_out

/* void (struct dl_ymm *): in at 0, out at 512 */
insn context_ymm
	.irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	vmovdqu	32 * \n(%rdi), %ymm\n
	.endr
	pushq	%rdi
	sti
	nop
	cli
	int3
	popq	%rdi
	.irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	vmovdqu	%ymm\n, 512 + 32 * \n(%rdi)
	.endr
	vzeroupper
	ret

/* void (void *): FXSAVE images, in at 0, out at 512 */
insn context_fx
	fxrstor	(%rdi)
	pushq	%rdi
	sti
	nop
	cli
	int3
	popq	%rdi
	fxsave	512(%rdi)
	ret

/* void (struct dl_zmm *): in at 0, out at 2112: ZMM0-31, then K0-7 */
insn context_zmm
	.irp n, 0, 1, 2, 3, 4, 5, 6, 7
	kmovw	2048 + 8 * \n(%rdi), %k\n
	.endr
	.irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	vmovdqu64 64 * \n(%rdi), %zmm\n
	.endr
	pushq	%rdi
	sti
	nop
	cli
	int3
	popq	%rdi
	.irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	vmovdqu64 %zmm\n, 2112 + 64 * \n(%rdi)
	.endr
	.irp n, 0, 1, 2, 3, 4, 5, 6, 7
	kmovw	%k\n, 2112 + 2048 + 8 * \n(%rdi)
	.endr
	vzeroupper
	ret

insn clobber
	.irp reg, ax, cx, dx, si, di, 8, 9, 10, 11
	movq	$0x5c5c5c5c, %r\reg
	.endr
	ret

	.section .user.text, "ax"
	.balign	16
sym u_int_table
	.set	vec, 0
	.rept	256
	.byte	0xcd, vec
	.set	vec, vec + 1
	.endr
insn u_int_back
	int	$DL_INT
	back
insn u_nop
	nop
	nop
	back
insn u_ud2
	ud2
	back
insn u_iretq
	iretq

	.section .note.GNU-stack, "", @progbits
