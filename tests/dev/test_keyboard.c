// SPDX-License-Identifier: MIT
/*
 * A key pressed by the host companion is IRQ 1, once a byte, and the bytes
 * are that key's.
 *
 * Spec: IBM PS/2 Technical Reference, "Keyboard (101- and 102-Key)", "Scan
 *       Codes"; "Keyboard and Auxiliary Device Controller".
 */
#include <dev/i8042.h>

#include <asm/io.h>
#include <irq/irq.h>
#include <ktest/companion.h>
#include <ktest/ktest.h>
#include <ktest/pin.h>

#define RULE "IBM PS/2 Keyboard, Scan Codes"

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

SUITE(keyboard, .needs = NEEDS_COMPANION | NEEDS_I8042 | NEEDS_IOAPIC,
      .teardown = teardown);

static void take(struct pin *p)
{
	if (p->count <= ARRAY_SIZE(bytes))
		bytes[p->count - 1] = i8042_read();
}

/* Quiet, scanning, and its codes translated or not; then IRQ 1 as asked. */
static bool start(bool translated, bool irq)
{
	saved = EXPECT_EQ(i8042_save(&found), 0);
	pin.handler = take;
	return saved && EXPECT_EQ(i8042_irq_enable(false), 0) &&
	       EXPECT_EQ(i8042_kbd_command(KBD_CMD_ENABLE), KBD_RET_ACK) &&
	       EXPECT_EQ(i8042_translate(translated), 0) &&
	       EXPECT_EQ(i8042_irq_enable(irq), 0) &&
	       EXPECT_TRUE(pin_on_irq(&pin, I8042_KBD_IRQ, PIN_EDGE));
}

static bool press(const char *key)
{
	return companion_did(companion_ask("send-key %s", key));
}

/* One key: n bytes by its make and break code, one interrupt each. */
struct key {
	const char *name;
	u32 n;
	u8 code[6];
};

static void expect_keys(const struct key *key, size_t count)
{
	for (size_t i = 0; i < count && ktest_ok(); i++) {
		pin.count = 0;
		if (!press(key[i].name))
			return;
		if (!EXPECT_EQ(pin_wait(&pin, key[i].n), key[i].n))
			ktest_note("key %s", key[i].name);
		for (u32 k = 0; k < key[i].n && ktest_ok(); k++)
			EXPECT_EQ(bytes[k], key[i].code[k]);
	}
}

TEST(keyboard, key_is_irq_1_with_its_code_of_set_1, RULE)
{
	static const struct key keys[] = {
		{ "a", 2, { 0x1e, 0x9e } },
		{ "up", 4, { 0xe0, 0x48, 0xe0, 0xc8 } },
		{ "esc", 2, { 0x01, 0x81 } },
		{ "1", 2, { 0x02, 0x82 } },
		{ "ret", 2, { 0x1c, 0x9c } },
		{ "f12", 2, { 0x58, 0xd8 } },
	};

	if (start(true, true))
		expect_keys(keys, ktest_stress() ? ARRAY_SIZE(keys) : 2);
}

TEST(keyboard, key_untranslated_has_its_code_of_set_2, RULE)
{
	static const struct key keys[] = {
		{ "a", 3, { 0x1c, 0xf0, 0x1c } },
		{ "up", 5, { 0xe0, 0x75, 0xe0, 0xf0, 0x75 } },
		{ "esc", 3, { 0x76, 0xf0, 0x76 } },
	};

	if (start(false, true))
		expect_keys(keys, ktest_stress() ? ARRAY_SIZE(keys) : 2);
}

TEST(keyboard, key_with_the_interrupt_off_waits_in_the_buffer,
     "IBM PS/2 Keyboard Controller, Controller Command Byte")
{
	if (!start(true, false) || !press("a"))
		return;
	EXPECT_TRUE(
		WAIT_FOR(inb(I8042_STATUS) & I8042_STR_OBF, WAIT_DEFAULT_US));
	EXPECT_EQ(pin_wait(&pin, 0), 0);
	EXPECT_EQ(i8042_read(), 0x1e);
	EXPECT_TRUE(
		WAIT_FOR(inb(I8042_STATUS) & I8042_STR_OBF, WAIT_DEFAULT_US));
	EXPECT_EQ(i8042_read(), 0x9e);
	EXPECT_EQ(pin.count, 0);
}

/* Nobody reads the first byte, so there is nothing to say a second time. */
TEST(keyboard, key_left_unread_is_one_interrupt,
     "IBM PS/2 Keyboard Controller, Output Buffer")
{
	if (!start(true, true))
		return;
	pin.handler = NULL;
	if (!press("a"))
		return;
	EXPECT_EQ(pin_wait(&pin, 1), 1);
	pin.handler = take;
	bytes[1] = -1;
	EXPECT_EQ(i8042_read(), 0x1e);
	EXPECT_EQ(pin_wait(&pin, 2), 2);
	EXPECT_EQ(bytes[1], 0x9e);
}
