// SPDX-License-Identifier: MIT
/*
 * #UD, Invalid Opcode: vector 6, a fault, pushes no error code.
 *
 * Spec: SDM 3A "Interrupt 6-Invalid Opcode Exception (#UD)";
 *       APM 2 "#UD-Invalid-Opcode Exception (Vector 6)".
 */
#include <asm/msr-index.h>
#include <asm/special_insns.h>
#include <cpu/cpufeature.h>
#include <ktest/insn.h>
#include <ktest/insn_ud.h>
#include <ktest/insn_user.h>

#include "judge.h"

struct ud {
	const char *name;
	void (*fn)(void *);
	u32 feature;
};

#define UD(x)                   \
	{                       \
#x, insn_##x, 0 \
	}
#define EXT(x, bit)                             \
	{                                       \
#x, insn_##x, X86_FEATURE_##bit \
	}

/* What the instructions that address memory are given. */
static u64 operand[2] __aligned(16);

static void all_invalid(const struct ud *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		judge(PLACE(list[i].name), list[i].fn, operand,
		      WANT(X86_TRAP_UD, 0, list[i].fn, .fault = true));
}

/* A fault reports the instruction itself: IP must not have advanced. */
TEST(ud, ud2_faults_at_its_own_address, "SDM 3A Interrupt 6")
{
	struct trap got = catch_trap(insn_ud2, NULL);

	EXPECT_TRAP(got, X86_TRAP_UD);
	EXPECT_EQ(got.error_code, 0);
	EXPECT_EQ(got.ip, insn_ud2);
}

/* Their ModR/M names memory, but is only decoded: NULL does not fault. */
TEST(ud, ud0_and_ud1_access_no_memory, "SDM 2B UD0, UD1, UD2")
{
	EXPECT_FAULT(insn_ud0, NULL, X86_TRAP_UD, 0);
	EXPECT_FAULT(insn_ud1, NULL, X86_TRAP_UD, 0);
}

TEST(ud, ud2_before_a_forced_emulation_prefix, "SDM 3A Interrupt 6")
{
	EXPECT_FAULT(insn_ud2_kvm, NULL, X86_TRAP_UD, 0);
}

TEST(ud, user_ud2, "SDM 3A Interrupt 6")
{
	EXPECT_USER_FAULT(user_ud2, X86_TRAP_UD, 0);
}

TEST(ud, segment_pushes_and_pops_are_gone, "SDM 2B PUSH, POP: 64-Bit Mode")
{
	static const struct ud list[] = { UD(push_es), UD(pop_es), UD(push_cs),
					  UD(push_ss), UD(pop_ss), UD(push_ds),
					  UD(pop_ds) };

	all_invalid(list, ARRAY_SIZE(list));
}

TEST(ud, decimal_arithmetic_is_gone, "APM 3 Invalid in 64-Bit Mode")
{
	static const struct ud list[] = { UD(daa), UD(das), UD(aaa), UD(aas) };

	all_invalid(list, ARRAY_SIZE(list));
}

TEST(ud, aam_aad_and_salc_are_gone, "APM 3 Invalid in 64-Bit Mode")
{
	static const struct ud list[] = { UD(aam), UD(aad), UD(salc) };

	all_invalid(list, ARRAY_SIZE(list));
}

TEST(ud, pusha_and_popa_are_gone, "APM 3 Invalid in 64-Bit Mode")
{
	static const struct ud list[] = { UD(pusha), UD(popa) };

	all_invalid(list, ARRAY_SIZE(list));
}

TEST(ud, opcode_82_is_gone, "APM 3 Invalid in 64-Bit Mode")
{
	EXPECT_FAULT(insn_group1_alias, NULL, X86_TRAP_UD, 0);
}

TEST(ud, far_calls_and_jumps_by_immediate_are_gone, "SDM 2A CALL, JMP")
{
	static const struct ud list[] = { UD(call_far), UD(jmp_far) };

	all_invalid(list, ARRAY_SIZE(list));
}

TEST(ud, rex_before_vex, "SDM 2A REX Prefixes; SDM 2A VEX and the REX Prefix")
{
	EXPECT_FAULT(insn_les_vex, NULL, X86_TRAP_UD, 0);
}

TEST(ud, lock_on_a_register, "SDM 2A LOCK")
{
	static const struct ud list[] = { UD(lock_add_reg), UD(lock_xchg_reg),
					  UD(lock_inc_reg) };

	all_invalid(list, ARRAY_SIZE(list));
}

/* Memory is named, but these do not read, change and write it. */
TEST(ud, lock_on_what_cannot_be_locked, "SDM 2A LOCK")
{
	static const struct ud list[] = { UD(lock_nop), UD(lock_mov),
					  UD(lock_cmp), UD(lock_shl),
					  UD(lock_bt) };

	all_invalid(list, ARRAY_SIZE(list));
}

TEST(ud, lock_where_it_belongs_is_valid, "SDM 2A LOCK")
{
	operand[0] = 41;
	EXPECT_RETURNS(insn_lock_add, operand);
	EXPECT_EQ(operand[0], 42);
}

TEST(ud, control_registers_that_do_not_exist, "SDM 2B MOV-Control Registers")
{
	static const struct ud list[] = { UD(mov_cr1), UD(mov_from_cr1),
					  UD(mov_cr5), UD(mov_cr6),
					  UD(mov_cr7), UD(mov_cr9),
					  UD(mov_cr15) };

	all_invalid(list, ARRAY_SIZE(list));
}

