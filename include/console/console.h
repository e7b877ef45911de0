/* SPDX-License-Identifier: MIT */
/* console.h - where the log goes: sinks, and the copy kept in RAM. */
#pragma once

#include <console/uart.h>
#include <lib/options.h>
#include <lib/types.h>

/* A place that takes bytes. write() is bounded in time and never sleeps. */
struct console {
	const char *name;
	void (*write)(const char *buf, size_t len);
	struct console *next;
};

/* Add a sink; it gets what the RAM copy already holds. Boot CPU. */
void console_register(struct console *con);

/* Take it away; nobody is writing a line to it any more. Boot CPU. */
void console_unregister(struct console *con);

/*
 * Stop and restart writing to the sinks, so that a case may use the UART
 * itself: held output stays in RAM, console_release() replays it. Calls nest.
 */
void console_hold(void);
void console_release(void);

/* Keep the log in buf from now on; what was kept so far is copied. Once. */
void console_set_log_buffer(char *buf, size_t size);

/* The console UART's I/O port, or 0: none, or memory-mapped. */
u16 console_port(void);

/* Its MMIO address, or 0; to be mapped before the page tables change. */
u64 console_mmio(void);

/* Is there a UART that takes the log? */
bool console_present(void);

/*
 * Make u the log's UART if it answers: it gets the log so far. Its MMIO is
 * mapped. baud 0 keeps the rate it has. False: nothing there.
 */
bool console_add_uart(struct uart u, u32 baud);

/* Find and initialise the log's UART as serial= says. Boot CPU, once. */
void console_init(const struct options *opt);

/* Wait, bounded, until the last byte has left the UART. Any context. */
void console_drain(void);
