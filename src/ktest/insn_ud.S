/* SPDX-License-Identifier: MIT */
/*
 * insn_ud.S - opcodes that are invalid, everywhere or here. As bytes where an
 * assembler rightly refuses.
 */
#include "insn_trap.h"

	.text

	.macro plain name, text:vararg
insn \name
	\text
	ret
	.endm

bytes ud0,		0x0f, 0xff, 0x07	/* with (%rdi), not accessed */
bytes ud1,		0x0f, 0xb9, 0x07
/* Where KVM emulates on demand, CPUID would follow its prefix. */
bytes ud2_kvm,		0x0f, 0x0b, 'k', 'v', 'm', 0x0f, 0xa2

/* Opcodes of 16- and 32-bit code that 64-bit mode took away. */
bytes push_es,		0x06
bytes pop_es,		0x07
bytes push_cs,		0x0e
bytes push_ss,		0x16
bytes pop_ss,		0x17
bytes push_ds,		0x1e
bytes pop_ds,		0x1f
bytes daa,		0x27
bytes das,		0x2f
bytes aaa,		0x37
bytes aas,		0x3f
bytes aam,		0xd4, 0x0a
bytes aad,		0xd5, 0x0a
bytes salc,		0xd6
bytes pusha,		0x60
bytes popa,		0x61
bytes group1_alias,	0x82, 0xc0, 0x00
bytes call_far,		0x9a, 0, 0, 0, 0, 0x10, 0
bytes jmp_far,		0xea, 0, 0, 0, 0, 0x10, 0

bytes lock_add_reg,	0xf0, 0x01, 0xc0
bytes lock_xchg_reg,	0xf0, 0x87, 0xc0
bytes lock_inc_reg,	0xf0, 0xff, 0xc0
bytes lock_nop,		0xf0, 0x90
bytes lock_mov,		0xf0, 0x89, 0x07
bytes lock_cmp,		0xf0, 0x39, 0x07
bytes lock_shl,		0xf0, 0xd1, 0x27
bytes lock_bt,		0xf0, 0x0f, 0xa3, 0x07
plain lock_add,		lock addl $1, (%rdi)

bytes mov_cr1,		0x0f, 0x22, 0xc8
bytes mov_from_cr1,	0x0f, 0x20, 0xc8
bytes mov_cr5,		0x0f, 0x22, 0xe8
bytes mov_cr6,		0x0f, 0x22, 0xf0
bytes mov_cr7,		0x0f, 0x22, 0xf8
bytes mov_cr9,		0x44, 0x0f, 0x22, 0xc8
bytes mov_cr15,		0x44, 0x0f, 0x22, 0xf8
bytes mov_cs,		0x8e, 0xc8
bytes mov_sreg6,	0x8e, 0xf0
bytes mov_sreg7,	0x8e, 0xf8
bytes lea_reg,		0x8d, 0xc0
/* C4 begins VEX; a REX prefix before it is not allowed. */
bytes les_vex,		0x48, 0xc4, 0xe1, 0x78, 0x57, 0xc0

plain rsm,		rsm
plain sse,		xorps %xmm0, %xmm0
plain vmxoff,		vmxoff
plain vmread,		vmread %rax, %rdx
plain vmptrst,		vmptrst (%rdi)
plain vmcall,		vmcall
plain vmmcall,		vmmcall
plain vmrun,		vmrun
plain vmload,		vmload
plain vmsave,		vmsave
plain clgi,		clgi
plain rdfsbase,		rdfsbase %rax
plain wrgsbase,		wrgsbase %rax

/* Extensions, each valid only where CPUID says so. */
insn xgetbv
	.byte	0x0f, 0x01, 0xd0
	ret
bytes xsave,		0x0f, 0xae, 0x27
plain monitor,		monitor
plain mwait,		mwait
plain cmpxchg16b,	cmpxchg16b (%rdi)
plain movbe,		movbe (%rdi), %eax
plain rdrand,		rdrand %eax
plain rdseed,		rdseed %eax
plain rdtscp,		rdtscp
plain rdpid,		rdpid %rax
plain invpcid,		invpcid (%rdi), %rax
plain adcx,		adcx %eax, %eax
plain clac,		clac
plain pshufb,		pshufb %xmm0, %xmm0
plain pmulld,		pmulld %xmm0, %xmm0
plain aesenc,		aesenc %xmm0, %xmm0
plain sha1msg1,		sha1msg1 %xmm0, %xmm0
plain clwb,		clwb (%rdi)
plain clflushopt,	clflushopt (%rdi)
plain xbegin,		xbegin 1f
1:	ret
plain tpause,		tpause %eax
plain movdiri,		movdiri %eax, (%rdi)
plain movdir64b,	movdir64b (%rdi), %rdi
plain enqcmd,		enqcmd (%rdi), %rdi
plain rdpkru,		rdpkru

	.section .note.GNU-stack, "", @progbits
