/* SPDX-License-Identifier: MIT */
/*
 * pin.h - one IOAPIC pin with a vector of its own, counted; and waiting for
 * interrupts asleep. For cases that judge pins and interrupt sources.
 *
 *	static struct pin pin = { .vector = 0x41 };
 *
 *	if (!pin_on_wire(&pin, WIRE_UART, PIN_EDGE))
 *		SKIP(return, NO_WIRE);
 *	wire_raise(WIRE_UART);
 *	EXPECT_EQ(pin_wait(&pin, 1), 1);
 *	pins_close();
 *
 * Context: task context of the boot CPU; one case at a time.
 */
#pragma once

#include <apic/ioapic.h>
#include <cpu/deadline.h>
#include <dev/wire.h>

#define PIN_EDGE  ((union ioapic_rte){ .raw = 0 })
#define PIN_LEVEL ((union ioapic_rte){ .level = 1 })

#define NO_WIRE "no UART or keyboard controller to hold the line"

struct pin {
	u32 vector; /* the case's choice, a free device vector */
	/* In hardirq context after counting, before the EOI. May be NULL. */
	void (*handler)(struct pin *pin);
	u32 gsi;
	union ioapic_rte rte; /* as programmed */
	volatile u32 count;
	volatile u64 first_tsc, last_tsc; /* when the handler was entered */
	volatile bool isr, tmr, irqs_off; /* seen in the handler */
};

/*
 * Claim pin->vector and program the pin of gsi with rte, to which vector and,
 * unless rte.dest is set, this CPU's ID are added. 0, -ENODEV (no such GSI),
 * or irq_claim_vector()'s error. pins_close() undoes it, whatever happened.
 */
int pin_open(struct pin *pin, u32 gsi, union ioapic_rte rte);

/* Only the vector, counted: for what arrives by another way than a pin. */
int pin_claim(struct pin *pin);

/* The same for the line of an ISA IRQ or a wire; false: it is not there. */
bool pin_on_irq(struct pin *pin, u32 irq, union ioapic_rte rte);
bool pin_on_wire(struct pin *pin, enum wire w, union ioapic_rte rte);

/* The first wire there is: for cases to which all are alike. NR_WIRES: none. */
enum wire pin_on_any_wire(struct pin *pin, union ioapic_rte rte);

void pin_mask(const struct pin *pin, bool masked);
bool pin_remote_irr(const struct pin *pin);

/*
 * Wait until count interrupts came, then long enough for one too many to show;
 * returns the number that came. pin_wait(pin, 0) judges silence.
 */
u32 pin_wait(const struct pin *pin, u32 count);

/* Take a wire without a pin; pins_close() closes it. */
bool wire_take(enum wire w);

/* Mask, release and close all pins and wires. A suite's teardown. */
void pins_close(void);

/* Long enough for an interrupt on its way to arrive. */
void pin_settle(void);

/*
 * As WAIT_FOR, but asleep between interrupts: for waits beyond 1 ms, which
 * need no CPU. A tick of the APIC timer keeps the deadline. Where there is no
 * such timer it polls.
 */
#define SLEEP_FOR(cond, usec)                              \
	({                                                 \
		u64 sleep_deadline = deadline_after(usec); \
		bool sleep_done;                           \
		sleep_begin();                             \
		while (!(sleep_done = !!(cond)) &&         \
		       !deadline_passed(sleep_deadline))   \
			sleep_once();                      \
		sleep_end();                               \
		sleep_done || (cond);                      \
	})
void sleep_begin(void); /* IF=0 from here, but for sleep_once() */
void sleep_once(void);
void sleep_end(void);
