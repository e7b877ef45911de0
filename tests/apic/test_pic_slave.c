// SPDX-License-Identifier: MIT
/*
 * Two lines of the slave: IRQ 8, held by the RTC, and IRQ 12, held by a byte
 * of ours in the keyboard controller's output as if from the mouse.
 *
 * Spec: Intel 8259A datasheet, "Cascade Mode", "The Special Fully Nested
 *       Mode", "Poll Command", "Edge and Level Triggered Modes".
 */
#include <dev/i8042.h>
#include <dev/rtc.h>

#include "pic.h"

#define CASCADE_RULE "8259A Cascade Mode"
#define SFNM_RULE    "8259A The Special Fully Nested Mode"
#define IR7_RULE     "8259A Edge and Level Triggered Modes, default IR7"

#define NEED_SLAVE .needs = NEEDS_RTC | NEEDS_I8042, .uses = USES_RTC

#define ICW4_8086 0x01
#define ICW4_SFNM 0x10

static struct pic_line rtc, aux, third;
static struct rtc_state rtc_saved;

static u16 both_and(u16 more)
{
	return (u16) ~(BIT(8) | BIT(12) | BIT(PIC_CASCADE_IR) | more);
}

/* Both lines low and counted. */
static bool open_both(bool end)
{
	rtc_save(&rtc_saved);
	return wire_take(WIRE_I8042) &&
	       !i8042_command_with(I8042_CMD_WRITE_CTR, I8042_CTR_AUX_INT) &&
	       pic_line_open(&aux, 12, end) && pic_line_open(&rtc, 8, end);
}

static void raise_aux(void)
{
	i8042_command_with(I8042_CMD_WRITE_AUX_OBUF, 0x5a);
	EXPECT_TRUE(WAIT_FOR((i8259_read_irr() | i8259_read_isr()) & BIT(12) ||
				     aux.pin.count,
			     WAIT_DEFAULT_US));
}

static void raise_rtc(void)
{
	rtc_periodic_start(RTC_RATE_MIN);
	EXPECT_TRUE(WAIT_FOR((i8259_read_irr() | i8259_read_isr()) & BIT(8),
			     WAIT_DEFAULT_US));
}

static void close_both(void)
{
	i8259_write_imr(0xffff);
	rtc_stop();
	rtc_restore(&rtc_saved);
}

/* ICW1 to ICW4; the IMR is left clear. */
static void init_chip(u16 cmd, u8 vector, u8 icw3, u8 icw4)
{
	outb(0x11, cmd);
	outb(vector, cmd + 1);
	outb(icw3, cmd + 1);
	outb(icw4, cmd + 1);
}

/* IRQ 12 in service, then 8: does it come in before the master's EOI? */
static void judge_nesting(u8 master_icw4, u32 inside)
{
	if (!open_both(false))
		SKIP(return, NO_WIRE);
	init_chip(PIC_MASTER_CMD, ISA_IRQ_VECTOR(0), 1 << PIC_CASCADE_IR,
		  ICW4_8086 | master_icw4);
	pic_connect(both_and(0));
	raise_aux();
	EXPECT_EQ(pin_wait(&aux.pin, 1), 1);
	EXPECT_EQ(aux.isr_seen, BIT(12) | BIT(PIC_CASCADE_IR));
	raise_rtc();
	EXPECT_EQ(pin_wait(&rtc.pin, inside), inside);
	if (inside) {
		EXPECT_EQ(rtc.isr_seen, BIT(8) | BIT(12) | BIT(PIC_CASCADE_IR));
	} else {
		outb(PIC_EOI, PIC_MASTER_CMD);
		EXPECT_EQ(pin_wait(&rtc.pin, 1), 1);
	}
	close_both();
}

TEST(pic, fully_nested_master_holds_the_slaves_higher_line, SFNM_RULE,
     NEED_SLAVE)
{
	judge_nesting(0, 0);
}

TEST(pic, special_fully_nested_master_lets_the_slaves_higher_line_in, SFNM_RULE,
     NEED_SLAVE)
{
	judge_nesting(ICW4_SFNM, 1);
}

static u32 order[4];
static volatile u32 served;

static void note_order(struct pin *pin)
{
	struct pic_line *l = container_of(pin, struct pic_line, pin);

	if (served < ARRAY_SIZE(order))
		order[served++] = l->irq;
	i8259_eoi(l->irq);
}

TEST(pic, of_the_slaves_lines_the_lower_number_comes_first, CASCADE_RULE,
     NEED_SLAVE)
{
	if (!open_both(true))
		SKIP(return, NO_WIRE);
	served = 0;
	aux.pin.handler = rtc.pin.handler = note_order;
	i8259_write_imr(both_and(0));
	raise_aux();
	raise_rtc();
	pic_connect(both_and(0));
	EXPECT_EQ(pin_wait(&aux.pin, 1), 1);
	EXPECT_EQ(order[0], 8);
	EXPECT_EQ(order[1], 12);
	close_both();
}

