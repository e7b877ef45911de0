// SPDX-License-Identifier: MIT
/*
 * #GP and #NP by far JMP through memory to a call gate, at CPL 0, and by loads
 * of descriptors of the case's own. Nothing is entered before all of the gate
 * is found good: each fault is the JMP's own.
 *
 * Spec: SDM 3A "IA-32e Mode Call Gates"; SDM 2A "JMP", 64-Bit Mode Exceptions;
 *       APM 2 "Call Gates in Long Mode", "Control-Transfer Privilege Checks".
 */
#include <asm/special_insns.h>
#include <cpu/desc.h>
#include <cpu/percpu.h>
#include <ktest/insn.h>
#include <ktest/insn_seg.h>

#include "judge.h"

#define RULE	  "SDM 3A Interrupt 13; SDM 2A JMP: 64-Bit Mode Exceptions"
#define SLOT	  (GDT_ENTRIES - 2) /* two slots of the GDT nobody uses */
#define SEL	  (SLOT * 8)
#define CODE	  (SLOT - 1) /* and one for a code segment */
#define CODE_SEL  (CODE * 8)
#define CALL_GATE 0xc /* 64-bit; 4, 5 and 7 do not exist in IA-32e mode */

struct gate {
	u64 offset;
	u16 selector;
	u8 type, dpl, present;
	u8 high_type; /* bits 12:8 of the upper half, which must be 0 */
};

static const struct gate good = { .selector = __KERNEL_CS,
				  .type = CALL_GATE,
				  .present = 1 };

/* JMP to the gate, with that RPL; the slots are empty again afterwards. */
static void jump(const struct place *at, struct gate gate, u16 rpl, u32 nr,
		 u64 code)
{
	struct {
		u32 offset;
		u16 selector;
	} __packed far = { .selector = SEL | rpl };
	union desc_struct *slot = &this_cpu(gdt_rw)[SLOT];

	if (!gate.offset)
		gate.offset = (u64)insn_ret;
	slot[1].raw = gate.offset >> 32 | (u64)gate.high_type << 40;
	slot[0].raw = (gate.offset & 0xffff) | (u64)gate.selector << 16 |
		      (u64)gate.type << 40 | (u64)gate.dpl << 45 |
		      (u64)gate.present << 47 |
		      (gate.offset >> 16 & 0xffff) << 48;
	judge(at, insn_far_jmp, &far,
	      WANT(nr, code, insn_far_jmp_at, .fault = true));
	slot[0].raw = slot[1].raw = 0;
}

#define JUMP(nr, code, ...)                \
	jump(PLACE(#__VA_ARGS__), ({       \
		     struct gate g = good; \
		     __VA_ARGS__;          \
		     g;                    \
	     }),                           \
	     0, nr, code)

/* The gate's code begins with a RET, which returns for the JMP. */
TEST(gp, call_gate_to_the_same_privilege_is_entered, RULE)
{
	JUMP(TRAP_NONE, 0, );
}

TEST(np, call_gate_not_present, "SDM 3A Interrupt 11; SDM 2A JMP")
{
	JUMP(X86_TRAP_NP, SEL, g.present = 0);
}

TEST(gp, call_gate_of_a_lower_dpl_than_rpl, RULE)
{
	jump(PLACE("RPL 3, DPL 0"), good, 3, X86_TRAP_GP, SEL);
}

TEST(gp, call_gate_to_a_null_selector, RULE)
{
	JUMP(X86_TRAP_GP, 0, g.selector = 0);
}

TEST(gp, call_gate_to_a_selector_beyond_the_gdt, RULE)
{
	JUMP(X86_TRAP_GP, 0xfff8, g.selector = 0xfff8);
}

TEST(gp, call_gate_to_a_data_segment, RULE)
{
	JUMP(X86_TRAP_GP, __KERNEL_DS, g.selector = __KERNEL_DS);
}

/* A code segment of the case's own, in place while the gate is tried. */
#define JUMP_TO(nr, code, ...)                                  \
	do {                                                    \
		union desc_struct *gdt = this_cpu(gdt_rw);      \
		union desc_struct c = gdt[GDT_ENTRY_KERNEL_CS]; \
		__VA_ARGS__;                                    \
		gdt[CODE] = c;                                  \
		JUMP(nr, code, g.selector = CODE_SEL);          \
		gdt[CODE].raw = 0;                              \
	} while (0)

