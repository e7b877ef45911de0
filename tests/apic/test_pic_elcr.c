// SPDX-License-Identifier: MIT
/*
 * Level-triggered lines of the 8259s, which a PC's edge/level control
 * registers choose line by line; and requests that are withdrawn too early.
 *
 * Spec: ICH datasheets, "Edge/Level Control Registers"; Intel 8259A
 *       datasheet, "Edge and Level Triggered Modes".
 */
#include "pic.h"

#define ELCR1	  0x4d0
#define ELCR2	  0x4d1
#define ELCR_RULE "ICH datasheet, Edge/Level Control Registers"
#define NO_ELCR	  "this board has no ELCR"

static u16 elcr_read(void)
{
	return (u16)(inb(ELCR1) | inb(ELCR2) << 8);
}

static void elcr_write(u16 val)
{
	outb((u8)val, ELCR1);
	outb((u8)(val >> 8), ELCR2);
}

/* Timer, keyboard, cascade, RTC and FPU lines are edges on every PC. */
TEST(pic, elcr_keeps_the_motherboard_lines_edge_triggered, ELCR_RULE)
{
	u16 elcr = elcr_read();

	if (elcr == 0xffff)
		SKIP(return, NO_ELCR);
	EXPECT_EQ(elcr & 0x2107, 0);
}

TEST(pic, elcr_takes_no_level_for_the_motherboard_lines, ELCR_RULE)
{
	u16 found = elcr_read(), now;

	if (found == 0xffff)
		SKIP(return, NO_ELCR);
	elcr_write(found | 0x2107);
	now = elcr_read();
	elcr_write(found);
	EXPECT_EQ(now & 0x2107, 0);
}

/* All lines are masked: none is another's meanwhile. */
TEST(pic, elcr_holds_either_mode_for_every_other_line, ELCR_RULE)
{
	u16 found = elcr_read();

	if (found == 0xffff)
		SKIP(return, NO_ELCR);
	for (u32 irq = 3; irq < 16; irq++) {
		if (irq == 8 || irq == 13)
			continue;
		elcr_write(found ^ BIT(irq));
		if (!EXPECT_EQ(elcr_read(), found ^ BIT(irq)))
			ktest_note("irq %u", irq);
	}
	elcr_write(found);
	EXPECT_EQ(elcr_read(), found);
}

static struct pic_line level_line;
static u16 elcr_found;

/* The UART's line, level-triggered. False: skipped. */
static bool open_level(bool end)
{
	elcr_found = elcr_read();
	if (elcr_found == 0xffff)
		SKIP(return false, NO_ELCR);
	if (!pic_wire_open(&level_line, WIRE_UART, end))
		SKIP(return false, NO_WIRE);
	elcr_write(elcr_found | BIT(level_line.irq));
	return true;
}

static void end_and_release_later(struct pin *pin)
{
	if (pin->count >= 3)
		wire_lower(level_line.wire);
	i8259_eoi(level_line.irq);
}

TEST(pic, a_level_held_at_its_eoi_comes_again, ELCR_RULE)
{
	if (!open_level(true))
		return;
	level_line.pin.handler = end_and_release_later;
	pic_connect((u16)~BIT(level_line.irq));
	wire_raise(level_line.wire);
	EXPECT_EQ(pin_wait(&level_line.pin, 3), 3);
	EXPECT_EQ(i8259_read_irr() & BIT(level_line.irq), 0);
	elcr_write(elcr_found);
}

/* Withdrawn before the acknowledge: IRQ 7 by default, or nothing at all. */
static void judge_withdrawn(struct pic_line *l)
{
	static struct pic_line seven;

	EXPECT_TRUE(pic_line_open(&seven, 7, false));
	local_irq_disable();
	pic_connect((u16)~BIT(l->irq));
	wire_raise(l->wire);
	wire_lower(l->wire);
	local_irq_enable();
	pin_settle();
	EXPECT_EQ(l->pin.count, 0);
	EXPECT_LE(seven.pin.count, 1);
	EXPECT_FALSE(i8259_read_isr() & BIT(7));
}

#define IR7_RULE "8259A Edge and Level Triggered Modes, default IR7"

TEST(pic, a_level_withdrawn_before_its_acknowledge_never_comes, IR7_RULE)
{
	if (!open_level(true))
		return;
	judge_withdrawn(&level_line);
	elcr_write(elcr_found);
}

TEST(pic, an_edge_withdrawn_before_its_acknowledge_never_comes, IR7_RULE)
{
	static struct pic_line l;

	if (!pic_wire_open(&l, WIRE_UART, true))
		SKIP(return, NO_WIRE);
	judge_withdrawn(&l);
}
