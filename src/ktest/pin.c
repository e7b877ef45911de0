// SPDX-License-Identifier: MIT
/*
 * pin.c - a pin with a vector of its own.
 *
 * Read:    pin_open(), on_interrupt().
 * Uses:    irq_claim_vector(), the raw redirection table.
 * Context: task context of the boot CPU.
 */
#include <ktest/pin.h>

#include <apic/apic_timer.h>
#include <apic/lapic.h>
#include <bh/hrtimer.h>
#include <bh/softirq.h>
#include <cpu/irqflags.h>
#include <irq/irq.h>
#include <ktest/raised.h>
#include <lib/errno.h>

#define MAX_PINS  12
#define SETTLE_US 50
#define SPIN_US	  1000	/* then asleep */
#define TICK_US	  20000 /* how late a sleeper may see its deadline */
#define NO_PIN	  (~0u)

/* Copies: a case that was broken off left its own on a dead stack. */
static struct {
	u32 vector; /* 0: free */
	u32 gsi;    /* NO_PIN: a vector without one */
} pins[MAX_PINS];

static bool wires[NR_WIRES]; /* taken by pin_on_wire() */

static irqreturn_t on_interrupt(int vector, void *dev)
{
	struct pin *pin = dev;

	pin->last_tsc = rdtsc();
	if (!pin->count)
		pin->first_tsc = pin->last_tsc;
	pin->isr = lapic_test(APIC_ISR, (u32)vector);
	pin->tmr = lapic_test(APIC_TMR, (u32)vector);
	pin->irqs_off = irqs_disabled();
	pin->count++;
	if (pin->handler)
		pin->handler(pin);
	return IRQ_HANDLED;
}

static int claim(struct pin *pin, u32 gsi)
{
	int err;

	for (u32 i = 0; i < MAX_PINS; i++) {
		if (pins[i].vector)
			continue;
		pin->count = 0;
		pin->gsi = gsi;
		err = irq_claim_vector(pin->vector, on_interrupt, pin);
		if (err)
			return err;
		pins[i].vector = pin->vector;
		pins[i].gsi = gsi;
		return 0;
	}
	return -ENOMEM;
}

int pin_claim(struct pin *pin)
{
	return claim(pin, NO_PIN);
}

int pin_open(struct pin *pin, u32 gsi, union ioapic_rte rte)
{
	u32 n;
	int err;

	if (!ioapic_of_gsi(gsi, &n))
		return -ENODEV;
	err = claim(pin, gsi);
	if (err)
		return err;
	rte.vector = pin->vector;
	if (!rte.dest)
		rte.dest = this_cpu(apic_id);
	pin->rte = rte;
	gsi_write_rte(gsi, rte);
	return 0;
}

bool pin_on_irq(struct pin *pin, u32 irq, union ioapic_rte rte)
{
	return pin_open(pin, irq_to_desc(irq)->gsi, rte) == 0;
}

bool wire_take(enum wire w)
{
	if (wire_open(w))
		return false;
	wires[w] = true;
	return true;
}

bool pin_on_wire(struct pin *pin, enum wire w, union ioapic_rte rte)
{
	return wire_take(w) && pin_on_irq(pin, wire_irq(w), rte);
}

enum wire pin_on_any_wire(struct pin *pin, union ioapic_rte rte)
{
	for (enum wire w = 0; w < NR_WIRES; w++) {
		if (pin_on_wire(pin, w, rte))
			return w;
	}
	return NR_WIRES;
}

void pin_mask(const struct pin *pin, bool masked)
{
	gsi_set_mask(pin->gsi, masked);
}

bool pin_remote_irr(const struct pin *pin)
{
	return gsi_read_rte(pin->gsi).remote_irr;
}

void pin_settle(void)
{
	udelay(SETTLE_US);
}

u32 pin_wait(const struct pin *pin, u32 count)
{
	if (!WAIT_FOR(pin->count >= count, SPIN_US))
		SLEEP_FOR(pin->count >= count, WAIT_DEFAULT_US);
	pin_settle();
	return pin->count;
}

/* Edge and masked: also what clears a Remote IRR that was left set. */
static void close_pin(u32 gsi)
{
	gsi_eoi(gsi);
	gsi_write_rte(gsi, (union ioapic_rte){ .masked = 1 });
}

void pins_close(void)
{
	for (u32 i = 0; i < MAX_PINS; i++) {
		if (pins[i].vector && pins[i].gsi != NO_PIN)
			gsi_set_mask(pins[i].gsi, true);
	}
	for (enum wire w = 0; w < NR_WIRES; w++) {
		if (wires[w])
			wire_close(w);
		wires[w] = false;
	}
	pin_settle(); /* what is still pending finds its handler */
	for (u32 i = 0; i < MAX_PINS; i++) {
		if (!pins[i].vector)
			continue;
		if (pins[i].gsi != NO_PIN)
			close_pin(pins[i].gsi);
		irq_release_vector(pins[i].vector);
		pins[i].vector = 0;
	}
}

/* What it ticks is as often as its handler runs. */
static void count_tick(void)
{
	raised_vectors(LOCAL_TIMER_VECTOR, 1);
}

void sleep_begin(void)
{
	hrtimers_suspend();
	apic_timer_set_handler(count_tick);
	apic_timer_start(TIMER_PERIODIC, TICK_US);
	local_irq_disable();
}

void sleep_once(void)
{
	if (apic_timer_clock.freq_hz) {
		safe_halt_disable();
		return;
	}
	local_irq_enable();
	cpu_relax();
	local_irq_disable();
}

void sleep_end(void)
{
	apic_timer_stop();
	local_irq_enable();
	WAIT_FOR(!lapic_test(APIC_IRR, LOCAL_TIMER_VECTOR), SETTLE_US);
	apic_timer_set_handler(NULL);
	hrtimers_resume();
}
