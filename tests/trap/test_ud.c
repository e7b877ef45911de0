// SPDX-License-Identifier: MIT
/*
 * #UD, Invalid Opcode: vector 6, a fault, pushes no error code. What is
 * invalid on every CPU in 64-bit mode; the encodings are in insn_ud.S.
 *
 * Spec: SDM 3A "Interrupt 6-Invalid Opcode Exception (#UD)";
 *       APM 2 "#UD-Invalid-Opcode Exception (Vector 6)".
 */
#include <asm/special_insns.h>
#include <cpu/cpufeature.h>
#include <ktest/insn.h>
#include <ktest/insn_user.h>

#include "ud_group.h"

#define RULE	   "SDM 3A Interrupt 6"
#define RULE_GONE  RULE "; APM 3 Instructions Invalid in 64-Bit Mode"
#define RULE_LOCK  RULE "; SDM 2A LOCK"
#define RULE_MOVCR RULE "; SDM 2B MOV-Control Registers"

/* A fault reports the instruction itself: IP must not have advanced. */
TEST(ud, ud2_faults_at_its_own_address, "SDM 3A Interrupt 6")
{
	struct trap got = catch_trap(insn_ud2, NULL);

	EXPECT_TRAP(got, X86_TRAP_UD);
	EXPECT_EQ(got.error_code, 0);
	EXPECT_EQ(got.ip, insn_ud2);
}

TEST(ud, user_ud2, "SDM 3A Interrupt 6")
{
	EXPECT_USER_FAULT(user_ud2, X86_TRAP_UD, 0);
}

TEST(ud, no_prefix_makes_ud2_valid,
     RULE "; SDM 2B UD0, UD1, UD2; APM 3 UD0, UD1, UD2")
{
	EXPECT_UD(ud2);
}

/* Their ModR/M names memory, but is only decoded: no address faults. */
TEST(ud, ud0_and_ud1_access_no_memory, RULE "; SDM 2B UD0, UD1, UD2")
{
	ud_judge_arg(UD_GROUP(ud01), X86_TRAP_UD, NULL);
	ud_judge_arg(UD_GROUP(ud01), X86_TRAP_UD, (void *)NONCANONICAL);
}

/* A hypervisor may have agreed to emulate what follows; it may do so here. */
TEST(ud, ud2_before_a_forced_emulation_prefix, "SDM 3A Interrupt 6")
{
	struct trap got = catch_trap((void (*)(void *))insn_ud_ud2_kvm, NULL);

	if (cpu_has(X86_FEATURE_HYPERVISOR) && got.nr == TRAP_NONE) {
		ktest_note("the hypervisor emulated what follows UD2 'kvm'");
		EXPECT_EQ(got.nr, TRAP_NONE);
		return;
	}
	EXPECT_UD(ud2_kvm);
}

TEST(ud, segment_pushes_and_pops_are_gone, RULE_GONE)
{
	EXPECT_UD(push_pop_segment);
}

TEST(ud, decimal_arithmetic_is_gone, RULE_GONE)
{
	EXPECT_UD(decimal);
}

/* D5 became REX2 with APX. */
TEST(ud, aam_aad_and_salc_are_gone, RULE_GONE)
{
	if (boot_cpu_data.max_leaf >= 7 && cpuid_count(7, 1).edx & BIT(21))
		SKIP(return, "this CPU has APX, whose prefix D5 is");
	EXPECT_UD(aam_aad_salc);
}

TEST(ud, pusha_and_popa_are_gone, RULE_GONE)
{
	EXPECT_UD(push_pop_all);
}

TEST(ud, opcode_82_is_gone, RULE_GONE)
{
	EXPECT_UD(group1_alias);
}

TEST(ud, far_calls_and_jumps_by_immediate_are_gone, RULE_GONE)
{
	EXPECT_UD(far_immediate);
}

TEST(ud, lock_on_a_register, RULE_LOCK)
{
	EXPECT_UD(lock_register);
}

TEST(ud, lock_on_the_form_that_writes_a_register, RULE_LOCK)
{
	EXPECT_UD(lock_register_form);
}

TEST(ud, lock_on_what_accesses_no_memory, RULE_LOCK)
{
	EXPECT_UD(lock_nothing);
}

/* Memory is named, but these do not read, change and write it. */
TEST(ud, lock_on_what_cannot_be_locked, RULE_LOCK)
{
	EXPECT_UD(lock_memory);
}

#define ALT_MOV_CR8 BIT(4) /* CPUID 80000001H ECX: LOCK MOV CR0 is CR8's */