TEST(ud, mov_to_cs_and_to_no_segment_register, "SDM 2B MOV")
{
	static const struct ud list[] = { UD(mov_cs), UD(mov_sreg6),
					  UD(mov_sreg7) };

	all_invalid(list, ARRAY_SIZE(list));
}

TEST(ud, lea_of_a_register, "SDM 2A LEA")
{
	EXPECT_FAULT(insn_lea_reg, NULL, X86_TRAP_UD, 0);
}

TEST(ud, rsm_outside_smm, "SDM 2B RSM")
{
	EXPECT_FAULT(insn_rsm, NULL, X86_TRAP_UD, 0);
}

TEST(ud, sse_without_osfxsr,
     "SDM 3A Checking for CR4.OSFXSR; SDM 3A Interrupt 6")
{
	u64 cr4 = read_cr4();

	EXPECT_RETURNS(insn_sse, NULL);
	write_cr4(cr4 & ~(u64)X86_CR4_OSFXSR);
	EXPECT_FAULT(insn_sse, NULL, X86_TRAP_UD, 0);
	write_cr4(cr4);
}

TEST(ud, sse_with_em, "SDM 3A CR0.EM; SDM 3A Interrupt 6")
{
	u64 cr0 = read_cr0();

	write_cr0(cr0 | X86_CR0_EM);
	EXPECT_FAULT(insn_sse, NULL, X86_TRAP_UD, 0);
	write_cr0(cr0);
}

/* CR4.VMXE is 0: off, or not there at all. */
TEST(ud, vmx_instructions_when_off, "SDM 3C VMX Instructions")
{
	static const struct ud list[] = { UD(vmxoff), UD(vmread) };

	EXPECT_FALSE(read_cr4() & X86_CR4_VMXE);
	all_invalid(list, ARRAY_SIZE(list));
}

/* Its opcode, 0F C7 with memory, is CMPXCHG8B's: ModR/M tells them apart. */
TEST(ud, vmptrst_when_off, "SDM 3C VMX Instructions; SDM 2D Opcode Map")
{
	EXPECT_FALSE(read_cr4() & X86_CR4_VMXE);
	EXPECT_FAULT(insn_vmptrst, operand, X86_TRAP_UD, 0);
}

/* EFER.SVME is 0: off, or not there at all. */
TEST(ud, svm_instructions_when_off, "APM 2 Enabling SVM; APM 3 VMRUN, CLGI")
{
	static const struct ud list[] = { UD(vmrun), UD(vmload), UD(vmsave),
					  UD(clgi) };

	EXPECT_FALSE(rdmsr(MSR_EFER) & BIT(12));
	all_invalid(list, ARRAY_SIZE(list));
}

TEST(ud, hypercalls_without_a_hypervisor, "SDM 3C VMCALL; APM 3 VMMCALL")
{
	static const struct ud list[] = { UD(vmcall), UD(vmmcall) };

	if (cpu_has(X86_FEATURE_HYPERVISOR))
		SKIP(return, "a hypervisor is declared, which may take them");
	all_invalid(list, ARRAY_SIZE(list));
}

TEST(ud, fsgsbase_instructions_when_off, "SDM 2B RDFSBASE, WRGSBASE")
{
	static const struct ud list[] = { UD(rdfsbase), UD(wrgsbase) };
	u64 cr4 = read_cr4();

	write_cr4(cr4 & ~(u64)X86_CR4_FSGSBASE);
	all_invalid(list, ARRAY_SIZE(list));
	write_cr4(cr4);
}

TEST(ud, xsave_instructions_when_off, "SDM 2D XGETBV, XSAVE")
{
	static const struct ud list[] = { UD(xgetbv), UD(xsave) };
	u64 cr4 = read_cr4();

	write_cr4(cr4 & ~(u64)X86_CR4_OSXSAVE);
	all_invalid(list, ARRAY_SIZE(list));
	write_cr4(cr4);
}

TEST(ud, extensions_that_cpuid_denies, "SDM 2A CPUID; SDM 3A Interrupt 6")
{
	static const struct ud list[] = {
		EXT(monitor, MONITOR),
		EXT(mwait, MONITOR),
		EXT(cmpxchg16b, CX16),
		EXT(movbe, MOVBE),
		EXT(rdrand, RDRAND),
		EXT(rdseed, RDSEED),
		EXT(rdtscp, RDTSCP),
		EXT(rdpid, RDPID),
		EXT(invpcid, INVPCID),
		EXT(adcx, ADX),
		EXT(clac, SMAP),
		EXT(pshufb, SSSE3),
		EXT(pmulld, SSE4_1),
		EXT(aesenc, AES),
		EXT(sha1msg1, SHA),
		EXT(clwb, CLWB),
		EXT(clflushopt, CLFLUSHOPT),
		EXT(xbegin, RTM),
		EXT(tpause, WAITPKG),
		EXT(movdiri, MOVDIRI),
		EXT(movdir64b, MOVDIR64B),
		EXT(enqcmd, ENQCMD),
		EXT(rdpkru, PKU),
	};
	u32 absent = 0;

	for (u32 i = 0; i < ARRAY_SIZE(list); i++) {
		if (cpu_has(list[i].feature))
			continue;
		absent++;
		all_invalid(&list[i], 1);
	}
	if (!absent)
		SKIP(return, "this CPU has every extension on the list");
}
