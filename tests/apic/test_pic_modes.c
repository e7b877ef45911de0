// SPDX-License-Identifier: MIT
/*
 * The 8259's initialisation, priorities and ways to end an interrupt.
 *
 * Spec: Intel 8259A datasheet, "Initialization Command Words", "Operation
 *       Command Words".
 */
#include <dev/i8042.h>

#include "pic.h"

/* clang-format off */
#define ICW4_AEOI		0x02
#define PIC_ROTATE_SPECIFIC_EOI	0xe0	/* OCW2 */
#define PIC_ROTATE_AEOI_ON	0x80
#define PIC_ROTATE_AEOI_OFF	0x00
#define PIC_READ_IRR		0x0a	/* OCW3 */
#define PIC_READ_ISR		0x0b
#define PIC_NO_READ		0x08
/* clang-format on */

/* IRQ 4 or 3, and IRQ 1, which comes before both. */
static struct pic_line low, high;
static u32 order[4];
static volatile u32 served;

#define NEED_BOTH .needs = NEEDS_UART | NEEDS_I8042

static u16 both_open(void)
{
	return (u16) ~(BIT(low.irq) | BIT(high.irq));
}

/* Both wires, unmasked, through LINT0. False: the case was skipped. */
static bool connect_both(void)
{
	served = 0;
	if (!pic_wire_open(&low, WIRE_UART, false) ||
	    !pic_wire_open(&high, WIRE_I8042, false))
		SKIP(return false, NO_WIRE);
	pic_connect(both_open());
	return true;
}

/* ICW1 to ICW4 for the master; the slave is not touched. */
static void init_master(u8 vector, u8 icw4)
{
	outb(0x11, PIC_MASTER_CMD);
	outb(vector, PIC_MASTER_IMR);
	outb(1 << PIC_CASCADE_IR, PIC_MASTER_IMR);
	outb(icw4, PIC_MASTER_IMR);
}

static void note_order(struct pin *pin)
{
	struct pic_line *l = container_of(pin, struct pic_line, pin);

	if (served < ARRAY_SIZE(order))
		order[served++] = l->irq;
	i8259_eoi(l->irq);
}

static void raise_both_at_once(void)
{
	low.pin.handler = high.pin.handler = note_order;
	local_irq_disable();
	wire_raise(low.wire);
	wire_raise(high.wire);
	local_irq_enable();
	EXPECT_EQ(pin_wait(&low.pin, 1), 1);
	EXPECT_EQ(pin_wait(&high.pin, 1), 1);
}

TEST(pic, lower_number_comes_first, "8259A Fully Nested Mode", NEED_BOTH)
{
	if (!connect_both())
		return;
	raise_both_at_once();
	EXPECT_EQ(order[0], high.irq);
	EXPECT_EQ(order[1], low.irq);
}

TEST(pic, priorities_rotate_on_command, "8259A Specific Rotation", NEED_BOTH)
{
	if (!connect_both())
		return;
	outb(PIC_SET_PRIORITY(low.irq - 1), PIC_MASTER_CMD);
	raise_both_at_once();
	EXPECT_EQ(order[0], low.irq);
	EXPECT_EQ(order[1], high.irq);
}

TEST(pic, higher_priority_interrupts_a_lower_in_service,
     "8259A Fully Nested Mode", NEED_BOTH)
{
	if (!connect_both())
		return;
	wire_raise(low.wire);
	EXPECT_EQ(pin_wait(&low.pin, 1), 1);
	wire_raise(high.wire);
	EXPECT_EQ(pin_wait(&high.pin, 1), 1);
	EXPECT_EQ(high.isr_seen, BIT(low.irq) | BIT(high.irq));
}

TEST(pic, lower_priority_waits_for_the_eoi_of_a_higher,
     "8259A Fully Nested Mode", NEED_BOTH)
{
	if (!connect_both())
		return;
	wire_raise(high.wire);
	EXPECT_EQ(pin_wait(&high.pin, 1), 1);
	wire_raise(low.wire);
	EXPECT_EQ(pin_wait(&low.pin, 0), 0);
	i8259_eoi(high.irq);
	EXPECT_EQ(pin_wait(&low.pin, 1), 1);
	EXPECT_EQ(low.isr_seen, BIT(low.irq));
}

