// SPDX-License-Identifier: MIT
/*
 * The HPET's registers: what it declares, and that it is and stays so.
 *
 * Spec: IA-PC HPET Specification 1.0a, "General Capabilities and ID Register",
 *       "Timer N Configuration and Capabilities Register".
 */
#include <acpi/tables.h>

#include "hpet_case.h"

#define CAP_RULE "HPET General Capabilities and ID Register"
#define CFG_RULE "HPET Timer N Configuration and Capabilities"
#define CFG_CAPS (HPET_TN_PERIODIC_CAP | HPET_TN_64BIT_CAP | HPET_TN_FSB_CAP)

static u32 cfg_of(u32 timer)
{
	return hpet_readl(HPET_Tn_CFG(timer));
}

TEST(timers, hpet_period_is_at_most_100_ns, CAP_RULE, HPET)
{
	u32 cap = hpet_readl(HPET_CAP);

	EXPECT_GE(hpet_period_fs(), 1);
	EXPECT_LE(hpet_period_fs(), HPET_MAX_PERIOD_FS);
	EXPECT_NE(FIELD_GET(HPET_CAP_REV, cap), 0);
	EXPECT_EQ(cap & BIT(14), 0);
}

TEST(timers, hpet_has_the_id_that_acpi_says,
     "HPET The ACPI 2.0 HPET Description Table (HPET)", HPET)
{
	EXPECT_EQ(acpi_tables.hpet.id, hpet_readl(HPET_CAP));
}

TEST(timers, hpet_capabilities_cannot_be_written, CAP_RULE, HPET)
{
	u32 cap = hpet_readl(HPET_CAP), period = hpet_readl(HPET_PERIOD);

	hpet_writel(~cap, HPET_CAP);
	hpet_writel(~period, HPET_PERIOD);
	EXPECT_EQ(hpet_readl(HPET_CAP), cap);
	EXPECT_EQ(hpet_readl(HPET_PERIOD), period);
	for (u32 n = 0; n < hpet_timers(); n++) {
		u32 cfg = cfg_of(n), route = hpet_readl(HPET_Tn_ROUTE_CAP(n));

		timers_use_hpet(n);
		hpet_writel(cfg ^ CFG_CAPS, HPET_Tn_CFG(n));
		hpet_writel(~route, HPET_Tn_ROUTE_CAP(n));
		EXPECT_EQ(cfg_of(n) & CFG_CAPS, cfg & CFG_CAPS);
		EXPECT_EQ(hpet_readl(HPET_Tn_ROUTE_CAP(n)), route);
	}
}

TEST(timers, hpet_periodic_bit_is_kept_where_it_is_declared,
     CFG_RULE ", Timer N Type", HPET)
{
	for (u32 n = 0; n < hpet_timers(); n++) {
		u32 cfg = cfg_of(n);

		timers_use_hpet(n);
		hpet_writel(cfg | HPET_TN_PERIODIC, HPET_Tn_CFG(n));
		if (!EXPECT_EQ(!!(cfg_of(n) & HPET_TN_PERIODIC),
			       !!(cfg & HPET_TN_PERIODIC_CAP)))
			ktest_note("timer %u", n);
		hpet_writel(cfg, HPET_Tn_CFG(n));
	}
}

TEST(timers, hpet_route_is_kept_where_it_is_declared,
     CFG_RULE ", Interrupt Route", HPET)
{
	for (u32 n = 0; n < hpet_timers() && ktest_ok(); n++) {
		u32 cfg = cfg_of(n) & ~HPET_TN_ROUTE;

		timers_use_hpet(n);
		for (u32 gsi = 0; gsi < 32 && ktest_ok(); gsi++) {
			bool can = hpet_readl(HPET_Tn_ROUTE_CAP(n)) & BIT(gsi);

			hpet_writel(cfg | FIELD_PREP(HPET_TN_ROUTE, gsi),
				    HPET_Tn_CFG(n));
			if (FIELD_GET(HPET_TN_ROUTE, cfg_of(n)) == gsi)
				EXPECT_TRUE(can || !gsi);
			else
				EXPECT_FALSE(can);
			if (!ktest_ok())
				ktest_note("timer %u, gsi %u", n, gsi);
		}
	}
}

TEST(timers, hpet_value_set_bit_clears_itself, CFG_RULE ", Timer N Value Set",
     HPET)
{
	int timer = hpet_periodic_timer();

	if (timer < 0)
		SKIP(return, "no timer is periodic");
	if (!hpet_start((u32)timer, false))
		return;
	hpet_arm((u32)timer, TICKS_OF_US(20000), true);
	EXPECT_EQ(cfg_of((u32)timer) & HPET_TN_SETVAL, 0);
}
