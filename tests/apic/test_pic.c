// SPDX-License-Identifier: MIT
/*
 * The 8259 pair as an interrupt controller: its output reaches the CPU through
 * LINT0 in ExtINT mode, all I/O APIC pins being masked.
 *
 * Spec: Intel 8259A datasheet; SDM 3A "Local Vector Table", ExtINT.
 */
#include <dev/pit.h>
#include <dev/rtc.h>
#include <ktest/insn_pic.h>

#include "pic.h"

/*
 * A line that moved in an earlier case is still latched, for the mask stands
 * behind the latch: initialising the pair forgets it.
 */
static int setup(void)
{
	u64 flags = local_irq_save();
	int err = i8259_init(true);

	local_irq_restore(flags);
	return err;
}

SUITE(pic, .needs = NEEDS_PIC, .setup = setup, .teardown = pic_teardown);

static void note_isr(struct pin *pin)
{
	struct pic_line *l = container_of(pin, struct pic_line, pin);

	l->isr_seen = i8259_read_isr();
}

static void note_and_end(struct pin *pin)
{
	struct pic_line *l = container_of(pin, struct pic_line, pin);

	l->isr_seen = i8259_read_isr();
	i8259_eoi(l->irq);
}

bool pic_line_open(struct pic_line *l, u32 irq, bool end)
{
	l->irq = irq;
	l->isr_seen = 0;
	l->pin.vector = ISA_IRQ_VECTOR(irq);
	l->pin.handler = end ? note_and_end : note_isr;
	return pin_claim(&l->pin) == 0;
}

bool pic_wire_open(struct pic_line *l, enum wire w, bool end)
{
	l->wire = w;
	return wire_take(w) && pic_line_open(l, wire_irq(w), end);
}

/* Any wire; to whom the IRQ is all the same. */
static bool open_any(struct pic_line *l, bool end)
{
	for (enum wire w = 0; w < NR_WIRES; w++) {
		if (pic_wire_open(l, w, end))
			return true;
	}
	return false;
}

void pic_connect(u16 imr)
{
	i8259_write_imr(imr);
	apic_write(APIC_LVT0, APIC_DM_EXTINT);
}

/* Initialising the pair again also clears ISR, priorities and modes. */
void pic_teardown(void)
{
	apic_write(APIC_LVT0, APIC_LVT_MASKED | APIC_DM_EXTINT);
	if (i8259_present())
		i8259_init(true);
	pins_close();
}

static u16 all_but(u32 irq)
{
	return (u16) ~(BIT(irq) | (irq >= 8 ? BIT(PIC_CASCADE_IR) : 0));
}

TEST(pic, mask_register_reads_back, "8259A Operation Command Word 1 (OCW1)")
{
	u64 flags = local_irq_save();

	for (u32 val = 0; val < 0x100; val++) {
		i8259_write_imr((u16)(val | (~val & 0xff) << 8));
		EXPECT_EQ(i8259_read_imr(), val | (~val & 0xff) << 8);
	}
	i8259_write_imr(0xffff);
	local_irq_restore(flags);
}

TEST(pic, line_arrives_at_its_vector_through_lint0,
     "8259A Interrupt Sequence; SDM 3A Local Vector Table, ExtINT")
{
	static struct pic_line l;

	if (!open_any(&l, true))
		SKIP(return, NO_WIRE);
	pic_connect(all_but(l.irq));
	EXPECT_EQ(pin_wait(&l.pin, 0), 0);
	wire_raise(l.wire);
	EXPECT_EQ(pin_wait(&l.pin, 1), 1);
	EXPECT_EQ(l.isr_seen, BIT(l.irq));
	EXPECT_EQ(i8259_read_isr(), 0);
	EXPECT_TRUE(l.pin.irqs_off);
}

TEST(pic, extint_sets_no_bit_in_the_local_apic,
     "SDM 3A Interrupt Handling with the Pentium 4 and Intel Xeon Processors")
{
	static struct pic_line l;

	if (!open_any(&l, true))
		SKIP(return, NO_WIRE);
	pic_connect(all_but(l.irq));
	wire_raise(l.wire);
	EXPECT_EQ(pin_wait(&l.pin, 1), 1);
	EXPECT_FALSE(l.pin.isr);
}

