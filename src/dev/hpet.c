// SPDX-License-Identifier: MIT
/*
 * hpet.c - HPET timers as interrupt sources.
 *
 * Read:    hpet_oneshot(); prepare() for the routes.
 * Uses:    time/hpet.h for registers.
 * Context: one user a timer; status functions any.
 * Spec:    IA-PC HPET Specification 1.0a, "Timer N Configuration and
 *          Capabilities Register", "Timer N Comparator Register", "Timer N
 *          FSB Interrupt Route Register".
 *
 * The order in all of it: interrupt off, route, comparator, status cleared,
 * interrupt on. So none comes of a comparator half written, and what is late
 * is seen by the counter, read last.
 */
#include <dev/hpet.h>

#include <cpu/deadline.h>
#include <lib/errno.h>

/* Bits of a timer's configuration that we decide; the others are kept. */
#define CFG_OURS                                                              \
	(HPET_TN_LEVEL | HPET_TN_ENABLE | HPET_TN_PERIODIC | HPET_TN_SETVAL | \
	 HPET_TN_32BIT | HPET_TN_ROUTE | HPET_TN_FSB)

#define LEGACY_TIMERS 2 /* 0 for the PIT, 1 for the RTC */

static u64 comparator[HPET_MAX_TIMERS];	 /* by each timer's user */
static u32 oneshot_cfg[HPET_MAX_TIMERS]; /* of the last hpet_oneshot(); 0 */
static u32 legacy_users; /* bit n: timer n needs legacy replacement */

bool hpet_present(void)
{
	return hpet_clock.present;
}

u32 hpet_timers(void)
{
	if (!hpet_present())
		return 0;
	return FIELD_GET(HPET_CAP_NUM_TIM, hpet_readl(HPET_CAP)) + 1;
}

int hpet_probe(void)
{
	u32 timers = hpet_timers();

	for (u32 n = 0; n < timers; n++)
		hpet_timer_stop(n);
	return timers ? (int)timers : -ENODEV;
}

int hpet_timer_info(u32 timer, struct hpet_timer_info *info)
{
	u32 cfg;

	if (timer >= hpet_timers())
		return -EINVAL;
	cfg = hpet_readl(HPET_Tn_CFG(timer));
	*info = (struct hpet_timer_info){
		.periodic_cap = cfg & HPET_TN_PERIODIC_CAP,
		.wide_cap = cfg & HPET_TN_64BIT_CAP,
		.fsb_cap = cfg & HPET_TN_FSB_CAP,
		.route_cap = hpet_readl(HPET_Tn_ROUTE_CAP(timer)),
	};
	return 0;
}

bool hpet_timer_is_wide(u32 timer)
{
	struct hpet_timer_info info;

	return !hpet_timer_info(timer, &info) && info.wide_cap &&
	       hpet_counter_is_64bit();
}

int hpet_pick_gsi(u32 timer, u32 allowed)
{
	struct hpet_timer_info info;
	u32 usable;

	if (hpet_timer_info(timer, &info))
		return -ENODEV;
	usable = info.route_cap & allowed;
	if (usable >> 16)
		usable &= 0xffff0000;
	return usable ? __builtin_ctz(usable) : -ENODEV;
}

/* The capability says it; chips also keep only a route that they have. */
static int route_ioapic(u32 timer, const struct hpet_setup *setup, u32 *cfg)
{
	if (setup->gsi >= 32)
		return -EINVAL;
	if (!(hpet_readl(HPET_Tn_ROUTE_CAP(timer)) & BIT(setup->gsi)))
		return -EOPNOTSUPP;
	*cfg |= FIELD_PREP(HPET_TN_ROUTE, setup->gsi);
	if (setup->level)
		*cfg |= HPET_TN_LEVEL;
	hpet_writel(*cfg, HPET_Tn_CFG(timer));
	if (FIELD_GET(HPET_TN_ROUTE, hpet_readl(HPET_Tn_CFG(timer))) !=
	    setup->gsi)
		return -EOPNOTSUPP;
	return 0;
}

static int route_fsb(u32 timer, const struct hpet_setup *setup, u32 *cfg)
{
	if (!(*cfg & HPET_TN_FSB_CAP))
		return -EOPNOTSUPP;
	hpet_writel(setup->fsb_data, HPET_Tn_FSB_VAL(timer));
	hpet_writel(setup->fsb_addr, HPET_Tn_FSB_ADDR(timer));
	*cfg |= HPET_TN_FSB;
	hpet_writel(*cfg, HPET_Tn_CFG(timer));
	return 0;
}

