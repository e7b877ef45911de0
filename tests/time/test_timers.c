// SPDX-License-Identifier: MIT
/*
 * The suite `timers`: its frame, and what all its files use. The cases are in
 * test_timers_pit.c, _rtc.c, _hpet.c and _clocks.c.
 *
 * A periodic source is judged by when its k-th interrupt came, never by the
 * distance of two: a late one makes the next seem early.
 */
#include "hpet_case.h"

#include <asm/io.h>
#include <cpu/irqflags.h>
#include <dev/pit.h>
#include <dev/rtc.h>
#include <irq/irq.h>
#include <time/tsc.h>

static struct {
	bool pit, pit_2, rtc;
	u8 port_61;
	u32 hpet; /* bit n: timer n */
	struct pit_state pit_state;
	struct rtc_state rtc_state;
	struct hpet_timer_state hpet_state[HPET_MAX_TIMERS];
} used;

/* Pins first: pit_stop() makes one more edge. */
static void teardown(void)
{
	pm1_close();
	pins_close();
	if (used.pit)
		pit_restore(&used.pit_state);
	if (used.pit_2)
		outb(used.port_61, PORT_61);
	if (used.rtc)
		rtc_restore(&used.rtc_state);
	for (u32 n = 0; n < HPET_MAX_TIMERS; n++) {
		if (used.hpet & BIT(n))
			hpet_timer_restore(n, &used.hpet_state[n]);
	}
	used.pit = used.pit_2 = used.rtc = false;
	used.hpet = 0;
	hpet_put_counter_back();
}

SUITE(timers, .teardown = teardown, .uses = USES_APIC_TIMER);

void timers_use_pit(void)
{
	if (!used.pit) /* a second time it would save what the case did */
		pit_save(&used.pit_state);
	used.pit = true;
}

void timers_use_pit_channel_2(void)
{
	if (!used.pit_2)
		used.port_61 = inb(PORT_61) & PORT_61_WRITABLE;
	used.pit_2 = true;
	outb(used.port_61 & ~PORT_61_SPEAKER, PORT_61);
}

void pit_write_count(u32 channel, u32 count)
{
	u64 flags = local_irq_save(); /* two bytes make one count */

	outb(count & 0xff, PIT_CH(channel));
	outb(count >> 8 & 0xff, PIT_CH(channel));
	local_irq_restore(flags);
}

void pit_program(u32 channel, u32 control, u32 count)
{
	outb((u8)(PIT_SELECT(channel) | control), PIT_MODE);
	if ((control & PIT_LSB_MSB) == PIT_LSB_MSB)
		pit_write_count(channel, count);
	else
		outb((u8)(control & PIT_LSB ? count : count >> 8),
		     PIT_CH(channel));
}

bool pit_within(u64 since, u64 count)
{
	u64 ns = tsc_ns(rdtsc() - since);

	return ns_to_ticks(ns + slack_ns(ns), PIT_HZ) < count;
}

void timers_use_rtc(void)
{
	if (!used.rtc)
		rtc_save(&used.rtc_state);
	used.rtc = true;
}

void timers_use_hpet(u32 timer)
{
	if (used.hpet & BIT(timer))
		return;
	hpet_timer_save(timer, &used.hpet_state[timer]);
	used.hpet |= BIT(timer);
}

static void stamp(struct pin *pin)
{
	struct stamped *s = container_of(pin, struct stamped, pin);
	u32 n = pin->count - 1;

	if (n < STAMPS) {
		s->tsc[n] = pin->last_tsc;
		s->hpet[n] = hpet_present() ? hpet_readl(HPET_COUNTER) : 0;
	}
	if (s->ack)
		s->ack(s);
}

bool stamped_open(struct stamped *s, u32 gsi, union ioapic_rte rte)
{
	s->pin.vector = 0x61;
	s->pin.handler = stamp;
	return pin_open(&s->pin, gsi, rte) == 0;
}

u32 stamped_wait(struct stamped *s, u32 count)
{
	SLEEP_FOR(s->pin.count >= count, WAIT_DEFAULT_US);
	pin_settle();
	return s->pin.count;
}

u64 tsc_ns(u64 ticks)
{
	return ticks_to_ns(ticks, tsc_clock.freq_hz);
}

/* 500 ppm between any two oscillators, the TSC's own, and 2 us of grain. */
u64 slack_ns(u64 ns)
{
	u64 ppm = 500 + tsc_calibration()->uncertainty_ppm;

	return ns * ppm / 1000000 + 2000;
}

void expect_never_early(const struct stamped *s, u64 start, u64 period_ns)
{
	u32 n = min(s->pin.count, (u32)STAMPS);

	for (u32 k = 0; k < n; k++) {
		u64 due = (k + 1) * period_ns;

		if (EXPECT_GE(tsc_ns(s->tsc[k] - start) + slack_ns(due), due))
			continue;
		ktest_note("interrupt %u", k + 1);
		return;
	}
}

union ioapic_rte rte_of_irq(u32 irq)
{
	const struct irq_desc *desc = irq_to_desc(irq);

	return (union ioapic_rte){ .level = desc->level,
				   .active_low = desc->active_low };
}