TEST(pic, extint_ignores_the_task_priority,
     "SDM 3A Interrupt, Task, and Processor Priority")
{
	static struct pic_line l;
	u64 cr8 = read_cr8();

	if (!open_any(&l, true))
		SKIP(return, NO_WIRE);
	write_cr8(15);
	pic_connect(all_but(l.irq));
	wire_raise(l.wire);
	pin_settle();
	EXPECT_EQ(l.pin.count, 1);
	write_cr8(cr8);
}

TEST(pic, masked_lint0_holds_the_request, "SDM 3A Local Vector Table, Mask")
{
	static struct pic_line l;

	if (!open_any(&l, true))
		SKIP(return, NO_WIRE);
	i8259_write_imr(all_but(l.irq));
	wire_raise(l.wire);
	EXPECT_EQ(pin_wait(&l.pin, 0), 0);
	EXPECT_EQ(i8259_read_irr() & BIT(l.irq), BIT(l.irq));
	pic_connect(all_but(l.irq));
	EXPECT_EQ(pin_wait(&l.pin, 1), 1);
}

TEST(pic, fully_masked_pair_is_silent, "8259A Interrupt Mask Register")
{
	static struct pic_line l;

	if (!open_any(&l, true))
		SKIP(return, NO_WIRE);
	pic_connect(0xffff);
	wire_raise(l.wire);
	EXPECT_EQ(pin_wait(&l.pin, 0), 0);
	EXPECT_EQ(i8259_read_isr(), 0);
}

/* Unlike an I/O APIC's pin: the mask stands behind the request latch. */
TEST(pic, masked_edge_is_kept_and_comes_on_unmask,
     "8259A Interrupt Mask Register")
{
	static struct pic_line l;

	if (!open_any(&l, true))
		SKIP(return, NO_WIRE);
	pic_connect(0xffff);
	wire_raise(l.wire);
	EXPECT_EQ(i8259_read_irr() & BIT(l.irq), BIT(l.irq));
	EXPECT_EQ(pin_wait(&l.pin, 0), 0);
	i8259_write_imr(all_but(l.irq));
	EXPECT_EQ(pin_wait(&l.pin, 1), 1);
}

TEST(pic, edge_interrupts_once_while_the_line_stays_high,
     "8259A Edge and Level Triggered Modes")
{
	static struct pic_line l;

	if (!open_any(&l, true))
		SKIP(return, NO_WIRE);
	pic_connect(all_but(l.irq));
	for (u32 n = 1; n <= 4 && ktest_ok(); n++) {
		wire_raise(l.wire);
		EXPECT_EQ(pin_wait(&l.pin, n), n);
		wire_lower(l.wire);
		EXPECT_EQ(pin_wait(&l.pin, n), n);
	}
}

TEST(pic, acknowledge_moves_the_request_to_the_isr, "8259A Interrupt Sequence")
{
	static struct pic_line l;

	if (!open_any(&l, false))
		SKIP(return, NO_WIRE);
	local_irq_disable();
	pic_connect(all_but(l.irq));
	wire_raise(l.wire);
	EXPECT_EQ(i8259_read_irr() & BIT(l.irq), BIT(l.irq));
	EXPECT_EQ(i8259_read_isr(), 0);
	local_irq_enable();
	EXPECT_EQ(pin_wait(&l.pin, 1), 1);
	EXPECT_EQ(i8259_read_irr() & BIT(l.irq), 0);
	EXPECT_EQ(i8259_read_isr(), BIT(l.irq));
	i8259_eoi(l.irq);
	EXPECT_EQ(i8259_read_isr(), 0);
}

/* Nothing of the same or a lower priority passes until then. */
TEST(pic, line_is_held_back_until_its_eoi, "8259A Fully Nested Mode")
{
	static struct pic_line l;

	if (!open_any(&l, false))
		SKIP(return, NO_WIRE);
	pic_connect(all_but(l.irq));
	wire_raise(l.wire);
	EXPECT_EQ(pin_wait(&l.pin, 1), 1);
	wire_lower(l.wire);
	wire_raise(l.wire);
	EXPECT_EQ(pin_wait(&l.pin, 1), 1);
	i8259_eoi(l.irq);
	EXPECT_EQ(pin_wait(&l.pin, 2), 2);
	i8259_eoi(l.irq);
}

