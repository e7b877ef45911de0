// SPDX-License-Identifier: MIT
/*
 * x2APIC mode's MSRs: which there are, which way they can be accessed, which
 * bits they refuse.
 *
 * Spec: SDM 3A "x2APIC Register Address Space", "Reserved Bit Checking";
 *       APM 2 "x2APIC Register Address Space".
 */
#include "lapic_case.h"

#include <cpu/cpufeature.h>

#define MSR_RULE      "SDM 3A x2APIC Register Address Space"
#define RESERVED_RULE "SDM 3A Reserved Bit Checking"
#define AMD_EXTENDED  BIT(31) /* registers from 0x400 on exist */

/* Bits that only Intel's manual has as reserved. */
static u64 on_intel(u64 bits)
{
	return boot_cpu_data.vendor == VENDOR_INTEL ? bits : 0;
}

/* Is xAPIC offset i * 16 a register of x2APIC mode? */
static bool x2apic_has(u32 index)
{
	const struct lapic_reg *r = lapic_reg_at(index << 4);

	if (index >= 0x40)
		return apic_read(APIC_LVR) & AMD_EXTENDED;
	return r && r->access & LR_X2APIC;
}

/* Registers of xAPIC mode that x2APIC mode dropped: cases of their own. */
static bool was_xapics(u32 index)
{
	const struct lapic_reg *r = lapic_reg_at(index << 4);

	return r && !(r->access & LR_X2APIC);
}

TEST(lapic, x2apic_msrs_without_a_register_fault, MSR_RULE,
     .needs = NEEDS_X2APIC)
{
	struct gp_tally t = { 0 };

	for (u32 i = 0; i < 0x100; i++) {
		if (x2apic_has(i) || was_xapics(i))
			continue;
		tally_rdmsr(&t, MSR_X2APIC_BASE + i);
		tally_wrmsr(&t, MSR_X2APIC_BASE + i, 0);
	}
	EXPECT_ALL_GP(t);
	lapic_esr();
}

TEST(lapic, x2apic_registers_can_be_read, MSR_RULE, .needs = NEEDS_X2APIC)
{
	for (u32 i = 0; i < 0x40; i++) {
		struct trap got;
		u64 val;

		if (!x2apic_has(i) || !(lapic_reg_at(i << 4)->access & LR_R))
			continue;
		got = catch_rdmsr(MSR_X2APIC_BASE + i, &val);
		if (!EXPECT_TRAP(got, TRAP_NONE))
			ktest_note("MSR 0x%x", MSR_X2APIC_BASE + i);
	}
}

/* ICR is the one with 64 bits. */
TEST(lapic, x2apic_upper_halves_read_as_0, MSR_RULE, .needs = NEEDS_X2APIC)
{
	for (u32 i = 0; i < 0x40; i++) {
		const struct lapic_reg *r = lapic_reg_at(i << 4);
		u64 val;

		if (!x2apic_has(i) || !(r->access & LR_R) || r->reg == APIC_ICR)
			continue;
		catch_rdmsr(MSR_X2APIC_BASE + i, &val);
		if (!EXPECT_EQ(val >> 32, 0))
			ktest_note("MSR 0x%x", MSR_X2APIC_BASE + i);
	}
}

TEST(lapic, x2apic_has_no_destination_format_register, MSR_RULE,
     .needs = NEEDS_X2APIC)
{
	expect_rdmsr_gp(X2APIC_MSR(APIC_DFR));
	expect_wrmsr_gp(X2APIC_MSR(APIC_DFR), 0);
}

TEST(lapic, x2apic_has_no_icr_high_half, MSR_RULE, .needs = NEEDS_X2APIC)
{
	expect_rdmsr_gp(X2APIC_MSR(APIC_ICR2));
	expect_wrmsr_gp(X2APIC_MSR(APIC_ICR2), 0);
}

