// SPDX-License-Identifier: MIT
/*
 * serial.c - find the log's UART: the one serial= names, else the first COM
 * port that answers.
 */
#include <console/console.h>

#include <console/printk.h>
#include <console/uart.h>
#include <lib/compiler.h>
#include <lib/errno.h>

static struct uart console_uart = { .dead = true };

static void serial_write(const char *buf, size_t len)
{
	uart_write(&console_uart, buf, len);
}

static struct console serial_console = {
	.name = "serial",
	.write = serial_write,
};

bool console_add_uart(struct uart u, u32 baud)
{
	/* A rate it cannot have leaves the old one: still a console. */
	if (uart_probe(&u) || uart_setup(&u, baud) == -ENODEV)
		return false;
	console_uart = u;
	console_register(&serial_console);
	return true;
}

static bool try_com_ports(u32 baud)
{
	static const u16 com[] = { 0x3f8, 0x2f8, 0x3e8, 0x2e8 };

	for (u32 i = 0; i < ARRAY_SIZE(com); i++) {
		if (console_add_uart((struct uart){ .base = com[i] }, baud))
			return true;
	}
	return false;
}

bool console_present(void)
{
	return !console_uart.dead;
}

u16 console_port(void)
{
	if (console_uart.dead || console_uart.mmio)
		return 0;
	return (u16)console_uart.base;
}

u64 console_mmio(void)
{
	return console_uart.mmio ? console_uart.base : 0;
}

void console_drain(void)
{
	if (!console_uart.dead)
		uart_drain(&console_uart);
}

void console_init(const struct options *opt)
{
	struct uart u = { .base = opt->serial_base };
	bool found = false;

	switch (opt->serial) {
	case SERIAL_NONE:
		return;
	case SERIAL_PORT:
		found = console_add_uart(u, opt->serial_baud);
		break;
	case SERIAL_MMIO:
		u.mmio = true;
		u.stride = 4;
		u.width = 4;
		found = console_add_uart(u, opt->serial_baud);
		break;
	case SERIAL_AUTO:
		found = try_com_ports(opt->serial_baud);
		break;
	}
	if (!found && opt->serial != SERIAL_AUTO)
		printk("# warning: no UART at serial=0x%llx",
		       (unsigned long long)opt->serial_base);
}
