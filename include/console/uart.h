/* SPDX-License-Identifier: MIT */
/*
 * uart.h - a 16550 behind I/O ports or MMIO, driven by polling: the log's
 * way out. Its interrupts: dev/uart.h.
 *
 * Spec: National Semiconductor PC16550D datasheet.
 */
#pragma once

#include <lib/compiler.h>

/* clang-format off */
#define UART_RBR		0	/* read, DLAB 0: received byte */
#define UART_THR		0	/* write, DLAB 0: byte to send */
#define UART_DLL		0	/* DLAB 1: divisor, low byte */
#define UART_DLM		1	/* DLAB 1: divisor, high byte */
#define UART_IER		1
#define   UART_IER_RDI		  0x01	/* received data */
#define   UART_IER_THRI		  0x02	/* transmitter holding empty */
#define   UART_IER_RLSI		  0x04	/* receiver line status */
#define   UART_IER_MSI		  0x08	/* modem status */
#define UART_IIR		2	/* read */
#define   UART_IIR_NO_INT	  0x01
#define   UART_IIR_ID		  0x0f
#define   UART_IIR_MSI		  0x00	/* lowest priority */
#define   UART_IIR_THRI		  0x02
#define   UART_IIR_RDI		  0x04
#define   UART_IIR_RX_TIMEOUT	  0x0c
#define   UART_IIR_RLSI		  0x06	/* highest priority */
#define   UART_IIR_FIFO		  0xc0	/* both set: FIFOs work */
#define UART_FCR		2	/* write */
#define   UART_FCR_ENABLE	  0x01
#define   UART_FCR_CLEAR_RX	  0x02
#define   UART_FCR_CLEAR_TX	  0x04
#define   UART_FCR_TRIGGER_1	  0x00
#define   UART_FCR_TRIGGER_4	  0x40
#define   UART_FCR_TRIGGER_8	  0x80
#define   UART_FCR_TRIGGER_14	  0xc0
#define UART_LCR		3
#define   UART_LCR_8N1		  0x03
#define   UART_LCR_BREAK	  0x40
#define   UART_LCR_DLAB		  0x80
#define UART_MCR		4
#define   UART_MCR_DTR		  0x01
#define   UART_MCR_RTS		  0x02
#define   UART_MCR_OUT1		  0x04
#define   UART_MCR_OUT2		  0x08	/* on a PC: connects the IRQ line */
#define   UART_MCR_LOOP		  0x10
#define UART_LSR		5
#define   UART_LSR_DR		  0x01	/* a byte is there */
#define   UART_LSR_OE		  0x02
#define   UART_LSR_PE		  0x04
#define   UART_LSR_FE		  0x08
#define   UART_LSR_BI		  0x10
#define   UART_LSR_THRE		  0x20	/* FIFO mode: all 16 places free */
#define   UART_LSR_TEMT		  0x40	/* shift register empty too */
#define UART_MSR		6
#define UART_SCR		7
#define UART_REGS		8

#define UART_FIFO_SIZE		16
#define UART_CLOCK_HZ		1843200u
/* clang-format on */

/*
 * One UART. The finder fills mmio, stride, width and base; zero stride and
 * width mean 1. For MMIO the caller has mapped base uncached.
 */
struct uart {
	bool mmio;
	u8 stride;   /* bytes from register to register: 1, 2, 4, ... */
	u8 width;    /* bytes an access: 1, 2, 4 */
	u64 base;    /* I/O port or physical address */
	bool dead;   /* absent, or stopped taking bytes: writes are dropped */
	bool fifo;   /* uart_setup() found working FIFOs */
	u32 dropped; /* bytes */
};

/*
 * The divisor latch for baud with the PC's clock, 16 samples a bit; 0: none
 * comes within 3 %, the widest error the datasheet's table has. Pure.
 */
static inline u16 uart_divisor(u32 baud)
{
	u32 full = UART_CLOCK_HZ / 16, divisor, got, error;

	if (baud == 0 || baud > full * 2)
		return 0;
	divisor = max((full + baud / 2) / baud, 1u);
	got = full / divisor;
	error = got > baud ? got - baud : baud - got;
	return divisor > UINT16_MAX || error > baud * 3 / 100 ? 0 : divisor;
}

/* Register access; reg is UART_*. Any context. */
u8 uart_in(const struct uart *u, u32 reg);
void uart_out(const struct uart *u, u32 reg, u8 val);

/*
 * Is there a UART? The low nibble of IER must read back 0 and 0x0f, and the
 * scratch register must hold a byte while another register is written (a
 * floating bus returns the last byte on it). Leaves both as found. Sets u->dead
 * if not. Boot CPU or its only user. Returns 0, -ENODEV, or -EINVAL (bad stride
 * or width).
 */
int uart_probe(struct uart *u);

/*
 * Make it fit for polling: interrupts off, FIFO on if it has one, DTR, RTS
 * and OUT2 on, 8N1. baud 0 keeps the rate the firmware set; a rate the
 * divisor cannot give is -EINVAL (the old rate stays). Waits, bounded, for
 * bytes still being sent. Returns 0, -ENODEV (u->dead), -EINVAL.
 */
int uart_setup(struct uart *u, u32 baud);

/*
 * Write len bytes as they are, up to 16 each time THRE is set. The wait for
 * THRE is bounded; when it passes, u->dead is set, and this and later calls
 * drop their bytes. Any context; the caller keeps others out.
 */
void uart_write(struct uart *u, const char *buf, size_t len);

/* Wait, bounded, until the last bit left the wire. 0 or -ETIMEDOUT. */
int uart_drain(struct uart *u);