static int route_legacy(u32 timer, u32 *cfg)
{
	if (timer >= LEGACY_TIMERS || !(hpet_readl(HPET_CAP) & HPET_CAP_LEG_RT))
		return -EOPNOTSUPP;
	hpet_writel(*cfg, HPET_Tn_CFG(timer));
	legacy_users |= 1u << timer;
	hpet_writel(hpet_readl(HPET_CFG) | HPET_CFG_LEGACY, HPET_CFG);
	return 0;
}

/* Stop timer and route it; *cfg gets its configuration, still disabled. */
static int prepare(u32 timer, const struct hpet_setup *setup, u32 *cfg)
{
	hpet_timer_stop(timer);
	*cfg = hpet_readl(HPET_Tn_CFG(timer)) & ~CFG_OURS;
	if (!setup->wide)
		*cfg |= HPET_TN_32BIT;
	else if (!(*cfg & HPET_TN_64BIT_CAP))
		return -EOPNOTSUPP;
	switch (setup->route) {
	case HPET_ROUTE_IOAPIC:
		return route_ioapic(timer, setup, cfg);
	case HPET_ROUTE_FSB:
		return route_fsb(timer, setup, cfg);
	case HPET_ROUTE_LEGACY:
		return route_legacy(timer, cfg);
	}
	return -EINVAL;
}

static void write_comparator(u32 timer, u64 val, bool wide)
{
	if (wide)
		hpet_writel(val >> 32, HPET_Tn_CMP(timer) + 4);
	hpet_writel((u32)val, HPET_Tn_CMP(timer));
	comparator[timer] = val;
}

static u64 counter_now(bool wide)
{
	return wide ? hpet_counter64() : hpet_readl(HPET_COUNTER);
}

static bool oneshot_ticks_fit(u64 ticks, bool wide)
{
	u64 limit = wide ? HPET_MAX_WIDE_TICKS : INT32_MAX;

	return ticks >= HPET_MIN_TICKS && ticks <= limit;
}

static int late(u64 at, bool wide)
{
	u64 now = counter_now(wide);

	if (wide)
		return (s64)(now - at) < 0 ? 0 : -EAGAIN;
	return (s32)(now - at) < 0 ? 0 : -EAGAIN;
}

int hpet_oneshot(u32 timer, const struct hpet_setup *setup, u64 ticks)
{
	u64 at;
	u32 cfg;
	int err;

	if (!hpet_present())
		return -ENODEV;
	if (timer >= hpet_timers())
		return -EINVAL;
	if (!oneshot_ticks_fit(ticks, setup->wide))
		return -ERANGE;
	err = prepare(timer, setup, &cfg);
	if (err) {
		hpet_timer_stop(timer);
		return err;
	}
	at = counter_now(setup->wide) + ticks;
	write_comparator(timer, setup->wide ? at : (u32)at, setup->wide);
	hpet_clear_status(timer);
	oneshot_cfg[timer] = cfg | HPET_TN_ENABLE;
	hpet_writel(oneshot_cfg[timer], HPET_Tn_CFG(timer));
	return late(at, setup->wide);
}

int hpet_oneshot_again(u32 timer, u64 ticks)
{
	u32 cfg = timer < HPET_MAX_TIMERS ? oneshot_cfg[timer] : 0;
	bool wide = !(cfg & HPET_TN_32BIT);
	u64 at;

	if (!cfg || hpet_readl(HPET_Tn_CFG(timer)) != cfg)
		return -ENOENT;
	if (!oneshot_ticks_fit(ticks, wide))
		return -ERANGE;
	at = counter_now(wide) + ticks;
	if (!wide)
		at = (u32)at;
	if (at >> 32 != comparator[timer] >> 32)
		hpet_writel(at >> 32, HPET_Tn_CMP(timer) + 4);
	hpet_writel((u32)at, HPET_Tn_CMP(timer));
	comparator[timer] = at;
	return late(at, wide);
}

/*
 * With SETVAL the first write sets the comparator, the second the period. The
 * specification wants the counter halted meanwhile; it is everybody's clock,
 * so instead both writes are done before the interrupt is enabled.
 */
