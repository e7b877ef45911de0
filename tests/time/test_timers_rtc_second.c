// SPDX-License-Identifier: MIT
/*
 * What the RTC does when a second ends: UIP before it, flags after it, and
 * how long the second was by all other clocks; and the bit SET.
 *
 * A case sleeps until shortly before that moment, which an earlier case may
 * have seen, and then looks on. What was missed asleep is awaited again.
 *
 * Spec: Motorola MC146818A datasheet, "Update Cycle", "Register A", "Register
 *       B", "Interrupts".
 */
#include <acpi/tables.h>
#include <apic/apic_timer.h>
#include <dev/rtc.h>
#include <irq/irq.h>
#include <lib/string.h>
#include <time/tsc.h>

#include "timers.h"

#define RTC	  .needs = NEEDS_RTC | NEEDS_IOAPIC, .uses = USES_RTC
#define UIP_RULE  "MC146818A Register A, Update In Progress"
#define SET_RULE  "MC146818A Register B, SET"
#define SLOW	  "takes more than 2 s: runs with stress"
#define TRIES	  4
#define GOOD_US	  200	/* a second's end seen so exactly is good enough */
#define EARLY_US  45000 /* before the second ends: a sleeper's tick and more */
#define UIP_US	  244	/* from its rise to the update, at least */
#define UPDATE_US 3000	/* from its rise to its fall, at most */
#define WINDOW_US 5000

/* UIP rose between these. */
struct edge {
	u64 before, after; /* TSC */
	u8 second;	   /* that ended */
	bool seen;	   /* UIP = 1, not only that the time had changed */
	bool lied;	   /* UIP = 0, and the time changed at once */
};

static struct stamped s;
static u8 flags;
static struct edge first_edge; /* of the run, for the longest baseline */

static void read_flags(struct stamped *st)
{
	flags = rtc_read_flags();
}

static u64 us_to_tsc_ticks(u64 us)
{
	return ns_to_ticks(us * NSEC_PER_USEC, tsc_clock.freq_hz);
}

static bool uip(void)
{
	return cmos_read(RTC_REG_A) & RTC_A_UIP;
}

/* Asleep until the second that runs has us left; false: no RTC. */
static bool sleep_to_the_end(u32 us)
{
	u64 second = tsc_clock.freq_hz, target;

	if (!rtc_second_began) {
		EXPECT_EQ(rtc_update_start(), 0);
		SLEEP_FOR(s.pin.count, WAIT_DEFAULT_US);
		rtc_stop();
		if (!EXPECT_GE(s.pin.count, 1))
			return false;
		rtc_second_began = s.tsc[0];
	}
	target = rtc_second_began - us_to_tsc_ticks(us);
	while ((s64)(rdtsc() - target) > 0)
		target += second;
	SLEEP_FOR((s64)(rdtsc() - target) >= 0, WAIT_DEFAULT_US);
	return true;
}

/*
 * Look on until UIP rises; who was paused finds that the time has changed. It
 * was the old one after UIP was read as 0 at 'before': so there UIP promised
 * it for 244 us.
 */
static struct edge watch(void)
{
	u64 deadline = deadline_after(WAIT_DEFAULT_US), now = rdtsc_ordered();
	struct edge e = { .second = cmos_read(RTC_SECONDS) };
	bool over = false;
	u32 n;

	for (n = 0; !over && !deadline_passed(deadline); n++) {
		e.before = now;
		now = rdtsc_ordered();
		e.seen = uip();
		over = e.seen || cmos_read(RTC_SECONDS) != e.second;
	}
	e.after = rdtsc_ordered();
	e.lied = !e.seen && n > 1 &&
		 e.after - e.before < us_to_tsc_ticks(UIP_US);
	if (n == 1) /* too late to see it rise */
		e.before -= us_to_tsc_ticks(UPDATE_US);
	return e;
}

/* The end of the running second, or of one that was seen more exactly. */
static struct edge next_edge(void)
{
	struct edge best = { .after = UINT64_MAX };
	u64 good = us_to_tsc_ticks(GOOD_US);

