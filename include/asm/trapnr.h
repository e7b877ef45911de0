/* SPDX-License-Identifier: MIT */
/*
 * trapnr.h - exception vectors, and which of them push an error code.
 *
 * Spec: SDM 3A "Exception and Interrupt Reference"; APM 2 "Vectors".
 */
#pragma once

/* clang-format off */
#define X86_TRAP_DE		0	/* Divide-by-zero */
#define X86_TRAP_DB		1	/* Debug */
#define X86_TRAP_NMI		2	/* Non-maskable Interrupt */
#define X86_TRAP_BP		3	/* Breakpoint */
#define X86_TRAP_OF		4	/* Overflow */
#define X86_TRAP_BR		5	/* Bound Range Exceeded */
#define X86_TRAP_UD		6	/* Invalid Opcode */
#define X86_TRAP_NM		7	/* Device Not Available */
#define X86_TRAP_DF		8	/* Double Fault */
#define X86_TRAP_OLD_MF		9	/* Coprocessor Segment Overrun */
#define X86_TRAP_TS		10	/* Invalid TSS */
#define X86_TRAP_NP		11	/* Segment Not Present */
#define X86_TRAP_SS		12	/* Stack Segment Fault */
#define X86_TRAP_GP		13	/* General Protection Fault */
#define X86_TRAP_PF		14	/* Page Fault */
#define X86_TRAP_SPURIOUS	15	/* Reserved; a very old 8259's spurious */
#define X86_TRAP_MF		16	/* x87 Floating-Point Exception */
#define X86_TRAP_AC		17	/* Alignment Check */
#define X86_TRAP_MC		18	/* Machine Check */
#define X86_TRAP_XF		19	/* SIMD Floating-Point Exception */
#define X86_TRAP_VE		20	/* Virtualization Exception */
#define X86_TRAP_CP		21	/* Control Protection Exception */
#define X86_TRAP_HV		28	/* Hypervisor Injection Exception (AMD) */
#define X86_TRAP_VC		29	/* VMM Communication Exception (AMD) */
#define X86_TRAP_SX		30	/* Security Exception (AMD) */
#define X86_TRAP_IRET		32	/* Software's number: IRET to user failed */

#define TRAP_SYSCALL		0x100	/* irqbed's: SYSCALL has no vector */

#define NR_EXCEPTIONS		32
#define TRAP_NONE		0xff	/* catch_trap(): nothing was raised */

/*
 * Bit n: vector n pushes an error code. #DF TS NP SS GP PF AC CP VC SX.
 * The stubs in entry.S and the decoder both read this mask.
 */
#define TRAP_ERROR_CODE_MASK	0x60227d00
/* clang-format on */
