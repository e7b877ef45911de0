// SPDX-License-Identifier: MIT
/*
 * test_boot_cpu.c - descriptor tables, TSS, stacks, GS and control registers
 * as the boot leaves them, read back from the CPU.
 *
 * Spec: SDM 3A "64-Bit Mode IDT", "TSS Descriptor in 64-bit mode",
 *       "Interrupt Stack Table", "Control Registers".
 */
#include "boot.h"

#include <asm/msr-index.h>
#include <asm/special_insns.h>
#include <cpu/cpufeature.h>
#include <cpu/desc.h>
#include <entry/idt.h>
#include <ktest/insn_boot.h>
#include <lib/string.h>
#include <trap/decode.h>

#define IDT_RO	 "irqbed ARCHITECTURE.md: read-only IDT and GDT"
#define STACKS	 "SDM 3A \"Interrupt Stack Table\""
#define RO_WRITE (X86_PF_PROT | X86_PF_WRITE)

TEST(boot, idtr_has_256_gates_at_the_read_only_alias, IDT_RO)
{
	struct pt_walk walk;
	struct desc_ptr ptr;

	store_idt(&ptr);
	EXPECT_EQ(ptr.size, NR_VECTORS * sizeof(gate_desc) - 1);
	EXPECT_EQ(ptr.address, CPU_ENTRY_IDT);
	EXPECT_EQ(paging_walk(ptr.address, &walk), 0);
	EXPECT_EQ(walk.phys, idt_table);
}

TEST(boot, a_write_to_the_idt_faults_at_both_its_addresses, IDT_RO)
{
	boot_expect_pf(insn_boot_rewrite, CPU_ENTRY_IDT, RO_WRITE,
		       insn_boot_rewrite_at);
	boot_expect_pf(insn_boot_rewrite, (u64)idt_table, RO_WRITE,
		       insn_boot_rewrite_at);
}

TEST(boot, a_write_to_the_gdt_faults, IDT_RO)
{
	struct desc_ptr ptr;

	store_gdt(&ptr);
	EXPECT_EQ(ptr.address, CPU_ENTRY_GDT(smp_processor_id()));
	EXPECT_EQ(ptr.size, GDT_ENTRIES * sizeof(union desc_struct) - 1);
	boot_expect_pf(insn_boot_rewrite, ptr.address, RO_WRITE,
		       insn_boot_rewrite_at);
	boot_expect_pf(insn_boot_rewrite, ptr.address + ptr.size, RO_WRITE,
		       insn_boot_rewrite_at);
}

/* The one exception: LTR must write the busy bit somewhere. */
TEST(boot, the_gdts_alias_is_the_same_page_and_writable,
     "irqbed include/cpu/desc.h, cpu_reload_tr()")
{
	u64 rw = (u64)this_cpu(gdt_rw);
	struct pt_walk ro_walk, rw_walk;

	EXPECT_EQ(paging_walk((u64)this_cpu(gdt), &ro_walk), 0);
	EXPECT_EQ(paging_walk(rw, &rw_walk), 0);
	EXPECT_EQ(ro_walk.phys, rw_walk.phys);
	EXPECT_FALSE(ro_walk.write);
	EXPECT_TRUE(rw_walk.write);
	EXPECT_TRUE(rw_walk.nx);
}

/* Preset, or a segment load would have to write the read-only table. */
TEST(boot, every_segment_has_its_accessed_bit,
     "SDM 3A \"Code- and Data-Segment Descriptor Types\"")
{
	const union desc_struct *gdt =
		(const void *)CPU_ENTRY_GDT(smp_processor_id());

	for (u32 i = GDT_ENTRY_KERNEL_CS; i < GDT_ENTRY_NOT_PRESENT; i++) {
		EXPECT_EQ(gdt[i].p, 1);
		EXPECT_EQ(gdt[i].s, 1);
		EXPECT_EQ(gdt[i].type & 1, 1);
	}
	EXPECT_EQ(gdt[0].raw, 0);
	EXPECT_EQ(gdt[GDT_ENTRY_NOT_PRESENT].p, 0);
}

