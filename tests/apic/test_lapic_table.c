// SPDX-License-Identifier: MIT
/*
 * Every register of the local APIC, in both modes, as one table; and what is
 * judged of all of them alike: which addresses there are, what a mode change
 * keeps. Bits, access and #GP in x2APIC mode: test_lapic_x2apic.c.
 *
 * Spec: SDM 3A "Local APIC Register Address Map", "x2APIC Register Address
 *       Space", "Local APIC State After Power-Up or Reset"; APM 2 "APIC
 *       Registers", "x2APIC Register Address Space".
 */
#include "lapic_case.h"

#include <asm/io.h>
#include <cpu/cpufeature.h>

#define MAP_RULE "SDM 3A Local APIC Register Address Map"

#define UPPER	     GENMASK(63, 32)
#define LVT_RESERVED (UPPER | GENMASK(31, 17) | BIT(11))
#define EVENT_RESERVED                                         \
	(LVT_RESERVED | GENMASK(15, 13)) /* no pin, no trigger \
					  */
#define M APIC_LVT_MASKED

/* clang-format off */
#define REG(r, n, acc)		{ r, n, 0, acc, 0, 0, 0, 0 }
#define TRY(r, acc, rst, t, res) { r, 1, 0, acc, rst, t, res, 0 }
#define LVT(r, min, v, res, intel) \
	{ r, 1, min, LR_RW | LR_BOTH, M, M | (v), res, intel }
#define TYPE GENMASK(10, 8)	/* AMD's: in every LVT, maybe */
const struct lapic_reg lapic_table[] = {
	REG(APIC_ID,	   1, LR_R | LR_XAPIC_W | LR_BOTH),
	REG(APIC_LVR,	   1, LR_R | LR_BOTH),
	TRY(APIC_TASKPRI,  LR_RW | LR_BOTH, 0, 0x30, GENMASK(63, 8)),
	REG(APIC_ARBPRI,   1, LR_R | LR_XAPIC | LR_AMD_X2APIC),
	REG(APIC_PROCPRI,  1, LR_R | LR_BOTH),
	REG(APIC_EOI,	   1, LR_W | LR_BOTH),
	REG(APIC_RRR,	   1, LR_R | LR_XAPIC | LR_AMD_X2APIC),
	TRY(APIC_LDR,	   LR_R | LR_XAPIC_W | LR_BOTH, 0, 0x12000000, 0),
	TRY(APIC_DFR,	   LR_RW | LR_XAPIC, APIC_DFR_FLAT,
	    APIC_DFR_CLUSTER, 0),
	/* Bits 9 and 12 may exist. */
	TRY(APIC_SPIV,	   LR_RW | LR_BOTH, 0xff, 0x1cf,
	    UPPER | GENMASK(31, 13) | GENMASK(11, 10)),
	REG(APIC_ISR,	   8, LR_R | LR_BOTH),
	REG(APIC_TMR,	   8, LR_R | LR_BOTH),
	REG(APIC_IRR,	   8, LR_R | LR_BOTH),
	REG(APIC_ESR,	   1, LR_RW | LR_BOTH),
	LVT(APIC_LVTCMCI,  7, 0x51, EVENT_RESERVED, 0),
	REG(APIC_ICR,	   1, LR_RW | LR_BOTH),
	REG(APIC_ICR2,	   1, LR_RW | LR_XAPIC),
	LVT(APIC_LVTT,	   0, 0x52, EVENT_RESERVED & ~GENMASK(18, 17), TYPE),
	LVT(APIC_LVTTHMR,  6, 0x53, EVENT_RESERVED, 0),
	LVT(APIC_LVTPC,	   5, 0x54, EVENT_RESERVED, 0),
	LVT(APIC_LVT0,	   0, 0x55, LVT_RESERVED, 0),
	LVT(APIC_LVT1,	   0, 0x56, LVT_RESERVED, 0),
	LVT(APIC_LVTERR,   0, 0x57, EVENT_RESERVED, TYPE),
	TRY(APIC_TMICT,	   LR_RW | LR_BOTH, 0, 0x400000, UPPER),
	REG(APIC_TMCCT,	   1, LR_R | LR_BOTH),
	TRY(APIC_TDCR,	   LR_RW | LR_BOTH, 0, APIC_TDR_DIV_64,
	    UPPER | GENMASK(31, 4) | BIT(2)),
	REG(APIC_SELF_IPI, 1, LR_W | LR_X2APIC),
};
/* clang-format on */

const u32 lapic_table_rows = ARRAY_SIZE(lapic_table);

const struct lapic_reg *lapic_reg_at(u32 reg)
{
	for (u32 i = 0; i < lapic_table_rows; i++) {
		const struct lapic_reg *r = &lapic_table[i];

		if (reg >= r->reg && reg < r->reg + r->count * 0x10u)
			return r->lvts <= lapic_lvt_count() ? r : NULL;
	}
	return NULL;
}

