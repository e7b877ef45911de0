// SPDX-License-Identifier: MIT
/*
 * A 16550's registers, what its FIFOs keep and drop, and the line's gate.
 *
 * Parity, framing and break errors have no case: transmitter and receiver of
 * a loopback have one line control register, and the break bit acts on the
 * output pin alone.
 *
 * Spec: PC16550D datasheet, "Registers", Table "Summary of Registers"; IBM
 *       PS/2 Technical Reference, "Serial Port Controller".
 */
#include <ktest/ktest.h>

#include "uart_case.h"

#define FIFO_RULE "PC16550D FIFO Control Register"
#define NO_FIFO	  "this UART has no FIFO"

static struct serial *port;
static struct pin *pin;
static const struct uart *u;

/* In loopback, the pin masked. */
static bool start(bool wants_fifo)
{
	struct uart_case c = uart_case_open(true);

	port = c.port;
	pin = c.pin;
	if (!port)
		return false;
	u = &port->uart;
	if (wants_fifo && !u->fifo)
		SKIP(return false, NO_FIFO);
	return true;
}

static void send(u32 n)
{
	for (u32 i = 0; i < n; i++)
		EXPECT_EQ(serial_send(port, (u8)(0x30 + i)), 0);
	EXPECT_EQ(uart_drain(&port->uart), 0);
}

/* Bits that no 16550 has read as zero, whatever is written. */
TEST(uart, bits_that_are_not_there_read_zero, "PC16550D Registers")
{
	if (!start(false))
		return;
	uart_out(u, UART_IER, 0xff);
	EXPECT_EQ(uart_in(u, UART_IER), 0x0f);
	uart_out(u, UART_IER, 0);
	uart_out(u, UART_MCR, 0xff);
	EXPECT_EQ(uart_in(u, UART_MCR), 0x1f);
	EXPECT_EQ(uart_in(u, UART_IIR) & 0x30, 0);
}

TEST(uart, modem_control_holds_its_five_bits, "PC16550D Modem Control Register")
{
	if (!start(false))
		return;
	for (u32 mcr = 0; mcr < 0x20; mcr++) {
		uart_out(u, UART_MCR, (u8)mcr);
		EXPECT_EQ(uart_in(u, UART_MCR), mcr);
	}
}

TEST(uart, line_control_holds_every_bit, "PC16550D Line Control Register")
{
	if (!start(false))
		return;
	for (u32 lcr = 0; lcr < UART_LCR_DLAB; lcr++) {
		uart_out(u, UART_LCR, (u8)lcr);
		EXPECT_EQ(uart_in(u, UART_LCR), lcr);
	}
	uart_out(u, UART_LCR, UART_LCR_8N1);
}

/* Bit 7 of LCR puts the divisor in the place of data and enable. */
TEST(uart, divisor_latch_is_apart_from_data_and_enable,
     "PC16550D Programmable Baud Generator")
{
	if (!start(false))
		return;
	uart_out(u, UART_IER, UART_IER_RLSI);
	uart_out(u, UART_LCR, UART_LCR_8N1 | UART_LCR_DLAB);
	uart_out(u, UART_DLL, 0x5a);
	uart_out(u, UART_DLM, 0xa5);
	EXPECT_EQ(uart_in(u, UART_DLL), 0x5a);
	EXPECT_EQ(uart_in(u, UART_DLM), 0xa5);
	uart_out(u, UART_LCR, UART_LCR_8N1);
	EXPECT_EQ(uart_in(u, UART_IER), UART_IER_RLSI);
	EXPECT_EQ(uart_in(u, UART_LSR) & UART_LSR_DR, 0); /* nothing sent */
	uart_out(u, UART_LCR, UART_LCR_8N1 | UART_LCR_DLAB);
	uart_out(u, UART_DLL, 1);
	uart_out(u, UART_DLM, 0);
	uart_out(u, UART_LCR, UART_LCR_8N1);
}

TEST(uart, line_status_at_rest_is_an_empty_transmitter,
     "PC16550D Line Status Register")
{
	if (!start(false))
		return;
	EXPECT_EQ(uart_in(u, UART_LSR), UART_LSR_THRE | UART_LSR_TEMT);
}

TEST(uart, iir_tells_whether_the_fifos_are_on, FIFO_RULE)
{
	if (!start(true))
		return;
	for (u32 i = 0; i < 4; i++) {
		uart_out(u, UART_FCR, i & 1);
		EXPECT_EQ(uart_in(u, UART_IIR) & UART_IIR_FIFO,
			  i & 1 ? UART_IIR_FIFO : 0);
	}
}

TEST(uart, cleared_fifo_holds_nothing_and_interrupts_not, FIFO_RULE)
{
	if (!start(true))
		return;
	serial_irq_enable(port, UART_IER_RDI);
	send(3);
	EXPECT_TRUE(uart_in(u, UART_LSR) & UART_LSR_DR);
	uart_out(u, UART_FCR, UART_FCR_ENABLE | UART_FCR_CLEAR_RX);
	EXPECT_FALSE(uart_in(u, UART_LSR) & UART_LSR_DR);
	EXPECT_EQ(serial_irq_id(port), UART_IIR_NO_INT);
}

