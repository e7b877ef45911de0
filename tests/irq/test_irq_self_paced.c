// SPDX-License-Identifier: MIT
/*
 * test_irq_self_paced.c - a device's interrupts through request_irq() and the
 * flow handler, the next one raised only when the last was counted: so each
 * must come, and come once. A few hundred; with `stress` 100,000.
 *
 * Spec: 82093AA "I/O Redirection Table Registers", Trigger Mode; PC16550D
 *       "Modem Control Register", Loop; HPET "Timer N Comparator Register".
 */
#include "irq.h"

#include <apic/ioapic.h>
#include <cpu/deadline.h>
#include <dev/hpet.h>
#include <dev/uart.h>
#include <ktest/raised.h>
#include <lib/errno.h>
#include <time/hpet.h>

#define RULE		 "82093AA I/O Redirection Table Registers, Trigger Mode"
#define ROUNDS		 200
#define STRESS_ROUNDS	 100000
#define TIMER		 0
#define SHOT_NS		 10000
#define TRIES		 16 /* the last is 0.3 s away */
#define LOOPBACK_WAIT_US 10000

static struct serial *port;
static struct hpet_timer_state hpet_found;
static bool hpet_taken;
static volatile u32 calls, nobodys;
static volatile u8 received;

static u32 rounds(void)
{
	return ktest_stress() ? STRESS_ROUNDS : ROUNDS;
}

void irq_sources_close(void)
{
	if (port)
		serial_close(port);
	if (hpet_taken)
		hpet_timer_restore(TIMER, &hpet_found);
	port = NULL;
	hpet_taken = false;
}

/* By the handler; what the line's statistics say is for the runner. */
static void expect_exactly(u32 irq, u32 count)
{
	raised_irqs(irq, count);
	udelay(50);
	EXPECT_EQ(calls, count);
	EXPECT_EQ(nobodys, 0);
}

static irqreturn_t uart_received(int irq, void *dev)
{
	calls++;
	if (serial_irq_id(port) == UART_IIR_NO_INT) {
		nobodys++;
		return IRQ_NONE;
	}
	received = (u8)serial_receive(port);
	return IRQ_HANDLED;
}

/* Without the FIFO, whose time-out would be a second cause. */
static bool open_uart(void)
{
	calls = nobodys = 0;
	port = serial_for_tests();
	if (!EXPECT_EQ(serial_open(port, true), 0)) {
		port = NULL;
		return false;
	}
	uart_out(&port->uart, UART_FCR, 0);
	serial_irq_enable(port, UART_IER_RDI);
	return EXPECT_EQ(
		request_irq(port->irq, uart_received, 0, "uart", &port), 0);
}

TEST(irq, self_paced_uart_interrupts_none_lost_or_doubled, RULE,
     .needs = NEEDS_UART | NEEDS_IOAPIC, .deadline_ms = 120000)
{
	u32 n = 0;

	if (!open_uart())
		return;
	do {
		uart_out(&port->uart, UART_THR, (u8)++n);
		if (WAIT_FOR(calls >= n,
			     n > 1 ? WAIT_DEFAULT_US : LOOPBACK_WAIT_US))
			continue;
		if (n == 1)
			SKIP(goto out, "loopback disconnects this board's "
				       "interrupt line");
	} while (calls == n && received == (u8)n && n < rounds());
	EXPECT_EQ(received, n & 0xff);
	EXPECT_EQ(n, rounds());
	expect_exactly(port->irq, n);
out:
	serial_irq_enable(port, 0);
	free_irq(port->irq, &port);
}

static irqreturn_t hpet_fired(int irq, void *dev)
{
	calls++;
	return IRQ_HANDLED;
}

static int open_hpet(void)
{
	u32 pins = 0, pin;
	int gsi;

	for (u32 i = 0; i < 32; i++)
		pins |= ioapic_of_gsi(i, &pin) ? 1u << i : 0;
	gsi = hpet_pick_gsi(TIMER, pins);
	if (!EXPECT_GE(gsi + 1, 1))
		return -1;
	calls = nobodys = 0;
	hpet_timer_save(TIMER, &hpet_found);
	hpet_taken = true;
	if (!EXPECT_EQ(request_irq(irq_of_gsi((u32)gsi), hpet_fired,
				   IRQF_TRIGGER_RISING, "hpet", &hpet_taken),
		       0))
		return -1;
	return gsi;
}

/*
 * Armed too late, this CPU having been away, the timer fired before it was
 * stopped, or never will: then again, for a moment twice as far away. How far
 * is not judged, so there is always one that is met.
 */
static void shoot(const struct hpet_setup *setup)
{
	u64 ticks = hpet_ns_to_ticks(SHOT_NS);
	u32 before = calls;
	int err = -EAGAIN;

	for (u32 n = 0; n < TRIES && err == -EAGAIN && calls == before; n++) {
		err = hpet_oneshot(TIMER, setup, ticks << n);
		if (err == 0)
			WAIT_FOR(calls != before, WAIT_DEFAULT_US);
		hpet_timer_stop(TIMER);
		if (err == -EAGAIN)
			udelay(50); /* what is on its way arrives */
	}
	EXPECT_EQ(calls == before ? err : 0, 0);
}

/* One shot, one interrupt; 32 bits also interrupt where the counter wraps. */
static u32 round_of_hpet(const struct hpet_setup *setup)
{
	u32 before = calls, begin = hpet_readl(HPET_COUNTER), most = 1;

	shoot(setup);
	if (!setup->wide && hpet_readl(HPET_COUNTER) < begin)
		most = 2;
	EXPECT_GE(calls - before, 1);
	EXPECT_LE(calls - before, most);
	return calls - before;
}

TEST(irq, self_paced_hpet_interrupts_none_lost_or_doubled, RULE,
     .needs = NEEDS_HPET | NEEDS_IOAPIC, .uses = USES_HPET | USES_PIT,
     .deadline_ms = 120000)
{
	int gsi = open_hpet();
	struct hpet_setup setup = { .route = HPET_ROUTE_IOAPIC,
				    .gsi = (u8)gsi,
				    .wide = hpet_timer_is_wide(TIMER) };
	u32 total = 0;

	if (gsi < 0)
		return;
	for (u32 n = 0; n < rounds() && ktest_ok(); n++)
		total += round_of_hpet(&setup);
	expect_exactly(irq_of_gsi((u32)gsi), total);
	free_irq(irq_of_gsi((u32)gsi), &hpet_taken);
}
