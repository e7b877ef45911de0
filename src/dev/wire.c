// SPDX-License-Identifier: MIT
/*
 * wire.c - lines that software can hold high.
 *
 * Read:    wire_raise().
 * Uses:    dev/uart.h, dev/i8042.h.  Used by: tests/apic.
 * Context: one user a wire.
 */
#include <dev/wire.h>

#include <cpu/deadline.h>
#include <dev/i8042.h>
#include <dev/uart.h>
#include <lib/errno.h>

#define TRAVEL_US 2 /* from the device's pin to the controllers' registers */

static struct serial *port; /* written by wire_open() */
static struct i8042_state i8042_found;

static int open_uart(void)
{
	struct serial *s = serial_for_tests();
	int err = s ? serial_open(s, false) : -ENODEV;

	if (!err)
		port = s;
	return err;
}

static int open_i8042(void)
{
	int err = i8042_save(&i8042_found);

	return err ? err : i8042_irq_enable(true);
}

int wire_open(enum wire w)
{
	switch (w) {
	case WIRE_UART:
		return open_uart();
	case WIRE_I8042:
		return open_i8042();
	case NR_WIRES:
		break;
	}
	return -ENODEV;
}

void wire_close(enum wire w)
{
	if (w == WIRE_I8042) {
		i8042_restore(&i8042_found);
	} else if (port) {
		serial_close(port);
		port = NULL;
	}
}

void wire_raise(enum wire w)
{
	if (w == WIRE_UART)
		serial_irq_enable(port, UART_IER_THRI);
	else
		i8042_raise(0x5a);
	udelay(TRAVEL_US);
}

void wire_lower(enum wire w)
{
	if (w == WIRE_UART)
		serial_irq_enable(port, 0);
	else
		i8042_read();
	udelay(TRAVEL_US);
}

u32 wire_irq(enum wire w)
{
	return w == WIRE_UART ? port->irq : I8042_KBD_IRQ;
}
