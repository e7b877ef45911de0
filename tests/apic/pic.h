/* SPDX-License-Identifier: MIT */
/*
 * pic.h - what the two files of the suite `pic` share: a line into the 8259s,
 * and the way from them through LINT0 to the CPU.
 */
#pragma once

#include <apic/i8259.h>
#include <apic/lapic.h>
#include <asm/io.h>
#include <asm/irq_vectors.h>
#include <cpu/irqflags.h>
#include <ktest/ktest.h>
#include <ktest/pin.h>

/* clang-format off */
#define PIC_EOI			0x20	/* OCW2: non-specific */
#define PIC_ROTATE_EOI		0xa0
#define PIC_SET_PRIORITY(low)	(0xc0 | (low))
#define PIC_SMM_ON		0x68	/* OCW3 */
#define PIC_SMM_OFF		0x48
#define PIC_POLL		0x0c
/* clang-format on */

/* Handlers count and note the 8259s' ISR; ending there is each case's. */
struct pic_line {
	struct pin pin;
	enum wire wire;
	u32 irq;
	volatile u16 isr_seen;
	bool open;
};

/*
 * Count what arrives at irq's vector of the remapped pair. end: the handler
 * ends it at the 8259s.
 */
bool pic_line_open(struct pic_line *l, u32 irq, bool end);

/* The same for a wire. false: there is none. */
bool pic_wire_open(struct pic_line *l, enum wire w, bool end);

/* The pair through LINT0, lines of imr masked. pic_teardown() undoes it. */
void pic_connect(u16 imr);

/* Everything but the lines masked off, as the machine runs without us. */
void pic_teardown(void);
