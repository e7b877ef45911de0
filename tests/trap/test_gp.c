// SPDX-License-Identifier: MIT
/*
 * #GP, General Protection: vector 13, a fault, error code 0 or a selector.
 * Memory, selectors and instructions here; registers in test_gp_reg.c.
 *
 * Spec: SDM 3A "Interrupt 13-General Protection Exception (#GP)"; SDM 1
 *       "Canonical Addressing"; SDM 2 by instruction, "64-Bit Mode
 *       Exceptions"; APM 2 "#GP-General-Protection Exception (Vector 13)".
 */
#include <asm/special_insns.h>
#include <cpu/cpufeature.h>
#include <cpu/irqflags.h>
#include <cpu/percpu.h>
#include <ktest/insn_seg.h>

#include "judge.h"

#define RULE	  "SDM 3A Interrupt 13"
#define CANONICAL "SDM 1 Canonical Addressing; SDM 3A Interrupt 13"
#define SELECTORS "SDM 3A Interrupt 13; SDM 2B MOV: 64-Bit Mode Exceptions"

static u8 area[1024] __aligned(64);

TEST(gp, noncanonical_load_and_store, CANONICAL)
{
	EXPECT_FAULT(insn_load, NONCANONICAL, X86_TRAP_GP, 0);
	EXPECT_FAULT(insn_store, NONCANONICAL, X86_TRAP_GP, 0);
}

/* The last canonical byte of the lower half, and the first after the hole. */
TEST(gp, both_edges_of_the_hole, CANONICAL)
{
	u32 bits = read_cr4() & X86_CR4_LA57 ? 57 : 48;
	u64 low_end = 1ull << (bits - 1);

	EXPECT_FAULT(insn_load, low_end, X86_TRAP_GP, 0);
	EXPECT_FAULT(insn_load, -low_end - 8, X86_TRAP_GP, 0);
	EXPECT_FAULT(insn_load, low_end - 8, X86_TRAP_PF, 0);
}

/* Only its last byte lies in the hole. */
TEST(gp, load_that_runs_into_the_hole, CANONICAL)
{
	u32 bits = read_cr4() & X86_CR4_LA57 ? 57 : 48;
	struct trap got =
		catch_trap(insn_load, (void *)((1ull << (bits - 1)) - 7));

	/* Its first byte is not mapped: the manuals order neither. */
	EXPECT_TRUE(got.nr == X86_TRAP_GP || got.nr == X86_TRAP_PF);
	EXPECT_EQ(got.ip, insn_load);
}

/* A branch is not done before its target is known to be good. */
static void branch(void (*fn)(void *), const char *at)
{
	struct trap got = catch_trap(fn, (void *)NONCANONICAL);

	EXPECT_TRAP(got, X86_TRAP_GP);
	EXPECT_EQ(got.error_code, 0);
	EXPECT_EQ(got.ip, at);
}

TEST(gp, noncanonical_jump, "SDM 2A JMP: 64-Bit Mode Exceptions")
{
	branch(insn_jmp, insn_jmp_at);
}

TEST(gp, noncanonical_call, "SDM 2A CALL: 64-Bit Mode Exceptions")
{
	branch(insn_call, insn_call_at);
}

TEST(gp, noncanonical_return, "SDM 2B RET: 64-Bit Mode Exceptions")
{
	branch(insn_ret_to, insn_ret_to_at);
}

/* INVLPG of a bad address does nothing; loads of tables do fault. */
TEST(gp, noncanonical_invlpg_is_no_fault, "SDM 2A INVLPG")
{
	EXPECT_RETURNS(insn_invlpg, NONCANONICAL);
}

