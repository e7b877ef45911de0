/* SPDX-License-Identifier: MIT */
/*
 * insn_cet.S - what shadow stacks and indirect-branch tracking judge, at CPL 3
 * and at CPL 0. See include/ktest/insn_cet.h. No CALL goes to what follows it:
 * one with displacement 0 pushes nothing on the shadow stack.
 */
#include <asm/msr-index.h>
#include <asm/trapnr.h>
#include <ktest/insn_cet.h>

#include "insn_trap.h"

	.macro sym name
	.globl	\name
	.hidden	\name
\name:
	.endm

	.section .user.text, "ax"

/* What matches: SSP before and after it in RAX and RDX. */
sym uf_cet_call
	rdsspq	%rax
	call	1f
sym uf_cet_call_next
	rdsspq	%rdx
	int	$0x80
1:	ret

sym uf_cet_incssp
	rdsspq	%rax
	call	1f
	int	$0x80
1:	movl	$1, %ecx
	incsspq	%rcx
	rdsspq	%rdx
	int	$0x80

/* A return address changed on the stack alone. */
sym uf_cet_ret
	call	1f
	int	$0x80
1:	leaq	2f(%rip), %rax
	movq	%rax, (%rsp)
sym uf_cet_ret_at
	ret
2:	int	$0x80

/* Far returns whose frames were never pushed by a far call or an event. */
sym uf_cet_lret
	movl	%cs, %eax
	pushq	%rax
	leaq	1f(%rip), %rax
	pushq	%rax
sym uf_cet_lret_at
	lretq
1:	int	$0x80

sym uf_cet_iret
	movl	%ss, %eax
	leaq	(%rsp), %rdx
	pushq	%rax
	pushq	%rdx
	pushfq
	movl	%cs, %eax
	pushq	%rax
	leaq	1f(%rip), %rax
	pushq	%rax
sym uf_cet_iret_at
	iretq
1:	int	$0x80

/* RDI: a token, or what is none. */
sym uf_cet_rstorssp
	rstorssp (%rdi)
	rdsspq	%rax
	int	$0x80

sym uf_cet_setssbsy
	setssbsy
	int	$0x80
sym uf_cet_wrss
	wrssq	%rax, (%rdi)
	int	$0x80
sym uf_cet_wruss
	wrussq	%rax, (%rdi)
	int	$0x80

/* Indirect branches, to what is no ENDBR64 and to one. */
sym uf_cet_jmp
	leaq	uf_cet_jmp_to(%rip), %rax
	jmp	*%rax
sym uf_cet_jmp_to
	nop
	int	$0x80
sym uf_cet_indirect_call
	leaq	uf_cet_indirect_call_to(%rip), %rax
	call	*%rax
sym uf_cet_indirect_call_to
	nop
	int	$0x80
sym uf_cet_endbr
	leaq	1f(%rip), %rax
	jmp	*%rax
1:	endbr64
	int	$0x80
sym uf_cet_endbr_end
sym uf_cet_notrack
	leaq	1f(%rip), %rax
	notrack jmp *%rax
1:	nop
	int	$0x80
sym uf_cet_notrack_end

	.text

	.macro s_cet bits
	movl	$MSR_IA32_S_CET, %ecx
	movl	$\bits, %eax
	xorl	%edx, %edx
	wrmsr
	.endm

/* At CPL 0 with CR4.CET: on, the deed, off. PL0_SSP holds a token. */
insn cet_ret
	s_cet	CET_SHSTK_EN
	setssbsy
	call	1f
	ud2
1:	leaq	2f(%rip), %rax
	movq	%rax, (%rsp)
at cet_ret
	ret
2:	s_cet	0
	ret

insn cet_setssbsy			/* RDI: where there is no token */
	s_cet	CET_SHSTK_EN
	setssbsy
	movq	%rdi, %rax
	movq	%rdi, %rdx
	shrq	$32, %rdx
	movl	$MSR_IA32_PL0_SSP, %ecx
	wrmsr
at cet_setssbsy
	setssbsy
	s_cet	0
	ret

insn cet_jmp
	s_cet	CET_ENDBR_EN
	leaq	insn_cet_jmp_at(%rip), %rax
	jmp	*%rax
at cet_jmp
	nop
	s_cet	0
	ret

insn cet_wruss				/* RDI: into a user's shadow stack */
at cet_wruss
	wrussq	%rdi, (%rdi)
	ret
insn cet_setssbsy_off
	setssbsy
	ret

/* #CP's gate: C has no ENDBR64, and its way back matches nothing. */
insn cet_gate
	endbr64
	pushq	%rax
	pushq	%rcx
	pushq	%rdx
	s_cet	0
	popq	%rdx
	popq	%rcx
	popq	%rax
	jmp	probe_stubs + 16 * X86_TRAP_CP

	.section .note.GNU-stack, "", @progbits
