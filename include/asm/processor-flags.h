/* SPDX-License-Identifier: MIT */
/*
 * processor-flags.h - bits of RFLAGS, CR0, CR3, CR4, EFER, DR6 and DR7.
 *
 * Spec: SDM 3A "System Flags and Fields in the EFLAGS Register",
 *       "Control Registers", SDM 3B "Debug Registers".
 */
#pragma once

/* clang-format off */
#define X86_EFLAGS_CF		0x00000001
#define X86_EFLAGS_FIXED	0x00000002	/* always 1 */
#define X86_EFLAGS_PF		0x00000004
#define X86_EFLAGS_AF		0x00000010
#define X86_EFLAGS_ZF		0x00000040
#define X86_EFLAGS_SF		0x00000080
#define X86_EFLAGS_TF		0x00000100
#define X86_EFLAGS_IF		0x00000200
#define X86_EFLAGS_DF		0x00000400
#define X86_EFLAGS_OF		0x00000800
#define X86_EFLAGS_IOPL		0x00003000
#define X86_EFLAGS_NT		0x00004000
#define X86_EFLAGS_RF		0x00010000
#define X86_EFLAGS_VM		0x00020000
#define X86_EFLAGS_AC		0x00040000
#define X86_EFLAGS_VIF		0x00080000
#define X86_EFLAGS_VIP		0x00100000
#define X86_EFLAGS_ID		0x00200000
/* What arithmetic leaves: not OF's neighbours DF, IF and TF. */
#define X86_EFLAGS_STATUS \
	(X86_EFLAGS_CF | X86_EFLAGS_PF | X86_EFLAGS_AF | X86_EFLAGS_ZF | \
	 X86_EFLAGS_SF | X86_EFLAGS_OF)

#define X86_CR0_PE		0x00000001
#define X86_CR0_MP		0x00000002
#define X86_CR0_EM		0x00000004
#define X86_CR0_TS		0x00000008
#define X86_CR0_ET		0x00000010
#define X86_CR0_NE		0x00000020
#define X86_CR0_WP		0x00010000
#define X86_CR0_AM		0x00040000
#define X86_CR0_NW		0x20000000
#define X86_CR0_CD		0x40000000
#define X86_CR0_PG		0x80000000

#define X86_CR4_VME		0x00000001
#define X86_CR4_PVI		0x00000002
#define X86_CR4_TSD		0x00000004
#define X86_CR4_DE		0x00000008
#define X86_CR4_PSE		0x00000010
#define X86_CR4_PAE		0x00000020
#define X86_CR4_MCE		0x00000040
#define X86_CR4_PGE		0x00000080
#define X86_CR4_PCE		0x00000100
#define X86_CR4_OSFXSR		0x00000200
#define X86_CR4_OSXMMEXCPT	0x00000400
#define X86_CR4_UMIP		0x00000800
#define X86_CR4_LA57		0x00001000
#define X86_CR4_VMXE		0x00002000
#define X86_CR4_SMXE		0x00004000
#define X86_CR4_FSGSBASE	0x00010000
#define X86_CR4_PCIDE		0x00020000
#define X86_CR4_OSXSAVE		0x00040000
#define X86_CR4_SMEP		0x00100000
#define X86_CR4_SMAP		0x00200000
#define X86_CR4_PKE		0x00400000
#define X86_CR4_CET		0x00800000
#define X86_CR4_PKS		0x01000000

#define EFER_SCE		0x00000001
#define EFER_LME		0x00000100
#define EFER_LMA		0x00000400
#define EFER_NX			0x00000800

#define DR6_RESERVED		0xffff0ff0	/* reads as 1 when nothing happened */
#define DR_TRAP0		0x00000001	/* breakpoint n: DR_TRAP0 << n */
#define DR_BD			0x00002000
#define XCR0_MPX		0x18 /* BNDREGS, BNDCSR */
#define DR_STEP			0x00004000
#define DR_BT			0x00008000

#define DR7_FIXED		0x00000400	/* bit 10 reads as 1 */
#define DR7_L(n)		(1u << ((n) * 2))
#define DR7_G(n)		(2u << ((n) * 2))
#define DR7_LE			0x00000100
#define DR7_GE			0x00000200
#define DR7_GD			0x00002000
#define DR7_RW(n, rw)		((unsigned int)(rw) << (16 + (n) * 4))
#define DR7_LEN(n, len)		((unsigned int)(len) << (18 + (n) * 4))
#define DR_RW_EXECUTE		0
#define DR_RW_WRITE		1
#define DR_RW_IO		2
#define DR_RW_READWRITE		3
#define DR_LEN_1		0
#define DR_LEN_2		1
#define DR_LEN_8		2
#define DR_LEN_4		3
/* clang-format on */