/* All of the slave's stand where line 2 stands. */
TEST(pic, the_slaves_lines_come_before_line_3, CASCADE_RULE,
     .needs = NEEDS_RTC | NEEDS_I8042 | NEEDS_UART, .uses = USES_RTC)
{
	if (!open_both(true) || !pic_wire_open(&third, WIRE_UART, true))
		SKIP(return, NO_WIRE);
	served = 0;
	aux.pin.handler = third.pin.handler = note_order;
	i8259_write_imr(both_and(BIT(third.irq)));
	wire_raise(WIRE_UART);
	raise_aux();
	pic_connect(both_and(BIT(third.irq)));
	EXPECT_EQ(pin_wait(&third.pin, 1), 1);
	EXPECT_EQ(order[0], 12);
	EXPECT_EQ(order[1], third.irq);
	close_both();
}

TEST(pic, a_masked_slave_asks_nothing_of_its_master,
     "8259A Interrupt Mask Register", NEED_SLAVE)
{
	if (!open_both(true))
		SKIP(return, NO_WIRE);
	pic_connect((u16)~BIT(PIC_CASCADE_IR));
	raise_aux();
	EXPECT_EQ(pin_wait(&aux.pin, 0), 0);
	EXPECT_EQ(i8259_read_irr() & (BIT(12) | BIT(PIC_CASCADE_IR)), BIT(12));
	i8259_write_imr(both_and(0));
	EXPECT_EQ(pin_wait(&aux.pin, 1), 1);
	close_both();
}

/* Each chip is polled for itself. */
TEST(pic, poll_of_the_slave_names_its_line, "8259A Poll Command", NEED_SLAVE)
{
	u8 master, slave;

	if (!open_both(false))
		SKIP(return, NO_WIRE);
	i8259_write_imr(both_and(0)); /* LINT0 stays masked */
	raise_aux();
	outb(PIC_POLL, PIC_MASTER_CMD);
	master = inb(PIC_MASTER_CMD);
	outb(PIC_POLL, PIC_SLAVE_CMD);
	slave = inb(PIC_SLAVE_CMD);
	EXPECT_EQ(master & 0x87, 0x80 | PIC_CASCADE_IR);
	EXPECT_EQ(slave & 0x87, 0x80 | (12 - 8));
	EXPECT_EQ(i8259_read_isr(), BIT(12) | BIT(PIC_CASCADE_IR));
	EXPECT_EQ(aux.pin.count, 0);
	i8259_eoi(12);
	EXPECT_EQ(i8259_read_isr(), 0);
	close_both();
}

TEST(pic, slave_vector_is_icw2_and_the_line_number,
     "8259A Initialization Command Words 1 and 2", NEED_SLAVE)
{
	struct pin there = { .vector = 0x48 + 4 };

	if (!open_both(true))
		SKIP(return, NO_WIRE);
	EXPECT_EQ(pin_claim(&there), 0);
	init_chip(PIC_SLAVE_CMD, 0x48, PIC_CASCADE_IR, ICW4_8086);
	pic_connect(both_and(0));
	raise_aux();
	EXPECT_EQ(pin_wait(&there, 1), 1);
	EXPECT_EQ(aux.pin.count, 0);
	i8259_eoi(12);
	close_both();
}

static struct pic_line seven, fifteen;

/*
 * A real spurious interrupt: the slave's request is masked between its way to
 * the CPU and the acknowledge. IRQ 15 if the master still sees line 2, IRQ 7
 * if it does not, or none if the CPU was told in time.
 */
static bool make_spurious(void)
{
	if (!open_both(false) || !pic_line_open(&seven, 7, false) ||
	    !pic_line_open(&fifteen, 15, false))
		return false;
	local_irq_disable();
	pic_connect(both_and(0));
	raise_aux();
	i8259_write_imr(both_and(0) | BIT(12));
	local_irq_enable();
	pin_settle();
	return true;
}

TEST(pic, a_request_masked_before_its_acknowledge_is_spurious, IR7_RULE,
     NEED_SLAVE)
{
	if (!make_spurious())
		SKIP(return, NO_WIRE);
	EXPECT_EQ(aux.pin.count, 0);
	EXPECT_LE(seven.pin.count + fifteen.pin.count, 1);
	EXPECT_FALSE(i8259_read_isr() & (BIT(7) | BIT(12) | BIT(15)));
	ktest_note("spurious irq 7: %u, irq 15: %u", seven.pin.count,
		   fifteen.pin.count);
	close_both();
}

/* The slave is not ended; the master is if it was its line 2 (IRQ 15). */
TEST(pic, the_line_lives_on_after_a_spurious_request, IR7_RULE, NEED_SLAVE)
{
	if (!make_spurious())
		SKIP(return, NO_WIRE);
	if (fifteen.pin.count) {
		EXPECT_TRUE(i8259_is_spurious(15));
		EXPECT_EQ(i8259_read_isr(), BIT(PIC_CASCADE_IR));
		outb(PIC_EOI, PIC_MASTER_CMD);
	}
	EXPECT_EQ(i8259_read_isr(), 0);
	i8259_write_imr(both_and(0));
	EXPECT_EQ(pin_wait(&aux.pin, 1), 1);
	i8259_eoi(12);
	close_both();
}
