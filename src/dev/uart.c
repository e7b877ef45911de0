// SPDX-License-Identifier: MIT
/*
 * uart.c - serial ports as interrupt sources, the log's own included.
 *
 * Read:    serial_open().
 * Uses:    console/uart.h for registers, console_hold() for the log's UART.
 * Context: open and close in task context.
 * Spec:    PC16550D datasheet, "Interrupt Enable Register", "Interrupt
 *          Identification Register", "Modem Control Register".
 */
#include <dev/uart.h>

#include <console/console.h>
#include <cpu/deadline.h>
#include <lib/errno.h>

static struct serial ports[NR_SERIAL] = {
	/* written by serial_probe() */
	{ .uart.base = 0x3f8, .irq = 4, .uart.dead = true },
	{ .uart.base = 0x2f8, .irq = 3, .uart.dead = true },
	{ .uart.base = 0x3e8, .irq = 4, .uart.dead = true },
	{ .uart.base = 0x2e8, .irq = 3, .uart.dead = true },
};

int serial_probe(void)
{
	int found = 0;

	for (int n = 0; n < NR_SERIAL; n++) {
		struct serial *s = &ports[n];

		s->is_console = s->uart.base == console_port();
		if (s->is_console) { /* the log found it already */
			s->uart.dead = false;
			s->uart.fifo = (uart_in(&s->uart, UART_IIR) &
					UART_IIR_FIFO) == UART_IIR_FIFO;
		} else if (uart_probe(&s->uart) == 0) {
			uart_out(&s->uart, UART_IER, 0);
		}
		found += !s->uart.dead;
	}
	return found;
}

struct serial *serial_get(u32 n)
{
	return n < NR_SERIAL && !ports[n].uart.dead ? &ports[n] : NULL;
}

struct serial *serial_for_tests(void)
{
	static const u8 order[NR_SERIAL] = { 2, 3, 1, 0 };
	struct serial *last = NULL;

	for (int i = 0; i < NR_SERIAL; i++) {
		struct serial *s = serial_get(order[i]);

		if (!s || s->reserved)
			continue;
		if (!s->is_console)
			return s;
		last = s;
	}
	return last;
}

static void save(struct serial *s)
{
	s->lcr = uart_in(&s->uart, UART_LCR) & ~UART_LCR_DLAB;
	uart_out(&s->uart, UART_LCR, s->lcr | UART_LCR_DLAB);
	s->dll = uart_in(&s->uart, UART_DLL);
	s->dlm = uart_in(&s->uart, UART_DLM);
	uart_out(&s->uart, UART_LCR, s->lcr);
	s->ier = uart_in(&s->uart, UART_IER);
	s->mcr = uart_in(&s->uart, UART_MCR);
}

/* Read what would keep an interrupt pending: line, data, THRE, modem. */
static void clear_causes(struct uart *u)
{
	uart_in(u, UART_LSR);
	uart_in(u, UART_RBR);
	uart_in(u, UART_IIR);
	uart_in(u, UART_MSR);
}

int serial_open(struct serial *s, bool loopback)
{
	struct uart *u = &s->uart;

	if (s->open)
		return -EBUSY;
	if (s->is_console)
		console_hold();
	if (uart_drain(u)) {
		if (s->is_console)
			console_release();
		return -ETIMEDOUT;
	}
	s->open = true;
	save(s);
	uart_setup(u, 115200); /* cannot fail: drained, and divisor 1 exists */
	if (loopback)
		uart_out(u, UART_MCR,
			 UART_MCR_DTR | UART_MCR_RTS | UART_MCR_OUT2 |
				 UART_MCR_LOOP);
	clear_causes(u);
	return 0;
}

void serial_close(struct serial *s)
{
	struct uart *u = &s->uart;

	if (!s->open)
		return;
	uart_out(u, UART_IER, 0);
	uart_drain(u); /* at our rate: the saved one comes next */
	if (u->fifo)
		serial_fifo(s, UART_FCR_TRIGGER_1);
	clear_causes(u);
	uart_out(u, UART_LCR, s->lcr | UART_LCR_DLAB);
	uart_out(u, UART_DLL, s->dll);
	uart_out(u, UART_DLM, s->dlm);
	uart_out(u, UART_LCR, s->lcr);
	uart_out(u, UART_MCR, s->mcr);
	uart_out(u, UART_IER, s->ier);
	s->open = false;
	if (s->is_console)
		console_release();
}

void serial_irq_enable(struct serial *s, u8 ier)
{
	uart_out(&s->uart, UART_IER, ier & 0x0f);
}

u8 serial_irq_id(struct serial *s)
{
	return uart_in(&s->uart, UART_IIR) & UART_IIR_ID;
}

void serial_fifo(struct serial *s, u8 trigger)
{
	uart_out(&s->uart, UART_FCR,
		 UART_FCR_ENABLE | UART_FCR_CLEAR_RX | UART_FCR_CLEAR_TX |
			 (trigger & UART_FCR_TRIGGER_14));
}

int serial_send(struct serial *s, u8 byte)
{
	if (!WAIT_FOR(uart_in(&s->uart, UART_LSR) & UART_LSR_THRE,
		      WAIT_DEFAULT_US))
		return -ETIMEDOUT;
	uart_out(&s->uart, UART_THR, byte);
	return 0;
}

int serial_receive(struct serial *s)
{
	if (!(uart_in(&s->uart, UART_LSR) & UART_LSR_DR))
		return -EAGAIN;
	return uart_in(&s->uart, UART_RBR);
}
