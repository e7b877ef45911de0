/* SPDX-License-Identifier: MIT */
/*
 * i8259.h - the pair of 8259A controllers, if there is one.
 *
 * Spec: Intel 8259A datasheet; PCAT_COMPAT of the MADT.
 */
#pragma once

#include <lib/types.h>

/* clang-format off */
#define PIC_MASTER_CMD	0x20
#define PIC_MASTER_IMR	0x21
#define PIC_SLAVE_CMD	0xa0
#define PIC_SLAVE_IMR	0xa1
#define PIC_CASCADE_IR	2
/* clang-format on */

/*
 * Remap the pair to ISA_IRQ_VECTOR_BASE and mask every line. declared: the
 * MADT says it exists (then it is not probed, as firmware may leave it
 * uninitialised). Returns 0 or -ENODEV. Boot CPU, IF=0.
 */
int i8259_init(bool declared);

bool i8259_present(void);

/* Both IMRs, both IRRs, both ISRs: slave in bits 15:8. */
u16 i8259_read_imr(void);
void i8259_write_imr(u16 imr);
u16 i8259_read_irr(void);
u16 i8259_read_isr(void);

/* Specific EOI of irq 0..15, the master's cascade line included. */
void i8259_eoi(u32 irq);

/* A spurious IRQ 7 or 15: its ISR bit is clear. IF=0. */
bool i8259_is_spurious(u32 irq);
