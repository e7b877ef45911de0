// SPDX-License-Identifier: MIT
/*
 * The local vector table, and what the software enable of SVR does to it.
 *
 * Spec: SDM 3A "Local Vector Table", "Local APIC State After It Has Been
 *       Software Disabled"; APM 2 "Local Interrupts".
 */
#include "lapic_case.h"

#include <cpu/cpufeature.h>
#include <ktest/raised.h>
#include <trap/traps.h>

#define LVT_RULE "SDM 3A Local Vector Table"
#define OFF_RULE "SDM 3A Local APIC State After It Has Been Software Disabled"

/* judge() each LVT there is, with IF=0 and everything put back. */
static void each_lvt(void (*judge)(u16 reg))
{
	struct lapic_regs saved;

	local_irq_disable();
	lapic_save(&saved);
	for (u32 i = 0; i < saved.nr_lvts; i++)
		judge(saved.lvt_reg[i]);
	lapic_put_back(&saved);
	local_irq_enable();
}

static void judge_mask(u16 reg)
{
	apic_write(reg, APIC_LVT_MASKED | VEC_A);
	if (!EXPECT_EQ(apic_read(reg), APIC_LVT_MASKED | VEC_A))
		ktest_note("LVT 0x%03x", reg);
	apic_write(reg, VEC_A);
	if (!EXPECT_EQ(apic_read(reg), VEC_A))
		ktest_note("LVT 0x%03x", reg);
	apic_write(reg, APIC_LVT_MASKED | VEC_A);
}

TEST(lapic, each_lvt_can_be_masked_and_unmasked, LVT_RULE)
{
	each_lvt(judge_mask);
}

/* Delivery status and Remote IRR are the APIC's to write. */
static void judge_read_only(u16 reg)
{
	u32 val = APIC_LVT_MASKED | VEC_A, ro = APIC_SEND_PENDING;
	struct trap got = { .nr = TRAP_NONE };

	if (reg == APIC_LVT0 || reg == APIC_LVT1)
		ro |= APIC_LVT_REMOTE_IRR;
	apic_write(reg, val);
	if (apic_is_x2apic)
		got = catch_wrmsr(X2APIC_MSR(reg), val | ro);
	else
		apic_write(reg, val | ro);
	if (got.nr != TRAP_NONE)
		EXPECT_TRAP(got, X86_TRAP_GP);
	if (!EXPECT_EQ(apic_read(reg) & ro, 0))
		ktest_note("LVT 0x%03x", reg);
}

TEST(lapic, lvt_status_bits_ignore_writes, LVT_RULE)
{
	each_lvt(judge_read_only);
}

TEST(lapic, lint1_holds_nmi_delivery, LVT_RULE)
{
	u32 old = apic_read(APIC_LVT1), masked, open;

	local_irq_disable();
	apic_write(APIC_LVT1, APIC_LVT_MASKED | APIC_DM_NMI);
	masked = apic_read(APIC_LVT1);
	apic_write(APIC_LVT1, APIC_DM_NMI);
	open = apic_read(APIC_LVT1);
	apic_write(APIC_LVT1, old);
	local_irq_enable();
	EXPECT_EQ(masked, APIC_LVT_MASKED | APIC_DM_NMI);
	EXPECT_EQ(open, APIC_DM_NMI);
}

TEST(lapic, lint0_holds_extint_delivery, LVT_RULE)
{
	u32 old = apic_read(APIC_LVT0), val;

	apic_write(APIC_LVT0, APIC_LVT_MASKED | APIC_DM_EXTINT);
	val = apic_read(APIC_LVT0);
	apic_write(APIC_LVT0, old);
	EXPECT_EQ(val, APIC_LVT_MASKED | APIC_DM_EXTINT);
}

/* What SVR's software enable is to do to every LVT, in two steps. */
static bool masked_by_disable, stays_masked;

static void sample_disable(u16 reg)
{
	u32 svr = apic_read(APIC_SPIV);

	apic_write(reg, VEC_A);
	apic_write(APIC_SPIV, svr & ~APIC_SPIV_APIC_ENABLED);
	masked_by_disable &= !!(apic_read(reg) & APIC_LVT_MASKED);
	apic_write(reg, VEC_A);
	stays_masked &= !!(apic_read(reg) & APIC_LVT_MASKED);
	apic_write(APIC_SPIV, svr);
	apic_write(reg, APIC_LVT_MASKED | VEC_A);
}

