// SPDX-License-Identifier: MIT
/*
 * #UD by mode: instructions the CPU has, or has not, whose switch is off. With
 * the switch off they are invalid either way, so no case asks CPUID first.
 *
 * Spec: SDM 3A "Interrupt 6-Invalid Opcode Exception (#UD)", "Control
 *       Registers"; SDM 2 and APM 3, each instruction's exceptions.
 */
#include <asm/msr-index.h>
#include <asm/special_insns.h>
#include <cpu/cpufeature.h>

#include "ud_group.h"

#define EFER_SVME   BIT(12)
#define ECX_SKINIT  BIT(12) /* CPUID 80000001H */
#define EDX_SVML    BIT(2)  /* CPUID 8000000AH */
#define XCR0_X87    BIT(0)
#define XCR0_SSE    BIT(1)
#define XCR0_AVX    BIT(2)
#define RULE	    "SDM 3A Interrupt 6"
#define RULE_SSE_EM RULE "; SDM 3A CR0.EM"

static void ud_mode_teardown(void)
{
	fninit(); /* MMX leaves x87's tags behind */
}

SUITE(ud, .teardown = ud_mode_teardown);

TEST(ud, rsm_outside_smm, RULE "; SDM 2B RSM; APM 3 RSM")
{
	EXPECT_UD(rsm);
}

TEST(ud, sse_without_osfxsr, RULE "; SDM 3A Checking for CR4.OSFXSR")
{
	EXPECT_RUNS(sse);
	EXPECT_UD_WITHOUT_CR4(sse, X86_CR4_OSFXSR);
}

TEST(ud, sse_with_em, RULE_SSE_EM)
{
	ud_judge_cr0(UD_GROUP(sse), X86_CR0_EM, X86_TRAP_UD);
}

TEST(ud, mmx_with_em, RULE_SSE_EM)
{
	EXPECT_RUNS(mmx);
	ud_judge_cr0(UD_GROUP(mmx), X86_CR0_EM, X86_TRAP_UD);
}

TEST(ud, emms_with_em, RULE "; SDM 2A EMMS")
{
	EXPECT_RUNS(emms);
	ud_judge_cr0(UD_GROUP(emms), X86_CR0_EM, X86_TRAP_UD);
}

/* PREFETCH, the fences, MOVNTI, CLFLUSH, PAUSE touch no SSE register. */
TEST(ud, sse_without_state_needs_no_osfxsr,
     RULE "; SDM 3A Checking for CR4.OSFXSR")
{
	ud_judge_cr4(UD_GROUP(sse_exempt), X86_CR4_OSFXSR, TRAP_NONE);
	ud_judge_cr0(UD_GROUP(sse_exempt), X86_CR0_EM, TRAP_NONE);
}

/* POPCNT and CRC32 came with SSE4.2 and work on general registers. */
TEST(ud, popcnt_and_crc32_need_no_osfxsr,
     RULE "; SDM 3A Checking for CR4.OSFXSR")
{
	u32 both = BIT(20) | BIT(23); /* CPUID 1 ECX: SSE4.2, POPCNT */

	if ((cpuid_count(1, 0).ecx & both) != both)
		SKIP(return, "this CPU has no SSE4.2 or no POPCNT");
	ud_judge_cr4(UD_GROUP(sse42_exempt), X86_CR4_OSFXSR, TRAP_NONE);
	ud_judge_cr0(UD_GROUP(sse42_exempt), X86_CR0_EM, TRAP_NONE);
}

/* CR4.VMXE is 0: off, or not there at all. */
TEST(ud, vmx_instructions_when_off, RULE "; SDM 3C VMX Instructions")
{
	EXPECT_FALSE(read_cr4() & X86_CR4_VMXE);
	EXPECT_UD(vmx);
}

/* Their opcode, 0F C7 with memory, is CMPXCHG8B's: ModR/M tells them apart. */
TEST(ud, vmx_instructions_of_group_9_when_off, RULE "; SDM 3C VMX Instructions")
{
	EXPECT_FALSE(read_cr4() & X86_CR4_VMXE);
	EXPECT_UD(vmx_group9);
}

/* EFER.SVME is 0: off, or not there at all. */
TEST(ud, svm_instructions_when_off,
     RULE "; APM 2 Enabling SVM; APM 3 VMRUN, CLGI")
{
	EXPECT_FALSE(rdmsr(MSR_EFER) & EFER_SVME);
	EXPECT_UD(svm);
}

/*
 * EFER.SVME is no switch of these two where SVM-Lock or SKINIT is declared:
 * there STGI runs, and SKINIT starts the machine anew.
 */
TEST(ud, stgi_and_skinit_without_svm_lock,
     RULE "; APM 2 Enabling SVM; APM 3 STGI, SKINIT")
{
	EXPECT_FALSE(rdmsr(MSR_EFER) & EFER_SVME);
	if (boot_cpu_data.max_ext_leaf >= 0x8000000a &&
	    cpuid_count(0x8000000a, 0).edx & EDX_SVML)
		SKIP(return, "this CPU has SVM-Lock, so STGI is valid");
	if (cpuid_count(0x80000001, 0).ecx & ECX_SKINIT)
		SKIP(return, "this CPU has SKINIT, so STGI is valid");
	EXPECT_UD(svm_launch);
}

TEST(ud, hypercalls_without_a_hypervisor, RULE "; SDM 3C VMCALL; APM 3 VMMCALL")
{
	if (cpu_has(X86_FEATURE_HYPERVISOR))
		SKIP(return, "a hypervisor is declared, which may take them");
	EXPECT_UD(hypercall);
}

