// SPDX-License-Identifier: MIT
/*
 * A 16550's four interrupts, their priority, and what ends each.
 *
 * Received data, overruns and modem lines come from loopback. The datasheet
 * has interrupts work there; but loopback drops OUT2, by which a PC connects
 * the line, so a board on which none arrives is asked for its IIR only.
 *
 * Spec: PC16550D datasheet, "Interrupt Identification Register", Table
 *       "Interrupt Control Functions"; "Modem Control Register".
 */
#include <dev/uart.h>
#include <irq/irq.h>
#include <ktest/ktest.h>
#include <ktest/pin.h>

#include "uart_case.h"

#define IIR_RULE "PC16550D Interrupt Identification Register"
#define MCR_RULE "PC16550D Modem Control Register, Loop"

static struct pin pin = { .vector = 0x61 };
static struct serial *port;
static u8 iir[16];

static void teardown(void)
{
	if (port)
		serial_close(port);
	port = NULL;
	pins_close();
}

SUITE(uart, .needs = NEEDS_UART | NEEDS_IOAPIC, .teardown = teardown);

/* Only identify; what ends the interrupt is the case's. */
static void identify(struct pin *p)
{
	if (p->count <= ARRAY_SIZE(iir))
		iir[p->count - 1] = serial_irq_id(port);
}

static bool start(bool loopback)
{
	port = serial_for_tests();
	pin.handler = identify;
	return EXPECT_EQ(serial_open(port, loopback), 0) &&
	       EXPECT_TRUE(pin_on_irq(&pin, port->irq, PIN_EDGE));
}

/* The pin masked: a handler's look at the IIR would end a THRE interrupt. */
static bool start_polled(void)
{
	if (!start(true))
		return false;
	pin_mask(&pin, true);
	return true;
}

struct uart_case uart_case_open(bool loopback)
{
	bool open = start(loopback);

	pin_mask(&pin, true);
	return (struct uart_case){ open ? port : NULL, &pin };
}

/* Does the line reach the pin in loopback? THRE, which always works, tells. */
static bool line_connected(void)
{
	bool arrived;

	serial_irq_enable(port, UART_IER_THRI);
	arrived = WAIT_FOR(pin.count, 10000);
	serial_irq_enable(port, 0);
	serial_irq_id(port);
	pin_settle();
	pin.count = 0;
	return arrived;
}

#define CUT_OFF "loopback disconnects this board's interrupt line"

/* A byte is there: at the trigger level, or four characters' time after it. */
static bool says_received(u8 id)
{
	return id == UART_IIR_RDI || id == UART_IIR_RX_TIMEOUT;
}

/* Send n bytes by loopback and wait for the last to arrive. */
static void send(u32 n)
{
	for (u32 i = 0; i < n; i++)
		EXPECT_EQ(serial_send(port, (u8)(0x30 + i)), 0);
	EXPECT_EQ(uart_drain(&port->uart), 0);
}

TEST(uart, registers_hold_what_is_written, "PC16550D Registers")
{
	if (!start(false))
		return;
	for (u32 ier = 0; ier < 0x10; ier++) {
		uart_out(&port->uart, UART_IER, (u8)ier);
		EXPECT_EQ(uart_in(&port->uart, UART_IER), ier);
	}
	uart_out(&port->uart, UART_IER, 0);
	for (u32 bit = 0; bit < 8; bit++) {
		uart_out(&port->uart, UART_SCR, (u8)(1u << bit));
		EXPECT_EQ(uart_in(&port->uart, UART_SCR), 1u << bit);
	}
}

TEST(uart, nothing_is_pending_after_setup, IIR_RULE)
{
	if (!start(false))
		return;
	EXPECT_EQ(serial_irq_id(port), UART_IIR_NO_INT);
	serial_irq_enable(port, UART_IER_RDI | UART_IER_RLSI);
	EXPECT_EQ(serial_irq_id(port), UART_IIR_NO_INT);
	EXPECT_EQ(pin_wait(&pin, 0), 0);
}