TEST(lapic, software_disable_masks_every_lvt, OFF_RULE)
{
	masked_by_disable = true;
	each_lvt(sample_disable);
	EXPECT_TRUE(masked_by_disable);
}

TEST(lapic, no_lvt_can_be_unmasked_while_software_disabled, OFF_RULE)
{
	stays_masked = true;
	each_lvt(sample_disable);
	EXPECT_TRUE(stays_masked);
}

TEST(lapic, lvts_stay_masked_after_the_enable, OFF_RULE)
{
	struct lapic_regs saved;
	u32 lvtt, lvterr;

	local_irq_disable();
	lapic_save(&saved);
	apic_write(APIC_LVTT, VEC_A);
	apic_write(APIC_LVTERR, VEC_B);
	apic_write(APIC_SPIV, saved.svr & ~APIC_SPIV_APIC_ENABLED);
	apic_write(APIC_SPIV, saved.svr);
	lvtt = apic_read(APIC_LVTT);
	lvterr = apic_read(APIC_LVTERR);
	lapic_put_back(&saved);
	local_irq_enable();
	EXPECT_EQ(lvtt, APIC_LVT_MASKED | VEC_A);
	EXPECT_EQ(lvterr, APIC_LVT_MASKED | VEC_B);
}

/* All but the LVT masks. */
TEST(lapic, software_disable_keeps_the_other_registers, OFF_RULE)
{
	struct lapic_regs saved, off;

	local_irq_disable();
	lapic_save(&saved);
	apic_write(APIC_TASKPRI, 0x40);
	apic_write(APIC_SPIV, saved.svr & ~APIC_SPIV_APIC_ENABLED);
	lapic_save(&off);
	apic_write(APIC_SPIV, saved.svr);
	lapic_put_back(&saved);
	local_irq_enable();
	EXPECT_EQ(off.svr, saved.svr & ~APIC_SPIV_APIC_ENABLED);
	EXPECT_EQ(off.tpr, 0x40);
	EXPECT_EQ(off.ldr, saved.ldr);
	EXPECT_EQ(off.dfr, saved.dfr);
	EXPECT_EQ(off.tdcr, saved.tdcr);
	for (u32 i = 0; i < saved.nr_lvts; i++)
		EXPECT_EQ(off.lvt[i] & ~APIC_LVT_MASKED,
			  saved.lvt[i] & ~APIC_LVT_MASKED);
}

/* Pending before the disable, held through it, delivered once after. */
TEST(lapic, software_disable_holds_what_is_pending, OFF_RULE)
{
	struct arrivals a = { 0 };
	struct lapic_regs saved;
	bool held;

	if (!EXPECT_EQ(irq_claim_vector(VEC_A, lapic_count_arrival, &a), 0))
		return;
	local_irq_disable();
	lapic_save(&saved);
	apic_send_self(VEC_A);
	WAIT_FOR(lapic_test(APIC_IRR, VEC_A), WAIT_DEFAULT_US);
	apic_write(APIC_SPIV, saved.svr & ~APIC_SPIV_APIC_ENABLED);
	held = lapic_only(APIC_IRR, VEC_A);
	lapic_put_back(&saved);
	local_irq_enable();
	lapic_arrived(&a, 1);
	EXPECT_TRUE(held);
	EXPECT_EQ(a.count, 1);
	irq_release_vector(VEC_A);
}

/* What stays possible is INIT, NMI, SMI and SIPI. */
TEST(lapic, no_fixed_interrupt_is_accepted_while_software_disabled, OFF_RULE)
{
	struct arrivals a = { 0 };
	struct lapic_regs saved;
	bool pending;

	if (!EXPECT_EQ(irq_claim_vector(VEC_A, lapic_count_arrival, &a), 0))
		return;
	local_irq_disable();
	lapic_save(&saved);
	apic_write(APIC_SPIV, saved.svr & ~APIC_SPIV_APIC_ENABLED);
	apic_send_self(VEC_A);
	apic_wait_icr_idle();
	udelay(SETTLE_US);
	pending = lapic_test(APIC_IRR, VEC_A);
	lapic_put_back(&saved);
	local_irq_enable();
	lapic_flush();
	EXPECT_FALSE(pending);
	EXPECT_EQ(a.count, 0);
	irq_release_vector(VEC_A);
}

