/* SPDX-License-Identifier: MIT */
/* insn_nmi.S - see include/ktest/insn_nmi.h. */
#include <asm/desc_defs.h>
#include <ktest/insn_nmi.h>

#define NMI_WAIT 5000			/* passes; a self IPI takes about 1 us */

	.macro sym name
	.globl	\name
	.hidden	\name
\name:
	.endm

	.text
	.balign	16
sym insn_nmi_block
	pushfq
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	movq	%rsp, block_sp(%rip)
	call	*%rdi
	movl	$NMI_WAIT, %ecx
1:	decl	%ecx
	jnz	1b
	xorl	%eax, %eax
	jmp	2f
	/* Whatever was interrupted is over: no IRETQ, so NMIs stay blocked. */
sym insn_nmi_block_stub
	movl	$__KERNEL_DS, %ecx	/* delivery may have made it NULL */
	movl	%ecx, %ss
	movq	block_sp(%rip), %rsp
	movl	$1, %eax
2:	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
	popfq
	ret

	.local	block_sp
	.comm	block_sp, 8, 8

	.macro slide name
	.balign	16
sym \name
	.rept	64
	nop
	.endr
sym \name\()_end
	int	$NMI_BACK
	ud2
	.endm

slide insn_nmi_slide

sym insn_nmi_int_18
	swapgs
	int	$18
	swapgs
	int	$NMI_BACK

	.macro insn name
	.balign	16
sym insn_nmi_\name
	.endm

	.macro at name
sym insn_nmi_\name\()_at
	.endm

insn ret
	ret
at ret

insn retf
	movl	%cs, %eax
	pushq	%rax
	leaq	insn_nmi_retf_at(%rip), %rax
	pushq	%rax
	lretq
at retf
	ret

insn popf
	pushfq
	popfq
at popf
	ret

insn iret
	movq	%rsp, %rax
	movl	%ss, %ecx
	pushq	%rcx
	pushq	%rax
	pushfq
	movl	%cs, %ecx
	pushq	%rcx
	leaq	insn_nmi_iret_at(%rip), %rax
	pushq	%rax
	iretq
at iret
	ret

	/* What an exception's handler returns to is _at. */
insn int3
	int3
at int3
	ret

insn int_n
	int	$NMI_DEVICE
at int_n
	ret

insn icebp
	.byte	0xf1
at icebp
	ret

insn ud2
	ud2
at ud2
	ret

insn fault
	movq	(%rdi), %rax
at fault
	ret

insn hlt
	hlt
at hlt
	ret

/* void insn_nmi_sysret(void *): to user_nmi_slide, with the user's GS. */
insn sysret
	leaq	user_nmi_slide(%rip), %rcx
	movl	$2, %r11d
	swapgs
	sysretq

	.section .user.text, "ax"
slide user_nmi_slide

	.macro int_back name, vector
sym \name
	int	$\vector
	int	$NMI_BACK
	.endm

int_back user_nmi_int_4, 4
int_back user_nmi_int_18, 18
int_back user_nmi_int_device, NMI_DEVICE

sym user_nmi_syscall
	syscall
sym user_nmi_syscall_at
	int	$NMI_BACK

	.section .note.GNU-stack, "", @progbits
