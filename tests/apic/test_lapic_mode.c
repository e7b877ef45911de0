// SPDX-License-Identifier: MIT
/*
 * The APIC's mode: disabled, xAPIC, x2APIC, and the ways between them.
 *
 * All with interrupts off, and through RDMSR and WRMSR only: while a case is
 * away from the mode irqbed booted in, irqbed's own accessors do not work.
 * An APIC that was disabled may have lost everything; it is set up again.
 *
 * Spec: SDM 3A "x2APIC State Transitions", "Enabling or Disabling the Local
 *       APIC", "x2APIC Register Availability"; APM 2 "x2APIC Mode".
 */
#include "lapic_case.h"

#include <asm/io.h>
#include <cpu/cpufeature.h>
#include <mm/page_alloc.h>
#include <mm/paging.h>

#define TRANSITION_RULE "SDM 3A x2APIC State Transitions"
#define ENABLE_RULE	"SDM 3A Enabling or Disabling the Local APIC"
#define AVAILABLE_RULE	"SDM 3A x2APIC Register Availability"

#define EN   MSR_IA32_APICBASE_ENABLE
#define EXTD MSR_IA32_APICBASE_EXTD

static struct lapic_regs saved;
static u64 base_off; /* saved.base with both mode bits clear */

/*
 * Why this APIC must not be disabled, or NULL. Without x2APIC nothing promises
 * that it can be enabled again before the next reset.
 */
static const char *no_way_back(void)
{
	if (!cpu_has(X86_FEATURE_X2APIC))
		return "without x2APIC a disabled APIC may stay so until reset";
	return lapic_x2apic_locked() ? "x2APIC mode is locked on" : NULL;
}

static void mode_begin(void)
{
	local_irq_disable();
	lapic_save(&saved);
	base_off = saved.base & ~(EN | EXTD);
}

static void set_base(u64 val)
{
	wrmsr(MSR_IA32_APICBASE, val);
}

static u64 get_base(void)
{
	return rdmsr(MSR_IA32_APICBASE);
}

/* From wherever, by legal steps, to the mode of mode_begin(). */
static void mode_end(void)
{
	if (get_base() != saved.base) {
		set_base(base_off);
		set_base(base_off | EN);
		if (saved.base & EXTD)
			set_base(saved.base);
	}
	lapic_put_back(&saved);
	lapic_drain();
	local_irq_enable();
}

/* Values of APIC base the CPU must refuse, leaving it as it is. */
static void refuse_base(u64 val)
{
	u64 was = get_base();

	expect_wrmsr_gp(MSR_IA32_APICBASE, val);
	EXPECT_EQ(get_base(), was);
}

static u64 apic_page(void)
{
	return get_base() & MSR_IA32_APICBASE_BASE;
}

static bool map_apic_page(void)
{
	return EXPECT_EQ(ioremap(apic_page(), PAGE_SIZE), 0);
}

/* After all that, interrupts come as before. */
static void judge_alive(void)
{
	struct arrivals a = { 0 };

	if (!EXPECT_EQ(irq_claim_vector(VEC_A, lapic_count_arrival, &a), 0))
		return;
	apic_send_self(VEC_A);
	EXPECT_TRUE(lapic_arrived(&a, 1));
	EXPECT_EQ(a.count, 1);
	irq_release_vector(VEC_A);
}

TEST(lapic, x2apic_to_xapic_directly_is_refused, TRANSITION_RULE,
     .needs = NEEDS_X2APIC)
{
	mode_begin();
	refuse_base(base_off | EN);
	mode_end();
	judge_alive();
}

TEST(lapic, x2apic_without_enable_is_refused_from_x2apic, TRANSITION_RULE,
     .needs = NEEDS_X2APIC)
{
	mode_begin();
	refuse_base(base_off | EXTD);
	mode_end();
	judge_alive();
}

TEST(lapic, x2apic_without_enable_is_refused_from_xapic, TRANSITION_RULE,
     .needs = NEEDS_X2APIC)
{
	if (no_way_back())
		SKIP(return, "%s", no_way_back());
	mode_begin();
	set_base(base_off);
	set_base(base_off | EN);
	refuse_base(base_off | EXTD);
	mode_end();
	judge_alive();
}

TEST(lapic, x2apic_without_enable_is_refused_from_disabled, TRANSITION_RULE,
     .needs = NEEDS_X2APIC)
{
	if (no_way_back())
		SKIP(return, "%s", no_way_back());
	mode_begin();
	set_base(base_off);
	refuse_base(base_off | EXTD);
	mode_end();
	judge_alive();
}

TEST(lapic, disabled_to_x2apic_directly_is_refused, TRANSITION_RULE,
     .needs = NEEDS_X2APIC)
{
	if (no_way_back())
		SKIP(return, "%s", no_way_back());
	mode_begin();
	set_base(base_off);
	refuse_base(base_off | EN | EXTD);
	mode_end();
	judge_alive();
}

