/* SPDX-License-Identifier: MIT */
/*
 * insn_user_fault.S - instructions that can fault at CPL 3, one by one. Each
 * begins at its symbol; what does not fault ends in int $0x80, the way back.
 * As bytes where no assembler would make them.
 */
	.section .user.text, "ax"

	.macro at label
	.globl	uf_\label
	.hidden	uf_\label
uf_\label:
	.endm

	.macro uf name, insn:vararg
at \name
	\insn
at \name\()_end
	int	$0x80
	.endm

/* RAX and RDX by RDI. */
uf div8,		divb %dil
uf div16,		divw %di
uf div32,		divl %edi
uf div64,		divq %rdi
uf idiv8,		idivb %dil
uf idiv16,		idivw %di
uf idiv32,		idivl %edi
uf idiv64,		idivq %rdi

/* RDI: an address; RAX, AX: a value or a selector. */
uf nop,			nop
uf cpuid,		cpuid
uf popf,		popfq
uf popf_nop,		.byte 0x9d, 0x90
uf store1,		movb %al, (%rdi)
uf store2,		movw %ax, (%rdi)
uf store4,		movl %eax, (%rdi)
uf store8,		movq %rax, (%rdi)
uf load1,		movb (%rdi), %al
uf load2,		movw (%rdi), %ax
uf load4,		movl (%rdi), %eax
uf load8,		movq (%rdi), %rax
uf rmw8,		addq %rax, (%rdi)
uf jmp,			jmp *%rdi
uf call,		call *%rdi
uf push,		pushq %rax
uf pop,			popq %rax
uf ret,			ret
uf load_rsp,		movq (%rsp), %rax
uf load_rbp,		movq (%rbp), %rax
uf store_rbp,		movq %rax, (%rbp)
uf load_rbp_index,	movq (%rdi, %rbp), %rax
uf load_fs_rbp,		movq %fs:(%rbp), %rax
uf movaps,		movaps (%rdi), %xmm0
uf movaps_store,	movaps %xmm0, (%rdi)
uf cmpxchg16b,		cmpxchg16b (%rdi)
uf fxsave,		fxsave (%rdi)
uf movdqu,		movdqu (%rdi), %xmm0
uf nops15,		.byte 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, \
			0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x90
uf nops16,		.byte 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, \
			0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x90
uf mov_ds,		movl %eax, %ds
uf mov_es,		movl %eax, %es
uf mov_fs,		movl %eax, %fs
uf mov_gs,		movl %eax, %gs
uf mov_ss,		movl %eax, %ss
uf lret,		lretq
uf lcall,		lcall *(%rdi)
uf ljmp,		ljmp *(%rdi)
uf iretq,		iretq
uf rep_movsb,		rep movsb
uf rep_stosq,		rep stosq
uf rep_lodsb,		rep lodsb
uf repe_cmpsb,		repe cmpsb
uf repne_scasb,		repne scasb

/* Ports: by immediate 0x80, by DX, strings. */
uf in8,			inb $0x80, %al
uf in16,		inw $0x80, %ax
uf in32,		inl $0x80, %eax
uf out8,		outb %al, $0x80
uf in8_dx,		inb %dx, %al
uf in16_dx,		inw %dx, %ax
uf in32_dx,		inl %dx, %eax
uf out8_dx,		outb %al, %dx
uf out16_dx,		outw %ax, %dx
uf out32_dx,		outl %eax, %dx
uf insb,		insb
uf insw,		insw
uf insl,		insl
uf outsb,		outsb
uf outsw,		outsw
uf outsl,		outsl
uf rep_insb,		rep insb
uf cli,			cli
uf sti,			sti

/* Invalid at any CPL, or at this one. */
uf ud0,			.byte 0x0f, 0xff, 0x07
uf ud1,			.byte 0x0f, 0xb9, 0x07
uf push_es,		.byte 0x06
uf pop_ss,		.byte 0x17
uf daa,			.byte 0x27
uf aam,			.byte 0xd4, 0x0a
uf salc,		.byte 0xd6
uf pusha,		.byte 0x60
uf opcode_82,		.byte 0x82, 0xc0, 0x00
uf call_far,		.byte 0x9a, 0, 0, 0, 0, 0x10, 0
uf bound,		.byte 0x62, 0x07
uf into,		.byte 0xce
uf lock_reg,		.byte 0xf0, 0x01, 0xc0
uf lock_nop,		.byte 0xf0, 0x90
uf lock_mov,		.byte 0xf0, 0x89, 0x07

/* Refused for the prefix, before CPL, IOPL or the gate is looked at. */
uf lock_hlt,		.byte 0xf0, 0xf4
uf lock_cli,		.byte 0xf0, 0xfa
uf lock_in,		.byte 0xf0, 0xe4, 0x80
uf lock_rdmsr,		.byte 0xf0, 0x0f, 0x32
uf lock_invlpg,		.byte 0xf0, 0x0f, 0x01, 0x3f
uf lock_lgdt,		.byte 0xf0, 0x0f, 0x01, 0x17
uf lock_int3,		.byte 0xf0, 0xcc
uf lock_int1,		.byte 0xf0, 0xf1
uf lock_int_n,		.byte 0xf0, 0xcd, 0x20
uf lock_iretq,		.byte 0xf0, 0x48, 0xcf
uf mov_cs,		.byte 0x8e, 0xc8
uf mov_sreg6,		.byte 0x8e, 0xf0
uf lea_reg,		.byte 0x8d, 0xc0
uf rsm,			rsm
uf stac,		stac
uf clac,		clac
uf monitor,		monitor
uf mwait,		mwait
uf xorps,		xorps %xmm0, %xmm0
uf xgetbv,		.byte 0x0f, 0x01, 0xd0
uf rdfsbase,		rdfsbase %rax
uf vmrun,		vmrun
uf vmxoff,		vmxoff

/* x87, MMX and SSE; RDI: an environment, or struct user_sse. */
uf fld1,		fld1
uf fnop,		fnop
uf fninit,		fninit
uf fwait,		fwait
uf pxor,		pxor %mm0, %mm0
at fldenv_fwait
	fldenv	(%rdi)
uf after_fldenv,	fwait
at fldenv_fld1
	fldenv	(%rdi)
uf fld1_after_fldenv,	fld1
at fldenv_fnstsw
	fldenv	(%rdi)
uf fnstsw_after_fldenv,	fnstsw %ax

at fldenv_pxor
	fldenv	(%rdi)
uf pxor_after_fldenv,	pxor %mm0, %mm0

	.macro sse name, op
at sse_\name
	ldmxcsr	(%rdi)
	movss	4(%rdi), %xmm0
	movss	8(%rdi), %xmm1
uf \name,		\op %xmm1, %xmm0
	.endm
sse divss, divss
sse mulss, mulss
sse sqrtss, sqrtss

	.section .note.GNU-stack, "", @progbits