	for (u32 i = 0; best.after - best.before > good && i < TRIES; i++) {
		struct edge e;

		if (!sleep_to_the_end(EARLY_US))
			break;
		e = watch();
		if (e.after - e.before < best.after - best.before)
			best = e;
		if (e.lied)
			break;
	}
	if (!first_edge.after)
		first_edge = best;
	return best;
}

TEST(timers, rtc_update_in_progress_comes_before_the_time_changes, UIP_RULE,
     RTC)
{
	struct edge e;

	if (!rtc_open(&s, read_flags))
		return;
	e = next_edge();
	EXPECT_FALSE(e.lied);
	EXPECT_TRUE(WAIT_FOR(!uip(), WAIT_DEFAULT_US));
	EXPECT_NE(cmos_read(RTC_SECONDS), e.second);
}

/* The TSC's rate by what clk says of itself, and how uncertain that is. */
static u64 tsc_hz_by(const struct clock *clk, u32 *ppm)
{
	struct clock_rate rate;

	*ppm = tsc_calibration()->uncertainty_ppm;
	if (clk == &tsc_clock)
		return tsc_clock.freq_hz;
	if (!EXPECT_EQ(clock_measure(&tsc_clock, clk, WINDOW_US, &rate), 0))
		return 0;
	*ppm = rate.uncertainty_ppm;
	return mul_div_u64(tsc_clock.freq_hz, clk->freq_hz, rate.hz);
}

/* From the run's first edge that was seen to one now: whole seconds. */
TEST(timers, rtc_and_every_clock_agree,
     "SDM 3B Time-Stamp Counter; irqbed include/time/clockmath.h", RTC)
{
	const struct clock *const clocks[] = {
		&tsc_clock, clock_get(CLOCK_HPET), clock_get(CLOCK_PMTIMER),
		clock_get(CLOCK_PIT), &apic_timer_clock
	};
	struct edge a = first_edge, b;
	u64 ticks, seconds, hz;
	u32 open, ppm;

	if (!rtc_open(&s, read_flags))
		return;
	if (!a.after)
		a = next_edge();
	b = next_edge();
	ticks = (b.before + b.after - a.before - a.after) / 2;
	seconds = (ticks + tsc_clock.freq_hz / 2) / tsc_clock.freq_hz;
	if (!EXPECT_GE(seconds, 1))
		return;
	open = ppm_of((a.after - a.before + b.after - b.before) / 2, ticks);
	for (u32 i = 0; i < ARRAY_SIZE(clocks); i++) {
		if (!clocks[i] || !clocks[i]->freq_hz)
			continue;
		hz = tsc_hz_by(clocks[i], &ppm);
		clocks_expect_agreement("rtc", clocks[i]->name,
					ppm_error(hz, ticks / seconds),
					open + ppm);
	}
}

/* Nobody listened when the second ended: the flag waits, and is heard. */
TEST(timers, rtc_flag_that_waits_interrupts_when_it_is_enabled,
     "MC146818A Interrupts", RTC)
{
	if (!rtc_open(&s, read_flags) || !sleep_to_the_end(5000))
		return;
	rtc_read_flags();
	s.pin.count = 0;
	SLEEP_FOR(false, 50000);
	EXPECT_EQ(s.pin.count, 0);
	cmos_write(cmos_read(RTC_REG_B) | RTC_B_UIE, RTC_REG_B);
	EXPECT_EQ(pin_wait(&s.pin, 1), 1);
	EXPECT_EQ(flags & (RTC_C_IRQF | RTC_C_UF), RTC_C_IRQF | RTC_C_UF);
}

/* All three enabled, nobody listens, and a second ends. */
TEST(timers, rtc_flags_that_gathered_are_told_in_one_read,
     "MC146818A Interrupts", RTC)
{
	const u8 enabled = RTC_B_PIE | RTC_B_AIE | RTC_B_UIE;
	const u8 all = RTC_C_IRQF | RTC_C_PF | RTC_C_AF | RTC_C_UF;
	u8 second;

	if (!rtc_open(&s, read_flags) || !sleep_to_the_end(EARLY_US))
		return;
	pin_mask(&s.pin, true);
	EXPECT_EQ(rtc_alarm_every_second(), 0);
	EXPECT_EQ(rtc_update_start(), 0);
	EXPECT_EQ(rtc_periodic_start(10), 0); /* 15.6 ms */
	EXPECT_EQ(cmos_read(RTC_REG_B) & enabled, enabled);
	second = cmos_read(RTC_SECONDS);
	SLEEP_FOR(cmos_read(RTC_SECONDS) != second, WAIT_DEFAULT_US);
	SLEEP_FOR(false, 20000); /* the update's flags, and a period */
	EXPECT_EQ(rtc_read_flags(), all);
	EXPECT_EQ(rtc_read_flags() & (RTC_C_AF | RTC_C_UF), 0);
}