TEST(uart, empty_transmitter_interrupts_when_enabled, IIR_RULE)
{
	if (!start(false))
		return;
	serial_irq_enable(port, UART_IER_THRI);
	EXPECT_EQ(pin_wait(&pin, 1), 1);
	EXPECT_EQ(iir[0], UART_IIR_THRI);
	EXPECT_EQ(serial_irq_id(port), UART_IIR_NO_INT); /* IIR's read */
}

/*
 * Without the FIFO: there the byte that came back times out unread, perhaps
 * before the handler saw the IIR. The line is high then and stays so, yet an
 * emulator may take it for one more edge, which is not what is judged here.
 */
TEST(uart, empty_transmitter_interrupts_once_a_byte, IIR_RULE)
{
	if (!start(true)) /* the byte goes nowhere */
		return;
	uart_out(&port->uart, UART_FCR, 0);
	if (!line_connected())
		SKIP(return, CUT_OFF);
	serial_irq_enable(port, UART_IER_THRI);
	EXPECT_EQ(pin_wait(&pin, 1), 1);
	for (u32 n = 2; n <= 5 && ktest_ok(); n++) {
		uart_out(&port->uart, UART_THR, (u8)n);
		EXPECT_EQ(pin_wait(&pin, n), n);
		EXPECT_EQ(iir[n - 1], UART_IIR_THRI);
	}
}

TEST(uart, empty_transmit_fifo_is_named_once_a_byte,
     "PC16550D FIFO Interrupt Mode Operation")
{
	u8 id;

	if (!start_polled())
		return;
	if (!port->uart.fifo)
		SKIP(return, "this UART has no FIFO");
	serial_irq_enable(port, UART_IER_THRI);
	EXPECT_EQ(serial_irq_id(port), UART_IIR_THRI);
	for (u32 n = 0; n < 4 && ktest_ok(); n++) {
		EXPECT_EQ(serial_irq_id(port), UART_IIR_NO_INT);
		uart_out(&port->uart, UART_THR, (u8)n);
		WAIT_FOR((id = serial_irq_id(port)) != UART_IIR_NO_INT,
			 WAIT_DEFAULT_US);
		EXPECT_EQ(id, UART_IIR_THRI);
	}
}

TEST(uart, received_byte_interrupts_until_it_is_read, MCR_RULE)
{
	if (!start_polled())
		return;
	serial_irq_enable(port, 0);
	send(1);
	serial_irq_id(port);
	EXPECT_EQ(serial_irq_id(port), UART_IIR_NO_INT); /* not enabled */
	serial_irq_enable(port, UART_IER_RDI);
	EXPECT_TRUE(says_received(serial_irq_id(port)));
	EXPECT_TRUE(
		says_received(serial_irq_id(port))); /* IIR does not end it */
	EXPECT_EQ(serial_receive(port), 0x30);
	EXPECT_EQ(serial_irq_id(port), UART_IIR_NO_INT);
}

/* Without the FIFO, for its time-out is a second cause to hold the line. */
TEST(uart, received_byte_arrives_as_one_interrupt, MCR_RULE)
{
	if (!start(true))
		return;
	if (!line_connected())
		SKIP(return, CUT_OFF);
	uart_out(&port->uart, UART_FCR, 0);
	serial_irq_enable(port, UART_IER_RDI);
	for (u32 n = 1; n <= 5 && ktest_ok(); n++) {
		send(1);
		EXPECT_EQ(pin_wait(&pin, n), n);
		EXPECT_EQ(iir[n - 1] & 0x0f, UART_IIR_RDI);
		EXPECT_EQ(serial_receive(port), 0x30);
		EXPECT_EQ(pin_wait(&pin, n), n);
	}
}

