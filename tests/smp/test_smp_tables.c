// SPDX-License-Identifier: MIT
/*
 * test_smp_tables.c - what every CPU has of its own: each reads what it has
 * loaded, the boot CPU judges. Suite boot judges the same of the boot CPU.
 *
 * Spec: SDM 3A "Initializing Multiple-Processor Systems", "Interrupt Stack
 *       Table", "TSS Descriptor in 64-bit mode".
 */
#include <apic/lapic.h>
#include <asm/msr-index.h>
#include <asm/special_insns.h>
#include <cpu/cpufeature.h>
#include <cpu/cpumask.h>
#include <cpu/desc.h>
#include <cpu/stacks.h>
#include <irq/ipi.h>
#include <ktest/ktest.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/paging.h>
#include <smp/smp.h>

#define STACKS "SDM 3A \"Interrupt Stack Table\""

struct own {
	struct desc_ptr gdt;
	u16 tr, ldt, cs, ss, ds, fs, gs;
	u64 gs_base, sp;
	u32 id, cpuid_id, initial_id;
};

static DEFINE_PER_CPU(struct own, own);

static void read_own(void *unused)
{
	struct own *o = this_cpu_ptr(&own);

	store_gdt(&o->gdt);
	o->tr = store_tr();
	o->ldt = store_ldt();
	o->cs = read_cs();
	o->ss = read_ss();
	o->ds = read_ds();
	o->fs = read_fs();
	o->gs = read_gs();
	o->gs_base = rdmsr(MSR_GS_BASE);
	o->sp = (u64)__builtin_frame_address(0);
	o->id = lapic_id();
	o->initial_id = cpuid_count(1, 0).ebx >> 24;
	o->cpuid_id = cpuid_count(0xb, 0).edx;
}

/* Each CPU's answer in its area; false: somebody gave none. */
static bool ask_all(void)
{
	return EXPECT_EQ(on_each_cpu(read_own, NULL, true), 0);
}

static const struct own *own_of(u32 cpu)
{
	return per_cpu_ptr(&own, cpu);
}

/* Until the first CPU that is wrong, which is named. */
static void judge_each(void (*judge)(u32 cpu))
{
	u32 cpu;

	if (!ask_all())
		return;
	for_each_online_cpu (cpu) {
		judge(cpu);
		if (!ktest_ok()) {
			ktest_note("this is CPU %u, APIC ID 0x%x", cpu,
				   cpu_hot(cpu)->apic_id);
			return;
		}
	}
}

static const struct tss *tss_of(u32 cpu)
{
	struct tss_desc d;

	memcpy(&d, (const char *)own_of(cpu)->gdt.address + (__TSS_SEL & ~7),
	       sizeof(d));
	EXPECT_EQ(d.p, 1);
	EXPECT_EQ(d.type, DESC_TSS_BUSY);
	EXPECT_EQ(d.limit0 | (u32)d.limit1 << 16, sizeof(struct tss) - 1);
	return (const struct tss *)((u64)d.base0 | (u64)d.base1 << 16 |
				    (u64)d.base2 << 24 | (u64)d.base3 << 32);
}

static void judge_tables(u32 cpu)
{
	const struct own *o = own_of(cpu);
	const struct tss *tss;

	EXPECT_EQ(o->gdt.size, GDT_ENTRIES * sizeof(union desc_struct) - 1);
	if (!EXPECT_EQ(o->gdt.address, CPU_ENTRY_GDT(cpu)))
		return;
	EXPECT_EQ(o->tr, __TSS_SEL);
	EXPECT_EQ(o->ldt, 0);
	tss = tss_of(cpu);
	if (!EXPECT_EQ(tss, cpu_hot(cpu)->tss))
		return;
	for (u32 i = 0; i < NR_IST; i++)
		EXPECT_EQ(tss->ist[i], stack_top(cpu, STACK_IST1 + i));
	EXPECT_EQ(tss->sp[0], stack_top(cpu, STACK_ENTRY));
	EXPECT_GE(tss->io_bitmap_base, sizeof(*tss));
}

TEST(smp, each_cpu_has_its_own_gdt_and_tss,
     "SDM 3A \"TSS Descriptor in 64-bit mode\"; " STACKS, .needs = NEEDS_SMP)
{
	judge_each(judge_tables);
}

static void judge_segments(u32 cpu)
{
	const struct own *o = own_of(cpu);

	EXPECT_EQ(o->cs, __KERNEL_CS);
	EXPECT_EQ(o->ss, __KERNEL_DS);
	EXPECT_EQ(o->ds | o->fs | o->gs, 0);
}