TEST(timers, rtc_alarm_of_another_hour_is_silent, "MC146818A Alarm Interrupt",
     RTC)
{
	u8 c;

	if (!ktest_stress())
		SKIP(return, SLOW);
	if (!rtc_open(&s, read_flags) || !sleep_to_the_end(EARLY_US))
		return;
	EXPECT_EQ(rtc_alarm_start(3599), 0);
	cmos_write(RTC_ALARM_ANY, RTC_SECONDS_ALARM);
	rtc_read_flags();
	s.pin.count = 0;
	SLEEP_FOR(false, 2 * EARLY_US);
	c = rtc_read_flags();
	EXPECT_EQ(c & (RTC_C_UF | RTC_C_AF | RTC_C_IRQF), RTC_C_UF);
	EXPECT_EQ(s.pin.count, 0);
}

/* How long the running second is old. */
static u64 second_age_ns(void)
{
	return tsc_ns((rdtsc() - rtc_second_began) % tsc_clock.freq_hz);
}

/* In the first half of a second: until it ends nothing is lost by SET. */
static bool begin_set(void)
{
	if (!rtc_open(&s, read_flags))
		return false;
	if (!rtc_second_began || second_age_ns() > NSEC_PER_SEC / 2) {
		s.pin.count = 0;
		EXPECT_EQ(rtc_update_start(), 0);
		SLEEP_FOR(s.pin.count, WAIT_DEFAULT_US);
		rtc_second_began = s.tsc[0];
		EXPECT_GE(s.pin.count, 1);
		rtc_stop();
	}
	pin_mask(&s.pin, true);
	return ktest_ok();
}

TEST(timers, rtc_set_takes_the_update_interrupts_enable_away, SET_RULE, RTC)
{
	u8 b;

	if (!begin_set())
		return;
	b = cmos_read(RTC_REG_B);
	cmos_write(b | RTC_B_UIE, RTC_REG_B);
	EXPECT_TRUE(cmos_read(RTC_REG_B) & RTC_B_UIE);
	cmos_write(b | RTC_B_UIE | RTC_B_SET, RTC_REG_B);
	EXPECT_EQ(cmos_read(RTC_REG_B) & (RTC_B_SET | RTC_B_UIE), RTC_B_SET);
	EXPECT_FALSE(uip());
	cmos_write(b, RTC_REG_B);
}

/* The registers of a date; the century's, where the board has one. */
#define DATE_REGS 7
static u8 date_reg(u32 i)
{
	static const u8 regs[] = { RTC_SECONDS, RTC_MINUTES, RTC_HOURS,
				   RTC_DAY,	RTC_MONTH,   RTC_YEAR };

	return i < ARRAY_SIZE(regs) ? regs[i] : acpi_tables.fadt.century;
}

static void read_date(u8 raw[])
{
	for (u32 i = 0; i < DATE_REGS; i++)
		raw[i] = date_reg(i) || !i ? cmos_read(date_reg(i)) : 0;
}

/* Under SET, which the caller ends. */
static void write_date(const u8 raw[], u8 b)
{
	cmos_write(b | RTC_B_SET, RTC_REG_B);
	for (u32 i = 0; i < DATE_REGS; i++) {
		if (date_reg(i) || !i)
			cmos_write(raw[i], date_reg(i));
	}
}

/* 2027-12-31, 23:59:59 in format b. */
static void last_second(u8 raw[], u8 b)
{
	static const u8 date[DATE_REGS] = { 59, 59, 0, 31, 12, 27, 20 };
	bool bcd = !(b & RTC_B_DM_BINARY);

	for (u32 i = 0; i < DATE_REGS; i++)
		raw[i] = bcd ? bin_to_bcd(date[i]) : date[i];
	raw[2] = rtc_hour_raw(23, bcd, !(b & RTC_B_24H));
}

