/* SPDX-License-Identifier: MIT */
/* irqreturn.h - what a handler is and what it says. Linux: irqreturn.h. */
#pragma once

#include <lib/compiler.h>

typedef enum {
	IRQ_NONE = 0, /* not this device's */
	IRQ_HANDLED = 1 << 0,
	IRQ_WAKE_THREAD = 1 << 1, /* the rest in thread_fn */
} irqreturn_t;

/* irq is the number asked for; of a claimed vector, the vector. */
typedef irqreturn_t (*irq_handler_t)(int irq, void *dev);
