/* SPDX-License-Identifier: MIT */
/*
 * nmi.S - NMI, which nests although its stack is one.
 *
 * NMIs are blocked until the next IRETQ: not the handler's, but that of any
 * exception inside it. The CPU pushes a second NMI's frame over the first
 * one's, at the top of the same IST stack. So each NMI first copies its frame
 * to where no NMI pushes. From CPL 3 that is the entry stack, and all goes on
 * there as for any exception. From CPL 0 it is further down:
 *
 *	top -  8	SS	\
 *	top - 16	RSP	 |
 *	top - 24	RFLAGS	 | by the CPU: any NMI overwrites it
 *	top - 32	CS	 |
 *	top - 40	RIP	/
 *	top - 48	RAX, for a moment
 *	top - 56	SS	\
 *	...			 | the copy, the end of struct pt_regs:
 *	top - 88	RIP	/  C may rewrite it, IRETQ takes it
 *	...		the rest of pt_regs, and C's frames
 *	bottom + 8	NMI_EXECUTING	0 no handler runs on this stack
 *					1 one does
 *					2 and must run once more
 *	bottom		GS base of the CPU (see calling.h)
 *
 * A nested NMI writes 2 and is gone; the first one's end counts down and goes
 * round again, on the same copy. So a handler begins after each NMI, and never
 * two at once; several that nest in one run are one, as in the CPU's own latch.
 *
 * Two stretches are not so simple. Behind the countdown to 0, up to IRETQ, the
 * copy is still needed: an NMI there (by RIP, which nothing can forge) makes
 * its own IRETQ go to nmi_again. Before the copy is made, an IRETQ would let
 * the next NMI destroy the only frame; the only events there are #DB, #MC and
 * #VC, and their handlers do the rest of the copying themselves, before
 * anything else: nmi_finish_entry(), src/trap/nmi.c. RSP is not looked at: it
 * may be anything CPL 3 left in it.
 *
 * Spec: SDM 3A "Handling Multiple NMIs"; APM 2 "NMI-Non-Maskable-Interrupt
 *       Exception (Vector 2)". Linux: asm_exc_nmi.
 */
#include <asm/trapnr.h>

#include "calling.h"

/* The word, from an RSP so many bytes below the top. */
#define EXECUTING(depth)	NMI_EXECUTING - STACK_SIZE_ASM + depth(%rsp)
#define AT_RAX			48
#define AT_COPY			88

	.text
	.balign	16
SYM_START asm_exc_nmi
	endbr64
	pushq	%rax
SYM_START nmi_rax_saved
	testb	$3, 16(%rsp)		/* CS */
	jnz	.Lfrom_user
	leaq	nmi_exit(%rip), %rax
	cmpq	%rax, 8(%rsp)		/* RIP */
	jb	.Lnot_at_exit
	leaq	nmi_exit_end(%rip), %rax
	cmpq	%rax, 8(%rsp)
	jae	.Lnot_at_exit
	movl	$2, EXECUTING(AT_RAX)	/* first: see nmi_finish_entry() */
	leaq	nmi_again(%rip), %rax
	movq	%rax, 8(%rsp)
	popq	%rax
	iretq
.Lnot_at_exit:
	cmpl	$0, EXECUTING(AT_RAX)
	je	.Lfirst
	movl	$2, EXECUTING(AT_RAX)
	popq	%rax
	iretq
.Lfrom_user:
	movq	%rsp, %rax
	andq	$-STACK_AREA_ASM, %rax
	addq	$ENTRY_TOP_ASM, %rax
	jmp	.Lcopy
.Lfirst:
	movq	%rsp, %rax		/* to right below RAX */
.Lcopy:
	xchgq	%rax, %rsp
	pushq	40(%rax)
	pushq	32(%rax)
	pushq	24(%rax)
	pushq	16(%rax)
	pushq	8(%rax)
	movq	(%rax), %rax
	testb	$3, 8(%rsp)
	jnz	nmi_from_user
SYM_START nmi_again			/* everything is as when it came */
	movl	$1, EXECUTING(AT_COPY)
SYM_START nmi_repeat
	pushq	$0
	pushq	$X86_TRAP_NMI
	cld
	PUSH_REGS
	PARANOID_CALL exc_nmi
	POP_REGS_AND_STUB
	decl	EXECUTING(AT_COPY)
SYM_START nmi_exit
	jnz	nmi_again
SYM_START nmi_iretq
	iretq
SYM_START nmi_exit_end

SYM_START nmi_from_user
	pushq	$0
	pushq	$X86_TRAP_NMI
	cld
	swapgs
	CLAC_IF_SMAP
	PUSH_REGS
	movq	%rsp, %rdi
	call	exc_nmi
	jmp	return_from_event

	.section .note.GNU-stack, "", @progbits
