// SPDX-License-Identifier: MIT
/*
 * test_irq_affinity.c - lines that have a pin, sent to each CPU in turn and
 * moved while they interrupt: none lost, none doubled.
 *
 * Linux: kernel/irq/manage.c, arch/x86/kernel/apic/vector.c, io_apic.c.
 */
#include "irq.h"

#include <apic/ioapic.h>
#include <cpu/cpumask.h>
#include <cpu/deadline.h>
#include <dev/hpet.h>
#include <dev/pit.h>
#include <dev/rtc.h>
#include <dev/wire.h>
#include <ktest/affinity.h>
#include <ktest/pin.h>

#define AFFINITY "Linux kernel/irq/manage.c, irq_set_affinity()"
#define MOVE	 "Linux arch/x86/kernel/apic/vector.c, irq_complete_move()"
#define ACK	 "Linux arch/x86/kernel/apic/io_apic.c, ioapic_ack_level()"
#define SMP_PIN	 .needs = NEEDS_SMP | NEEDS_IOAPIC
#define ROUNDS	 200
#define TIMER	 0
#define SHOT_NS	 50000
#define FIRED_US 20000

static enum wire wire = NR_WIRES;
static bool uses_pit, uses_rtc, uses_hpet;
static struct pit_state pit_found;
static struct rtc_state rtc_found;
static struct hpet_timer_state hpet_found;
static struct hpet_setup shot;
static u32 fsb_irq;

/*
 * What comes by itself is stopped before its line is freed; stopping the PIT
 * is one more edge, and the line's no longer.
 */
void affinity_close(void)
{
	if (uses_rtc)
		rtc_stop();
	if (uses_hpet)
		hpet_timer_stop(TIMER);
	affinity_end();
	if (fsb_irq)
		irq_free_desc(fsb_irq);
	fsb_irq = 0;
	if (wire != NR_WIRES)
		wire_close(wire);
	if (uses_pit) {
		pit_stop();
		pit_restore(&pit_found);
	}
	if (uses_rtc)
		rtc_restore(&rtc_found);
	if (uses_hpet)
		hpet_timer_restore(TIMER, &hpet_found);
	uses_pit = uses_rtc = uses_hpet = false;
	wire = NR_WIRES;
}

static void raise_wire(void)
{
	wire_raise(wire);
}

static void lower_wire(void)
{
	wire_lower(wire);
}

static bool open_wire(enum wire w, u32 flags)
{
	struct moved_line line = { .raise = raise_wire, .lower = lower_wire };

	if (wire_open(w))
		SKIP(return false, NO_WIRE);
	wire = w;
	line.irq = wire_irq(w);
	return affinity_begin(&line, flags);
}

TEST(irq, a_uarts_edge_goes_to_each_cpu, AFFINITY, SMP_PIN)
{
	if (open_wire(WIRE_UART, IRQF_TRIGGER_RISING))
		affinity_each_cpu();
}

TEST(irq, a_keyboards_edge_goes_to_each_cpu, AFFINITY, SMP_PIN)
{
	if (open_wire(WIRE_I8042, IRQF_TRIGGER_RISING))
		affinity_each_cpu();
}

TEST(irq, a_level_goes_to_each_cpu, ACK, SMP_PIN)
{
	if (open_wire(WIRE_UART, IRQF_TRIGGER_HIGH))
		affinity_each_cpu();
}

TEST(irq, a_moving_edge_is_neither_lost_nor_doubled, MOVE, SMP_PIN)
{
	if (open_wire(WIRE_UART, IRQF_TRIGGER_RISING))
		affinity_under_load(ROUNDS);
}

TEST(irq, a_moving_level_is_neither_lost_nor_doubled, ACK, SMP_PIN)
{
	if (open_wire(WIRE_UART, IRQF_TRIGGER_HIGH))
		affinity_under_load(ROUNDS);
}

static void pit_shoot(void)
{
	pit_start(PIT_ONE_SHOT, 100);
}