TEST(smp, segments_are_our_own_on_each, "SDM 3A \"Segment Selectors\"",
     .needs = NEEDS_SMP)
{
	judge_each(judge_segments);
}

static void judge_area(u32 cpu)
{
	const struct own *o = own_of(cpu);

	EXPECT_EQ(o->gs_base, cpu_hot(cpu));
	EXPECT_EQ(cpu_hot(cpu)->self, cpu_hot(cpu));
	EXPECT_EQ(cpu_hot(cpu)->cpu_number, cpu);
	EXPECT_EQ(cpu_hot(cpu)->irq_stack_top, stack_top(cpu, STACK_IRQ));
	EXPECT_EQ(stack_of(o->sp).cpu, cpu);
	EXPECT_EQ(stack_of(o->sp).kind, cpu ? STACK_IRQ : STACK_TASK);
}

/* The question is answered in an interrupt: on the answerer's irq stack. */
TEST(smp, each_cpu_has_its_own_area_and_irq_stack,
     "Linux asm/percpu.h, this_cpu_off; Linux asm/irq_stack.h",
     .needs = NEEDS_SMP)
{
	judge_each(judge_area);
}

static DEFINE_PER_CPU(u64, canary);

static void note_canary(void *unused)
{
	*this_cpu_ptr(&canary) = this_cpu(fixed.stack_canary);
}

/* Each thread has one: that of the thread which came up is the CPU's. */
TEST(smp, each_cpu_has_a_canary_of_its_own,
     "Linux asm/stackprotector.h, boot_init_stack_canary()", .needs = NEEDS_SMP)
{
	u64 before = 0;
	u32 cpu;

	note_canary(NULL);
	for_each_online_cpu (cpu) {
		u64 *it = per_cpu_ptr(&canary, cpu);

		if (cpu)
			EXPECT_EQ(run_on(cpu, note_canary, NULL, 5000000), 0);
		EXPECT_NE(*it, 0);
		EXPECT_EQ(*it & 0xff, 0);
		EXPECT_NE(*it, before);
		before = *it;
	}
}

static void judge_id(u32 cpu)
{
	const struct own *o = own_of(cpu);

	EXPECT_EQ(o->id, cpu_hot(cpu)->apic_id);
	if (boot_cpu_data.max_leaf >= 0xb && cpuid_count(0xb, 0).ebx)
		EXPECT_EQ(o->cpuid_id, o->id);
}

TEST(smp, apic_id_is_the_one_of_madt_and_cpuid,
     "ACPI 6.5 Processor Local APIC Structure; SDM 3A \"Local APIC ID\"; "
     "SDM 2A \"CPUID\", leaf 0BH",
     .needs = NEEDS_SMP)
{
	judge_each(judge_id);
}

static void judge_initial_id(u32 cpu)
{
	EXPECT_EQ(own_of(cpu)->initial_id, own_of(cpu)->id & 0xff);
}

TEST(smp, initial_apic_id_of_cpuid_is_the_ids_low_byte,
     "SDM 2A \"CPUID\", leaf 01H, EBX[31:24]; SDM 3A \"Local APIC ID\"",
     .needs = NEEDS_SMP)
{
	judge_each(judge_initial_id);
}

/* Four pages in a row, not another stack's; nothing below, nothing above. */
static void judge_stack(u32 cpu, u32 kind)
{
	u64 bottom = stack_top(cpu, kind) - STACK_SIZE, first;
	const u64 *word = (const u64 *)bottom;
	struct pt_walk walk;

	EXPECT_EQ(paging_walk(bottom - 1, &walk), -ENOENT);
	EXPECT_EQ(paging_walk(stack_top(cpu, kind), &walk), -ENOENT);
	if (!EXPECT_EQ(paging_walk(bottom, &walk), 0))
		return;
	first = walk.phys;
	for (u64 off = 0; off < STACK_SIZE; off += PAGE_SIZE) {
		EXPECT_EQ(paging_walk(bottom + off, &walk), 0);
		EXPECT_EQ(walk.phys, first + off);
		EXPECT_TRUE(walk.write && walk.nx && !walk.user);
	}
	EXPECT_EQ(*word, cpu_hot(cpu));
}

static void judge_stacks(u32 cpu)
{
	for (u32 kind = 0; kind < NR_STACKS && ktest_ok(); kind++)
		judge_stack(cpu, kind);
}

TEST(smp, every_stack_of_each_cpu_has_its_guard, STACKS, .needs = NEEDS_SMP)
{
	judge_each(judge_stacks);
}
