// SPDX-License-Identifier: MIT
/*
 * The keyboard controller's two ports: bytes that commands D2H and D3H put
 * into the one output buffer, answers of the devices, and who of IRQ 1 and
 * IRQ 12 hears of them; then the controller's own tests.
 *
 * Spec: IBM PS/2 Technical Reference, "Keyboard and Auxiliary Device
 *       Controller"; "Keyboard (101- and 102-Key)"; "Mouse".
 */
#include "i8042_case.h"

#include <asm/io.h>
#include <ktest/ktest.h>
#include <ktest/pin.h>

#define COMMANDS "IBM PS/2 Keyboard Controller, Commands"
#define CTR	 "IBM PS/2 Keyboard Controller, Controller Command Byte"
#define OBF	 "IBM PS/2 Keyboard Controller, Output Buffer"
#define BOTH	 (I8042_CTR_KBD_INT | I8042_CTR_AUX_INT)

#define MOUSE_GET_ID 0xf2

static struct pin kbd = { .vector = 0x61 }, aux = { .vector = 0x62 };
static u8 ctr, status;
static int byte;

/* Either pin's: where the byte came from, and the byte. */
static void take(struct pin *p)
{
	status = inb(I8042_STATUS);
	byte = i8042_read();
}

static void set_ctr(u32 enables)
{
	EXPECT_EQ(
		i8042_command_with(I8042_CMD_WRITE_CTR,
				   (u8)((ctr & ~(BOTH | I8042_CTR_KBD_DISABLE |
						 I8042_CTR_AUX_DISABLE)) |
					enables)),
		0);
}

/* Both ports and both pins open, no interrupt enabled. */
static bool start(void)
{
	struct i8042_state now;

	if (!i8042_case_open() || !EXPECT_EQ(i8042_save(&now), 0))
		return false;
	ctr = now.ctr;
	kbd.handler = aux.handler = take;
	set_ctr(0);
	return EXPECT_TRUE(pin_on_irq(&kbd, I8042_KBD_IRQ, PIN_EDGE)) &&
	       EXPECT_TRUE(pin_on_irq(&aux, I8042_AUX_IRQ, PIN_EDGE));
}

TEST(i8042, aux_byte_in_the_output_buffer_is_irq_12, OBF)
{
	if (!start())
		return;
	set_ctr(I8042_CTR_AUX_INT);
	for (u32 n = 1; n <= 8 && ktest_ok(); n++) {
		EXPECT_EQ(i8042_command_with(I8042_CMD_WRITE_AUX_OBUF,
					     (u8)(0x20 + n)),
			  0);
		EXPECT_EQ(pin_wait(&aux, n), n);
		EXPECT_EQ(byte, 0x20 + n);
		EXPECT_EQ(status & (I8042_STR_OBF | I8042_STR_AUX),
			  I8042_STR_OBF | I8042_STR_AUX);
	}
	EXPECT_EQ(kbd.count, 0);
}

/* Each enable bit is for its own port, whatever the other says. */
TEST(i8042, each_port_has_its_own_interrupt_enable, CTR)
{
	if (!start())
		return;
	for (u32 on = 0; on <= BOTH && ktest_ok(); on++) {
		set_ctr(on);
		kbd.count = aux.count = 0;
		i8042_command_with(I8042_CMD_WRITE_OBUF, 0x11);
		pin_settle();
		i8042_flush();
		EXPECT_EQ(kbd.count, on & I8042_CTR_KBD_INT);
		EXPECT_EQ(aux.count, 0);
		i8042_command_with(I8042_CMD_WRITE_AUX_OBUF, 0x22);
		pin_settle();
		i8042_flush();
		EXPECT_EQ(kbd.count, on & I8042_CTR_KBD_INT);
		EXPECT_EQ(aux.count, !!(on & I8042_CTR_AUX_INT));
		if (!ktest_ok())
			ktest_note("command byte 0x%02x", on);
	}
}

TEST(i8042, keyboards_answer_is_irq_1, OBF)
{
	if (!start())
		return;
	if (i8042_kbd_command(KBD_CMD_ECHO) != KBD_CMD_ECHO)
		SKIP(return, "no keyboard answers its echo");
	set_ctr(I8042_CTR_KBD_INT);
	for (u32 n = 1; n <= 4 && ktest_ok(); n++) {
		byte = -1;
		outb(KBD_CMD_ECHO, I8042_DATA);
		EXPECT_EQ(pin_wait(&kbd, n), n);
		EXPECT_EQ(byte, KBD_CMD_ECHO);
		EXPECT_EQ(status & I8042_STR_AUX, 0);
	}
	EXPECT_EQ(aux.count, 0);
}

/* ACK, then its ID: an interrupt each. */
TEST(i8042, mouses_answers_are_irq_12, OBF)
{
	if (!start())
		return;
	set_ctr(I8042_CTR_AUX_INT);
	EXPECT_EQ(i8042_command_with(I8042_CMD_WRITE_AUX, MOUSE_GET_ID), 0);
	if (pin_wait(&aux, 2) == 0)
		SKIP(return, "no mouse answers");
	EXPECT_EQ(aux.count, 2);
	EXPECT_EQ(byte, 0);
	EXPECT_EQ(kbd.count, 0);
}

TEST(i8042, self_test_passes, COMMANDS)
{
	if (!start())
		return;
	EXPECT_EQ(i8042_ask(I8042_CMD_SELF_TEST), 0x55);
	EXPECT_TRUE(inb(I8042_STATUS) & I8042_STR_SYS);
}

TEST(i8042, interface_tests_find_no_fault, COMMANDS)
{
	if (!start())
		return;
	EXPECT_EQ(i8042_ask(I8042_CMD_TEST_KBD), 0);
	EXPECT_EQ(i8042_ask(I8042_CMD_TEST_AUX), 0);
}

TEST(i8042, ports_are_disabled_and_enabled_by_command, COMMANDS)
{
	static const struct {
		u8 cmd, bit;
		bool set;
	} rows[] = { { I8042_CMD_DISABLE_KBD, I8042_CTR_KBD_DISABLE, true },
		     { I8042_CMD_ENABLE_KBD, I8042_CTR_KBD_DISABLE, false },
		     { I8042_CMD_DISABLE_AUX, I8042_CTR_AUX_DISABLE, true },
		     { I8042_CMD_ENABLE_AUX, I8042_CTR_AUX_DISABLE, false } };
	struct i8042_state now;

	if (!start())
		return;
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		EXPECT_EQ(i8042_command(rows[i].cmd), 0);
		EXPECT_EQ(i8042_save(&now), 0);
		if (!EXPECT_EQ(!!(now.ctr & rows[i].bit), rows[i].set))
			ktest_note("command 0x%02x", rows[i].cmd);
	}
}

TEST(i8042, status_tells_a_command_from_data,
     "IBM PS/2 Keyboard Controller, Status Register")
{
	if (!start())
		return;
	EXPECT_EQ(i8042_command(I8042_CMD_WRITE_OBUF), 0);
	EXPECT_TRUE(inb(I8042_STATUS) & I8042_STR_CMD);
	outb(0x33, I8042_DATA);
	EXPECT_TRUE(
		WAIT_FOR(inb(I8042_STATUS) & I8042_STR_OBF, WAIT_DEFAULT_US));
	EXPECT_FALSE(inb(I8042_STATUS) & I8042_STR_CMD);
	EXPECT_EQ(i8042_read(), 0x33);
}