/* AMD's x2APIC keeps both. */
TEST(lapic, x2apic_has_no_arbitration_and_remote_read, MSR_RULE,
     .needs = NEEDS_X2APIC)
{
	if (boot_cpu_data.vendor != VENDOR_INTEL)
		SKIP(return, "only Intel's manual rules them out");
	expect_rdmsr_gp(X2APIC_MSR(APIC_ARBPRI));
	expect_rdmsr_gp(X2APIC_MSR(APIC_RRR));
}

TEST(lapic, x2apic_keeps_arbitration_and_remote_read_on_amd,
     "APM 2 x2APIC Register Address Space", .needs = NEEDS_X2APIC)
{
	static const u16 regs[] = { APIC_ARBPRI, APIC_RRR };

	if (boot_cpu_data.vendor != VENDOR_AMD)
		SKIP(return, "only AMD's manual keeps them");
	for (u32 i = 0; i < ARRAY_SIZE(regs); i++) {
		u64 val;
		struct trap got = catch_rdmsr(X2APIC_MSR(regs[i]), &val);

		if (!EXPECT_TRAP(got, TRAP_NONE))
			ktest_note("register 0x%03x", regs[i]);
	}
}

TEST(lapic, x2apic_eoi_cannot_be_read, MSR_RULE, .needs = NEEDS_X2APIC)
{
	expect_rdmsr_gp(X2APIC_MSR(APIC_EOI));
}

TEST(lapic, x2apic_self_ipi_cannot_be_read, MSR_RULE, .needs = NEEDS_X2APIC)
{
	expect_rdmsr_gp(X2APIC_MSR(APIC_SELF_IPI));
}

TEST(lapic, x2apic_id_and_ldr_cannot_be_written, MSR_RULE,
     .needs = NEEDS_X2APIC)
{
	expect_wrmsr_gp(X2APIC_MSR(APIC_ID), apic_read(APIC_ID));
	expect_wrmsr_gp(X2APIC_MSR(APIC_LDR), apic_read(APIC_LDR));
}

TEST(lapic, x2apic_version_cannot_be_written, MSR_RULE, .needs = NEEDS_X2APIC)
{
	expect_wrmsr_gp(X2APIC_MSR(APIC_LVR), apic_read(APIC_LVR));
}

TEST(lapic, x2apic_ppr_cannot_be_written, MSR_RULE, .needs = NEEDS_X2APIC)
{
	expect_wrmsr_gp(X2APIC_MSR(APIC_PROCPRI), 0);
}

TEST(lapic, x2apic_isr_tmr_irr_cannot_be_written, MSR_RULE,
     .needs = NEEDS_X2APIC)
{
	struct gp_tally t = { 0 };

	for (u32 reg = APIC_ISR; reg < APIC_ESR; reg += 0x10)
		tally_wrmsr(&t, X2APIC_MSR(reg), 0);
	EXPECT_ALL_GP(t);
}

TEST(lapic, x2apic_current_count_cannot_be_written, MSR_RULE,
     .needs = NEEDS_X2APIC)
{
	expect_wrmsr_gp(X2APIC_MSR(APIC_TMCCT), 0);
}

TEST(lapic, x2apic_eoi_takes_zero_only, MSR_RULE, .needs = NEEDS_X2APIC)
{
	struct trap got = catch_wrmsr(X2APIC_MSR(APIC_EOI), 0);

	EXPECT_TRAP(got, TRAP_NONE);
	expect_wrmsr_gp(X2APIC_MSR(APIC_EOI), 1);
	expect_wrmsr_gp(X2APIC_MSR(APIC_EOI), 1ull << 32);
}

TEST(lapic, x2apic_esr_takes_zero_only, MSR_RULE, .needs = NEEDS_X2APIC)
{
	struct trap got = catch_wrmsr(X2APIC_MSR(APIC_ESR), 0);

	EXPECT_TRAP(got, TRAP_NONE);
	expect_wrmsr_gp(X2APIC_MSR(APIC_ESR), 1);
}