/* The TSS that TR names in the GDT that GDTR names. */
static const struct tss *live_tss(void)
{
	struct desc_ptr ptr;
	struct tss_desc d;

	store_gdt(&ptr);
	memcpy(&d, (const char *)ptr.address + (store_tr() & ~7), sizeof(d));
	EXPECT_EQ(d.p, 1);
	EXPECT_EQ(d.type, DESC_TSS_BUSY);
	EXPECT_EQ(d.limit0 | (u32)d.limit1 << 16, sizeof(struct tss) - 1);
	return (const struct tss *)((u64)d.base0 | (u64)d.base1 << 16 |
				    (u64)d.base2 << 24 | (u64)d.base3 << 32);
}

TEST(boot, tr_names_this_cpus_busy_tss,
     "SDM 3A \"TSS Descriptor in 64-bit mode\"")
{
	EXPECT_EQ(store_tr(), __TSS_SEL);
	EXPECT_EQ(live_tss(), this_cpu(tss));
	EXPECT_GE(live_tss()->io_bitmap_base, sizeof(struct tss));
	EXPECT_EQ(store_ldt(), 0);
}

TEST(boot, the_tss_has_seven_ist_stacks_and_rsp0, STACKS)
{
	const struct tss *tss = live_tss();
	u32 seen = 0;

	for (u32 i = 0; i < NR_IST; i++) {
		struct stack_info s = stack_of(tss->ist[i] - 8);

		EXPECT_EQ(s.kind, STACK_IST1 + i);
		EXPECT_EQ(s.cpu, 0);
		EXPECT_FALSE(s.guard);
		EXPECT_EQ(tss->ist[i], stack_top(smp_processor_id(), s.kind));
		EXPECT_EQ(tss->ist[i] % 16, 0);
		seen |= 1u << s.kind;
	}
	EXPECT_EQ(seen, GENMASK(STACK_IST7, STACK_IST1));
	EXPECT_EQ(stack_of(tss->sp[0] - 8).kind, STACK_ENTRY);
	EXPECT_EQ(tss->sp[0], stack_top(smp_processor_id(), STACK_ENTRY));
}

TEST(boot, every_stack_is_mapped_and_its_guard_is_not, STACKS)
{
	for (u32 kind = 0; kind < NR_STACKS; kind++) {
		u64 top = stack_top(smp_processor_id(), kind),
		    bottom = top - STACK_SIZE;

		boot_expect_rights((void *)bottom, (void *)top, R | W);
		boot_expect_absent(bottom - 1);
		boot_expect_absent(top - STACK_SLOT);
		boot_expect_absent(top);
	}
}

TEST(boot, touching_any_guard_page_faults, PF_ERROR)
{
	for (u32 kind = 0; kind < NR_STACKS; kind++) {
		u64 bottom = stack_top(smp_processor_id(), kind) - STACK_SIZE;

		boot_expect_pf(insn_boot_read, bottom - 8, 0, insn_boot_read);
		boot_expect_pf(insn_boot_write, bottom - 8, X86_PF_WRITE,
			       insn_boot_write);
	}
}

/* The push faults, and so does the delivery of that: #DF, on its own stack. */
TEST(boot, a_stack_overflow_ends_as_df_on_its_own_stack, "SDM 3A Interrupt 8")
{
	u64 bottom = stack_top(smp_processor_id(), STACK_IST7) - STACK_SIZE;
	struct trap got = catch_trap(insn_boot_push_there, (void *)bottom);

	EXPECT_TRAP(got, X86_TRAP_DF);
	EXPECT_EQ(got.error_code, 0);
	EXPECT_EQ(got.stack, STACK_IST1 + IST_DF - 1);
	EXPECT_EQ(got.handler_sp,
		  stack_top(smp_processor_id(), STACK_IST1 + IST_DF - 1));
	EXPECT_EQ(stack_of(got.cr2).kind, STACK_IST7);
	EXPECT_TRUE(stack_of(got.cr2).guard);
}