/* Rows to be tried; lvts: how many LVTs there are, read in irqbed's mode. */
#define for_each_trial(r, lvts)                                        \
	for (r = lapic_table; r < lapic_table + lapic_table_rows; r++) \
		if ((r)->trial && (r)->lvts <= (lvts))

/* By MMIO, in xAPIC mode. LVTs are masked, so the timer counts silently. */
static void write_trials(u64 page, u32 lvts)
{
	const struct lapic_reg *r;

	for_each_trial(r, lvts) writel(r->trial, page + r->reg);
}

/*
 * "May return to the state after reset": each register either way. SVR's
 * software enable may go alone: that bit is a switch.
 */
TEST(lapic, registers_survive_a_disable_or_are_as_after_reset,
     "SDM 3A Enabling or Disabling the Local APIC")
{
	u32 after[ARRAY_SIZE(lapic_table)] = { 0 };
	const struct lapic_reg *r;
	u32 lvts = lapic_lvt_count();
	u64 page;

	if (!mode_can_change() || !lapic_page_map(&page))
		return;
	mode_begin();
	mode_set(MODE_OFF);
	mode_set(MODE_XAPIC);
	write_trials(page, lvts);
	mode_set(MODE_OFF);
	mode_set(MODE_XAPIC);
	for_each_trial(r, lvts) after[r - lapic_table] = readl(page + r->reg);
	writel(APIC_DFR_FLAT, page + APIC_DFR);
	mode_end();
	for_each_trial(r, lvts)
	{
		u32 sw = r->reg == APIC_SPIV ? APIC_SPIV_APIC_ENABLED : 0;
		u32 is = after[r - lapic_table];

		if (!EXPECT_TRUE((is & ~sw) == (r->trial & ~sw) ||
				 is == r->reset))
			ktest_note("register 0x%03x: 0x%08x", r->reg, is);
	}
	mode_judge_alive();
}

/* All but ID, LDR, and what x2APIC mode has not. */
TEST(lapic, xapic_registers_are_kept_into_x2apic_mode,
     "SDM 3A x2APIC State Transitions", .needs = NEEDS_X2APIC)
{
	u32 after[ARRAY_SIZE(lapic_table)] = { 0 };
	const struct lapic_reg *r;
	u32 lvts = lapic_lvt_count();
	u64 page;

	if (!mode_can_change() || !lapic_page_map(&page))
		return;
	mode_begin();
	mode_set(MODE_OFF);
	mode_set(MODE_XAPIC);
	writel(APIC_SPIV_APIC_ENABLED, page + APIC_SPIV);
	write_trials(page, lvts);
	mode_set(MODE_X2APIC);
	for_each_trial(r, lvts)
	{
		if (r->access & LR_X2APIC)
			after[r - lapic_table] = apic_read(r->reg);
	}
	mode_end();
	for_each_trial(r, lvts)
	{
		if (!(r->access & LR_X2APIC) || r->reg == APIC_LDR)
			continue;
		if (!EXPECT_EQ(after[r - lapic_table], r->trial))
			ktest_note("register 0x%03x", r->reg);
	}
	mode_judge_alive();
}

#define LVTERR_MASKED (M | ERROR_APIC_VECTOR)

/* Is a read of that address an error? Old APICs' registers: maybe. */
static bool judged(u32 reg, bool as_register)
{
	const struct lapic_reg *r = lapic_reg_at(reg);

	if (!r || !(r->access & LR_XAPIC))
		return !as_register;
	return as_register && r->access & LR_R && !(r->access & LR_AMD_X2APIC);
}

TEST(lapic, xapic_reads_of_registers_are_no_error, MAP_RULE,
     .needs = NEEDS_XAPIC)
{
	u32 lvterr = apic_read(APIC_LVTERR), before, after;

	apic_write(APIC_LVTERR, LVTERR_MASKED);
	lapic_esr();
	before = lapic_esr();
	for (u32 reg = 0; reg < 0x400; reg += 0x10) {
		if (judged(reg, true))
			apic_read(reg);
	}
	after = lapic_esr();
	apic_write(APIC_LVTERR, lvterr);
	EXPECT_EQ(after & ~before, 0);
}

TEST(lapic, xapic_reads_of_every_hole_are_logged, MAP_RULE,
     .needs = NEEDS_XAPIC)
{
	u32 lvterr = apic_read(APIC_LVTERR), made = 0, logged = 0;

	apic_write(APIC_LVTERR, LVTERR_MASKED);
	for (u32 reg = 0; reg < 0x400; reg += 0x10) {
		if (!judged(reg, false))
			continue;
		lapic_esr();
		apic_read(reg);
		made++;
		logged += lapic_esr() == APIC_ESR_ILLREGA;
	}
	lapic_esr();
	apic_write(APIC_LVTERR, lvterr);
	EXPECT_GT(made, 0);
	EXPECT_EQ(logged, made);
}