int hpet_periodic(u32 timer, const struct hpet_setup *setup, u32 ticks)
{
	struct hpet_timer_info info;
	u32 cfg, now;
	int err;

	if (!hpet_present())
		return -ENODEV;
	if (hpet_timer_info(timer, &info))
		return -EINVAL;
	if (!info.periodic_cap || setup->wide)
		return -EOPNOTSUPP;
	if (ticks < HPET_MIN_TICKS || ticks > INT32_MAX)
		return -ERANGE;
	err = prepare(timer, setup, &cfg);
	if (err) {
		hpet_timer_stop(timer);
		return err;
	}
	cfg |= HPET_TN_PERIODIC;
	hpet_writel(cfg | HPET_TN_SETVAL, HPET_Tn_CFG(timer));
	write_comparator(timer, (u32)(counter_now(false) + ticks), false);
	udelay(1); /* chips lose a second write that follows at once */
	hpet_writel(ticks, HPET_Tn_CMP(timer));
	hpet_clear_status(timer);
	hpet_writel(cfg | HPET_TN_ENABLE, HPET_Tn_CFG(timer));
	/* A comparator that was passed waits for the counter to wrap. */
	now = (u32)counter_now(false);
	return (s32)(now - (u32)comparator[timer]) < 0 ? 0 : -EAGAIN;
}

u64 hpet_comparator(u32 timer)
{
	return timer < HPET_MAX_TIMERS ? comparator[timer] : 0;
}

/*
 * A disabled timer still compares and, in level mode, still sets its status:
 * so level mode goes too, after the line was released in it.
 */
void hpet_timer_stop(u32 timer)
{
	u32 cfg;

	if (timer >= hpet_timers())
		return;
	oneshot_cfg[timer] = 0;
	cfg = hpet_readl(HPET_Tn_CFG(timer));
	cfg &= ~(HPET_TN_ENABLE | HPET_TN_PERIODIC);
	hpet_writel(cfg, HPET_Tn_CFG(timer));
	hpet_clear_status(timer);
	hpet_writel(cfg & ~HPET_TN_LEVEL, HPET_Tn_CFG(timer));
	hpet_clear_status(timer);
	legacy_users &= ~(1u << timer);
	if (!legacy_users)
		hpet_writel(hpet_readl(HPET_CFG) & ~HPET_CFG_LEGACY, HPET_CFG);
}

bool hpet_status(u32 timer)
{
	return hpet_readl(HPET_STATUS) & BIT(timer);
}

void hpet_clear_status(u32 timer)
{
	hpet_writel(BIT(timer), HPET_STATUS);
}

u64 hpet_ns_to_ticks(u64 ns)
{
	return mul_div_u64_up(ns, 1000000, hpet_period_fs());
}

void hpet_timer_save(u32 timer, struct hpet_timer_state *s)
{
	*s = (struct hpet_timer_state){ 0 };
	if (timer >= hpet_timers())
		return;
	s->cfg = hpet_readl(HPET_Tn_CFG(timer));
	s->cmp_lo = hpet_readl(HPET_Tn_CMP(timer));
	s->cmp_hi = hpet_readl(HPET_Tn_CMP(timer) + 4);
	s->fsb_val = hpet_readl(HPET_Tn_FSB_VAL(timer));
	s->fsb_addr = hpet_readl(HPET_Tn_FSB_ADDR(timer));
	s->general_cfg = hpet_readl(HPET_CFG);
}

/* The configuration comes last: it may enable what the rest describes. */
void hpet_timer_restore(u32 timer, const struct hpet_timer_state *s)
{
	u32 quiet = s->cfg & ~(HPET_TN_ENABLE | HPET_TN_PERIODIC);

	if (timer >= hpet_timers())
		return;
	hpet_timer_stop(timer);
	hpet_writel(quiet, HPET_Tn_CFG(timer));
	hpet_writel(s->fsb_val, HPET_Tn_FSB_VAL(timer));
	hpet_writel(s->fsb_addr, HPET_Tn_FSB_ADDR(timer));
	if (!(quiet & HPET_TN_32BIT))
		hpet_writel(s->cmp_hi, HPET_Tn_CMP(timer) + 4);
	hpet_writel(s->cmp_lo, HPET_Tn_CMP(timer));
	hpet_clear_status(timer);
	hpet_writel(s->cfg, HPET_Tn_CFG(timer));
	hpet_writel(s->general_cfg, HPET_CFG);
}
