/* SPDX-License-Identifier: MIT */
/*
 * insn_user.S - instructions to be judged at CPL 3. Each begins at its symbol;
 * what does not fault ends in int $0x80, the way back.
 */
	.section .user.text, "ax"

	.macro user name, insn:vararg
	.globl	user_\name
	.hidden	user_\name
user_\name:
	\insn
	int	$0x80
	.endm

user div,		divl %edi
user ud2,		ud2
user int3,		int3
user int_3,		.byte 0xcd, 0x03
user int_4,		int $4
user icebp,		.byte 0xf1
user int_0x80,		int $0x80
user syscall,		syscall
user step_syscall,	.byte 0x90, 0x0f, 0x05, 0x90, 0x90
user int_0x20,		int $0x20
user int_13,		int $13
user fld1,		fld1
user fwait,		fwait
user nop,		nop
user spin,		jmp user_spin
user read,		movb (%rdi), %al
user read2,		movw (%rdi), %ax
user read4,		movl (%rdi), %eax
user read8,		movq (%rdi), %rax
user write,		movb %al, (%rdi)
user write2,		movw %ax, (%rdi)
user write4,		movl %eax, (%rdi)
user write8,		movq %rax, (%rdi)
user jump,		jmp *%rdi
user read_gs,		movq %gs:0, %rax

/* RDI is the RFLAGS to load; those that came of it go to RAX. */
	.globl	user_popf_if, user_popf_if_end
	.hidden	user_popf_if, user_popf_if_end
user_popf_if:
	pushq	%rdi
	popfq
	pushfq
	popq	%rax
	int	$0x80
user_popf_if_end:

user cli,		cli
user sti,		sti
user hlt,		hlt
	.globl	user_in, user_in_end
	.hidden	user_in, user_in_end
user_in:
	inb	$0x80, %al
	int	$0x80
user_in_end:
user out,		outb %al, $0x80
user ins,		insb
user outs,		outsb
user mov_from_cr0,	movq %cr0, %rax
user mov_from_cr2,	movq %cr2, %rax
user mov_from_cr3,	movq %cr3, %rax
user mov_from_cr4,	movq %cr4, %rax
user mov_from_cr8,	movq %cr8, %rax
user mov_to_cr0,	movq %rax, %cr0
user mov_to_cr2,	movq %rax, %cr2
user mov_to_cr3,	movq %rax, %cr3
user mov_to_cr4,	movq %rax, %cr4
user mov_to_cr8,	movq %rax, %cr8
user mov_from_dr0,	movq %dr0, %rax
user mov_from_dr6,	movq %dr6, %rax
user mov_to_dr7,	movq %rax, %dr7
user clts,		clts
user lmsw,		lmsw %ax
user lgdt,		lgdt (%rsp)
user lidt,		lidt (%rsp)
user lldt,		lldt %ax
user ltr,		ltr %ax
user invd,		invd
user wbinvd,		wbinvd
user invlpg,		invlpg (%rsp)
user rdmsr,		rdmsr
user wrmsr,		wrmsr
user swapgs,		swapgs
user sysret,		sysretq
user xsetbv,		xsetbv
user rdpmc,		rdpmc
user rdtsc,		rdtsc
user rdtscp,		rdtscp
user sgdt,		sgdt (%rsp)
user sidt,		sidt (%rsp)
user sldt,		sldt %eax
user smsw,		smsw %eax
user str,		str %eax

/* Both are allowed with IOPL 3; IF must be on again for what comes after. */
	.globl	user_cli_iopl, user_cli_iopl_end
	.hidden	user_cli_iopl, user_cli_iopl_end
user_cli_iopl:
	cli
	pushfq
	popq	%rax
	sti
	int	$0x80
user_cli_iopl_end:

	.section .note.GNU-stack, "", @progbits
