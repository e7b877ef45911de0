/* SPDX-License-Identifier: MIT */
/* uart_case.h - what the files of the suite `uart` share. */
#pragma once

#include <dev/uart.h>
#include <ktest/pin.h>

/* The port, set up and quiet, NULL if it failed; its pin, masked. */
struct uart_case {
	struct serial *port;
	struct pin *pin;
};

/* The suite's teardown closes both. */
struct uart_case uart_case_open(bool loopback);