TEST(uart, received_bytes_keep_their_order_in_the_fifo,
     "PC16550D FIFO Interrupt Mode Operation")
{
	if (!start_polled())
		return;
	if (!port->uart.fifo)
		SKIP(return, "this UART has no FIFO");
	send(UART_FIFO_SIZE);
	for (int i = 0; i < UART_FIFO_SIZE; i++)
		EXPECT_EQ(serial_receive(port), 0x30 + i);
	EXPECT_LT((s64)serial_receive(port) + 1000, 1000); /* none left */
}

static const struct {
	u8 fcr;
	u32 bytes;
} triggers[] = { { UART_FCR_TRIGGER_1, 1 },
		 { UART_FCR_TRIGGER_4, 4 },
		 { UART_FCR_TRIGGER_8, 8 },
		 { UART_FCR_TRIGGER_14, 14 } };

/*
 * Fill the empty FIFO with n bytes; what the IIR says then. If this CPU was
 * away meanwhile the time-out speaks first: again.
 */
static u8 id_after(u8 fcr, u32 n)
{
	u8 id = UART_IIR_RX_TIMEOUT;

	for (u32 tries = 0; id == UART_IIR_RX_TIMEOUT && tries < 8; tries++) {
		serial_fifo(port, fcr);
		send(n);
		id = serial_irq_id(port);
	}
	return id;
}

TEST(uart, fifo_interrupts_at_its_trigger_level,
     "PC16550D FIFO Control Register, Trigger")
{
	if (!start_polled())
		return;
	if (!port->uart.fifo)
		SKIP(return, "this UART has no FIFO");
	serial_irq_enable(port, UART_IER_RDI);
	for (u32 i = 0; i < ARRAY_SIZE(triggers); i++) {
		u32 level = triggers[i].bytes;

		EXPECT_EQ(id_after(triggers[i].fcr, level - 1),
			  UART_IIR_NO_INT);
		EXPECT_EQ(id_after(triggers[i].fcr, level), UART_IIR_RDI);
		EXPECT_EQ(serial_receive(port), 0x30);
		EXPECT_NE(serial_irq_id(port), UART_IIR_RDI);
	}
}

/* Four characters' time after the last byte: 0.35 ms at 115200 baud. */
TEST(uart, bytes_below_the_trigger_time_out,
     "PC16550D FIFO Interrupt Mode Operation, Time-out")
{
	if (!start_polled())
		return;
	if (!port->uart.fifo)
		SKIP(return, "this UART has no FIFO");
	serial_fifo(port, UART_FCR_TRIGGER_14);
	serial_irq_enable(port, UART_IER_RDI);
	send(3);
	EXPECT_TRUE(WAIT_FOR(serial_irq_id(port) == UART_IIR_RX_TIMEOUT,
			     WAIT_DEFAULT_US));
	for (int i = 0; i < 3; i++)
		EXPECT_EQ(serial_receive(port), 0x30 + i);
	EXPECT_EQ(serial_irq_id(port), UART_IIR_NO_INT);
}

/*
 * Without FIFO the second unread byte overruns the first. No look at LSR, which
 * would clear it: two characters' time, 174 us, must do.
 */
static void overrun(void)
{
	uart_out(&port->uart, UART_FCR, 0);
	for (u32 i = 0; i < 2; i++) {
		uart_out(&port->uart, UART_THR, 0x55);
		udelay(200);
	}
}

TEST(uart, overrun_is_a_line_status_interrupt, "PC16550D Line Status Register")
{
	if (!start_polled())
		return;
	serial_irq_enable(port, UART_IER_RLSI);
	EXPECT_EQ(serial_irq_id(port), UART_IIR_NO_INT);
	overrun();
	EXPECT_EQ(serial_irq_id(port), UART_IIR_RLSI);
	EXPECT_EQ(uart_in(&port->uart, UART_LSR) & UART_LSR_OE, UART_LSR_OE);
	EXPECT_EQ(serial_irq_id(port), UART_IIR_NO_INT); /* LSR's read */
	EXPECT_EQ(uart_in(&port->uart, UART_LSR) & UART_LSR_OE, 0);
}

