// SPDX-License-Identifier: MIT
/*
 * uart.c - a 16550 by polling: found, set up, written to, never waited for
 * without end.
 *
 * Read:    uart_write().
 * Used by: console (the log), dev/uart.c (interrupts), the host companion.
 * Context: any; the caller keeps others out.
 * Spec:    PC16550D datasheet, "Line Status Register", "FIFO Control
 *          Register", "Programmable Baud Generator".
 */
#include <console/uart.h>

#include <asm/io.h>
#include <cpu/deadline.h>
#include <lib/errno.h>

/*
 * A full FIFO at 1200 baud takes 0.15 s; the rest is patience with a host
 * that does not read its end of a virtual port.
 */
#define UART_WAIT_US 5000000

static u64 uart_reg(const struct uart *u, u32 reg)
{
	return u->base + (u64)reg * (u->stride ? u->stride : 1);
}

u8 uart_in(const struct uart *u, u32 reg)
{
	u64 addr = uart_reg(u, reg);

	if (!u->mmio)
		return inb((u16)addr);
	switch (u->width) {
	case 4:
		return (u8)readl(addr);
	case 2:
		return (u8)readw(addr);
	default:
		return readb(addr);
	}
}

void uart_out(const struct uart *u, u32 reg, u8 val)
{
	u64 addr = uart_reg(u, reg);

	if (!u->mmio)
		outb(val, (u16)addr);
	else if (u->width == 4)
		writel(val, addr);
	else if (u->width == 2)
		writew(val, addr);
	else
		writeb(val, addr);
}

static bool geometry_valid(const struct uart *u)
{
	u32 stride = u->stride ? u->stride : 1;
	u32 width = u->width ? u->width : 1;

	if (!u->mmio && u->base + (UART_REGS - 1) * stride > UINT16_MAX)
		return false;
	return u->base && (width == 1 || width == 2 || width == 4) &&
	       stride >= width && stride % width == 0;
}

/* Write val to IER; the scratch register must not be disturbed by it. */
static bool ier_and_scratch_hold(const struct uart *u, u8 val, u8 scratch)
{
	uart_out(u, UART_SCR, scratch);
	uart_out(u, UART_IER, val);
	return (uart_in(u, UART_IER) & 0x0f) == val &&
	       uart_in(u, UART_SCR) == scratch;
}

int uart_probe(struct uart *u)
{
	u8 lcr, ier, scr;
	bool found;

	u->dead = true;
	if (!geometry_valid(u))
		return -EINVAL;
	lcr = uart_in(u, UART_LCR);
	uart_out(u, UART_LCR, lcr & ~UART_LCR_DLAB); /* or IER is DLM */
	ier = uart_in(u, UART_IER);
	scr = uart_in(u, UART_SCR);
	found = ier_and_scratch_hold(u, 0x00, 0x5a) &&
		ier_and_scratch_hold(u, 0x0f, 0xa5);
	uart_out(u, UART_IER, ier);
	uart_out(u, UART_SCR, scr);
	uart_out(u, UART_LCR, lcr);
	u->dead = !found;
	return found ? 0 : -ENODEV;
}

int uart_drain(struct uart *u)
{
	if (u->dead)
		return -ETIMEDOUT;
	if (!WAIT_FOR(uart_in(u, UART_LSR) & UART_LSR_TEMT, UART_WAIT_US))
		return -ETIMEDOUT;
	return 0;
}

/* 8N1 at baud; 0 keeps the divisor, unless nobody ever set one. */
static int set_line(struct uart *u, u32 baud)
{
	u16 divisor = baud ? uart_divisor(baud) : 0;
	u16 found;

	uart_out(u, UART_LCR, UART_LCR_8N1 | UART_LCR_DLAB);
	found = uart_in(u, UART_DLL) | uart_in(u, UART_DLM) << 8;
	if (!divisor && !found) /* 0 stops the generator */
		divisor = 1;
	if (divisor) {
		uart_out(u, UART_DLL, divisor & 0xff);
		uart_out(u, UART_DLM, divisor >> 8);
	}
	uart_out(u, UART_LCR, UART_LCR_8N1);
	return baud && !uart_divisor(baud) ? -EINVAL : 0;
}

int uart_setup(struct uart *u, u32 baud)
{
	int err;

	if (u->dead)
		return -ENODEV;
	uart_out(u, UART_LCR, uart_in(u, UART_LCR) & ~UART_LCR_DLAB);
	uart_out(u, UART_IER, 0);
	if (uart_drain(u)) {
		u->dead = true;
		return -ENODEV;
	}
	err = set_line(u, baud);
	uart_out(u, UART_FCR,
		 UART_FCR_ENABLE | UART_FCR_CLEAR_RX | UART_FCR_CLEAR_TX);
	u->fifo = (uart_in(u, UART_IIR) & UART_IIR_FIFO) == UART_IIR_FIFO;
	if (!u->fifo) /* none, or the 16550's broken ones */
		uart_out(u, UART_FCR, 0);
	uart_out(u, UART_MCR, UART_MCR_DTR | UART_MCR_RTS | UART_MCR_OUT2);
	uart_in(u, UART_LSR);
	uart_in(u, UART_RBR);
	uart_in(u, UART_MSR);
	return err;
}

void uart_write(struct uart *u, const char *buf, size_t len)
{
	size_t room = u->fifo ? UART_FIFO_SIZE : 1;

	while (len && !u->dead) {
		size_t n = min(len, room);

		if (!WAIT_FOR(uart_in(u, UART_LSR) & UART_LSR_THRE,
			      UART_WAIT_US)) {
			u->dead = true;
			break;
		}
		len -= n;
		while (n--)
			uart_out(u, UART_THR, (u8)*buf++);
	}
	u->dropped += len;
}
