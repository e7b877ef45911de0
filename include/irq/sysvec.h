/* SPDX-License-Identifier: MIT */
/*
 * sysvec.h - the list of system vectors: vector, name. entry.S makes
 * asm_sysvec_X from each row, idt.c its gate; sysvec_X() is in irq/sysvec.c.
 */
#pragma once

#include <asm/irq_vectors.h>

/* clang-format off */
#define SYSVEC_LIST(X)							\
	X(RESCHEDULE_VECTOR,		reschedule_ipi)			\
	X(CALL_FUNCTION_VECTOR,		call_function)			\
	X(CALL_FUNCTION_SINGLE_VECTOR,	call_function_single)		\
	X(THERMAL_APIC_VECTOR,		thermal)			\
	X(THRESHOLD_APIC_VECTOR,	threshold)			\
	X(REBOOT_VECTOR,		reboot)				\
	X(X86_PLATFORM_IPI_VECTOR,	x86_platform_ipi)		\
	X(IRQ_WORK_VECTOR,		irq_work)			\
	X(LOCAL_TIMER_VECTOR,		apic_timer_interrupt)		\
	X(ERROR_APIC_VECTOR,		error_interrupt)		\
	X(SPURIOUS_APIC_VECTOR,		spurious_apic_interrupt)
/* clang-format on */

#ifndef __ASSEMBLER__
#include <asm/ptrace.h>

#define X(vector, name)               \
	void asm_sysvec_##name(void); \
	void sysvec_##name(struct pt_regs *regs);
SYSVEC_LIST(X)
#undef X
#endif
