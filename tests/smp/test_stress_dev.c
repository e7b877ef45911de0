// SPDX-License-Identifier: MIT
/*
 * Devices' lines that go from CPU to CPU. Who has the device routes its line
 * to himself, has it interrupt, each time when the last one was counted, and
 * hands it on: each must come once, to the CPU that the line was routed to.
 * Who cannot be named by an IOAPIC entry has no turn.
 *
 * Spec: 82093AA "I/O Redirection Table Registers"; PC16550D "Modem Control
 *       Register", Loop; HPET "Timer N Comparator Register".
 */
#include "stress.h"

#include <apic/ioapic.h>
#include <cpu/spinlock.h>
#include <dev/hpet.h>
#include <dev/uart.h>
#include <irq/irq.h>
#include <ktest/raised.h>
#include <lib/errno.h>

#define RULE		 "82093AA I/O Redirection Table Registers"
#define ROUNDS		 6
#define SHOTS		 3 /* a turn */
#define TIMER		 0
#define SHOT_NS		 10000
#define LATE		 12 /* times that this CPU may come too late */
#define LATE_US		 50
#define LOOPBACK_WAIT_US 10000
#define XAPIC_IDS	 0xff /* an IOAPIC entry's destinations */

enum { UART, HPET, NR_DEVICES };

struct device {
	const char *name;
	raw_spinlock_t turn; /* whose it is */
	u32 irq, flags;
	bool taken;
	irq_handler_t handler;
	bool (*shoot)(u32 late); /* false: the moment had passed, once more */
};

static DEFINE_PER_CPU(u32, raised[NR_DEVICES]); /* by this CPU, for itself */
static DEFINE_PER_CPU(u32, came[NR_DEVICES]);	/* to this CPU */

static struct serial *port;
static struct hpet_setup setup;
static struct hpet_timer_state hpet_found;
static bool hpet_taken;

static void count(u32 dev)
{
	u32 *n = this_cpu_ptr(&came[dev]);

	WRITE_ONCE(*n, *n + 1);
}

static irqreturn_t on_uart(int irq, void *dev)
{
	if (serial_irq_id(port) == UART_IIR_NO_INT)
		return IRQ_NONE;
	serial_receive(port);
	count(UART);
	return IRQ_HANDLED;
}

static bool shoot_uart(u32 late)
{
	uart_out(&port->uart, UART_THR, 0x55);
	return true;
}

static irqreturn_t on_hpet(int irq, void *dev)
{
	count(HPET);
	return IRQ_HANDLED;
}

static bool shoot_hpet(u32 late)
{
	if (!hpet_oneshot(TIMER, &setup, hpet_ns_to_ticks(SHOT_NS) << late))
		return true;
	hpet_timer_stop(TIMER);
	return false;
}

static struct device devices[NR_DEVICES] = {
	[UART] = { .name = "the UART",
		   .handler = on_uart,
		   .shoot = shoot_uart },
	[HPET] = { .name = "the HPET",
		   .flags = IRQF_TRIGGER_RISING,
		   .handler = on_hpet,
		   .shoot = shoot_hpet },
};

static u32 came_here(u32 dev)
{
	return READ_ONCE(*this_cpu_ptr(&came[dev]));
}

/* A late one may have come or not; what came was raised. */
static bool shot_in_time(u32 dev)
{
	u32 before = came_here(dev);

	for (u32 i = 0; i < LATE; i++) {
		if (devices[dev].shoot(i))
			return true;
		udelay(LATE_US);
		*this_cpu_ptr(&raised[dev]) += came_here(dev) - before;
		before = came_here(dev);
	}
	return false;
}

static bool shoot_once(struct stress_cpu *me, u32 dev)
{
	u32 want;

	if (!shot_in_time(dev))
		return true;
	want = ++*this_cpu_ptr(&raised[dev]);
	return STRESS_WAIT(me, (s32)(came_here(dev) - want) >= 0, me->cpu,
			   devices[dev].name);
}

static int take_line(struct device *d)
{
	int err = request_irq(d->irq, d->handler, d->flags, d->name, d);

	d->taken = !err;
	return err;
}

static int give_line_back(struct device *d)
{
	int err = d->taken ? free_irq(d->irq, d) : 0;

	d->taken = false;
	return err;
}

/* Not at once if the last move is not over. */
static bool moved_here(const struct stress_cpu *me, struct device *d, int *err)
{
	*err = irq_set_affinity(d->irq, me->cpu);
	return *err || READ_ONCE(irq_to_desc(d->irq)->cpu) == me->cpu;
}

/* A line goes to the CPU that it is told to, in use or not, or that asks. */
static int route_here(struct stress_cpu *me, struct device *d)
{
	int err = 0;

	if (stress_random(me, 2)) {
		STRESS_WAIT(me, moved_here(me, d, &err), me->cpu,
			    "a line's move");
		return err;
	}
	err = give_line_back(d);
	if (!err)
		err = irq_set_affinity(d->irq, me->cpu);
	return err ? err : take_line(d);
}