/* Each reserved bit of the register alone, over what it holds. */
static void judge_reserved(struct gp_tally *t, const struct lapic_reg *r)
{
	u64 reserved = r->reserved | on_intel(r->reserved_intel);
	struct lapic_regs saved;
	u64 now;

	local_irq_disable();
	lapic_save(&saved);
	now = apic_read(r->reg);
	for (u32 bit = 0; bit < 64; bit++) {
		if (reserved & BIT(bit))
			tally_wrmsr(t, X2APIC_MSR(r->reg), now | BIT(bit));
	}
	lapic_put_back(&saved);
	local_irq_enable();
}

/* The registers from first to last that this APIC has. */
static void judge_reserved_of(u32 first, u32 last)
{
	struct gp_tally t = { 0 };

	for (u32 reg = first; reg <= last; reg += 0x10) {
		const struct lapic_reg *r = lapic_reg_at(reg);

		if (r && r->reserved)
			judge_reserved(&t, r);
	}
	EXPECT_ALL_GP(t);
}

TEST(lapic, x2apic_tpr_refuses_reserved_bits, RESERVED_RULE,
     .needs = NEEDS_X2APIC)
{
	judge_reserved_of(APIC_TASKPRI, APIC_TASKPRI);
}

/* Bits 9 and 12 may exist. */
TEST(lapic, x2apic_svr_refuses_reserved_bits, RESERVED_RULE,
     .needs = NEEDS_X2APIC)
{
	judge_reserved_of(APIC_SPIV, APIC_SPIV);
}

/* Bit 12 exists where the version register says so. */
TEST(lapic, x2apic_svr_refuses_eoi_suppression_that_is_not_there, RESERVED_RULE,
     .needs = NEEDS_X2APIC)
{
	u32 svr = apic_read(APIC_SPIV);

	if (apic_read(APIC_LVR) & APIC_LVR_DIRECTED_EOI)
		SKIP(return, "this APIC can suppress EOI broadcasts");
	expect_wrmsr_gp(X2APIC_MSR(APIC_SPIV), svr | APIC_SPIV_DIRECTED_EOI);
	apic_write(APIC_SPIV, svr);
}

/* AMD: the message type is in every LVT, maybe. */
TEST(lapic, x2apic_lvt_refuses_reserved_bits, RESERVED_RULE,
     .needs = NEEDS_X2APIC)
{
	judge_reserved_of(APIC_LVTCMCI, APIC_LVTERR);
}

TEST(lapic, x2apic_timer_registers_refuse_reserved_bits, RESERVED_RULE,
     .needs = NEEDS_X2APIC)
{
	judge_reserved_of(APIC_TMICT, APIC_TDCR);
}

/* A platform that takes them sends: one arrival more for each. */
static void judge_reserved_send(u32 reg, u64 send, u64 reserved)
{
	struct arrivals a = { 0 };
	struct gp_tally t = { 0 };

	if (!EXPECT_EQ(irq_claim_vector(VEC_A, lapic_count_arrival, &a), 0))
		return;
	for (u32 bit = 0; bit < 64; bit++) {
		if (reserved & BIT(bit))
			tally_wrmsr(&t, X2APIC_MSR(reg), send | BIT(bit));
	}
	lapic_flush();
	EXPECT_ALL_GP(t);
	EXPECT_EQ(a.count, 0);
	irq_release_vector(VEC_A);
}

/* AMD: bits 16 and 17 are the status of a remote read. */
TEST(lapic, x2apic_icr_refuses_reserved_bits, RESERVED_RULE,
     .needs = NEEDS_X2APIC)
{
	judge_reserved_send(APIC_ICR, APIC_DEST_SELF | APIC_INT_ASSERT | VEC_A,
			    GENMASK(31, 20) | on_intel(GENMASK(17, 16)) |
				    BIT(13));
}

TEST(lapic, x2apic_self_ipi_refuses_reserved_bits, RESERVED_RULE,
     .needs = NEEDS_X2APIC)
{
	judge_reserved_send(APIC_SELF_IPI, VEC_A, GENMASK(63, 8));
}