TEST(uart, fifos_switched_off_and_on_are_empty, FIFO_RULE)
{
	if (!start(true))
		return;
	send(3);
	uart_out(u, UART_FCR, 0);
	uart_out(u, UART_FCR, UART_FCR_ENABLE);
	EXPECT_FALSE(uart_in(u, UART_LSR) & UART_LSR_DR);
}

/* No look at LSR, which would clear it: 17 characters' time must do. */
TEST(uart, overrun_of_the_fifo_keeps_what_is_in_it,
     "PC16550D Line Status Register, Overrun Error")
{
	if (!start(true))
		return;
	for (u32 i = 0; i < UART_FIFO_SIZE; i++)
		uart_out(u, UART_THR, (u8)(0x30 + i));
	udelay(UART_FIFO_SIZE * 100);
	EXPECT_EQ(uart_in(u, UART_LSR) & UART_LSR_OE, 0);
	uart_out(u, UART_THR, 0x77);
	udelay(200);
	EXPECT_EQ(uart_in(u, UART_LSR) & UART_LSR_OE, UART_LSR_OE);
	for (int i = 0; i < UART_FIFO_SIZE; i++)
		EXPECT_EQ(serial_receive(port), 0x30 + i);
	EXPECT_EQ(uart_in(u, UART_LSR) & (UART_LSR_OE | UART_LSR_DR), 0);
}

/* A read ends it, and four more characters' time must pass: tried anew. */
TEST(uart, time_out_ends_with_a_read_and_comes_again,
     "PC16550D FIFO Interrupt Mode Operation, Time-out")
{
	u8 id = UART_IIR_RX_TIMEOUT;

	if (!start(true))
		return;
	serial_fifo(port, UART_FCR_TRIGGER_14);
	serial_irq_enable(port, UART_IER_RDI);
	send(13);
	for (u32 n = 0; n < 12 && id == UART_IIR_RX_TIMEOUT; n++) {
		if (!EXPECT_TRUE(
			    WAIT_FOR(serial_irq_id(port) == UART_IIR_RX_TIMEOUT,
				     WAIT_DEFAULT_US)))
			return;
		serial_receive(port);
		id = serial_irq_id(port);
	}
	EXPECT_EQ(id, UART_IIR_NO_INT);
	EXPECT_TRUE(WAIT_FOR(serial_irq_id(port) == UART_IIR_RX_TIMEOUT,
			     WAIT_DEFAULT_US));
}

TEST(uart, empty_transmitter_interrupts_at_each_enabling,
     "PC16550D Interrupt Enable Register")
{
	if (!start(false))
		return;
	for (u32 n = 0; n < 4; n++) {
		serial_irq_enable(port, UART_IER_THRI);
		EXPECT_EQ(serial_irq_id(port), UART_IIR_THRI);
		EXPECT_EQ(serial_irq_id(port), UART_IIR_NO_INT);
		serial_irq_enable(port, 0);
	}
}

/* Each input's change, in loopback the other half of MCR; RI's fall only. */
TEST(uart, each_modem_input_has_its_delta_bit, "PC16550D Modem Status Register")
{
	static const struct {
		u8 mcr, rise, fall;
	} rows[] = { { UART_MCR_RTS, 0x1, 0x1 },
		     { UART_MCR_DTR, 0x2, 0x2 },
		     { UART_MCR_OUT1, 0, 0x4 },
		     { UART_MCR_OUT2, 0x8, 0x8 } };

	if (!start(false))
		return;
	uart_out(u, UART_MCR, UART_MCR_LOOP);
	uart_in(u, UART_MSR);
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		uart_out(u, UART_MCR, UART_MCR_LOOP | rows[i].mcr);
		EXPECT_EQ(uart_in(u, UART_MSR) & 0x0f, rows[i].rise);
		uart_out(u, UART_MCR, UART_MCR_LOOP);
		EXPECT_EQ(uart_in(u, UART_MSR) & 0x0f, rows[i].fall);
		EXPECT_EQ(uart_in(u, UART_MSR) & 0x0f, 0); /* the read's */
	}
}

/* A PC's wiring, not the chip's: OUT2 lets the interrupt out. */
TEST(uart, out2_connects_the_interrupt_line,
     "IBM PS/2 Serial Port Controller, Modem Control Register")
{
	struct uart_case c = uart_case_open(false);

	if (!c.port)
		return;
	uart_out(&c.port->uart, UART_MCR, UART_MCR_DTR | UART_MCR_RTS);
	pin_mask(c.pin, false);
	c.pin->handler = NULL;
	serial_irq_enable(c.port, UART_IER_THRI);
	EXPECT_EQ(pin_wait(c.pin, 0), 0);
	uart_out(&c.port->uart, UART_MCR,
		 UART_MCR_DTR | UART_MCR_RTS | UART_MCR_OUT2);
	EXPECT_EQ(pin_wait(c.pin, 1), 1);
}