/* Two in service, for the ways to end one. */
static bool both_in_service(void)
{
	if (!connect_both())
		return false;
	wire_raise(low.wire);
	pin_wait(&low.pin, 1);
	wire_raise(high.wire);
	pin_wait(&high.pin, 1);
	return EXPECT_EQ(i8259_read_isr(), BIT(low.irq) | BIT(high.irq));
}

TEST(pic, non_specific_eoi_ends_the_highest_in_service,
     "8259A End of Interrupt (EOI)", NEED_BOTH)
{
	if (!both_in_service())
		return;
	outb(PIC_EOI, PIC_MASTER_CMD);
	EXPECT_EQ(i8259_read_isr(), BIT(low.irq));
	outb(PIC_EOI, PIC_MASTER_CMD);
	EXPECT_EQ(i8259_read_isr(), 0);
}

TEST(pic, specific_eoi_ends_the_one_named, "8259A End of Interrupt (EOI)",
     NEED_BOTH)
{
	if (!both_in_service())
		return;
	i8259_eoi(low.irq);
	EXPECT_EQ(i8259_read_isr(), BIT(high.irq));
	i8259_eoi(low.irq); /* not in service: no effect */
	EXPECT_EQ(i8259_read_isr(), BIT(high.irq));
	i8259_eoi(high.irq);
	EXPECT_EQ(i8259_read_isr(), 0);
}

/* Serve the higher line, end it by that word; then both at once. */
static void judge_rotation(u8 icw4, u8 before, u8 eoi, bool rotated)
{
	if (!connect_both())
		return;
	init_master(ISA_IRQ_VECTOR_BASE, 0x01 | icw4);
	i8259_write_imr(both_open());
	if (before)
		outb(before, PIC_MASTER_CMD);
	wire_raise(high.wire);
	EXPECT_EQ(pin_wait(&high.pin, 1), 1);
	wire_lower(high.wire);
	if (eoi)
		outb(eoi, PIC_MASTER_CMD);
	EXPECT_EQ(i8259_read_isr(), 0);
	high.pin.count = 0;
	raise_both_at_once();
	EXPECT_EQ(order[0], rotated ? low.irq : high.irq);
	EXPECT_EQ(order[1], rotated ? high.irq : low.irq);
}

TEST(pic, rotating_eoi_makes_the_ended_line_the_lowest,
     "8259A Automatic Rotation (Equal Priority Devices)", NEED_BOTH)
{
	judge_rotation(0, 0, PIC_ROTATE_EOI, true);
}

TEST(pic, rotating_specific_eoi_makes_the_named_line_the_lowest,
     "8259A Specific Rotation (Specific Priority)", NEED_BOTH)
{
	judge_rotation(0, 0, PIC_ROTATE_SPECIFIC_EOI | I8042_KBD_IRQ, true);
}

TEST(pic, plain_eoi_rotates_nothing, "8259A End of Interrupt (EOI)", NEED_BOTH)
{
	judge_rotation(0, 0, PIC_EOI, false);
}

TEST(pic, automatic_eoi_rotates_where_it_is_told_to,
     "8259A Automatic Rotation (Equal Priority Devices)", NEED_BOTH)
{
	judge_rotation(ICW4_AEOI, PIC_ROTATE_AEOI_ON, 0, true);
	outb(PIC_ROTATE_AEOI_OFF, PIC_MASTER_CMD);
}

TEST(pic, automatic_eoi_alone_rotates_nothing,
     "8259A Automatic End of Interrupt (AEOI) Mode", NEED_BOTH)
{
	judge_rotation(ICW4_AEOI, 0, 0, false);
}

