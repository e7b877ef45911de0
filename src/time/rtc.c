// SPDX-License-Identifier: MIT
/*
 * rtc.c - CMOS access, and the MC146818A's date as a 1 Hz clock.
 *
 * Read:    cmos_read() for how accesses nest, rtc_read_time().
 * Used by: clock.c, dev/rtc.c.
 * Context: one CPU at a time; NMI handlers too.
 * Spec:    Motorola MC146818A datasheet, "Update Cycle", "Register A-D".
 */
#include <time/rtc.h>

#include <asm/io.h>
#include <cpu/deadline.h>
#include <cpu/irqflags.h>
#include <lib/errno.h>
#include <lib/string.h>

/*
 * What was last written to the index port, which cannot be read back. An
 * access that interrupts another finds the other's index here and puts it
 * back: so this is written before the port, and restored before it too.
 */
static u8 cmos_index = RTC_REG_D;
static u8 nmi_mask; /* written by cmos_set_nmi_mask(); 0 or CMOS_NMI_MASK */

static void cmos_select(u8 index)
{
	WRITE_ONCE(cmos_index, index);
	outb(index, CMOS_INDEX);
}

u8 cmos_read(u8 reg)
{
	u64 flags = local_irq_save();
	u8 found = READ_ONCE(cmos_index);
	u8 val;

	cmos_select(reg | nmi_mask);
	val = inb(CMOS_DATA);
	cmos_select(found);
	local_irq_restore(flags);
	return val;
}

void cmos_write(u8 val, u8 reg)
{
	u64 flags = local_irq_save();
	u8 found = READ_ONCE(cmos_index);

	cmos_select(reg | nmi_mask);
	outb(val, CMOS_DATA);
	cmos_select(found);
	local_irq_restore(flags);
}

bool cmos_set_nmi_mask(bool masked)
{
	u64 flags = local_irq_save();
	bool old = nmi_mask;

	nmi_mask = masked ? CMOS_NMI_MASK : 0;
	cmos_select(RTC_REG_D | nmi_mask);
	local_irq_restore(flags);
	return old;
}

static struct rtc_raw read_raw(void)
{
	return (struct rtc_raw){
		.second = cmos_read(RTC_SECONDS),
		.minute = cmos_read(RTC_MINUTES),
		.hour = cmos_read(RTC_HOURS),
		.day = cmos_read(RTC_DAY),
		.month = cmos_read(RTC_MONTH),
		.year = cmos_read(RTC_YEAR),
	};
}

/*
 * UIP = 0 promises 244 us, which a virtual CPU may sleep away: so the date
 * counts only if it reads the same twice, with no update near either time.
 */
static bool read_stable(struct rtc_raw *raw)
{
	struct rtc_raw again;

	if (cmos_read(RTC_REG_A) & RTC_A_UIP)
		return false;
	*raw = read_raw();
	if (cmos_read(RTC_REG_A) & RTC_A_UIP)
		return false;
	again = read_raw();
	return !memcmp(raw, &again, sizeof(again));
}

int rtc_read_time(struct rtc_time *t)
{
	u8 b = cmos_read(RTC_REG_B);
	struct rtc_raw raw;

	if (!WAIT_FOR(read_stable(&raw), WAIT_DEFAULT_US))
		return -ETIMEDOUT;
	return rtc_decode(&raw, !(b & RTC_B_DM_BINARY), !(b & RTC_B_24H), t);
}

int rtc_wait_update(u64 *tsc)
{
	cmos_read(RTC_REG_C); /* an old UF goes */
	if (!WAIT_FOR(cmos_read(RTC_REG_C) & RTC_C_UF, 2 * WAIT_DEFAULT_US))
		return -ETIMEDOUT;
	*tsc = rdtsc_ordered();
	return 0;
}

static u64 rtc_read(void)
{
	struct rtc_time t;

	return rtc_read_time(&t) ? 0 : rtc_time_seconds(&t);
}

struct clock rtc_clock = {
	/* present written by rtc_clock_init() */
	.name = "rtc",	       .read = rtc_read, .freq_hz = 1,
	.modulus = 1ull << 32, .bits = 32,	 .coarse = true,
};

/* The seconds alarm is a plain byte of RAM while no alarm is enabled. */
static bool holds_bytes(void)
{
	u8 old = cmos_read(RTC_SECONDS_ALARM);
	bool ok;

	cmos_write(0x15, RTC_SECONDS_ALARM);
	ok = cmos_read(RTC_SECONDS_ALARM) == 0x15;
	cmos_write(0x42, RTC_SECONDS_ALARM);
	ok = ok && cmos_read(RTC_SECONDS_ALARM) == 0x42;
	cmos_write(old, RTC_SECONDS_ALARM);
	return ok;
}

int rtc_clock_init(bool fadt_says_absent)
{
	u8 a = cmos_read(RTC_REG_A), b = cmos_read(RTC_REG_B);

	if (fadt_says_absent || (a == 0xff && b == 0xff))
		return -ENODEV;
	b &= ~(RTC_B_PIE | RTC_B_AIE | RTC_B_UIE);
	cmos_write(b, RTC_REG_B);
	cmos_read(RTC_REG_C); /* releases the line */
	if (!holds_bytes())
		return -ENODEV;
	if ((b & RTC_B_SET) || (a & RTC_A_DV) != RTC_A_DV_32KHZ)
		return -EIO;
	rtc_clock.present = true;
	return 0;
}