TEST(lapic, x2apic_is_refused_where_cpuid_has_it_not, TRANSITION_RULE,
     .needs = NEEDS_XAPIC)
{
	if (cpu_has(X86_FEATURE_X2APIC))
		SKIP(return, "CPUID declares x2APIC");
	mode_begin();
	refuse_base(saved.base | EXTD);
	mode_end();
	judge_alive();
}

/* What each legal step leaves in APIC base. */
TEST(lapic, every_legal_transition_is_taken, TRANSITION_RULE,
     .needs = NEEDS_X2APIC)
{
	u64 seen[4];

	if (no_way_back())
		SKIP(return, "%s", no_way_back());
	mode_begin();
	set_base(saved.base); /* x2APIC to x2APIC */
	seen[0] = get_base();
	set_base(base_off);
	seen[1] = get_base();
	set_base(base_off | EN);
	seen[2] = get_base();
	set_base(base_off | EN | EXTD);
	seen[3] = get_base();
	mode_end();
	EXPECT_EQ(seen[0], saved.base);
	EXPECT_EQ(seen[1], base_off);
	EXPECT_EQ(seen[2], base_off | EN);
	EXPECT_EQ(seen[3], base_off | EN | EXTD);
	judge_alive();
}

/* Mode, and the CPUID bit that follows the enable. */
TEST(lapic, cpuid_shows_the_apic_only_while_enabled, ENABLE_RULE)
{
	u32 off, on;

	if (no_way_back())
		SKIP(return, "%s", no_way_back());
	mode_begin();
	set_base(base_off);
	off = cpuid_count(1, 0).edx & BIT(9);
	set_base(base_off | EN);
	on = cpuid_count(1, 0).edx & BIT(9);
	mode_end();
	EXPECT_EQ(off, 0);
	EXPECT_NE(on, 0);
	judge_alive();
}

/* "May return to the state after reset": each register either way. */
TEST(lapic, registers_survive_a_disable_or_are_as_after_reset, ENABLE_RULE)
{
	u64 page = apic_page();
	u32 svr, tpr, ldr, dfr;

	if (no_way_back())
		SKIP(return, "%s", no_way_back());
	if (!map_apic_page())
		return;
	mode_begin();
	set_base(base_off);
	set_base(base_off | EN);
	writel(APIC_SPIV_APIC_ENABLED | 0xcf, page + APIC_SPIV);
	writel(0x30, page + APIC_TASKPRI);
	writel(0x12000000, page + APIC_LDR);
	writel(APIC_DFR_CLUSTER, page + APIC_DFR);
	set_base(base_off);
	set_base(base_off | EN);
	svr = readl(page + APIC_SPIV);
	tpr = readl(page + APIC_TASKPRI);
	ldr = readl(page + APIC_LDR);
	dfr = readl(page + APIC_DFR);
	writel(APIC_DFR_FLAT, page + APIC_DFR);
	mode_end();
	/* The software enable may go alone: that bit is a switch. */
	EXPECT_TRUE((svr & ~APIC_SPIV_APIC_ENABLED) == 0xcf || svr == 0xff);
	EXPECT_TRUE(tpr == 0x30 || tpr == 0);
	EXPECT_TRUE(ldr == 0x12000000 || ldr == 0);
	EXPECT_TRUE(dfr == APIC_DFR_CLUSTER || dfr == APIC_DFR_FLAT);
	judge_alive();
}

/* The MSRs exist in x2APIC mode only. */
static void judge_msrs_fault(void)
{
	static const u16 regs[] = { APIC_ID,   APIC_LVR,  APIC_TASKPRI,
				    APIC_SPIV, APIC_ISR,  APIC_ESR,
				    APIC_ICR,  APIC_LVTT, APIC_TMCCT };
	struct gp_tally t = { 0 };

	for (u32 i = 0; i < ARRAY_SIZE(regs); i++)
		tally_rdmsr(&t, X2APIC_MSR(regs[i]));
	tally_wrmsr(&t, X2APIC_MSR(APIC_TASKPRI), 0);
	tally_wrmsr(&t, X2APIC_MSR(APIC_EOI), 0);
	EXPECT_ALL_GP(t);
}

TEST(lapic, x2apic_msrs_fault_in_xapic_mode, AVAILABLE_RULE)
{
	if (no_way_back())
		SKIP(return, "%s", no_way_back());
	mode_begin();
	if (apic_is_x2apic) {
		set_base(base_off);
		set_base(base_off | EN);
	}
	judge_msrs_fault();
	mode_end();
}

TEST(lapic, x2apic_msrs_fault_while_disabled, AVAILABLE_RULE)
{
	if (no_way_back())
		SKIP(return, "%s", no_way_back());
	mode_begin();
	set_base(base_off);
	judge_msrs_fault();
	mode_end();
}

/*
 * Is there an APIC behind the page? By reads alone: with none there, a write
 * could leave the CPU as a message-signalled interrupt.
 */
static bool page_shows_apic(u64 page, u32 version, u32 svr)
{
	return readl(page + APIC_LVR) == version &&
	       readl(page + APIC_SPIV) == svr;
}

