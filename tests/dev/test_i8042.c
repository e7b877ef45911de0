// SPDX-License-Identifier: MIT
/*
 * The keyboard controller's output buffer: a byte in it is IRQ 1.
 *
 * Spec: IBM PS/2 Technical Reference, "Keyboard and Auxiliary Device
 *       Controller".
 */
#include "i8042_case.h"

#include <asm/io.h>
#include <irq/irq.h>
#include <ktest/ktest.h>
#include <ktest/pin.h>

#define OBF_RULE "IBM PS/2 Keyboard Controller, Output Buffer"
#define CTR_RULE "IBM PS/2 Keyboard Controller, Controller Command Byte"

static struct pin pin = { .vector = 0x61 };
static struct i8042_state found;
static bool saved;
static int bytes[16];

static void teardown(void)
{
	pins_close();
	if (saved)
		i8042_restore(&found);
	saved = false;
}

SUITE(i8042, .needs = NEEDS_I8042 | NEEDS_IOAPIC, .teardown = teardown);

static void take(struct pin *p)
{
	if (p->count <= ARRAY_SIZE(bytes))
		bytes[p->count - 1] = i8042_read();
}

bool i8042_case_open(void)
{
	saved = EXPECT_EQ(i8042_save(&found), 0);
	return saved;
}

static bool start(void (*handler)(struct pin *), bool enabled)
{
	pin.handler = handler;
	return i8042_case_open() && EXPECT_EQ(i8042_irq_enable(enabled), 0) &&
	       EXPECT_TRUE(pin_on_irq(&pin, I8042_KBD_IRQ, PIN_EDGE));
}

TEST(i8042, byte_in_the_output_buffer_is_one_interrupt, OBF_RULE)
{
	if (!start(take, true))
		return;
	EXPECT_EQ(pin_wait(&pin, 0), 0);
	for (u32 n = 1; n <= 8 && ktest_ok(); n++) {
		EXPECT_EQ(i8042_raise((u8)(0x10 + n)), 0);
		EXPECT_EQ(pin_wait(&pin, n), n);
		EXPECT_EQ(bytes[n - 1], 0x10 + n);
	}
}

TEST(i8042, byte_left_unread_is_one_interrupt, OBF_RULE)
{
	if (!start(NULL, true))
		return;
	EXPECT_EQ(i8042_raise(0x5a), 0);
	EXPECT_EQ(pin_wait(&pin, 1), 1);
	EXPECT_TRUE(inb(I8042_STATUS) & I8042_STR_OBF);
	EXPECT_EQ(pin_wait(&pin, 1), 1);
	EXPECT_EQ(i8042_read(), 0x5a);
	EXPECT_FALSE(inb(I8042_STATUS) & I8042_STR_OBF);
	EXPECT_EQ(pin_wait(&pin, 1), 1);
}

TEST(i8042, disabled_interrupt_leaves_the_byte_and_the_line, CTR_RULE)
{
	if (!start(take, false))
		return;
	EXPECT_EQ(i8042_raise(0x5a), 0);
	EXPECT_TRUE(
		WAIT_FOR(inb(I8042_STATUS) & I8042_STR_OBF, WAIT_DEFAULT_US));
	EXPECT_EQ(pin_wait(&pin, 0), 0);
	EXPECT_EQ(i8042_read(), 0x5a);
}

TEST(i8042, output_buffer_holds_every_byte, OBF_RULE)
{
	if (!start(NULL, false))
		return;
	for (u32 byte = 0; byte < 0x100; byte += 5) {
		EXPECT_EQ(i8042_raise((u8)byte), 0);
		EXPECT_TRUE(WAIT_FOR(inb(I8042_STATUS) & I8042_STR_OBF,
				     WAIT_DEFAULT_US));
		EXPECT_FALSE(inb(I8042_STATUS) & I8042_STR_AUX);
		EXPECT_EQ(i8042_read(), byte);
	}
}

TEST(i8042, command_byte_reads_back, CTR_RULE)
{
	struct i8042_state now;

	if (!start(NULL, true))
		return;
	EXPECT_EQ(i8042_save(&now), 0);
	EXPECT_EQ(now.ctr & (I8042_CTR_KBD_INT | I8042_CTR_AUX_INT),
		  I8042_CTR_KBD_INT);
	EXPECT_EQ(i8042_irq_enable(false), 0);
	EXPECT_EQ(i8042_save(&now), 0);
	EXPECT_EQ(now.ctr & (I8042_CTR_KBD_INT | I8042_CTR_AUX_INT), 0);
}