TEST(pic, special_mask_mode_lets_lower_priorities_in, "8259A Special Mask Mode",
     NEED_BOTH)
{
	if (!connect_both())
		return;
	wire_raise(high.wire);
	EXPECT_EQ(pin_wait(&high.pin, 1), 1);
	wire_raise(low.wire);
	EXPECT_EQ(pin_wait(&low.pin, 0), 0);
	i8259_write_imr((u16)~BIT(low.irq)); /* masks the one in service */
	EXPECT_EQ(pin_wait(&low.pin, 0), 0);
	outb(PIC_SMM_ON, PIC_MASTER_CMD);
	EXPECT_EQ(pin_wait(&low.pin, 1), 1);
	outb(PIC_SMM_OFF, PIC_MASTER_CMD);
}

TEST(pic, initialisation_clears_mask_and_isr,
     "8259A Initialization Command Words 1 and 2")
{
	static struct pic_line l;

	if (!pic_wire_open(&l, WIRE_UART, false))
		SKIP(return, NO_WIRE);
	pic_connect((u16)~BIT(l.irq));
	wire_raise(l.wire);
	EXPECT_EQ(pin_wait(&l.pin, 1), 1);
	EXPECT_EQ(i8259_read_isr(), BIT(l.irq));
	local_irq_disable();
	apic_write(APIC_LVT0, APIC_LVT_MASKED | APIC_DM_EXTINT);
	init_master(ISA_IRQ_VECTOR_BASE, 0x01);
	EXPECT_EQ(inb(PIC_MASTER_IMR), 0);
	EXPECT_EQ(i8259_read_isr(), 0);
	outb(0xff, PIC_MASTER_IMR);
	local_irq_enable();
}

TEST(pic, initialisation_makes_line_7_the_lowest,
     "8259A Initialization Command Words 1 and 2", NEED_BOTH)
{
	if (!connect_both())
		return;
	outb(PIC_SET_PRIORITY(low.irq - 1), PIC_MASTER_CMD);
	init_master(ISA_IRQ_VECTOR_BASE, 0x01);
	i8259_write_imr(both_open());
	raise_both_at_once();
	EXPECT_EQ(order[0], high.irq);
	EXPECT_EQ(order[1], low.irq);
}

TEST(pic, initialisation_leaves_special_mask_mode,
     "8259A Initialization Command Words 1 and 2", NEED_BOTH)
{
	if (!connect_both())
		return;
	outb(PIC_SMM_ON, PIC_MASTER_CMD);
	init_master(ISA_IRQ_VECTOR_BASE, 0x01);
	i8259_write_imr(both_open());
	wire_raise(high.wire);
	EXPECT_EQ(pin_wait(&high.pin, 1), 1);
	i8259_write_imr((u16)~BIT(low.irq));
	wire_raise(low.wire);
	EXPECT_EQ(pin_wait(&low.pin, 0), 0);
	i8259_eoi(high.irq);
	EXPECT_EQ(pin_wait(&low.pin, 1), 1);
}

/* What the command port reads, while the line is requested, not in service. */
static u8 read_after(u8 ocw3)
{
	outb(ocw3, PIC_MASTER_CMD);
	return inb(PIC_MASTER_CMD);
}

TEST(pic, ocw3_selects_the_register_and_without_rr_keeps_it,
     "8259A Reading the 8259A Status")
{
	static struct pic_line l;

	if (!pic_wire_open(&l, WIRE_UART, false))
		SKIP(return, NO_WIRE);
	wire_raise(l.wire);
	EXPECT_EQ(read_after(PIC_READ_IRR) & BIT(l.irq), BIT(l.irq));
	EXPECT_EQ(read_after(PIC_NO_READ) & BIT(l.irq), BIT(l.irq));
	EXPECT_EQ(read_after(PIC_READ_ISR), 0);
	EXPECT_EQ(read_after(PIC_NO_READ), 0);
	EXPECT_EQ(inb(PIC_MASTER_CMD), 0);
}

