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

/*
 * Without x2APIC nothing promises that the APIC can be enabled again before
 * the next reset.
 */
bool mode_can_change(void)
{
	if (!cpu_has(X86_FEATURE_X2APIC))
		SKIP(return false, "without x2APIC a disabled APIC may stay so "
				   "until reset");
	if (lapic_x2apic_locked())
		SKIP(return false, "x2APIC mode is locked on");
	return true;
}

void mode_begin(void)
{
	local_irq_disable();
	lapic_save(&saved);
}

static u64 get_base(void)
{
	return rdmsr(MSR_IA32_APICBASE);
}

/* APIC base as it was, but in that mode. */
static u64 base_of(enum lapic_mode mode)
{
	static const u32 bits[] = { 0, EN, EXTD, EN | EXTD };

	return (saved.base & ~(u64)(EN | EXTD)) | bits[mode];
}

void mode_set(enum lapic_mode mode)
{
	wrmsr(MSR_IA32_APICBASE, base_of(mode));
}

/* From wherever, by legal steps, to the mode of mode_begin(). */
void mode_end(void)
{
	if (get_base() != saved.base) {
		mode_set(MODE_OFF);
		mode_set(MODE_XAPIC);
		wrmsr(MSR_IA32_APICBASE, saved.base);
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

bool lapic_page_map(u64 *page)
{
	*page = get_base() & MSR_IA32_APICBASE_BASE;
	return EXPECT_EQ(ioremap(*page, PAGE_SIZE), 0);
}

void mode_judge_alive(void)
{
	struct arrivals a = { 0 };

	if (!EXPECT_EQ(irq_claim_vector(VEC_A, lapic_count_arrival, &a), 0))
		return;
	apic_send_self(VEC_A);
	EXPECT_TRUE(lapic_arrived(&a, 1));
	EXPECT_EQ(a.count, 1);
	irq_release_vector(VEC_A);
}

/* From one mode, reached by legal steps, to another that must be refused. */
static void judge_refused(enum lapic_mode from, enum lapic_mode to)
{
	if (from != MODE_X2APIC && !mode_can_change())
		return;
	mode_begin();
	if (from != MODE_X2APIC)
		mode_set(MODE_OFF);
	if (from == MODE_XAPIC)
		mode_set(MODE_XAPIC);
	refuse_base(base_of(to));
	mode_end();
	mode_judge_alive();
}

#define REFUSED(name, from, to)                                   \
	TEST(lapic, name, TRANSITION_RULE, .needs = NEEDS_X2APIC) \
	{                                                         \
		judge_refused(from, to);                          \
	}

REFUSED(x2apic_to_xapic_directly_is_refused, MODE_X2APIC, MODE_XAPIC)
REFUSED(x2apic_without_enable_is_refused_from_x2apic, MODE_X2APIC, MODE_INVALID)
REFUSED(x2apic_without_enable_is_refused_from_xapic, MODE_XAPIC, MODE_INVALID)
REFUSED(x2apic_without_enable_is_refused_from_disabled, MODE_OFF, MODE_INVALID)
REFUSED(disabled_to_x2apic_directly_is_refused, MODE_OFF, MODE_X2APIC)

TEST(lapic, x2apic_is_refused_where_cpuid_has_it_not, TRANSITION_RULE,
     .needs = NEEDS_XAPIC)
{
	if (cpu_has(X86_FEATURE_X2APIC))
		SKIP(return, "CPUID declares x2APIC");
	mode_begin();
	refuse_base(base_of(MODE_X2APIC));
	mode_end();
	mode_judge_alive();
}

/* What each legal step leaves in APIC base. */
TEST(lapic, every_legal_transition_is_taken, TRANSITION_RULE,
     .needs = NEEDS_X2APIC)
{
	static const u8 path[] = { MODE_X2APIC, MODE_OFF,    MODE_OFF,
				   MODE_XAPIC,	MODE_XAPIC,  MODE_OFF,
				   MODE_XAPIC,	MODE_X2APIC, MODE_X2APIC };
	u64 seen[ARRAY_SIZE(path)];

	if (!mode_can_change())
		return;
	mode_begin();
	for (u32 i = 0; i < ARRAY_SIZE(path); i++) {
		mode_set(path[i]);
		seen[i] = get_base();
	}
	mode_end();
	for (u32 i = 0; i < ARRAY_SIZE(path); i++)
		EXPECT_EQ(seen[i], base_of(path[i]));
	mode_judge_alive();
}

/* Bits 0 to 7, 9, and the address beyond what CPUID says there is. */
TEST(lapic, apic_base_refuses_reserved_bits,
     "SDM 3A Local APIC Status and Location")
{
	u64 reserved =
		GENMASK(7, 0) | BIT(9) | GENMASK(63, boot_cpu_data.phys_bits);
	struct gp_tally t = { 0 };
	u64 now;

	mode_begin();
	for (u32 bit = 0; bit < 64; bit++) {
		if (reserved & BIT(bit))
			tally_wrmsr(&t, MSR_IA32_APICBASE,
				    saved.base | BIT(bit));
	}
	now = get_base();
	mode_end();
	EXPECT_EQ(now, saved.base);
	EXPECT_ALL_GP(t);
	mode_judge_alive();
}

/* Mode, and the CPUID bit that follows the enable. */
TEST(lapic, cpuid_shows_the_apic_only_while_enabled, ENABLE_RULE)
{
	u32 off, on;

	if (!mode_can_change())
		return;
	mode_begin();
	mode_set(MODE_OFF);
	off = cpuid_count(1, 0).edx & BIT(9);
	mode_set(MODE_XAPIC);
	on = cpuid_count(1, 0).edx & BIT(9);
	mode_end();
	EXPECT_EQ(off, 0);
	EXPECT_NE(on, 0);
	mode_judge_alive();
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
	if (!mode_can_change())
		return;
	mode_begin();
	if (apic_is_x2apic) {
		mode_set(MODE_OFF);
		mode_set(MODE_XAPIC);
	}
	judge_msrs_fault();
	mode_end();
}

TEST(lapic, x2apic_msrs_fault_while_disabled, AVAILABLE_RULE)
{
	if (!mode_can_change())
		return;
	mode_begin();
	mode_set(MODE_OFF);
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
	u64 page;

	if (!lapic_page_map(&page))
		return;
	EXPECT_FALSE(page_shows_apic(page, apic_read(APIC_LVR),
				     apic_read(APIC_SPIV)));
}

TEST(lapic, mmio_is_dead_while_disabled, ENABLE_RULE)
{
	u64 page;
	u32 version = apic_read(APIC_LVR);
	bool shows;

	if (!mode_can_change() || !lapic_page_map(&page))
		return;
	mode_begin();
	mode_set(MODE_OFF);
	shows = readl(page + APIC_LVR) == version;
	mode_end();
	EXPECT_FALSE(shows);
}

TEST(lapic, mmio_answers_in_xapic_mode, AVAILABLE_RULE)
{
	u64 page;
	u32 version = apic_read(APIC_LVR), id = lapic_id(), seen, tpr, seen_id;

	if (!mode_can_change() || !lapic_page_map(&page))
		return;
	mode_begin();
	if (apic_is_x2apic) {
		mode_set(MODE_OFF);
		mode_set(MODE_XAPIC);
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

TEST(lapic, x2apic_id_and_ldr_come_back_with_the_mode, TRANSITION_RULE,
     .needs = NEEDS_X2APIC)
{
	u32 id = lapic_id(), id_after, ldr_after;

	if (!mode_can_change())
		return;
	mode_begin();
	mode_set(MODE_OFF);
	mode_set(MODE_XAPIC);
	mode_set(MODE_X2APIC);
	id_after = apic_read(APIC_ID);
	ldr_after = apic_read(APIC_LDR);
	mode_end();
	EXPECT_EQ(id_after, id);
	EXPECT_EQ(ldr_after, saved.ldr);
}

TEST(lapic, x2apic_icr_starts_without_a_destination, TRANSITION_RULE,
     .needs = NEEDS_X2APIC)
{
	u64 page, icr;

	if (!mode_can_change() || !lapic_page_map(&page))
		return;
	mode_begin();
	mode_set(MODE_OFF);
	mode_set(MODE_XAPIC);
	writel(0x5a000000, page + APIC_ICR2);
	mode_set(MODE_X2APIC);
	icr = apic->icr_read();
	mode_end();
	EXPECT_EQ(icr >> 32, 0);
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
	wrmsr(MSR_IA32_APICBASE, (saved.base & ~MSR_IA32_APICBASE_BASE) | page);
	moved = page_shows_apic(page, version, svr);
	gone = !page_shows_apic(apic_mmio, version, svr);
	wrmsr(MSR_IA32_APICBASE, saved.base);
	mode_end();
	EXPECT_TRUE(moved);
	EXPECT_TRUE(gone);
	EXPECT_EQ(map_range(page, page, PAGE_SIZE, PAGE_KERNEL), 0);
	free_pages(page, 1);
	mode_judge_alive();
}

/* MSRs have no address: only xAPIC's registers move. */
TEST(lapic, x2apic_registers_do_not_move_with_the_base,
     "SDM 3A Relocating the Local APIC Registers", .needs = NEEDS_X2APIC)
{
	u64 base;
	u32 version, id;

	mode_begin();
	wrmsr(MSR_IA32_APICBASE, saved.base ^ 0x10000);
	base = get_base();
	version = apic_read(APIC_LVR);
	id = lapic_id();
	wrmsr(MSR_IA32_APICBASE, saved.base);
	mode_end();
	EXPECT_EQ(base, saved.base ^ 0x10000);
	EXPECT_EQ(version, apic_read(APIC_LVR));
	EXPECT_EQ(id, lapic_id());
	mode_judge_alive();
}
