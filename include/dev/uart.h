/* SPDX-License-Identifier: MIT */
/*
 * dev/uart.h - a PC's serial ports as interrupt sources: COM1 and COM3 share
 * ISA IRQ 4, COM2 and COM4 IRQ 3.
 *
 * Context: task context to open and close; the rest any. The log's own UART
 *          can be opened too: serial_open() then holds the console, and
 *          serial_close() puts the UART back and lets the log go on.
 * Spec:    National Semiconductor PC16550D datasheet, "Interrupt
 *          Identification Register", "Modem Control Register" (loopback).
 *
 * Loopback forces OUT2 inactive, and OUT2 is what connects a discrete UART to
 * its IRQ line: there an interrupt in loopback may show in IIR only. On QEMU
 * and many integrated UARTs it arrives.
 */
#pragma once

#include <console/uart.h>

#define NR_SERIAL 4 /* COM1..COM4 */

struct serial {
	struct uart uart;
	u8 irq;		 /* ISA IRQ */
	bool is_console; /* its output is the log: held while open */
	bool open;
	bool reserved;		    /* the companion's: not for cases */
	u8 ier, lcr, mcr, dll, dlm; /* as found by serial_open() */
};

/*
 * Find COM1..COM4. Ports other than the console's are made quiet: IER 0. Call
 * after console_init(). Returns how many are there.
 */
int serial_probe(void);

/* COM n + 1, or NULL if it is not there. */
struct serial *serial_get(u32 n);

/* The best for cases: COM3, COM4, COM2, COM1 not the console's, else that. */
struct serial *serial_for_tests(void);

/*
 * Take the port: save its registers, 115200 8N1, FIFO cleared and on, OUT2
 * on, loopback as asked, no interrupt enabled. 0, -EBUSY, -ETIMEDOUT.
 */
int serial_open(struct serial *s, bool loopback);

/* Interrupts off, registers as found, console released. */
void serial_close(struct serial *s);

/* Enable exactly these interrupts: a mask of UART_IER_*. */
void serial_irq_enable(struct serial *s, u8 ier);

/* IIR & UART_IIR_ID; reading it clears a THRE interrupt. */
u8 serial_irq_id(struct serial *s);

/* Set the FIFO trigger level, UART_FCR_TRIGGER_*, and clear both FIFOs. */
void serial_fifo(struct serial *s, u8 trigger);

/*
 * Send a byte (waits, bounded, for THRE) or take one received one: 0..255, or
 * -EAGAIN: none there. serial_send() returns 0 or -ETIMEDOUT.
 */
int serial_send(struct serial *s, u8 byte);
int serial_receive(struct serial *s);