/* Where the first load is taken, the second undoes it: IF=0 in between. */
TEST(gp, noncanonical_descriptor_table_base, "SDM 2A LGDT/LIDT; APM 3 LGDT")
{
	struct desc_ptr bad = { .size = 0xfff, .address = NONCANONICAL };
	struct desc_ptr ptr[2] = { bad, bad };

	local_irq_disable();
	store_idt(&ptr[1]);
	EXPECT_FAULT(insn_lidt, ptr, X86_TRAP_GP, 0);
	store_gdt(&ptr[1]);
	EXPECT_FAULT(insn_lgdt, ptr, X86_TRAP_GP, 0);
	local_irq_enable();
}

TEST(gp, misaligned_movaps, "SDM 2B MOVAPS; SDM 2A Exceptions Type 1")
{
	EXPECT_RETURNS(insn_movaps_load, area);
	for (u32 i = 1; i < 16; i++) {
		EXPECT_FAULT(insn_movaps_load, area + i, X86_TRAP_GP, 0);
		EXPECT_FAULT(insn_movaps_store, area + i, X86_TRAP_GP, 0);
	}
}

TEST(gp, misaligned_cmpxchg16b, "SDM 2A CMPXCHG16B")
{
	struct trap got;

	if (!cpu_has(X86_FEATURE_CX16))
		SKIP(return, "this CPU has no CMPXCHG16B");
	got = catch_trap(insn_cmpxchg16b_of, area + 8);
	EXPECT_TRAP(got, X86_TRAP_GP);
	EXPECT_EQ(got.error_code, 0);
	EXPECT_EQ(got.ip, insn_cmpxchg16b_of_at);
}

/* With RFLAGS.AC at CPL 3 it could be #AC; here it cannot. */
TEST(gp, misaligned_fxsave_and_fxrstor, "SDM 2A FXSAVE, FXRSTOR")
{
	EXPECT_FAULT(insn_fxsave_to, area + 8, X86_TRAP_GP, 0);
	EXPECT_RETURNS(insn_fxsave_to, area);
	EXPECT_FAULT(insn_fxrstor_of, area + 8, X86_TRAP_GP, 0);
	EXPECT_RETURNS(insn_fxrstor_of, area);
}

TEST(gp, fxrstor_of_reserved_mxcsr_bits, "SDM 2A FXRSTOR")
{
	EXPECT_RETURNS(insn_fxsave_to, area);
	area[27] |= 0x80; /* MXCSR bit 31 */
	EXPECT_FAULT(insn_fxrstor_of, area, X86_TRAP_GP, 0);
	area[27] &= 0x7f;
	EXPECT_RETURNS(insn_fxrstor_of, area);
}

TEST(gp, misaligned_xsave, "SDM 2D XSAVE")
{
	if (!cpu_has(X86_FEATURE_XSAVE))
		SKIP(return, "this CPU has no XSAVE");
	EXPECT_FAULT(insn_xsave_to, area + 16, X86_TRAP_GP, 0);
}

TEST(gp, instruction_longer_than_15_bytes, "SDM 3A Interrupt 13")
{
	EXPECT_RETURNS(insn_nops15, NULL);
	EXPECT_FAULT(insn_nops16, NULL, X86_TRAP_GP, 0);
}

TEST(gp, selector_beyond_the_gdt_limit, SELECTORS)
{
	u64 first = GDT_ENTRIES * 8;

	EXPECT_FAULT(insn_mov_ds, first, X86_TRAP_GP, first);
	EXPECT_FAULT(insn_mov_es, 0xfffb, X86_TRAP_GP, 0xfff8);
	EXPECT_FAULT(insn_mov_fs, first, X86_TRAP_GP, first);
	EXPECT_FAULT(insn_mov_ss, first, X86_TRAP_GP, first);
}

