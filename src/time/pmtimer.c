// SPDX-License-Identifier: MIT
/*
 * pmtimer.c - the ACPI power management timer as a clock.
 *
 * Context: init on the boot CPU; reading any.
 * Spec:    ACPI Specification, "Power Management Timer": free running, three
 *          times the PIT's rate, bits 31:24 are 0 where TMR_VAL_EXT is.
 */
#include <time/pmtimer.h>

#include <asm/io.h>
#include <lib/errno.h>

static u16 pmtimer_port; /* written by pmtimer_init() */

static u64 pmtimer_read(void)
{
	return inl(pmtimer_port) & (pmtimer_clock.modulus - 1);
}

struct clock pmtimer_clock = {
	/* written by pmtimer_init() */
	.name = "pmtimer",     .read = pmtimer_read, .freq_hz = PMTIMER_HZ,
	.modulus = 1ull << 24, .bits = 24,
};

int pmtimer_init(u16 port, bool is_32bit)
{
	/* Twice: a 32-bit timer passes through all ones once in 20 minutes. */
	if (port == 0 || (inl(port) == ~0u && inl(port) == ~0u))
		return -ENODEV;
	pmtimer_port = port;
	pmtimer_clock.bits = is_32bit ? 32 : 24;
	pmtimer_clock.modulus = 1ull << pmtimer_clock.bits;
	if (!clock_moves(&pmtimer_clock))
		return -EIO;
	pmtimer_clock.present = true;
	return 0;
}
