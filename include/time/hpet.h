/* SPDX-License-Identifier: MIT */
/*
 * hpet.h - the High Precision Event Timer's registers, and its main counter
 * as a clock. Its timers as interrupt sources: dev/hpet.h.
 *
 * Spec: IA-PC HPET Specification 1.0a, "Register Definitions".
 */
#pragma once

#include <time/clock.h>

/* clang-format off */
#define HPET_CAP		0x000	/* General Capabilities and ID */
#define   HPET_CAP_REV		  GENMASK(7, 0)
#define   HPET_CAP_NUM_TIM	  GENMASK(12, 8)	/* last timer */
#define   HPET_CAP_COUNT_SIZE	  BIT(13)		/* 64-bit counter */
#define   HPET_CAP_LEG_RT	  BIT(15)		/* can be PIT, RTC */
#define   HPET_CAP_VENDOR	  GENMASK(31, 16)
#define HPET_PERIOD		0x004	/* fs per tick */
#define HPET_CFG		0x010
#define   HPET_CFG_ENABLE	  BIT(0)
#define   HPET_CFG_LEGACY	  BIT(1)
#define HPET_STATUS		0x020	/* bit n: timer n, write 1 to clear */
#define HPET_COUNTER		0x0f0
#define HPET_Tn_CFG(n)		(0x100 + 0x20 * (n))
#define   HPET_TN_LEVEL		  BIT(1)
#define   HPET_TN_ENABLE	  BIT(2)
#define   HPET_TN_PERIODIC	  BIT(3)
#define   HPET_TN_PERIODIC_CAP	  BIT(4)
#define   HPET_TN_64BIT_CAP	  BIT(5)
#define   HPET_TN_SETVAL	  BIT(6)
#define   HPET_TN_32BIT		  BIT(8)
#define   HPET_TN_ROUTE		  GENMASK(13, 9)
#define   HPET_TN_FSB		  BIT(14)
#define   HPET_TN_FSB_CAP	  BIT(15)
#define HPET_Tn_ROUTE_CAP(n)	(0x104 + 0x20 * (n))
#define HPET_Tn_CMP(n)		(0x108 + 0x20 * (n))
#define HPET_Tn_FSB_VAL(n)	(0x110 + 0x20 * (n))
#define HPET_Tn_FSB_ADDR(n)	(0x114 + 0x20 * (n))

#define HPET_SIZE		0x400
#define HPET_MAX_PERIOD_FS	100000000u	/* 100 ns, the spec's limit */
#define HPET_MAX_TIMERS		32
/* clang-format on */

/*
 * Map the block at phys and check it: revision, 0 < period <= 100 ns, counter
 * moving. Turns all timers' interrupts and legacy replacement off, starts
 * the counter. Boot CPU, once. Returns 0, -ENODEV (phys 0, reads all ones,
 * bad period), -EIO (stands still) or ioremap()'s error.
 */
int hpet_clock_init(u64 phys);

/* The clock: low 32 bits of the main counter, one access a reading. */
extern struct clock hpet_clock;

/* All 64 bits (32 where the counter is 32-bit), by 32-bit accesses. */
u64 hpet_counter64(void);
bool hpet_counter_is_64bit(void);

/* Registers, for dev/hpet.c. Only after hpet_clock_init() returned 0. */
u32 hpet_readl(u32 reg);
void hpet_writel(u32 val, u32 reg);

/* Femtoseconds per tick. */
u32 hpet_period_fs(void);
