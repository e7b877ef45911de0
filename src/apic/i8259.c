// SPDX-License-Identifier: MIT
/*
 * i8259.c - the legacy interrupt controllers: remapped, so that a stray one
 * cannot look like an exception, and masked.
 *
 * Spec: Intel 8259A datasheet "Initialization Command Words", "OCW3".
 */
#include <apic/i8259.h>

#include <asm/io.h>
#include <asm/irq_vectors.h>
#include <lib/errno.h>

#define ICW1_INIT 0x11 /* edge, cascade, ICW4 follows */
#define ICW4_8086 0x01
#define OCW2_SPEC 0x60 /* specific EOI */
#define OCW3_IRR  0x0a
#define OCW3_ISR  0x0b

static bool present;

static void io_delay(void)
{
	outb(0, 0x80); /* old 8259s need a moment between words */
}

static void init_one(u16 cmd, u8 vector, u8 icw3)
{
	outb(ICW1_INIT, cmd);
	io_delay();
	outb(vector, cmd + 1);
	io_delay();
	outb(icw3, cmd + 1);
	io_delay();
	outb(ICW4_8086, cmd + 1);
	io_delay();
}

/* Only the IMR reads back what was written; a floating bus reads 0xff. */
static bool probe(void)
{
	u8 old = inb(PIC_MASTER_IMR), got;

	outb(0xfb, PIC_MASTER_IMR);
	got = inb(PIC_MASTER_IMR);
	outb(old, PIC_MASTER_IMR);
	return got == 0xfb;
}

int i8259_init(bool declared)
{
	present = declared || probe();
	if (!present)
		return -ENODEV;
	init_one(PIC_MASTER_CMD, ISA_IRQ_VECTOR(0), 1 << PIC_CASCADE_IR);
	init_one(PIC_SLAVE_CMD, ISA_IRQ_VECTOR(8), PIC_CASCADE_IR);
	i8259_write_imr(0xffff);
	return 0;
}

bool i8259_present(void)
{
	return present;
}

u16 i8259_read_imr(void)
{
	return (u16)(inb(PIC_MASTER_IMR) | inb(PIC_SLAVE_IMR) << 8);
}

void i8259_write_imr(u16 imr)
{
	outb((u8)imr, PIC_MASTER_IMR);
	outb((u8)(imr >> 8), PIC_SLAVE_IMR);
}

static u16 read_both(u8 ocw3)
{
	outb(ocw3, PIC_MASTER_CMD);
	outb(ocw3, PIC_SLAVE_CMD);
	return (u16)(inb(PIC_MASTER_CMD) | inb(PIC_SLAVE_CMD) << 8);
}

u16 i8259_read_irr(void)
{
	return read_both(OCW3_IRR);
}

u16 i8259_read_isr(void)
{
	return read_both(OCW3_ISR);
}

void i8259_eoi(u32 irq)
{
	if (irq >= 8) {
		outb((u8)(OCW2_SPEC | (irq - 8)), PIC_SLAVE_CMD);
		irq = PIC_CASCADE_IR;
	}
	outb((u8)(OCW2_SPEC | irq), PIC_MASTER_CMD);
}

bool i8259_is_spurious(u32 irq)
{
	return (irq == 7 || irq == 15) && !(i8259_read_isr() >> irq & 1);
}
