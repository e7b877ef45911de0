// SPDX-License-Identifier: MIT
/*
 * i8042.c - the keyboard controller as an interrupt source.
 *
 * Read:    i8042_raise().
 * Context: one user at a time; i8042_read() any.
 * Spec:    IBM PS/2 Technical Reference, "Keyboard and Auxiliary Device
 *          Controller": status register, controller command byte, commands.
 */
#include <dev/i8042.h>

#include <asm/io.h>
#include <cpu/deadline.h>
#include <lib/errno.h>

#define FLUSH_MAX 64 /* more than any keyboard's and controller's buffers */

static bool present; /* written by i8042_probe() */

bool i8042_present(void)
{
	return present;
}

static bool obf(void)
{
	return inb(I8042_STATUS) & I8042_STR_OBF;
}

static bool input_free(void)
{
	return !(inb(I8042_STATUS) & I8042_STR_IBF);
}

int i8042_command(u8 cmd)
{
	if (!WAIT_FOR(input_free(), WAIT_DEFAULT_US))
		return -ETIMEDOUT;
	outb(cmd, I8042_COMMAND);
	return 0;
}

int i8042_command_with(u8 cmd, u8 param)
{
	int err = i8042_command(cmd);

	if (err)
		return err;
	if (!WAIT_FOR(input_free(), WAIT_DEFAULT_US))
		return -ETIMEDOUT;
	outb(param, I8042_DATA);
	return WAIT_FOR(input_free(), WAIT_DEFAULT_US) ? 0 : -ETIMEDOUT;
}

int i8042_flush(void)
{
	for (int i = 0; i < FLUSH_MAX; i++) {
		if (!obf())
			return 0;
		inb(I8042_DATA);
		udelay(50); /* the controller needs it to fetch another */
	}
	return -ETIMEDOUT;
}

int i8042_ask(u8 cmd)
{
	int err = i8042_flush();

	if (!err)
		err = i8042_command(cmd);
	if (err)
		return err;
	return WAIT_FOR(obf(), WAIT_DEFAULT_US) ? inb(I8042_DATA) : -ETIMEDOUT;
}

/* The command byte, 0..255. */
static int read_ctr(void)
{
	return i8042_ask(I8042_CMD_READ_CTR);
}

/* Twice the same and taking what is written: not a bus that floats. */
static int check_controller(void)
{
	u8 irqs = I8042_CTR_KBD_INT | I8042_CTR_AUX_INT;
	int ctr = read_ctr();

	if (ctr < 0 || read_ctr() != ctr)
		return -ENODEV;
	ctr &= ~irqs;
	if (i8042_command_with(I8042_CMD_WRITE_CTR, ctr))
		return -ENODEV;
	return read_ctr() == ctr ? 0 : -ENODEV;
}

int i8042_probe(bool fadt_says_present)
{
	if (!fadt_says_present || inb(I8042_STATUS) == 0xff)
		return -ENODEV;
	present = check_controller() == 0;
	return present ? 0 : -ENODEV;
}

/*
 * The keyboard port stays enabled even though keys may then be pressed: QEMU
 * raises IRQ 1 only while it is.
 */
int i8042_irq_enable(bool on)
{
	int ctr;

	if (!present)
		return -ENODEV;
	ctr = read_ctr();
	if (ctr < 0)
		return ctr;
	ctr &= ~(I8042_CTR_KBD_INT | I8042_CTR_AUX_INT | I8042_CTR_KBD_DISABLE);
	ctr |= I8042_CTR_AUX_DISABLE | (on ? I8042_CTR_KBD_INT : 0);
	return i8042_command_with(I8042_CMD_WRITE_CTR, ctr);
}

int i8042_translate(bool on)
{
	int ctr = present ? read_ctr() : -ENODEV;

	if (ctr < 0)
		return ctr;
	ctr &= ~I8042_CTR_TRANSLATE;
	return i8042_command_with(I8042_CMD_WRITE_CTR,
				  ctr | (on ? I8042_CTR_TRANSLATE : 0));
}

int i8042_kbd_command(u8 byte)
{
	int err = present ? i8042_flush() : -ENODEV;

	if (err)
		return err;
	if (!WAIT_FOR(input_free(), WAIT_DEFAULT_US))
		return -ETIMEDOUT;
	outb(byte, I8042_DATA);
	return WAIT_FOR(obf(), WAIT_DEFAULT_US) ? inb(I8042_DATA) : -ETIMEDOUT;
}

int i8042_raise(u8 byte)
{
	return present ? i8042_command_with(I8042_CMD_WRITE_OBUF, byte)
		       : -ENODEV;
}

int i8042_read(void)
{
	return obf() ? inb(I8042_DATA) : -EAGAIN;
}

int i8042_save(struct i8042_state *s)
{
	int ctr = present ? read_ctr() : -ENODEV;

	if (ctr < 0)
		return ctr;
	s->ctr = ctr;
	return 0;
}

int i8042_restore(const struct i8042_state *s)
{
	int err = present ? i8042_flush() : -ENODEV;

	return err ? err : i8042_command_with(I8042_CMD_WRITE_CTR, s->ctr);
}