TEST(lapic, mmio_is_dead_in_x2apic_mode, AVAILABLE_RULE, .needs = NEEDS_X2APIC)
{
	u64 page = apic_page();

	if (!map_apic_page())
		return;
	EXPECT_FALSE(page_shows_apic(page, apic_read(APIC_LVR),
				     apic_read(APIC_SPIV)));
}

TEST(lapic, mmio_is_dead_while_disabled, ENABLE_RULE)
{
	u64 page = apic_page();
	u32 version = apic_read(APIC_LVR);
	bool shows;

	if (no_way_back())
		SKIP(return, "%s", no_way_back());
	if (!map_apic_page())
		return;
	mode_begin();
	set_base(base_off);
	shows = readl(page + APIC_LVR) == version;
	mode_end();
	EXPECT_FALSE(shows);
}

TEST(lapic, mmio_answers_in_xapic_mode, AVAILABLE_RULE)
{
	u64 page = apic_page();
	u32 version = apic_read(APIC_LVR), id = lapic_id(), seen, tpr, seen_id;

	if (no_way_back())
		SKIP(return, "%s", no_way_back());
	if (!map_apic_page())
		return;
	mode_begin();
	if (apic_is_x2apic) {
		set_base(base_off);
		set_base(base_off | EN);
	}
	seen = readl(page + APIC_LVR);
	seen_id = readl(page + APIC_ID) >> 24;
	writel(0x70, page + APIC_TASKPRI);
	tpr = (u32)read_cr8();
	writel(0, page + APIC_TASKPRI);
	mode_end();
	EXPECT_EQ(seen, version);
	EXPECT_EQ(seen_id, id & 0xff);
	EXPECT_EQ(tpr, 7);
}

/* All registers but ID, LDR and the ICR's high half keep their values. */
TEST(lapic, xapic_registers_are_kept_into_x2apic_mode, TRANSITION_RULE,
     .needs = NEEDS_X2APIC)
{
	u64 page = apic_page();
	u32 svr, tpr, lvterr, lvt1, tdcr;

	if (no_way_back())
		SKIP(return, "%s", no_way_back());
	if (!map_apic_page())
		return;
	mode_begin();
	set_base(base_off);
	set_base(base_off | EN);
	writel(APIC_SPIV_APIC_ENABLED | 0xdf, page + APIC_SPIV);
	writel(0x50, page + APIC_TASKPRI);
	writel(APIC_LVT_MASKED | 0x77, page + APIC_LVTERR);
	writel(APIC_LVT_MASKED | 0x66, page + APIC_LVT1);
	writel(APIC_TDR_DIV_64, page + APIC_TDCR);
	set_base(base_off | EN | EXTD);
	svr = apic_read(APIC_SPIV);
	tpr = apic_read(APIC_TASKPRI);
	lvterr = apic_read(APIC_LVTERR);
	lvt1 = apic_read(APIC_LVT1);
	tdcr = apic_read(APIC_TDCR);
	mode_end();
	EXPECT_EQ(svr, APIC_SPIV_APIC_ENABLED | 0xdf);
	EXPECT_EQ(tpr, 0x50);
	EXPECT_EQ(lvterr, APIC_LVT_MASKED | 0x77);
	EXPECT_EQ(lvt1, APIC_LVT_MASKED | 0x66);
	EXPECT_EQ(tdcr, APIC_TDR_DIV_64);
	judge_alive();
}

TEST(lapic, x2apic_id_and_ldr_come_back_with_the_mode, TRANSITION_RULE,
     .needs = NEEDS_X2APIC)
{
	u32 id = lapic_id(), id_after, ldr_after;

	if (no_way_back())
		SKIP(return, "%s", no_way_back());
	mode_begin();
	set_base(base_off);
	set_base(base_off | EN);
	set_base(base_off | EN | EXTD);
	id_after = apic_read(APIC_ID);
	ldr_after = apic_read(APIC_LDR);
	mode_end();
	EXPECT_EQ(id_after, id);
	EXPECT_EQ(ldr_after, saved.ldr);
}

/* A page of RAM at the new place: the APIC answers before memory does. */
TEST(lapic, xapic_registers_move_with_the_base,
     "SDM 3A Relocating the Local APIC Registers", .needs = NEEDS_XAPIC)
{
	u64 page = alloc_pages(1);
	u32 version = apic_read(APIC_LVR), svr = apic_read(APIC_SPIV);
	bool moved, gone;

	if (!EXPECT_TRUE(page) ||
	    !EXPECT_EQ(map_range(page, page, PAGE_SIZE, PAGE_UNCACHED), 0))
		return;
	mode_begin();
	set_base((saved.base & ~MSR_IA32_APICBASE_BASE) | page);
	moved = page_shows_apic(page, version, svr);
	gone = !page_shows_apic(apic_mmio, version, svr);
	set_base(saved.base);
	mode_end();
	EXPECT_TRUE(moved);
	EXPECT_TRUE(gone);
	EXPECT_EQ(map_range(page, page, PAGE_SIZE, PAGE_KERNEL), 0);
	free_pages(page, 1);
	judge_alive();
}
