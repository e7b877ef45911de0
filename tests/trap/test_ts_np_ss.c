// SPDX-License-Identifier: MIT
/*
 * #TS, Invalid TSS, #NP, Segment Not Present, #SS, Stack Fault: vectors 10,
 * 11, 12, faults, each with the selector as error code, or 0.
 *
 * Spec: SDM 3A "Interrupt 10-Invalid TSS Exception (#TS)", "Interrupt 11-
 *       Segment Not Present (#NP)", "Interrupt 12-Stack Fault Exception
 *       (#SS)"; APM 2 the same by vector.
 */
#include <asm/msr-index.h>
#include <asm/special_insns.h>
#include <cpu/irqflags.h>
#include <cpu/percpu.h>
#include <ktest/insn_de.h>
#include <ktest/insn_seg.h>
#include <lib/string.h>

#include "judge.h"

#define TS_RULE "SDM 3A Interrupt 10"
#define NP_RULE "SDM 3A Interrupt 11"
#define SS_RULE "SDM 3A Interrupt 12"

/* The first byte past IST7 is offset 92: this limit ends before it begins. */
#define LIMIT_WITHOUT_IST7 (offsetof(struct tss, ist[NR_IST - 1]) - 1)

/* A copy of the GDT whose TSS ends at limit. */
static void load_scratch_gdt(size_t limit)
{
	static union desc_struct gdt[GDT_ENTRIES] __aligned(16);
	struct desc_ptr ptr = { .size = sizeof(gdt) - 1, .address = (u64)gdt };

	memcpy(gdt, this_cpu(gdt_rw), sizeof(gdt));
	gdt[GDT_ENTRY_TSS].limit0 = (u16)limit;
	gdt[GDT_ENTRY_TSS].type = DESC_TSS_AVAILABLE;
	load_gdt(&ptr);
	load_tr(__TSS_SEL);
}

/* IST1 to IST5, which NMI, #DB and #DF need, stay within the limit. */
TEST(ts, ist_slot_beyond_the_tss_limit, TS_RULE)
{
	struct desc_ptr gdt;

	local_irq_disable();
	store_gdt(&gdt);
	scratch_idt_begin();
	scratch_idt[0x81].bits.ist = IST_TEST_B;
	load_scratch_gdt(LIMIT_WITHOUT_IST7);
	EXPECT_FAULT(insn_int_0x81, NULL, X86_TRAP_TS, __TSS_SEL);
	load_gdt(&gdt);
	cpu_reload_tr();
	scratch_idt_end();
	local_irq_enable();
}

/* A far pointer of 32 bits: AMD's CPUs load no longer ones. */
struct far_pointer {
	u32 offset;
	u16 selector;
} __packed;

TEST(np, loads_of_a_data_segment_not_present, NP_RULE)
{
	u64 gs = rdmsr(MSR_GS_BASE);
	u16 ds = read_ds(), es = read_es();

	EXPECT_FAULT(insn_mov_ds, __NOT_PRESENT_DS, X86_TRAP_NP,
		     __NOT_PRESENT_DS);
	EXPECT_FAULT(insn_mov_es, __NOT_PRESENT_DS, X86_TRAP_NP,
		     __NOT_PRESENT_DS);
	EXPECT_FAULT(insn_mov_fs, __NOT_PRESENT_DS, X86_TRAP_NP,
		     __NOT_PRESENT_DS);
	EXPECT_FAULT(insn_mov_gs, __NOT_PRESENT_DS, X86_TRAP_NP,
		     __NOT_PRESENT_DS);
	EXPECT_EQ(read_ds(), ds);
	EXPECT_EQ(read_es(), es);
	EXPECT_EQ(rdmsr(MSR_GS_BASE), gs);
}

TEST(np, loads_by_far_pointer, NP_RULE)
{
	struct far_pointer far = { .selector = __NOT_PRESENT_DS };

	EXPECT_FAULT(insn_lfs, &far, X86_TRAP_NP, __NOT_PRESENT_DS);
	EXPECT_FAULT(insn_lgs, &far, X86_TRAP_NP, __NOT_PRESENT_DS);
}

/* RPL 3 for a segment of DPL 0: refused first, and no part of the code. */
TEST(np, privilege_outranks_presence, "SDM 3A Error Code; SDM 2B MOV")
{
	EXPECT_FAULT(insn_mov_ds, __NOT_PRESENT_DS | 3, X86_TRAP_GP,
		     __NOT_PRESENT_DS);
}

#define FREE_SLOT (GDT_ENTRIES - 2)
#define FREE_SEL  (FREE_SLOT * 8)

