// SPDX-License-Identifier: MIT
/*
 * apic_timer.c - the local APIC timer as a per-CPU interrupt source.
 *
 * Context: the owning CPU, interrupts off.
 * Spec:    SDM 3A "APIC Timer", "Local Vector Table".
 */
#include <apic/apic_timer.h>

#include <asm/irq_vectors.h>
#include <cpu/percpu.h>
#include <lib/errno.h>

#define CALIBRATE_US 5000

/* Set in task context of its CPU by the timer's one owner. */
static DEFINE_PER_CPU(void *, event_handler);

static u64 read_count(void)
{
	return apic_read(APIC_TMCCT);
}

/* Masked, from the top: it counts silently. */
static int start_counting(void)
{
	apic_write(APIC_LVTT, APIC_LVT_MASKED | LOCAL_TIMER_VECTOR);
	apic_write(APIC_TDCR, APIC_TDR_DIV_16);
	apic_write(APIC_TMICT, ~0u);
	return 0;
}

static void stop_counting(void)
{
	apic_timer_stop();
}

struct clock apic_timer_clock = {
	.name = "apic-timer",
	.read = read_count,
	.start = start_counting,
	.stop = stop_counting,
	.modulus = 1ull << 32,
	.bits = 32,
	.down = true,
	.present = true,
};

int apic_timer_calibrate(const struct clock *ref, struct clock_rate *rate)
{
	int err = clock_measure(ref, &apic_timer_clock, CALIBRATE_US, rate);

	if (!err)
		apic_timer_clock.freq_hz = rate->hz;
	return err;
}

int apic_timer_start_ns(enum lvt_timer_mode mode, u64 ns)
{
	u64 count = clock_ns_to_ticks(&apic_timer_clock, ns);

	if (!apic_timer_clock.freq_hz)
		return -ENODEV;
	if (count == 0 || count > UINT32_MAX) /* TMICT = 0 would stop it */
		return -ERANGE;
	apic_write(APIC_TDCR, APIC_TDR_DIV_16);
	apic_write(APIC_LVTT, (u32)mode | LOCAL_TIMER_VECTOR);
	apic_write(APIC_TMICT, (u32)count); /* this write starts the count */
	return 0;
}

int apic_timer_start(enum lvt_timer_mode mode, u64 us)
{
	return apic_timer_start_ns(mode, us * 1000);
}

void apic_timer_stop(void)
{
	apic_write(APIC_LVTT, APIC_LVT_MASKED | LOCAL_TIMER_VECTOR);
	apic_write(APIC_TMICT, 0);
}

void apic_timer_set_handler(void (*fn)(void))
{
	WRITE_ONCE(*this_cpu_ptr(&event_handler), (void *)fn);
}

void apic_timer_event(void)
{
	void (*fn)(void) = READ_ONCE(*this_cpu_ptr(&event_handler));

	if (fn)
		fn();
}
