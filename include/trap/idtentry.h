/* SPDX-License-Identifier: MIT */
/*
 * idtentry.h - the list of exceptions: vector, name. entry.S makes asm_exc_X
 * from each row, this header its prototype and exc_X's.
 *
 * IDTENTRY:	on the interrupted stack, or RSP0 from CPL 3.
 * PARANOID:	on an IST stack, at any instruction, GS base not to be trusted.
 *		Those of IST_LIST are made alike, NMI has nmi.S.
 */
#pragma once

#include <asm/trapnr.h>

/* clang-format off */
#define IDTENTRY_LIST(X)				\
	X(X86_TRAP_DE,		divide_error)		\
	X(X86_TRAP_BP,		int3)			\
	X(X86_TRAP_OF,		overflow)		\
	X(X86_TRAP_BR,		bounds)			\
	X(X86_TRAP_UD,		invalid_op)		\
	X(X86_TRAP_NM,		device_not_available)	\
	X(X86_TRAP_OLD_MF,	coproc_segment_overrun)	\
	X(X86_TRAP_TS,		invalid_tss)		\
	X(X86_TRAP_NP,		segment_not_present)	\
	X(X86_TRAP_SS,		stack_segment)		\
	X(X86_TRAP_GP,		general_protection)	\
	X(X86_TRAP_PF,		page_fault)		\
	X(X86_TRAP_SPURIOUS,	spurious_interrupt_bug)	\
	X(X86_TRAP_MF,		coprocessor_error)	\
	X(X86_TRAP_AC,		alignment_check)	\
	X(X86_TRAP_XF,		simd_coprocessor_error)	\
	X(X86_TRAP_VE,		virtualization_exception) \
	X(X86_TRAP_CP,		control_protection)	\
	X(22,			reserved_22)		\
	X(23,			reserved_23)		\
	X(24,			reserved_24)		\
	X(25,			reserved_25)		\
	X(26,			reserved_26)		\
	X(27,			reserved_27)		\
	X(X86_TRAP_HV,		hv_injection_exception)	\
	X(X86_TRAP_SX,		security_exception)	\
	X(31,			reserved_31)

#define IDTENTRY_IST_LIST(X)				\
	X(X86_TRAP_DB,		debug)			\
	X(X86_TRAP_DF,		double_fault)		\
	X(X86_TRAP_MC,		machine_check)		\
	X(X86_TRAP_VC,		vmm_communication)

#define IDTENTRY_PARANOID_LIST(X)			\
	IDTENTRY_IST_LIST(X)				\
	X(X86_TRAP_NMI,		nmi)
/* clang-format on */

#ifndef __ASSEMBLER__
#include <asm/ptrace.h>

/*
 * Each runs with IF=0 on the stack its gate chose. True: regs now resume in
 * a catch frame, so a paranoid exit must leave the kernel's GS base.
 */
#define X(vector, name) bool exc_##name(struct pt_regs *regs);
IDTENTRY_LIST(X)
IDTENTRY_PARANOID_LIST(X)
#undef X
#endif