TEST(pic, spurious_irq_7_and_15_are_recognised_and_not_acknowledged,
     "8259A Edge and Level Triggered Modes, default IR7")
{
	static struct pic_line l, seven, fifteen;
	u16 isr;

	if (!open_any(&l, false))
		SKIP(return, NO_WIRE);
	EXPECT_TRUE(pic_line_open(&seven, 7, false));
	EXPECT_TRUE(pic_line_open(&fifteen, 15, false));
	pic_connect(all_but(l.irq));
	wire_raise(l.wire);
	EXPECT_EQ(pin_wait(&l.pin, 1), 1);
	isr = i8259_read_isr();
	EXPECT_EQ(isr, BIT(l.irq));
	local_irq_disable();
	insn_int_irq7(NULL);
	insn_int_irq15(NULL);
	EXPECT_TRUE(i8259_is_spurious(7));
	EXPECT_TRUE(i8259_is_spurious(15));
	EXPECT_FALSE(i8259_is_spurious(l.irq));
	local_irq_enable();
	EXPECT_EQ(seven.pin.count, 1);
	EXPECT_EQ(fifteen.pin.count, 1);
	EXPECT_EQ(seven.isr_seen, isr);
	EXPECT_EQ(fifteen.isr_seen, isr);
	EXPECT_EQ(i8259_read_isr(), isr);
	i8259_eoi(l.irq);
}

TEST(pic, pit_arrives_as_irq_0, "8259A Interrupt Sequence", .needs = NEEDS_PIT,
     .uses = USES_PIT)
{
	static struct pic_line l;
	struct pit_state saved;

	pit_save(&saved);
	EXPECT_TRUE(pic_line_open(&l, 0, true));
	i8259_init(true); /* forget the edge that pit_stop() left */
	pic_connect(all_but(0));
	pit_start(PIT_ONE_SHOT, 100);
	EXPECT_EQ(pin_wait(&l.pin, 1), 1);
	EXPECT_EQ(l.isr_seen, BIT(0));
	i8259_write_imr(0xffff);
	pit_restore(&saved);
}

/* The slave's request is the master's line 2: both must be ended. */
TEST(pic, slave_line_sets_the_cascade_bit_of_the_master, "8259A Cascade Mode",
     .needs = NEEDS_RTC, .uses = USES_RTC)
{
	static struct pic_line l;
	struct rtc_state saved;

	rtc_save(&saved);
	EXPECT_TRUE(pic_line_open(&l, 8, false));
	pic_connect(all_but(8));
	rtc_periodic_start(RTC_RATE_MIN);
	EXPECT_EQ(pin_wait(&l.pin, 1), 1);
	rtc_stop();
	EXPECT_EQ(l.isr_seen, BIT(8) | BIT(PIC_CASCADE_IR));
	outb(PIC_EOI, PIC_SLAVE_CMD);
	EXPECT_EQ(i8259_read_isr(), BIT(PIC_CASCADE_IR));
	outb(PIC_EOI, PIC_MASTER_CMD);
	EXPECT_EQ(i8259_read_isr(), 0);
	i8259_write_imr(0xffff);
	rtc_restore(&saved);
}

TEST(pic, masked_cascade_line_silences_the_slave, "8259A Cascade Mode",
     .needs = NEEDS_RTC, .uses = USES_RTC)
{
	static struct pic_line l;
	struct rtc_state saved;

	rtc_save(&saved);
	EXPECT_TRUE(pic_line_open(&l, 8, true));
	pic_connect((u16)~BIT(8));
	rtc_periodic_start(RTC_RATE_MIN);
	EXPECT_TRUE(WAIT_FOR(i8259_read_irr() & BIT(8), WAIT_DEFAULT_US));
	EXPECT_EQ(pin_wait(&l.pin, 0), 0);
	EXPECT_EQ(i8259_read_irr() & BIT(PIC_CASCADE_IR), BIT(PIC_CASCADE_IR));
	i8259_write_imr(all_but(8));
	EXPECT_EQ(pin_wait(&l.pin, 1), 1);
	rtc_stop();
	i8259_write_imr(0xffff);
	rtc_restore(&saved);
}