TEST(gp, call_gate_to_a_code_segment_that_is_not_64_bit, RULE)
{
	JUMP_TO(X86_TRAP_GP, CODE_SEL, c.l = 0; c.d = 1);
	JUMP_TO(X86_TRAP_GP, CODE_SEL, c.d = 1);
}

TEST(gp, call_gate_to_a_code_segment_of_another_dpl, RULE)
{
	JUMP_TO(X86_TRAP_GP, CODE_SEL, c.dpl = 3);
}

TEST(np, call_gate_to_a_code_segment_not_present,
     "SDM 3A Interrupt 11; SDM 2A JMP")
{
	JUMP_TO(X86_TRAP_NP, CODE_SEL, c.p = 0);
}

TEST(gp, call_gate_to_an_offset_not_canonical, RULE)
{
	JUMP(X86_TRAP_GP, 0, g.offset = NONCANONICAL);
}

TEST(gp, call_gate_whose_upper_half_has_a_type, RULE)
{
	JUMP(X86_TRAP_GP, SEL, g.high_type = 1);
	JUMP(X86_TRAP_GP, SEL, g.high_type = CALL_GATE);
}

/* 16-bit and task gates, interrupt and trap gates, LDT, TSS, reserved. */
TEST(gp, far_jump_to_a_system_descriptor_that_is_no_call_gate, RULE)
{
	static const u8 types[] = { 0x0, 0x1, 0x2, 0x3, 0x4, 0x5, 0x6, 0x7,
				    0x8, 0x9, 0xa, 0xb, 0xd, 0xe, 0xf };

	for (u32 i = 0; i < sizeof(types); i++)
		JUMP(X86_TRAP_GP, SEL, g.type = types[i]);
}

TEST(gp, data_register_with_execute_only_code, "SDM 3A Interrupt 13")
{
	union desc_struct *gdt = this_cpu(gdt_rw);
	union desc_struct code = gdt[GDT_ENTRY_KERNEL_CS];

	code.type = 0x9; /* execute-only, accessed */
	gdt[CODE] = code;
	EXPECT_FAULT(insn_mov_ds, CODE_SEL, X86_TRAP_GP, CODE_SEL);
	EXPECT_FAULT(insn_mov_fs, CODE_SEL, X86_TRAP_GP, CODE_SEL);
	EXPECT_FAULT(insn_mov_ss, CODE_SEL, X86_TRAP_GP, CODE_SEL);
	gdt[CODE].raw = 0;
}

TEST(gp, stack_segment_that_is_read_only, "SDM 3A Interrupt 13; SDM 2B MOV")
{
	union desc_struct *gdt = this_cpu(gdt_rw);
	union desc_struct data = gdt[GDT_ENTRY_KERNEL_DS];

	data.type = 0x1; /* read-only, accessed */
	gdt[CODE] = data;
	EXPECT_FAULT(insn_mov_ss, CODE_SEL, X86_TRAP_GP, CODE_SEL);
	gdt[CODE].raw = 0;
}

/* TI=1, whatever LDT there is; beyond the limit; what is no TSS. */
TEST(gp, ltr_and_lldt_of_other_selectors,
     "SDM 3A Interrupt 13; SDM 2A LTR, LLDT")
{
	EXPECT_FAULT(insn_ltr, __TSS_SEL | 4, X86_TRAP_GP, __TSS_SEL | 4);
	EXPECT_FAULT(insn_lldt, __TSS_SEL | 4, X86_TRAP_GP, __TSS_SEL | 4);
	EXPECT_FAULT(insn_ltr, 0xfff8, X86_TRAP_GP, 0xfff8);
	EXPECT_FAULT(insn_ltr, __KERNEL_DS, X86_TRAP_GP, __KERNEL_DS);
	EXPECT_FAULT(insn_lldt, __TSS_SEL, X86_TRAP_GP, __TSS_SEL);
	EXPECT_EQ(store_tr(), __TSS_SEL);
}
