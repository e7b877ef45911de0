/* SPDX-License-Identifier: MIT */
/*
 * irq_vectors.h - who owns which of the 256 vectors.
 *
 *   0 ...  31  exceptions
 *  32 ... 127  device interrupts
 *        128  int80, the software gate (DPL 3)
 * 129 ... 235  device interrupts
 * 236 ... 255  system vectors: the local timer, IPIs, error, spurious
 *
 * Vectors are per CPU, irqs are global: vector_irq[] joins the two.
 */
#pragma once

/* clang-format off */
#define FIRST_EXTERNAL_VECTOR		0x20
#define ISA_IRQ_VECTOR_BASE		0x30
#define ISA_IRQ_VECTOR(irq)		(ISA_IRQ_VECTOR_BASE + (irq))
#define NR_LEGACY_IRQS			16
#define IA32_SYSCALL_VECTOR		0x80

#define LOCAL_TIMER_VECTOR		0xec
#define FIRST_SYSTEM_VECTOR		LOCAL_TIMER_VECTOR
#define IRQ_WORK_VECTOR			0xf6
#define X86_PLATFORM_IPI_VECTOR		0xf7
#define REBOOT_VECTOR			0xf8
#define THRESHOLD_APIC_VECTOR		0xf9
#define THERMAL_APIC_VECTOR		0xfa
#define CALL_FUNCTION_SINGLE_VECTOR	0xfb
#define CALL_FUNCTION_VECTOR		0xfc
#define RESCHEDULE_VECTOR		0xfd
#define ERROR_APIC_VECTOR		0xfe
#define SPURIOUS_APIC_VECTOR		0xff

#define NR_VECTORS			256
#define NR_IRQS				256	/* lines: GSIs, and MSIs from the top */
/* clang-format on */