#define FORMAT	  (RTC_B_DM_BINARY | RTC_B_24H)
#define LAST_2027 (10227 * 86400u - 1) /* since 2000 began */

TEST(timers, rtc_keeps_a_time_set_in_each_format,
     "MC146818A Time, Calendar, and Alarm Locations", RTC)
{
	u8 found[DATE_REGS], raw[DATE_REGS], b;
	struct rtc_time t;

	if (!begin_set())
		return;
	b = cmos_read(RTC_REG_B);
	read_date(found);
	for (u8 format = 0; format <= FORMAT; format += RTC_B_24H) {
		last_second(raw, format);
		write_date(raw, (b & ~FORMAT) | format);
		if (EXPECT_EQ(rtc_read_time(&t), 0))
			EXPECT_EQ(rtc_time_seconds(&t), LAST_2027);
	}
	write_date(found, b);
	cmos_write(b, RTC_REG_B);
}

/* The update of the running second has ended. */
static void await_update(void)
{
	EXPECT_TRUE(SLEEP_FOR(rtc_read_flags() & RTC_C_UF, WAIT_DEFAULT_US));
}

/* The date, at a time that has n more seconds in its minute. */
static void find_date(u8 found[], u8 b, u32 n)
{
	for (u32 i = 0; i <= n; i++) {
		read_date(found);
		if (b & RTC_B_DM_BINARY ? found[0] + n < 60
					: bcd_to_bin(found[0]) + n < 60)
			break;
		await_update();
	}
}

/* That date is to go on, n seconds later. */
static void go_on(u8 found[], u8 b, u32 n)
{
	if (b & RTC_B_DM_BINARY)
		found[0] += (u8)n;
	else
		found[0] = bin_to_bcd((u8)(bcd_to_bin(found[0]) + n));
	write_date(found, b);
	cmos_write(b, RTC_REG_B);
}

/* A second ends under SET. What of the flags that left; same: the date stood.
 */
static u8 hold(bool *same)
{
	u8 found[DATE_REGS], now[DATE_REGS], b = cmos_read(RTC_REG_B), c;
	u64 hz = tsc_clock.freq_hz, begin;

	find_date(found, b, 1);
	if (!sleep_to_the_end(EARLY_US))
		return 0;
	read_date(found);
	cmos_write(b | RTC_B_SET, RTC_REG_B);
	begin = (rdtsc() - rtc_second_began) / hz;
	rtc_read_flags();
	SLEEP_FOR(false, 2 * EARLY_US);
	read_date(now);
	c = rtc_read_flags();
	*same = !memcmp(found, now, sizeof(now));
	go_on(found, b, (u32)((rdtsc() - rtc_second_began) / hz - begin));
	return c;
}

TEST(timers, rtc_set_holds_the_time, SET_RULE, RTC)
{
	bool same = false;

	if (!begin_set())
		return;
	hold(&same);
	EXPECT_TRUE(same);
}

/* No update, so none that ended. */
TEST(timers, rtc_set_keeps_the_update_ended_flag_clear, SET_RULE, RTC)
{
	bool same;

	if (!ktest_stress())
		SKIP(return, SLOW);
	if (!begin_set())
		return;
	EXPECT_EQ(hold(&same) & RTC_C_UF, 0);
}

TEST(timers, rtc_new_year_changes_every_digit_in_each_format,
     "MC146818A Update Cycle", RTC, .deadline_ms = 30000)
{
	u8 found[DATE_REGS], raw[DATE_REGS], b;
	struct rtc_time t;

	if (!ktest_stress())
		SKIP(return, SLOW);
	if (!begin_set())
		return;
	b = cmos_read(RTC_REG_B);
	find_date(found, b, 4);
	for (u8 format = 0; format <= FORMAT; format += RTC_B_24H) {
		last_second(raw, format);
		write_date(raw, (b & ~FORMAT) | format);
		cmos_write((b & ~FORMAT) | format, RTC_REG_B);
		rtc_read_flags();
		await_update();
		if (EXPECT_EQ(rtc_read_time(&t), 0))
			EXPECT_EQ(rtc_time_seconds(&t), LAST_2027 + 1);
	}
	go_on(found, b, 4);
}