TEST(ud, lock_on_a_move_of_a_control_register,
     RULE_LOCK "; SDM 2B MOV-Control Registers; APM 3 MOV CRn")
{
	bool cr8 = cpuid_count(0x80000001, 0).ecx & ALT_MOV_CR8;

	EXPECT_UD(lock_cr);
	ud_judge(UD_GROUP(lock_cr0), cr8 ? TRAP_NONE : X86_TRAP_UD);
}

TEST(ud, lock_where_it_belongs_is_valid, RULE_LOCK)
{
	EXPECT_RUNS(lock_valid);
}

TEST(ud, control_registers_that_do_not_exist, RULE_MOVCR)
{
	EXPECT_UD(cr_absent);
}

/* CR0, CR2 and DR7 into ECX: no memory form, no displacement. */
TEST(ud, mod_bits_of_mov_cr_and_dr_are_ignored, "SDM 2B MOV-Control Registers")
{
	EXPECT_RUNS(cr_mod);
}

TEST(ud, debug_registers_above_7_do_not_exist,
     RULE "; SDM 2B MOV-Debug Registers")
{
	EXPECT_UD(dr_absent);
}

/* A selector that cannot be loaded, in case it is looked at. */
#define NO_SUCH 0xfff8ull

TEST(ud, mov_to_cs_and_to_no_segment_register, RULE "; SDM 2B MOV; APM 3 MOV")
{
	ud_judge_arg(UD_GROUP(mov_to_segment), X86_TRAP_UD, (void *)NO_SUCH);
	ud_operand[0] = NO_SUCH;
	ud_judge_arg(UD_GROUP(mov_to_segment_mem), X86_TRAP_UD, ud_operand);
}

TEST(ud, mov_from_no_segment_register, RULE "; SDM 2B MOV; APM 3 MOV")
{
	EXPECT_UD(mov_from_segment);
}

TEST(ud, register_forms_that_do_not_exist, RULE "; SDM 2D Opcode Map")
{
	EXPECT_UD(register_form);
}

TEST(ud, movntq_movntdq_movlpd_and_movhpd_of_a_register,
     RULE "; SDM 2B MOVNTQ, MOVNTDQ, MOVLPD, MOVHPD")
{
	EXPECT_UD(register_form_stores);
}

TEST(ud, memory_forms_that_do_not_exist, RULE "; SDM 2D Opcode Map")
{
	EXPECT_UD(memory_form);
}

TEST(ud, holes_in_the_opcode_groups, RULE "; SDM 2D Opcode Map")
{
	EXPECT_UD(group_hole);
}

TEST(ud, holes_in_group_9, RULE "; SDM 2D Opcode Map")
{
	EXPECT_UD(group9_hole);
}

TEST(ud, holes_in_the_x87_opcodes, RULE "; SDM 2D Opcode Map")
{
	EXPECT_UD(x87_hole);
}

TEST(ud, holes_in_the_opcode_maps, RULE "; SDM 2D Opcode Map")
{
	EXPECT_UD(opcode_hole);
}

TEST(ud, mandatory_prefixes_that_do_not_belong, RULE "; SDM 2D Opcode Map")
{
	EXPECT_UD(prefix_hole);
}

/* Of CLAC with F2 FRED made another instruction, ERETS. */
TEST(ud, instructions_that_refuse_every_mandatory_prefix, RULE "; SDM 2A NP")
{
	if (boot_cpu_data.vendor != VENDOR_INTEL)
		SKIP(return, "only Intel's manual says which take no prefix");
	if (boot_cpu_data.max_leaf >= 7 && cpuid_count(7, 1).eax & BIT(17))
		SKIP(return, "this CPU has FRED: F2 CLAC is ERETS");
	if (!cpu_has(X86_FEATURE_SHA) || !cpu_has(X86_FEATURE_SMAP))
		SKIP(return, "this CPU has no SHA, or no SMAP");
	EXPECT_UD(prefix_forbidden);
}

/* None accesses its operand, so no address faults. */
TEST(ud, hints_and_reserved_nops_do_not_fault, RULE "; SDM 2B NOP, PREFETCHh")
{
	EXPECT_RUNS(nop_hint);
	ud_judge_arg(UD_GROUP(nop_hint), TRAP_NONE, NULL);
	ud_judge_arg(UD_GROUP(nop_hint), TRAP_NONE, (void *)NONCANONICAL);
}

TEST(ud, prefixes_without_a_use_are_ignored,
     RULE "; SDM 2A Instruction Prefixes")
{
	EXPECT_RUNS(nop_prefixed);
}

TEST(ud, instructions_of_15_bytes_run, RULE "; SDM 2A Instruction Format")
{
	EXPECT_RUNS(length_15);
}

/* UD2 among them: too long comes before invalid. */
TEST(gp, instructions_of_16_bytes, "SDM 3A Interrupt 13; APM 3 Overview")
{
	ud_judge(UD_GROUP(length_16), X86_TRAP_GP);
}