TEST(pic, initialisation_selects_the_irr, "8259A Reading the 8259A Status")
{
	static struct pic_line l;

	if (!pic_wire_open(&l, WIRE_UART, false))
		SKIP(return, NO_WIRE);
	EXPECT_EQ(read_after(PIC_READ_ISR), 0);
	init_master(ISA_IRQ_VECTOR_BASE, 0x01);
	i8259_write_imr(0xffff);
	wire_raise(l.wire);
	EXPECT_EQ(inb(PIC_MASTER_CMD) & BIT(l.irq), BIT(l.irq));
}

TEST(pic, a_mask_set_in_service_ends_nothing, "8259A Interrupt Mask Register",
     NEED_BOTH)
{
	if (!both_in_service())
		return;
	i8259_write_imr(0xffff);
	EXPECT_EQ(i8259_read_isr(), BIT(low.irq) | BIT(high.irq));
	i8259_eoi(high.irq);
	i8259_eoi(low.irq);
	EXPECT_EQ(i8259_read_isr(), 0);
}

TEST(pic, eoi_with_nothing_in_service_does_nothing,
     "8259A End of Interrupt (EOI)")
{
	static struct pic_line l;

	if (!pic_wire_open(&l, WIRE_UART, false))
		SKIP(return, NO_WIRE);
	i8259_write_imr((u16)~BIT(l.irq));
	wire_raise(l.wire);
	outb(PIC_EOI, PIC_MASTER_CMD);
	EXPECT_EQ(i8259_read_irr() & BIT(l.irq), BIT(l.irq));
	pic_connect((u16)~BIT(l.irq));
	EXPECT_EQ(pin_wait(&l.pin, 1), 1);
}

/* The upper five bits are ICW2's, the lower three the line's number. */
TEST(pic, vector_is_icw2_and_the_line_number,
     "8259A Initialization Command Words 1 and 2")
{
	static struct pic_line l;

	if (!pic_wire_open(&l, WIRE_UART, true))
		SKIP(return, NO_WIRE);
	for (u32 base = 0x48; base <= 0x78; base += 0x18) {
		struct pin there = { .vector = base + l.irq };

		EXPECT_EQ(pin_claim(&there), 0);
		init_master((u8)(base | 7), 0x01);
		pic_connect((u16)~BIT(l.irq));
		wire_raise(l.wire);
		EXPECT_EQ(pin_wait(&there, 1), 1);
		wire_lower(l.wire);
		i8259_eoi(l.irq);
	}
	EXPECT_EQ(l.pin.count, 0);
}

TEST(pic, automatic_eoi_leaves_nothing_in_service,
     "8259A Automatic End of Interrupt (AEOI) Mode")
{
	static struct pic_line l;

	if (!pic_wire_open(&l, WIRE_UART, false))
		SKIP(return, NO_WIRE);
	init_master(ISA_IRQ_VECTOR_BASE, 0x03);
	pic_connect((u16)~BIT(l.irq));
	for (u32 n = 1; n <= 3 && ktest_ok(); n++) {
		l.isr_seen = 0xffff;
		wire_raise(l.wire);
		EXPECT_EQ(pin_wait(&l.pin, n), n);
		EXPECT_EQ(l.isr_seen, 0);
		wire_lower(l.wire);
	}
}

/* The read after OCW3 with P=1 is an acknowledge cycle without the CPU. */
TEST(pic, poll_command_acknowledges_the_highest_request, "8259A Poll Command")
{
	static struct pic_line l;

	if (!pic_wire_open(&l, WIRE_UART, false))
		SKIP(return, NO_WIRE);
	i8259_write_imr((u16)~BIT(l.irq)); /* LINT0 stays masked */
	outb(PIC_POLL, PIC_MASTER_CMD);
	EXPECT_EQ(inb(PIC_MASTER_CMD) & 0x80, 0);
	wire_raise(l.wire);
	outb(PIC_POLL, PIC_MASTER_CMD);
	EXPECT_EQ(inb(PIC_MASTER_CMD) & 0x87, 0x80 | l.irq);
	EXPECT_EQ(i8259_read_isr(), BIT(l.irq));
	EXPECT_EQ(pin_wait(&l.pin, 0), 0);
	i8259_eoi(l.irq);
	EXPECT_EQ(i8259_read_isr(), 0);
}