static void take_turn(struct stress_cpu *me, u32 dev)
{
	u32 n = 0;

	if (route_here(me, &devices[dev])) {
		stress_lost(me, me->cpu, "a line that goes where it is told");
		return;
	}
	while (n < SHOTS && shoot_once(me, dev))
		n++;
}

static void device_step(struct stress_cpu *me, u32 dev)
{
	raw_spinlock_t *turn = &devices[dev].turn;

	if (cpu_hot(me->cpu)->apic_id >= XAPIC_IDS ||
	    !STRESS_WAIT(me, raw_spin_trylock(turn), me->cpu,
			 "its turn at a device"))
		return;
	take_turn(me, dev);
	raw_spin_unlock(turn);
}

static void uart_step(struct stress_cpu *me)
{
	device_step(me, UART);
}

static void hpet_step(struct stress_cpu *me)
{
	device_step(me, HPET);
}

static void device_enter(struct stress_cpu *me)
{
	for (u32 i = 0; i < NR_DEVICES; i++)
		*this_cpu_ptr(&raised[i]) = *this_cpu_ptr(&came[i]) = 0;
}

static void device_judge(u32 dev)
{
	for (u32 i = 0; i < stress_size(); i++) {
		u32 cpu = stress_cpu_at(i);
		u32 n = *per_cpu_ptr(&raised[dev], cpu);

		raised_irqs(devices[dev].irq, n);
		stress_expect(devices[dev].name, i, i, n,
			      *per_cpu_ptr(&came[dev], cpu));
	}
}

static void uart_judge(void)
{
	device_judge(UART);
}

static void hpet_judge(void)
{
	device_judge(HPET);
}

static void uart_close(void)
{
	give_line_back(&devices[UART]);
	if (port)
		serial_close(port);
	port = NULL;
}

/* Loopback cuts some boards' lines off: does the first one come? */
static bool loopback_interrupts(void)
{
	u32 before = came_here(UART);
	bool came_back;

	if (!EXPECT_EQ(take_line(&devices[UART]), 0))
		return false;
	shoot_uart(0);
	came_back = WAIT_FOR(came_here(UART) != before, LOOPBACK_WAIT_US);
	raised_irqs(port->irq, came_back);
	return came_back;
}

/* Without the FIFO, whose time-out would be a second cause. */
static const char *uart_open(void)
{
	if (!nr_ioapics || !serial_for_tests())
		return "no UART with an IOAPIC";
	port = serial_for_tests();
	if (!EXPECT_EQ(serial_open(port, true), 0)) {
		port = NULL;
		return "the UART is taken";
	}
	uart_out(&port->uart, UART_FCR, 0);
	serial_irq_enable(port, UART_IER_RDI);
	devices[UART].irq = port->irq;
	if (loopback_interrupts())
		return NULL;
	uart_close();
	return "loopback disconnects this board's interrupt line";
}

static const char *hpet_open(void)
{
	struct hpet_timer_info info;
	u32 pins = 0, pin;
	int gsi;

	if (!hpet_present() || hpet_timer_info(TIMER, &info))
		return "no HPET";
	for (u32 i = 0; i < 32; i++)
		pins |= ioapic_of_gsi(i, &pin) ? 1u << i : 0;
	gsi = hpet_pick_gsi(TIMER, pins);
	if (gsi < 0)
		return "the HPET's timer reaches no IOAPIC";
	setup = (struct hpet_setup){
		.route = HPET_ROUTE_IOAPIC,
		.gsi = (u8)gsi,
		.wide = info.wide_cap && hpet_counter_is_64bit(),
	};
	devices[HPET].irq = irq_of_gsi((u32)gsi);
	hpet_timer_save(TIMER, &hpet_found);
	hpet_taken = true;
	EXPECT_EQ(take_line(&devices[HPET]), 0);
	return NULL;
}

static void hpet_close(void)
{
	if (!hpet_taken)
		return;
	hpet_timer_stop(TIMER);
	give_line_back(&devices[HPET]);
	hpet_timer_restore(TIMER, &hpet_found);
	hpet_taken = false;
}

const struct stress_op stress_uart = {
	.name = "the UART's line",
	.open = uart_open,
	.enter = device_enter,
	.step = uart_step,
	.judge = uart_judge,
	.close = uart_close,
};

const struct stress_op stress_hpet = {
	.name = "the HPET's line",
	.open = hpet_open,
	.enter = device_enter,
	.step = hpet_step,
	.judge = hpet_judge,
	.close = hpet_close,
};

static const struct stress_op *const both[] = { &stress_uart, &stress_hpet };

TEST(stress, interrupts_of_devices_come_to_the_cpu_that_asked, RULE,
     .needs = NEEDS_SMP | NEEDS_IOAPIC, .uses = USES_HPET | USES_PIT,
     .deadline_ms = STRESS_MS)
{
	stress_run_mixed(both, ARRAY_SIZE(both), ROUNDS);
}
