// SPDX-License-Identifier: MIT
/*
 * What system registers and descriptors let pass, and the #GP of instructions
 * that are about them.
 *
 * Spec: SDM 3A "Segment Loading Instructions in IA-32e Mode", "Limit Checking
 *       in 64-bit Mode", "Extended Feature Enable Register"; SDM 2 by
 *       instruction; APM 2 "Segment Registers in 64-Bit Mode", "Extended
 *       Feature Enable Register (EFER)"; APM 3 by instruction.
 */
#include <asm/msr-index.h>
#include <asm/special_insns.h>
#include <cpu/cpufeature.h>
#include <cpu/desc.h>
#include <cpu/irqflags.h>
#include <cpu/percpu.h>
#include <ktest/insn_seg.h>
#include <ktest/insn_sys.h>
#include <lib/string.h>

#include "judge.h"

#define SEGMENTS "SDM 3A Segment Loading Instructions in IA-32e Mode"
#define LIMITS	 "SDM 3A Limit Checking in 64-bit Mode"
#define EFER	 "SDM 3A Extended Feature Enable Register"
#define FREE	 (GDT_ENTRIES - 3) /* a slot of the GDT nobody uses */
#define BASE	 0x12345000ull
#define HIGH	 0xffff800000000000ull

/* Writable data of one byte. */
static void describe(u32 base)
{
	union desc_struct d = this_cpu(gdt_rw)[GDT_ENTRY_KERNEL_DS];

	d.limit0 = 0;
	d.limit1 = 0;
	d.g = 0;
	d.base0 = (u16)base;
	d.base1 = (u8)(base >> 16);
	d.base2 = (u8)(base >> 24);
	this_cpu(gdt_rw)[FREE] = d;
}

static void judge_base(void (*load)(void *), u32 msr)
{
	struct seg_load s = { .selector = FREE * 8 };
	u64 was = rdmsr(msr);

	describe(BASE);
	local_irq_disable();
	wrmsr(msr, HIGH | BASE << 4);
	EXPECT_RETURNS(load, &s);
	wrmsr(msr, was);
	local_irq_enable();
	this_cpu(gdt_rw)[FREE].raw = 0;
	EXPECT_EQ(s.base, BASE);
}

TEST(gp, load_of_fs_and_gs_takes_32_bits_of_base, SEGMENTS "; SDM 2B POP")
{
	judge_base(insn_mov_fs_base, MSR_FS_BASE);
	judge_base(insn_pop_fs_base, MSR_FS_BASE);
	judge_base(insn_mov_gs_base, MSR_KERNEL_GS_BASE);
	judge_base(insn_pop_gs_base, MSR_KERNEL_GS_BASE);
}

/* A prefix names the register; one that faults leaves its selector. */
static void judge_reads(u32 base)
{
	static void (*const read[])(
		void *) = { insn_read_by_ds, insn_read_by_es, insn_read_by_ss };
	static const u64 value = 0x0123456789abcdefull;

	describe(base);
	for (u32 i = 0; i < ARRAY_SIZE(read); i++) {
		struct seg_load s = { .selector = FREE * 8,
				      .base = (u64)&value };

		EXPECT_RETURNS(read[i], &s);
		reload_segments();
		EXPECT_EQ(s.base, value);
	}
	this_cpu(gdt_rw)[FREE].raw = 0;
}

TEST(gp, limits_of_ds_es_and_ss_are_not_checked, LIMITS)
{
	judge_reads(0);
}

TEST(gp, bases_of_ds_es_and_ss_are_zero, SEGMENTS)
{
	judge_reads(BASE);
}

/* Intel: ignored. AMD does not say so: it may refuse it as well. */
TEST(gp, efer_lma_cannot_be_changed, EFER)
{
	u64 efer = rdmsr(MSR_EFER);
	struct reg_write w = { .index = MSR_EFER, .val = efer & ~EFER_LMA };
	struct trap got = catch_trap(insn_wrmsr, &w);

	EXPECT_EQ(rdmsr(MSR_EFER), efer);
	if (boot_cpu_data.vendor == VENDOR_INTEL || got.nr != X86_TRAP_GP)
		EXPECT_TRAP(got, TRAP_NONE);
}

/* clang-format off */
#define MSR_VM_CR	0xc0010114
#define   VM_CR_SVMDIS	  BIT(4)
#define EFER_SVME	BIT(12)
#define EFER_FFXSR	BIT(14)
#define EFER_TCE	BIT(15)
/* clang-format on */