/* How a paranoid entry finds its CPU. */
TEST(boot, every_stacks_lowest_word_is_the_gs_base,
     "irqbed src/entry/entry.S, idtentry_paranoid")
{
	u64 base = rdmsr(MSR_GS_BASE);

	for (u32 kind = 0; kind < NR_STACKS; kind++)
		EXPECT_EQ(*(u64 *)(stack_top(smp_processor_id(), kind) -
				   STACK_SIZE),
			  base);
}

TEST(boot, gs_base_is_this_cpus_area, "Linux asm/percpu.h, this_cpu_off")
{
	u64 base = rdmsr(MSR_GS_BASE);

	EXPECT_EQ(base, this_cpu(self));
	EXPECT_EQ(this_cpu(cpu_number), 0);
	EXPECT_EQ(this_cpu_ptr(
			  (struct pcpu_hot *)(base - this_cpu(this_cpu_off))),
		  base);
}

/* A zero byte: a string that overruns cannot write the canary back. */
TEST(boot, the_canary_is_set_and_has_a_zero_byte,
     "Linux asm/stackprotector.h, boot_init_stack_canary()")
{
	const u64 *at_40 = (const u64 *)(rdmsr(MSR_GS_BASE) + GS_CANARY);
	u64 canary = this_cpu(fixed.stack_canary);

	EXPECT_NE(canary, 0);
	EXPECT_EQ(canary & 0xff, 0);
	EXPECT_EQ(*at_40, canary);
}

/* NULL from the start: an IRETQ to CPL 3 would clear our selectors anyway. */
TEST(boot, segments_are_our_own, "SDM 3A \"Segment Selectors\"")
{
	EXPECT_EQ(read_cs(), __KERNEL_CS);
	EXPECT_EQ(read_ss(), __KERNEL_DS);
	EXPECT_EQ(read_ds(), 0);
	EXPECT_EQ(read_es(), 0);
	EXPECT_EQ(read_fs(), 0);
	EXPECT_EQ(stack_of((u64)__builtin_frame_address(0)).kind, STACK_TASK);
}

TEST(boot, cr0_and_efer_protect, "SDM 3A \"Control Registers\"")
{
	u64 want = X86_CR0_PE | X86_CR0_MP | X86_CR0_ET | X86_CR0_NE |
		   X86_CR0_WP | X86_CR0_AM | X86_CR0_PG;

	EXPECT_EQ(read_cr0(), want);
	EXPECT_EQ(rdmsr(MSR_EFER) & (EFER_LME | EFER_LMA | EFER_NX),
		  EFER_LME | EFER_LMA | EFER_NX);
	EXPECT_EQ(read_cr8(), 0);
	EXPECT_EQ(read_cr3() & PTE_PFN_MASK, paging_root());
}

TEST(boot, cr4_has_each_protection_that_cpuid_offers,
     "SDM 3A \"Control Registers\", CR4; SDM 2A \"CPUID\"")
{
	static const struct {
		u32 feature, bit;
	} wanted[] = {
		{ X86_FEATURE_SMEP, X86_CR4_SMEP },
		{ X86_FEATURE_SMAP, X86_CR4_SMAP },
		{ X86_FEATURE_UMIP, X86_CR4_UMIP },
		{ X86_FEATURE_FSGSBASE, X86_CR4_FSGSBASE },
		{ X86_FEATURE_DE, X86_CR4_DE },
		{ X86_FEATURE_MCE, X86_CR4_MCE },
		{ X86_FEATURE_PGE, X86_CR4_PGE },
	};
	u64 cr4 = read_cr4();

	for (u32 i = 0; i < ARRAY_SIZE(wanted); i++)
		EXPECT_EQ(!!(cr4 & wanted[i].bit), cpu_has(wanted[i].feature));
	EXPECT_EQ(cr4 & X86_CR4_PAE, X86_CR4_PAE);
	EXPECT_EQ(cr4 & (X86_CR4_CET | X86_CR4_VMXE | X86_CR4_PCIDE |
			 X86_CR4_TSD),
		  0);
}