TEST(uart, overrun_arrives_as_one_interrupt, "PC16550D Line Status Register")
{
	if (!start(true))
		return;
	if (!line_connected())
		SKIP(return, CUT_OFF);
	serial_irq_enable(port, UART_IER_RLSI);
	overrun();
	EXPECT_EQ(pin_wait(&pin, 1), 1);
	EXPECT_EQ(iir[0], UART_IIR_RLSI);
}

/* Line status, received data, transmitter, in this order. */
TEST(uart, iir_names_the_highest_of_several, IIR_RULE)
{
	if (!start_polled())
		return;
	overrun();
	serial_irq_enable(port, 0);
	serial_irq_enable(port, UART_IER_RLSI | UART_IER_RDI | UART_IER_THRI);
	EXPECT_EQ(serial_irq_id(port), UART_IIR_RLSI);
	uart_in(&port->uart, UART_LSR);
	EXPECT_TRUE(says_received(serial_irq_id(port)));
	uart_in(&port->uart, UART_RBR);
	EXPECT_EQ(serial_irq_id(port), UART_IIR_THRI);
	EXPECT_EQ(serial_irq_id(port), UART_IIR_NO_INT);
}

TEST(uart, iir_names_modem_status_last, IIR_RULE)
{
	if (!start_polled())
		return;
	uart_out(&port->uart, UART_MCR, UART_MCR_LOOP);
	uart_in(&port->uart, UART_MSR);
	uart_out(&port->uart, UART_MCR, UART_MCR_LOOP | UART_MCR_RTS);
	serial_irq_enable(port, UART_IER_THRI | UART_IER_MSI);
	EXPECT_EQ(serial_irq_id(port), UART_IIR_THRI);
	EXPECT_EQ(serial_irq_id(port), UART_IIR_MSI);
	uart_in(&port->uart, UART_MSR);
	EXPECT_EQ(serial_irq_id(port), UART_IIR_NO_INT);
}

/* Clear To Send is Request To Send, and so on; the deltas are the causes. */
TEST(uart, loopback_turns_modem_outputs_into_inputs, MCR_RULE)
{
	static const struct {
		u8 mcr, msr;
	} rows[] = { { UART_MCR_DTR, 0x20 },
		     { UART_MCR_RTS, 0x10 },
		     { UART_MCR_OUT1, 0x40 },
		     { UART_MCR_OUT2, 0x80 } };

	if (!start_polled())
		return;
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		uart_out(&port->uart, UART_MCR, UART_MCR_LOOP | rows[i].mcr);
		EXPECT_EQ(uart_in(&port->uart, UART_MSR) & 0xf0, rows[i].msr);
	}
}

TEST(uart, change_of_a_modem_line_is_a_modem_status_interrupt,
     "PC16550D Modem Status Register")
{
	if (!start_polled())
		return;
	uart_out(&port->uart, UART_MCR, UART_MCR_LOOP);
	uart_in(&port->uart, UART_MSR);
	serial_irq_enable(port, UART_IER_MSI);
	EXPECT_EQ(serial_irq_id(port), UART_IIR_NO_INT);
	uart_out(&port->uart, UART_MCR, UART_MCR_LOOP | UART_MCR_RTS);
	EXPECT_EQ(serial_irq_id(port), UART_IIR_MSI);
	EXPECT_EQ(uart_in(&port->uart, UART_MSR) & 0x1f, 0x11); /* DCTS */
	EXPECT_EQ(serial_irq_id(port), UART_IIR_NO_INT);	/* MSR's read */
}

TEST(uart, interrupt_goes_with_its_enable, "PC16550D Interrupt Enable Register")
{
	if (!start_polled())
		return;
	send(1);
	serial_irq_enable(port, UART_IER_RDI);
	EXPECT_TRUE(says_received(serial_irq_id(port)));
	serial_irq_enable(port, 0);
	EXPECT_EQ(serial_irq_id(port), UART_IIR_NO_INT);
	serial_irq_enable(port, UART_IER_RDI);
	EXPECT_TRUE(says_received(serial_irq_id(port)));
}