static void judge_efer(u64 bit)
{
	u64 efer = rdmsr(MSR_EFER);
	struct reg_write w = { .index = MSR_EFER, .val = efer ^ bit };

	EXPECT_RETURNS(insn_wrmsr, &w);
	EXPECT_EQ(rdmsr(MSR_EFER), efer ^ bit);
	wrmsr(MSR_EFER, efer);
}

TEST(gp, efer_takes_the_bits_that_cpuid_lists, "APM 2 System-Control Registers")
{
	struct cpuid_regs r = cpuid_count(0x80000001, 0);
	bool svm =
		cpu_has(X86_FEATURE_SVM) && !(rdmsr(MSR_VM_CR) & VM_CR_SVMDIS);

	if (!svm && !(r.ecx & BIT(17)) && !(r.edx & BIT(25)))
		SKIP(return, "CPUID lists no SVM, FFXSR or TCE");
	if (svm)
		judge_efer(EFER_SVME);
	if (r.ecx & BIT(17))
		judge_efer(EFER_TCE);
	if (r.edx & BIT(25))
		judge_efer(EFER_FFXSR);
}

TEST(gp, monitor_and_mwait_of_unknown_extensions, "SDM 2B MONITOR, MWAIT")
{
	if (!cpu_has(X86_FEATURE_MONITOR))
		SKIP(return, "this CPU has no MONITOR");
	EXPECT_FAULT_AT(insn_monitor, BIT(31), X86_TRAP_GP, 0, insn_monitor_at);
	EXPECT_FAULT_AT(insn_mwait, BIT(31), X86_TRAP_GP, 0, insn_mwait_at);
}

TEST(gp, rdpmc_of_no_counter, "SDM 2B RDTSC, RDPMC")
{
	EXPECT_FAULT_AT(insn_rdpmc, 0x12345678, X86_TRAP_GP, 0, insn_rdpmc_at);
}

/* XSTATE_BV beyond XCR0; XCOMP_BV without bit 63; what is reserved. */
TEST(gp, xrstor_of_a_bad_header, "SDM 2D XSAVE, XRSTOR")
{
	static u64 area[72] __aligned(64);
	static const struct {
		u8 word;
		u64 val;
	} bad[] = { { 64, BIT(62) }, { 65, 1 }, { 66, 1 } };

	if (!cpu_has(X86_FEATURE_XSAVE))
		SKIP(return, "this CPU has no XSAVE");
	memset(area, 0, sizeof(area));
	EXPECT_RETURNS(insn_xrstor_nothing, area);
	for (u32 i = 0; i < ARRAY_SIZE(bad); i++) {
		area[bad[i].word] = bad[i].val;
		EXPECT_FAULT_AT(insn_xrstor_nothing, area, X86_TRAP_GP, 0,
				insn_xrstor_nothing_at);
		area[bad[i].word] = 0;
	}
}

TEST(ud, cpuid_shows_osxsave_while_cr4_has_it, "SDM 3A Control Registers")
{
	u64 cr4 = read_cr4();
	u32 off, on;

	if (!cpu_has(X86_FEATURE_XSAVE))
		SKIP(return, "this CPU has no XSAVE");
	local_irq_disable();
	write_cr4(cr4 & ~(u64)X86_CR4_OSXSAVE);
	off = cpuid_count(1, 0).ecx & BIT(27);
	write_cr4(cr4 | X86_CR4_OSXSAVE);
	on = cpuid_count(1, 0).ecx & BIT(27);
	write_cr4(cr4);
	local_irq_enable();
	EXPECT_EQ(off, 0);
	EXPECT_EQ(on, BIT(27));
}

/* Each flag alone but TF, which would trap; RF never shows in the image. */
TEST(gp, popf_at_cpl_0_loads_all_but_vm_rf_vif_and_vip,
     "SDM 2B POPF/POPFD/POPFQ")
{
	const u64 loaded = X86_EFLAGS_CF | X86_EFLAGS_PF | X86_EFLAGS_AF |
			   X86_EFLAGS_ZF | X86_EFLAGS_SF | X86_EFLAGS_IF |
			   X86_EFLAGS_DF | X86_EFLAGS_OF | X86_EFLAGS_IOPL |
			   X86_EFLAGS_NT | X86_EFLAGS_AC | X86_EFLAGS_ID;

	for (u32 bit = 0; bit < 64 && ktest_ok(); bit++) {
		u64 image = BIT(bit);

		if (image == X86_EFLAGS_TF)
			continue;
		local_irq_disable();
		insn_popf_pushf(&image);
		local_irq_enable();
		EXPECT_EQ(image, X86_EFLAGS_FIXED | (BIT(bit) & loaded));
	}
}