TEST(irq, the_pits_line_goes_to_each_cpu, AFFINITY,
     .needs = NEEDS_SMP | NEEDS_IOAPIC | NEEDS_PIT,
     .uses = USES_PIT | USES_HPET)
{
	static const struct moved_line line = { .irq = 0, .raise = pit_shoot };

	pit_save(&pit_found);
	uses_pit = true;
	if (affinity_begin(&line, IRQF_TRIGGER_RISING))
		affinity_each_cpu();
}

/*
 * Slow: its handler is there before the next one. Where the line is up until
 * the flags are read that is no edge; QEMU sends one nevertheless.
 */
#define RTC_8_HZ      13
#define RTC_PERIOD_US 125000

static void rtc_one(void)
{
	rtc_periodic_start(RTC_8_HZ);
}

static void rtc_no_more(void)
{
	rtc_stop();
	rtc_read_flags();
}

TEST(irq, the_rtcs_line_goes_to_each_cpu, AFFINITY,
     .needs = NEEDS_SMP | NEEDS_IOAPIC | NEEDS_RTC, .uses = USES_RTC)
{
	static const struct moved_line line = { .irq = 8,
						.raise = rtc_one,
						.lower = rtc_no_more,
						.period_us = RTC_PERIOD_US };

	if (irq_to_desc(8)->level)
		SKIP(return, "irq 8 is level-triggered here");
	rtc_save(&rtc_found);
	uses_rtc = true;
	if (affinity_begin(&line, 0))
		affinity_each_cpu();
}

/* -EAGAIN: this CPU was away; then it has fired, or it will not any more. */
static void hpet_shoot(void)
{
	u32 before = affinity_calls();

	for (u64 ns = SHOT_NS; ns < 1 << 30; ns *= 4) {
		if (!hpet_oneshot(TIMER, &shot, hpet_ns_to_ticks(ns)))
			return;
		hpet_timer_stop(TIMER);
		if (WAIT_FOR(affinity_calls() != before, FIRED_US))
			return;
	}
}

static void fsb_shoot(void)
{
	hpet_irq_setup(TIMER, &shot);
	hpet_shoot();
}

static bool open_fsb(void)
{
	struct moved_line line = { .raise = fsb_shoot };
	int irq = hpet_alloc_irq(TIMER);

	if (irq < 0)
		SKIP(return false, "timer %u sends no FSB messages", TIMER);
	line.irq = fsb_irq = (u32)irq;
	hpet_timer_save(TIMER, &hpet_found);
	uses_hpet = true;
	return affinity_begin(&line, 0);
}

static bool open_hpet(void)
{
	struct moved_line line = { .raise = hpet_shoot };
	u32 pins = 0, pin;
	int gsi;

	for (u32 i = 0; i < 32; i++)
		pins |= ioapic_of_gsi(i, &pin) ? 1u << i : 0;
	gsi = hpet_pick_gsi(TIMER, pins);
	if (!EXPECT_GE(gsi + 1, 1))
		return false;
	hpet_timer_save(TIMER, &hpet_found);
	uses_hpet = true;
	shot = (struct hpet_setup){ .route = HPET_ROUTE_IOAPIC,
				    .gsi = (u8)gsi };
	line.irq = irq_of_gsi((u32)gsi);
	return affinity_begin(&line, IRQF_TRIGGER_RISING);
}

#define HPET                                            \
	.needs = NEEDS_SMP | NEEDS_HPET | NEEDS_IOAPIC, \
	.uses = USES_HPET | USES_PIT

TEST(irq, the_hpets_line_goes_to_each_cpu, AFFINITY, HPET)
{
	if (open_hpet())
		affinity_each_cpu();
}

TEST(irq, the_hpets_moving_line_is_neither_lost_nor_doubled, MOVE, HPET)
{
	if (open_hpet())
		affinity_under_load(ROUNDS);
}

TEST(irq, the_hpets_messages_go_to_each_cpu,
     "HPET Timer N FSB Interrupt Route Register", HPET)
{
	if (open_fsb())
		affinity_each_cpu();
}