/* There is no LDT: any selector into it is beyond. TI is part of the code. */
TEST(gp, selector_into_no_ldt, SELECTORS)
{
	struct {
		u32 offset;
		u16 selector;
	} __packed ptr = { .selector = 0x1c };

	EXPECT_FAULT(insn_mov_ds, 0x14, X86_TRAP_GP, 0x14);
	EXPECT_FAULT(insn_mov_ss, 0x0c, X86_TRAP_GP, 0x0c);
	EXPECT_FAULT(insn_lfs, &ptr, X86_TRAP_GP, 0x1c);
	EXPECT_FAULT(insn_lgs, &ptr, X86_TRAP_GP, 0x1c);
	EXPECT_FAULT(insn_lss, &ptr, X86_TRAP_GP, 0x1c);
}

TEST(gp, data_register_with_a_system_segment, SELECTORS)
{
	EXPECT_FAULT(insn_mov_ds, __TSS_SEL, X86_TRAP_GP, __TSS_SEL);
	EXPECT_FAULT(insn_mov_gs, __TSS_SEL, X86_TRAP_GP, __TSS_SEL);
}

TEST(gp, stack_segment_must_be_writable_data_of_cpl, SELECTORS)
{
	EXPECT_FAULT(insn_mov_ss, __KERNEL_CS, X86_TRAP_GP, __KERNEL_CS);
	EXPECT_FAULT(insn_mov_ss, __USER_DS, X86_TRAP_GP, __USER_DS & ~3);
	EXPECT_FAULT(insn_mov_ss, __KERNEL_DS | 3, X86_TRAP_GP, __KERNEL_DS);
}

/* At CPL 0 to 2 NULL may be loaded; Intel: of that privilege level only. */
TEST(gp, null_stack_segment_of_another_rpl, SELECTORS)
{
	if (boot_cpu_data.vendor != VENDOR_INTEL)
		SKIP(return, "AMD's manual refuses NULL at CPL 3 only");
	EXPECT_FAULT(insn_mov_ss, 3, X86_TRAP_GP, 0);
	insn_mov_ss((void *)__KERNEL_DS); /* where it was taken */
}

static void far(u64 selector, u64 error_code)
{
	struct trap got = catch_trap(insn_far_ret, (void *)selector);

	EXPECT_TRAP(got, X86_TRAP_GP);
	EXPECT_EQ(got.error_code, error_code);
	EXPECT_EQ(got.ip, insn_far_ret_at);
}

TEST(gp, null_code_segment, "SDM 2B RET: 64-Bit Mode Exceptions")
{
	far(0, 0);
}

TEST(gp, code_segment_that_is_data, "SDM 2B RET: 64-Bit Mode Exceptions")
{
	far(__KERNEL_DS, __KERNEL_DS);
}

TEST(gp, code_segment_beyond_the_gdt, "SDM 2B RET: 64-Bit Mode Exceptions")
{
	far(0xfff8, 0xfff8);
}

TEST(gp, code_segment_of_another_privilege, "SDM 2B RET; SDM 2A JMP")
{
	struct {
		u32 offset;
		u16 selector;
	} __packed ptr = { .selector = __USER_CS & ~3 };

	EXPECT_FAULT(insn_far_jmp, &ptr, X86_TRAP_GP, __USER_CS & ~3);
	far(__USER_CS & ~3, __USER_CS & ~3);
}

TEST(gp, lldt_of_what_is_no_ldt, "SDM 2A LLDT")
{
	EXPECT_FAULT(insn_lldt, __KERNEL_DS, X86_TRAP_GP, __KERNEL_DS);
	EXPECT_FAULT(insn_lldt, 0xfff8, X86_TRAP_GP, 0xfff8);
	EXPECT_RETURNS(insn_lldt, 0);
}

TEST(gp, ltr_of_a_busy_tss, "SDM 2A LTR")
{
	EXPECT_EQ(this_cpu(gdt_rw)[GDT_ENTRY_TSS].type, DESC_TSS_BUSY);
	EXPECT_FAULT(insn_ltr, __TSS_SEL, X86_TRAP_GP, __TSS_SEL);
	EXPECT_EQ(store_tr(), __TSS_SEL);
}
