/* SPDX-License-Identifier: MIT */
/*
 * dev/i8042.h - the keyboard controller as an interrupt source: command D2H
 * makes it behave as if the keyboard had sent a byte, which raises IRQ 1.
 *
 * Context: one user at a time. Every wait is bounded. The line stays high
 *          until i8042_read() takes the byte.
 * Spec:    IBM PS/2 Technical Reference, "Keyboard and Auxiliary Device
 *          Controller"; ACPI FADT IAPC_BOOT_ARCH bit 1 (8042).
 */
#pragma once

#include <lib/compiler.h>

/* clang-format off */
#define I8042_DATA		0x60
#define I8042_STATUS		0x64	/* read */
#define   I8042_STR_OBF		  0x01	/* a byte waits at port 60H */
#define   I8042_STR_IBF		  0x02	/* the controller is busy */
#define   I8042_STR_SYS		  0x04	/* passed its self test */
#define   I8042_STR_CMD		  0x08	/* what was written last: 64H */
#define   I8042_STR_AUX		  0x20	/* that byte is the mouse's */
#define I8042_COMMAND		0x64	/* write */
#define   I8042_CMD_READ_CTR	  0x20
#define   I8042_CMD_WRITE_CTR	  0x60
#define   I8042_CMD_DISABLE_AUX	  0xa7
#define   I8042_CMD_ENABLE_AUX	  0xa8
#define   I8042_CMD_TEST_AUX	  0xa9
#define   I8042_CMD_SELF_TEST	  0xaa
#define   I8042_CMD_TEST_KBD	  0xab
#define   I8042_CMD_DISABLE_KBD	  0xad
#define   I8042_CMD_ENABLE_KBD	  0xae
#define   I8042_CMD_WRITE_OBUF	  0xd2
#define   I8042_CMD_WRITE_AUX_OBUF 0xd3
#define   I8042_CMD_WRITE_AUX	  0xd4
#define I8042_CTR_KBD_INT	0x01	/* the controller's command byte */
#define I8042_CTR_AUX_INT	0x02
#define I8042_CTR_KBD_DISABLE	0x10
#define I8042_CTR_AUX_DISABLE	0x20
#define I8042_CTR_TRANSLATE	0x40
#define KBD_CMD_ENABLE		0xf4	/* begin to scan */
#define KBD_CMD_ECHO		0xee
#define KBD_RET_ACK		0xfa
/* clang-format on */

#define I8042_KBD_IRQ 1
#define I8042_AUX_IRQ 12

struct i8042_state {
	u8 ctr;
};

/*
 * Is it there? fadt_says_present: the FADT's 8042 flag, or an ACPI too old to
 * have one (then true). Even so the status must not read FFH, the buffers
 * must empty, and the command byte must read twice the same. Leaves both
 * interrupts off. Boot CPU, once. Returns 0 or -ENODEV.
 */
int i8042_probe(bool fadt_says_present);
bool i8042_present(void);

/*
 * A command to the controller: alone, with a byte of its own, or with the
 * answer, 0..255, for which what waits is thrown away. 0 or -ETIMEDOUT.
 */
int i8042_command(u8 cmd);
int i8042_command_with(u8 cmd, u8 param);
int i8042_ask(u8 cmd);

/* Throw away what waits in the output buffer. 0 or -ETIMEDOUT. */
int i8042_flush(void);

/*
 * Switch the keyboard interrupt on or off; the mouse port is disabled, the
 * keyboard port enabled (QEMU gates the interrupt with it), so a key pressed
 * meanwhile is a byte too. 0, -ENODEV or -ETIMEDOUT.
 */
int i8042_irq_enable(bool on);

/*
 * Are the keyboard's scan codes of set 2 made set 1's on their way? As found
 * until asked. 0, -ENODEV or -ETIMEDOUT.
 */
int i8042_translate(bool on);

/*
 * Send byte to the keyboard itself; its answer, 0..255, with the interrupt
 * off so that it is ours. What waits is thrown away. -ENODEV, -ETIMEDOUT.
 */
int i8042_kbd_command(u8 byte);

/* Put byte into the output buffer; raises IRQ 1 if enabled. Errors: same. */
int i8042_raise(u8 byte);

/* The byte that waits, 0..255, or -EAGAIN. Drops the line. Any context. */
int i8042_read(void);

/* The command byte; restore flushes first. 0, -ENODEV or -ETIMEDOUT. */
int i8042_save(struct i8042_state *s);
int i8042_restore(const struct i8042_state *s);