TEST(ud, fsgsbase_instructions_when_off,
     RULE "; SDM 2B RDFSBASE; APM 3 RDFSBASE")
{
	EXPECT_UD_WITHOUT_CR4(fsgsbase, X86_CR4_FSGSBASE);
}

TEST(ud, xsave_instructions_when_off,
     RULE "; SDM 2D XGETBV, XSAVE; APM 3 the same")
{
	EXPECT_UD_WITHOUT_CR4(xsave, X86_CR4_OSXSAVE);
}

TEST(ud, xsavec_xsaves_and_xrstors_when_off, RULE)
{
	EXPECT_UD_WITHOUT_CR4(xsave_group9, X86_CR4_OSXSAVE);
}

TEST(ud, rdpkru_and_wrpkru_when_off, RULE "; SDM 2B RDPKRU; APM 3 RDPKRU")
{
	EXPECT_UD_WITHOUT_CR4(pku, X86_CR4_PKE);
}

TEST(ud, getsec_when_off, RULE)
{
	EXPECT_FALSE(read_cr4() & X86_CR4_SMXE);
	EXPECT_UD(getsec);
}

/* AMD has neither in long mode. Intel has, and refuses a NULL code segment. */
TEST(ud, sysenter_and_sysexit_in_long_mode,
     RULE "; SDM 2B SYSENTER; APM 3 SYSENTER")
{
	u64 cs = rdmsr(MSR_IA32_SYSENTER_CS);

	wrmsr(MSR_IA32_SYSENTER_CS, 0);
	ud_judge(UD_GROUP(sysenter), boot_cpu_data.vendor == VENDOR_INTEL
					     ? X86_TRAP_GP
					     : X86_TRAP_UD);
	wrmsr(MSR_IA32_SYSENTER_CS, cs);
}

TEST(ud, syscall_and_sysret_without_sce,
     RULE "; SDM 2B SYSCALL, SYSRET; APM 3 SYSCALL")
{
	u64 efer = rdmsr(MSR_EFER);

	wrmsr(MSR_EFER, efer & ~(u64)EFER_SCE);
	EXPECT_UD(syscall);
	wrmsr(MSR_EFER, efer);
}

TEST(ud, shadow_stack_instructions_when_off, RULE "; SDM 2A INCSSP")
{
	if (cpu_has(X86_FEATURE_SHSTK))
		EXPECT_UD_WITHOUT_CR4(cet, X86_CR4_CET);
	else
		EXPECT_UD(cet);
}

/* With AVX on in XCR0, where there is AVX: or it would be #UD anyway. */
static void with_xcr0(const struct ud_group *group, u64 bits, u32 nr)
{
	u64 xcr0 = xgetbv(0);

	xsetbv(0, bits);
	ud_judge(group, nr);
	xsetbv(0, xcr0);
}

#define EXPECT_AVX(group, nr) \
	with_xcr0(UD_GROUP(group), XCR0_X87 | XCR0_SSE | XCR0_AVX, nr)
#define RULE_VEX RULE "; SDM 2A VEX Prefix"

TEST(ud, vex_is_valid_with_its_state_enabled, RULE_VEX)
{
	if (!cpu_has(X86_FEATURE_AVX) || !cpu_has(X86_FEATURE_XSAVE))
		SKIP(return, "this CPU has no AVX");
	EXPECT_AVX(vex_valid, TRAP_NONE);
}

TEST(ud, vex_without_its_state,
     RULE "; SDM 1 Detection of AVX; SDM 3A XCR0, OSXSAVE")
{
	if (cpu_has(X86_FEATURE_XSAVE))
		with_xcr0(UD_GROUP(vex_valid), XCR0_X87 | XCR0_SSE,
			  X86_TRAP_UD);
	EXPECT_UD_WITHOUT_CR4(vex_valid, X86_CR4_OSXSAVE);
}

/* The cases of VEX hold without AVX as well: then for another reason. */
static void vex_is_invalid(const struct ud_group *group)
{
	if (cpu_has(X86_FEATURE_AVX) && cpu_has(X86_FEATURE_XSAVE))
		with_xcr0(group, XCR0_X87 | XCR0_SSE | XCR0_AVX, X86_TRAP_UD);
	else
		ud_judge(group, X86_TRAP_UD);
}

TEST(ud, rex_before_vex, RULE_VEX)
{
	vex_is_invalid(UD_GROUP(vex_prefixed));
}

TEST(ud, vex_vvvv_that_names_no_operand, RULE_VEX)
{
	vex_is_invalid(UD_GROUP(vex_vvvv));
}

TEST(ud, vex_l_without_such_a_form, RULE_VEX)
{
	vex_is_invalid(UD_GROUP(vex_l));
}

TEST(ud, vmovd_of_256_bits, RULE_VEX)
{
	if (!cpu_has(X86_FEATURE_AVX) || !cpu_has(X86_FEATURE_XSAVE))
		SKIP(return, "this CPU has no AVX");
	vex_is_invalid(UD_GROUP(vmovd_l));
}

TEST(ud, vex_w_without_such_a_form, RULE_VEX)
{
	vex_is_invalid(UD_GROUP(vex_w));
}

TEST(ud, vex_of_a_map_that_does_not_exist, RULE_VEX)
{
	vex_is_invalid(UD_GROUP(vex_map));
}

TEST(ud, evex_without_avx512, RULE "; SDM 2A EVEX Prefix; SDM 2A BOUND")
{
	if (boot_cpu_data.max_leaf >= 7 && cpuid_count(7, 0).ebx & BIT(16))
		SKIP(return, "this CPU has AVX-512");
	vex_is_invalid(UD_GROUP(evex));
}
