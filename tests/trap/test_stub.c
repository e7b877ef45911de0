// SPDX-License-Identifier: MIT
/*
 * Vectors that no program here can raise: #VE, #HV, #VC and #SX, which belong
 * to guests; #CP, as CET is off; and the reserved ones. Their gates' stubs are
 * entered with the frame that the CPU would push, and each must expect an
 * error code where its vector has one, say its own number, and come back whole.
 *
 * Spec: SDM 3A "Exception and Interrupt Reference"; APM 2 "Vectors".
 */
#include <asm/special_insns.h>
#include <ktest/insn_stub.h>

#include "judge.h"

#define RULE	 "SDM 3A Exception and Interrupt Reference"
#define AMD_RULE "APM 2 Vectors"

static void enters(u32 vector, const char *name, struct enter_stub how,
		   enum stack_kind stack)
{
	struct desc_ptr idt;

	store_idt(&idt);
	how.stub = gate_offset((const gate_desc *)idt.address + vector);
	judge(PLACE(name), insn_enter_stub, &how,
	      WANT(vector, how.code, insn_enter_stub_at, .stack = stack));
}

#define PLAIN	 ((struct enter_stub){ 0 })
#define CODED(c) ((struct enter_stub){ .code = c, .coded = true })

TEST(ve, its_stub_expects_no_error_code, RULE)
{
	enters(X86_TRAP_VE, "#VE", PLAIN, STACK_TASK);
}

TEST(hv, its_stub_expects_no_error_code, AMD_RULE)
{
	enters(X86_TRAP_HV, "#HV", PLAIN, STACK_TASK);
}

TEST(sx, its_stub_expects_an_error_code, AMD_RULE)
{
	enters(X86_TRAP_SX, "#SX", CODED(1), STACK_TASK);
}

TEST(cp, its_stub_expects_an_error_code, RULE)
{
	enters(X86_TRAP_CP, "#CP", CODED(3), STACK_TASK);
}

TEST(vc, its_stub_expects_an_error_code_on_its_own_stack, AMD_RULE)
{
	enum stack_kind stack = STACK_IST1 + IST_VC - 1;
	struct enter_stub how = CODED(0x72);

	how.ist = stack_top(smp_processor_id(), stack);
	enters(X86_TRAP_VC, "#VC", how, stack);
}

TEST(irq, stubs_of_reserved_vectors_expect_no_error_code, RULE)
{
	static const u8 reserved[] = {
		X86_TRAP_OLD_MF, X86_TRAP_SPURIOUS, 22, 23, 24, 25, 26, 27, 31
	};

	for (u32 i = 0; i < ARRAY_SIZE(reserved); i++)
		enters(reserved[i], "a reserved vector", PLAIN, STACK_TASK);
}