/* A slot of the GDT nobody uses, through its writable alias. */
static void set_free_slot(u64 low, u64 high)
{
	this_cpu(gdt_rw)[FREE_SLOT].raw = low;
	this_cpu(gdt_rw)[FREE_SLOT + 1].raw = high;
}

TEST(np, code_segment_not_present, NP_RULE)
{
	union desc_struct code = this_cpu(gdt_rw)[GDT_ENTRY_KERNEL_CS];
	struct far_pointer far = { .selector = FREE_SEL };

	struct trap got;

	code.p = 0;
	set_free_slot(code.raw, 0);
	got = catch_trap(insn_far_ret, (void *)FREE_SEL);
	EXPECT_TRAP(got, X86_TRAP_NP);
	EXPECT_EQ(got.error_code, FREE_SEL);
	EXPECT_EQ(got.ip, insn_far_ret_at);
	EXPECT_FAULT(insn_far_jmp, &far, X86_TRAP_NP, FREE_SEL);
	set_free_slot(0, 0);
}

TEST(np, tss_and_ldt_not_present, NP_RULE)
{
	union desc_struct desc = { { .limit0 = 0xff, .type = 0x9 } };

	set_free_slot(desc.raw, 0);
	EXPECT_FAULT(insn_ltr, FREE_SEL, X86_TRAP_NP, FREE_SEL);
	desc.type = 0x2;
	set_free_slot(desc.raw, 0);
	EXPECT_FAULT(insn_lldt, FREE_SEL, X86_TRAP_NP, FREE_SEL);
	set_free_slot(0, 0);
	EXPECT_EQ(store_tr(), __TSS_SEL);
	EXPECT_EQ(store_ldt(), 0);
}

/* For SS, not present is a stack fault. */
TEST(ss, stack_segment_not_present, SS_RULE)
{
	struct far_pointer far = { .selector = __NOT_PRESENT_DS };

	EXPECT_FAULT(insn_mov_ss, __NOT_PRESENT_DS, X86_TRAP_SS,
		     __NOT_PRESENT_DS);
	EXPECT_FAULT(insn_lss, &far, X86_TRAP_SS, __NOT_PRESENT_DS);
	EXPECT_EQ(read_ss(), __KERNEL_DS);
}

TEST(ss, noncanonical_address_by_rbp, SS_RULE)
{
	struct trap got = catch_trap(insn_load_rbp, (void *)NONCANONICAL);

	EXPECT_TRAP(got, X86_TRAP_SS);
	EXPECT_EQ(got.error_code, 0);
	EXPECT_EQ(got.ip, insn_load_rbp_at);
	got = catch_trap(insn_store_rbp, (void *)NONCANONICAL);
	EXPECT_TRAP(got, X86_TRAP_SS);
	EXPECT_EQ(got.error_code, 0);
	EXPECT_EQ(got.ip, insn_store_rbp_at);
}

/* Only a base makes it a stack reference, and FS overrides that. */
TEST(ss, rbp_as_index_and_with_fs_is_general_protection, SS_RULE)
{
	struct trap got = catch_trap(insn_load_rbp_index, (void *)NONCANONICAL);

	EXPECT_TRAP(got, X86_TRAP_GP);
	EXPECT_EQ(got.error_code, 0);
	EXPECT_EQ(got.ip, insn_load_rbp_index_at);
	got = catch_trap(insn_load_fs_rbp, (void *)NONCANONICAL);
	EXPECT_TRAP(got, X86_TRAP_GP);
	EXPECT_EQ(got.error_code, 0);
	EXPECT_EQ(got.ip, insn_load_fs_rbp_at);
}

/*
 * The faulting RSP cannot take the frame: the gates get a stack of their own,
 * #GP's too, so that a CPU that is wrong is not punished by #DF.
 */
static void by_rsp(void (*fn)(void *), const char *at)
{
	struct trap got;

	scratch_idt_begin();
	scratch_idt[X86_TRAP_SS].bits.ist = IST_TEST_A;
	scratch_idt[X86_TRAP_GP].bits.ist = IST_TEST_A;
	local_irq_disable();
	got = catch_trap(fn, (void *)NONCANONICAL);
	local_irq_enable();
	scratch_idt_end();
	EXPECT_TRAP(got, X86_TRAP_SS);
	EXPECT_EQ(got.error_code, 0);
	EXPECT_EQ(got.ip, at);
	EXPECT_EQ(got.sp, NONCANONICAL);
}

TEST(ss, noncanonical_address_by_rsp, SS_RULE)
{
	by_rsp(insn_load_rsp, insn_load_rsp_at);
}

TEST(ss, push_pop_and_call_on_a_noncanonical_rsp, SS_RULE)
{
	by_rsp(insn_push, insn_push_at);
	by_rsp(insn_pop, insn_pop_at);
	by_rsp(insn_call_on, insn_call_on_at);
}
