// SPDX-License-Identifier: MIT
/*
 * #GP by what is written to control registers and MSRs: error code 0, and the
 * register keeps its value.
 *
 * Spec: SDM 2B "MOV-Move to/from Control Registers", "RDMSR", "WRMSR",
 *       "XSETBV"; SDM 3A "Control Registers"; APM 2 "System-Control
 *       Registers", "Extended Feature Enable Register (EFER)".
 */
#include <asm/msr-index.h>
#include <asm/special_insns.h>
#include <cpu/cpufeature.h>
#include <ktest/insn_seg.h>

#include "judge.h"

#define MOV_CR "SDM 2B MOV-Control Registers: 64-Bit Mode Exceptions"
#define WRMSR  "SDM 2D WRMSR: 64-Bit Mode Exceptions"
#define XSETBV "SDM 2D XSETBV"
#define NO_MSR 0x00dead00u /* in no manual's tables */

#define REFUSED(insn, i, v)                                \
	judge(PLACE(#insn), insn_##insn,                   \
	      &(struct reg_write){ .index = i, .val = v }, \
	      WANT(X86_TRAP_GP, 0, insn_##insn##_at, .fault = true))

/* Refused, and unchanged; put back at once where it was taken. */
static void wrmsr_refused(u32 msr, u64 val)
{
	u64 before = rdmsr(msr);

	REFUSED(wrmsr, msr, val);
	EXPECT_EQ(rdmsr(msr), before);
	wrmsr(msr, before);
}

TEST(gp, rdmsr_of_no_msr, "SDM 2B RDMSR")
{
	REFUSED(rdmsr, NO_MSR, 0);
}

TEST(gp, wrmsr_of_no_msr, WRMSR)
{
	REFUSED(wrmsr, NO_MSR, 0);
}

TEST(gp, efer_reserved_bits, WRMSR)
{
	for (u32 bit = 32; bit < 64 && ktest_ok(); bit++)
		wrmsr_refused(MSR_EFER, rdmsr(MSR_EFER) | BIT(bit));
}

TEST(gp, efer_lme_cannot_change_while_paging, "SDM 3A IA-32e Mode")
{
	wrmsr_refused(MSR_EFER, rdmsr(MSR_EFER) & ~(u64)EFER_LME);
}

TEST(gp, noncanonical_fs_and_gs_base, WRMSR)
{
	wrmsr_refused(MSR_FS_BASE, NONCANONICAL);
	wrmsr_refused(MSR_KERNEL_GS_BASE, NONCANONICAL);
}

TEST(gp, noncanonical_lstar, WRMSR)
{
	wrmsr_refused(MSR_LSTAR, NONCANONICAL);
}

/* Intel, which has no use for it, does not list it among the addresses. */
TEST(gp, noncanonical_cstar, WRMSR "; APM 3 WRMSR")
{
	if (boot_cpu_data.vendor == VENDOR_INTEL)
		SKIP(return, "a rule of the APM alone");
	wrmsr_refused(MSR_CSTAR, NONCANONICAL);
}

/* AMD's SYSENTER is one of legacy mode, its addresses have 32 bits. */
TEST(gp, noncanonical_sysenter_eip_and_esp, WRMSR)
{
	if (boot_cpu_data.vendor != VENDOR_INTEL)
		SKIP(return, "a rule of the SDM alone");
	if (!cpu_has(X86_FEATURE_SEP))
		SKIP(return, "this CPU has no SYSENTER");
	wrmsr_refused(MSR_IA32_SYSENTER_EIP, NONCANONICAL);
	wrmsr_refused(MSR_IA32_SYSENTER_ESP, NONCANONICAL);
}

TEST(gp, tsc_aux_upper_half, WRMSR)
{
	if (boot_cpu_data.vendor != VENDOR_INTEL)
		SKIP(return, "a rule of the SDM alone");
	if (!cpu_has(X86_FEATURE_RDTSCP) && !cpu_has(X86_FEATURE_RDPID))
		SKIP(return, "this CPU has no TSC_AUX");
	wrmsr_refused(MSR_TSC_AUX, BIT(32));
	wrmsr_refused(MSR_TSC_AUX, BIT(63));
}

/* A type that does not exist, 2, in entry 0. */
TEST(gp, pat_reserved_type, "SDM 3A PAT: Programming the PAT")
{
	if (!cpu_has(X86_FEATURE_PAT))
		SKIP(return, "this CPU has no PAT");
	wrmsr_refused(MSR_IA32_PAT, (rdmsr(MSR_IA32_PAT) & ~0xffull) | 2);
}

/* Types 2 and 3 do not exist. */
TEST(gp, mtrr_reserved_type, "SDM 3A IA32_MTRR_DEF_TYPE MSR")
{
	u64 def;

	if (!(cpuid_count(1, 0).edx & BIT(12)))
		SKIP(return, "this CPU has no MTRRs");
	def = rdmsr(MSR_MTRR_DEF_TYPE) & ~0xffull;
	wrmsr_refused(MSR_MTRR_DEF_TYPE, def | 2);
	wrmsr_refused(MSR_MTRR_DEF_TYPE, def | 3);
}

TEST(gp, apic_base_reserved_bits, WRMSR)
{
	u64 base = rdmsr(MSR_IA32_APICBASE);

	wrmsr_refused(MSR_IA32_APICBASE, base | BIT(0));
	if (boot_cpu_data.phys_bits < 52)
		wrmsr_refused(MSR_IA32_APICBASE,
			      base | BIT(boot_cpu_data.phys_bits));
}

TEST(gp, cr0_upper_half, MOV_CR)
{
	u64 cr0 = read_cr0();

	for (u32 bit = 32; bit < 64 && ktest_ok(); bit++)
		EXPECT_FAULT(insn_mov_cr0, cr0 | BIT(bit), X86_TRAP_GP, 0);
	EXPECT_EQ(read_cr0(), cr0);
}

/* AMD: software must not change them; what happens then is not said. */
TEST(gp, cr0_reserved_low_bits_are_ignored, "SDM 3A Control Registers")
{
	u64 cr0 = read_cr0();

	if (boot_cpu_data.vendor != VENDOR_INTEL)
		SKIP(return, "only the Intel manual says they are ignored");
	EXPECT_RETURNS(insn_mov_cr0, cr0 | BIT(6) | BIT(17) | BIT(28));
	EXPECT_EQ(read_cr0(), cr0);
	write_cr0(cr0);
}

TEST(gp, cr0_nw_without_cd, MOV_CR)
{
	u64 cr0 = read_cr0();

	EXPECT_FAULT(insn_mov_cr0, cr0 | X86_CR0_NW, X86_TRAP_GP, 0);
	write_cr0(cr0);
}

/* Were it taken, tables of one level more, or less, would be walked. */
TEST(gp, cr4_la57_cannot_be_changed, MOV_CR)
{
	u64 cr4 = read_cr4();

	if (!cpu_has(X86_FEATURE_LA57))
		SKIP(return, "this CPU has no LA57");
	EXPECT_FAULT(insn_mov_cr4, cr4 ^ X86_CR4_LA57, X86_TRAP_GP, 0);
	EXPECT_EQ(read_cr4(), cr4);
}

TEST(gp, cr8_reserved_bits, MOV_CR)
{
	u64 cr8 = read_cr8();

	for (u32 bit = 4; bit < 64 && ktest_ok(); bit++)
		EXPECT_FAULT(insn_mov_cr8, BIT(bit), X86_TRAP_GP, 0);
	write_cr8(cr8);
}

/* x87 cannot be off; AVX needs SSE; what CPUID does not list is reserved. */
TEST(gp, xcr0_impossible_and_reserved_bits, XSETBV)
{
	struct cpuid_regs r;
	u64 xcr0;

	if (!cpu_has(X86_FEATURE_XSAVE))
		SKIP(return, "this CPU has no XSAVE");
	xcr0 = xgetbv(0);
	r = cpuid_count(0xd, 0);
	REFUSED(xsetbv, 0, xcr0 & ~1ull);
	REFUSED(xsetbv, 0, BIT(0) | BIT(2));
	for (u32 bit = 0; bit < 64; bit++) {
		if (!(((u64)r.edx << 32 | r.eax) >> bit & 1))
			REFUSED(xsetbv, 0, xcr0 | BIT(bit));
	}
	EXPECT_EQ(xgetbv(0), xcr0);
}

TEST(gp, xcr_that_does_not_exist, XSETBV)
{
	if (!cpu_has(X86_FEATURE_XSAVE))
		SKIP(return, "this CPU has no XSAVE");
	REFUSED(xsetbv, 2, 1);
	REFUSED(xsetbv, 0xffffffff, 1);
}

/*
 * Apart, because QEMU's TCG does not survive them: it spins on a reserved bit
 * of CR4 and on a CR3 that leads nowhere, where no NMI gets through, and takes
 * the loss of PAE, PE or PG, which is a triple fault. They run only where
 * tests= names the suite.
 */
SUITE(gp_fatal, .manual = true);

TEST(gp_fatal, cr3_above_maxphyaddr, MOV_CR)
{
	u64 cr3 = read_cr3();

	if (boot_cpu_data.phys_bits >= 52)
		SKIP(return, "MAXPHYADDR is 52: no bit is left");
	EXPECT_FAULT(insn_mov_cr3, cr3 | BIT(51), X86_TRAP_GP, 0);
	EXPECT_FAULT(insn_mov_cr3, cr3 | BIT(boot_cpu_data.phys_bits),
		     X86_TRAP_GP, 0);
	EXPECT_EQ(read_cr3(), cr3);
}

TEST(gp_fatal, cr4_reserved_bits, MOV_CR)
{
	u64 cr4 = read_cr4();

	EXPECT_FAULT(insn_mov_cr4, cr4 | BIT(15), X86_TRAP_GP, 0);
	EXPECT_FAULT(insn_mov_cr4, cr4 | BIT(40), X86_TRAP_GP, 0);
	EXPECT_EQ(read_cr4(), cr4);
}

TEST(gp_fatal, cr4_pae_cannot_be_cleared, MOV_CR)
{
	EXPECT_FAULT(insn_mov_cr4, read_cr4() & ~(u64)X86_CR4_PAE, X86_TRAP_GP,
		     0);
}

TEST(gp_fatal, cr0_pg_needs_pe, MOV_CR)
{
	EXPECT_FAULT(insn_mov_cr0, read_cr0() & ~(u64)X86_CR0_PE, X86_TRAP_GP,
		     0);
}

TEST(gp_fatal, cr0_pg_cannot_be_cleared, MOV_CR)
{
	EXPECT_FAULT(insn_mov_cr0, read_cr0() & ~(u64)X86_CR0_PG, X86_TRAP_GP,
		     0);
}