static u32 nmis;

static bool count_nmi(struct pt_regs *regs, void *data)
{
	WRITE_ONCE(nmis, nmis + 1);
	return true;
}

/* Sent by an APIC that is disabled, too: both still work. */
TEST(lapic, nmi_is_sent_and_accepted_while_software_disabled, OFF_RULE,
     .uses = USES_NMI)
{
	struct lapic_regs saved;

	nmis = 0;
	raised_nmis(1);
	trap_hook(X86_TRAP_NMI, count_nmi, NULL);
	local_irq_disable();
	lapic_save(&saved);
	apic_write(APIC_SPIV, saved.svr & ~APIC_SPIV_APIC_ENABLED);
	apic_send_nmi(lapic_id());
	WAIT_FOR(READ_ONCE(nmis), WAIT_DEFAULT_US);
	udelay(SETTLE_US);
	lapic_put_back(&saved);
	local_irq_enable();
	EXPECT_EQ(nmis, 1);
}

/* clang-format off */
#define MSR_PERFEVTSEL0		0x186
#define   EVTSEL_INSTRUCTIONS	  0x00c0
#define   EVTSEL_OS		  (1u << 17)
#define   EVTSEL_INT		  (1u << 20)
#define   EVTSEL_ENABLE		  (1u << 22)
#define MSR_PMC0		0x0c1
#define MSR_GLOBAL_STATUS	0x38e
#define MSR_GLOBAL_CTRL		0x38f
#define MSR_GLOBAL_OVF_CTRL	0x390
/* clang-format on */

#define PMI_AFTER 1000 /* instructions */

/* Architectural performance monitoring, and the event we count. */
static bool has_pmu(void)
{
	struct cpuid_regs r;

	if (boot_cpu_data.vendor != VENDOR_INTEL ||
	    boot_cpu_data.max_leaf < 0xa)
		return false;
	r = cpuid_count(0xa, 0);
	return (r.eax & 0xff) >= 2 && (r.eax >> 8 & 0xff) >= 1 &&
	       !(r.ebx & BIT(1));
}

/* Overflow: one interrupt, and the entry is masked by the APIC itself. */
TEST(lapic, pmi_arrives_once_and_masks_its_entry, LVT_RULE)
{
	struct arrivals a = { 0 };
	u32 old, after;

	if (!has_pmu() || lapic_lvt_count() < 5)
		SKIP(return, "CPUID declares no performance monitoring");
	if (!EXPECT_EQ(irq_claim_vector(VEC_A, lapic_count_arrival, &a), 0))
		return;
	old = apic_read(APIC_LVTPC);
	apic_write(APIC_LVTPC, VEC_A);
	wrmsr(MSR_GLOBAL_CTRL, 0);
	wrmsr(MSR_GLOBAL_OVF_CTRL, 1);
	wrmsr(MSR_PMC0, (u32)-PMI_AFTER);
	wrmsr(MSR_PERFEVTSEL0,
	      EVTSEL_INSTRUCTIONS | EVTSEL_OS | EVTSEL_INT | EVTSEL_ENABLE);
	wrmsr(MSR_GLOBAL_CTRL, 1);
	lapic_arrived(&a, 1);
	wrmsr(MSR_GLOBAL_CTRL, 0);
	after = apic_read(APIC_LVTPC);
	EXPECT_EQ(a.count, 1);
	EXPECT_EQ(after, APIC_LVT_MASKED | VEC_A);
	EXPECT_EQ(rdmsr(MSR_GLOBAL_STATUS) & 1, 1);
	wrmsr(MSR_PERFEVTSEL0, 0);
	wrmsr(MSR_GLOBAL_OVF_CTRL, 1);
	apic_write(APIC_LVTPC, old);
	irq_release_vector(VEC_A);
}
