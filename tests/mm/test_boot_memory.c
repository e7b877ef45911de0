// SPDX-License-Identifier: MIT
/*
 * test_boot_memory.c - RAM, device memory, the page allocator, and the two
 * ways irqbed survives a fault it asked for.
 *
 * Spec: SDM 3A "Paging", "Page Attribute Table (PAT)".
 */
#include "boot.h"

#include <acpi/tables.h>
#include <apic/ioapic.h>
#include <apic/lapic.h>
#include <asm/msr-index.h>
#include <asm/special_insns.h>
#include <cpu/cpufeature.h>
#include <cpu/irqflags.h>
#include <cpu/sections.h>
#include <ktest/insn.h>
#include <ktest/insn_boot.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/page_alloc.h>
#include <trap/decode.h>
#include <trap/extable.h>

#define ALLOCATOR "irqbed include/mm/page_alloc.h"
#define CATCH	  "irqbed include/trap/catch.h, catch_trap()"
#define EXTABLE	  "irqbed include/trap/extable.h"
#define UC	  "SDM 3A \"Page Attribute Table (PAT)\""

static void expect_uncached(const char *what, u64 va)
{
	u64 leaf = boot_leaf(va);

	if (!EXPECT_EQ(leaf & (_PAGE_PCD | _PAGE_PWT), _PAGE_PCD | _PAGE_PWT) ||
	    !EXPECT_EQ(leaf & PTE_PFN_MASK, va & PAGE_MASK) ||
	    !EXPECT_EQ(leaf & (_PAGE_NX | _PAGE_USER), _PAGE_NX))
		ktest_note("%s at 0x%llx", what, (unsigned long long)va);
}

TEST(boot, device_memory_is_uncached_and_not_executable, UC)
{
	u64 pat = cpu_has(X86_FEATURE_PAT) ? rdmsr(MSR_IA32_PAT) : 0;

	for (u32 i = 0; i < nr_ioapics; i++)
		expect_uncached("IOAPIC", ioapics[i].base);
	if (!apic_is_x2apic)
		expect_uncached("local APIC", apic_mmio);
	if (acpi_tables.hpet.present)
		expect_uncached("HPET", acpi_tables.hpet.address);
	EXPECT_EQ(pat >> 24 & 7, 0); /* entry 3: PCD and PWT mean UC */
}

TEST(boot, allocated_pages_are_zeroed_ram, ALLOCATOR)
{
	u64 dirty = alloc_pages(3);

	if (!EXPECT_NE(dirty, 0))
		return;
	memset((void *)dirty, 0xa5, 3 * PAGE_SIZE);
	free_pages(dirty, 3);
	for (u32 n = 0; n < 4; n++) {
		u64 again = alloc_pages(3);
		u64 bits = 0;

		EXPECT_EQ(again % PAGE_SIZE, 0);
		for (u32 i = 0; again && i < 3 * PAGE_SIZE / 8; i++)
			bits |= ((u64 *)again)[i];
		EXPECT_EQ(bits, 0);
		free_pages(again, 3);
	}
}

TEST(boot, allocated_pages_are_writable_and_not_executable, RIGHTS)
{
	u64 page = alloc_pages(2);

	boot_expect_rights((void *)page, (void *)(page + 2 * PAGE_SIZE), R | W);
	*(u8 *)page = 0xc3;
	boot_expect_pf(insn_boot_call, page, X86_PF_PROT | X86_PF_INSTR,
		       (const void *)page);
	free_pages(page, 2);
}

#define TAKEN 24

TEST(boot, allocations_do_not_overlap, ALLOCATOR)
{
	u64 at[TAKEN], before = free_page_count(), total = 0;

	for (u32 i = 0; i < TAKEN; i++) {
		at[i] = alloc_pages(i % 5 + 1);
		total += i % 5 + 1;
		if (!EXPECT_NE(at[i], 0))
			return;
		EXPECT_TRUE(at[i] + (i % 5 + 1) * PAGE_SIZE <= (u64)ImageBase ||
			    at[i] >= (u64)_end);
		for (u32 j = 0; j < i; j++)
			EXPECT_TRUE(at[i] >= at[j] + (j % 5 + 1) * PAGE_SIZE ||
				    at[j] >= at[i] + (i % 5 + 1) * PAGE_SIZE);
	}
	EXPECT_EQ(free_page_count(), before - total);
	for (u32 i = 0; i < TAKEN; i++)
		free_pages(at[i], i % 5 + 1);
	EXPECT_EQ(free_page_count(), before);
}

/* Contiguous as given out: no page of another's lies in between. */
TEST(boot, a_run_of_pages_is_contiguous_and_ours, ALLOCATOR)
{
	u64 run = alloc_pages(64), one = alloc_pages(1);
	struct pt_walk walk;

	EXPECT_TRUE(one < run || one >= run + 64 * PAGE_SIZE);
	for (u32 i = 0; run && i < 64; i++) {
		u64 va = run + i * PAGE_SIZE;

		EXPECT_EQ(paging_walk(va, &walk), 0);
		EXPECT_EQ(walk.phys, va);
		*(u64 *)va = va;
	}
	for (u32 i = 0; run && i < 64; i++)
		EXPECT_EQ(*(u64 *)(run + i * PAGE_SIZE), run + i * PAGE_SIZE);
	free_pages(run, 64);
	free_pages(one, 1);
}

TEST(boot, more_pages_than_there_are_are_refused, ALLOCATOR)
{
	u64 before = free_page_count();

	EXPECT_GT(before, 256);
	EXPECT_EQ(alloc_pages(0x7fffffff), 0);
	EXPECT_EQ(free_page_count(), before);
}

#define PLAYGROUND 0xffffff0000000000ull /* nothing of ours is near it */

TEST(boot, map_protect_and_unmap_take_effect_at_once, PF_ERROR)
{
	u64 page = alloc_pages(1);

	boot_expect_absent(PLAYGROUND);
	EXPECT_EQ(map_range(PLAYGROUND, page, PAGE_SIZE, PAGE_KERNEL), 0);
	*(volatile u64 *)PLAYGROUND = 0x1234;
	EXPECT_EQ(*(u64 *)page, 0x1234);
	EXPECT_EQ(protect_range(PLAYGROUND, PAGE_SIZE, PAGE_KERNEL_RO), 0);
	boot_expect_pf(insn_boot_rewrite, PLAYGROUND,
		       X86_PF_PROT | X86_PF_WRITE, insn_boot_rewrite_at);
	EXPECT_EQ(unmap_range(PLAYGROUND, PAGE_SIZE), 0);
	boot_expect_pf(insn_boot_read, PLAYGROUND, 0, insn_boot_read);
	free_pages(page, 1);
}

/* One page of a large one gets rights of its own; its neighbours keep theirs.
 */
TEST(boot, protecting_one_page_splits_a_large_one, "irqbed include/mm/paging.h")
{
	u64 pa = 4 * LARGE_PAGE_SIZE; /* never accessed through this mapping */
	u64 middle = PLAYGROUND + LARGE_PAGE_SIZE / 2;
	struct pt_walk walk;

	EXPECT_EQ(map_range(PLAYGROUND, pa, LARGE_PAGE_SIZE, PAGE_KERNEL), 0);
	EXPECT_EQ(paging_walk(middle, &walk), 0);
	EXPECT_EQ(walk.page_size, LARGE_PAGE_SIZE);
	EXPECT_EQ(protect_range(middle, PAGE_SIZE, PAGE_KERNEL_RO), 0);
	for (u64 at = middle - PAGE_SIZE; at <= middle + PAGE_SIZE;
	     at += PAGE_SIZE) {
		EXPECT_EQ(paging_walk(at, &walk), 0);
		EXPECT_EQ(walk.page_size, PAGE_SIZE);
		EXPECT_EQ(walk.phys, pa + (at - PLAYGROUND));
		EXPECT_EQ(walk.write, at != middle);
		EXPECT_TRUE(walk.nx);
	}
	EXPECT_EQ(unmap_range(PLAYGROUND, LARGE_PAGE_SIZE), 0);
	boot_expect_absent(middle);
	boot_expect_absent(PLAYGROUND + LARGE_PAGE_SIZE - 1);
}

TEST(boot, map_range_refuses_what_is_not_a_page, "irqbed include/mm/paging.h")
{
	EXPECT_EQ(map_range(PLAYGROUND + 1, 0x1000, PAGE_SIZE, PAGE_KERNEL),
		  -EINVAL);
	EXPECT_EQ(map_range(PLAYGROUND, 0x1001, PAGE_SIZE, PAGE_KERNEL),
		  -EINVAL);
	EXPECT_EQ(map_range(PLAYGROUND, 0x1000, 1, PAGE_KERNEL), -EINVAL);
	EXPECT_EQ(map_range(BIT(62), 0x1000, PAGE_SIZE, PAGE_KERNEL), -EINVAL);
	EXPECT_EQ(unmap_range(BIT(62), PAGE_SIZE), -EINVAL);
	boot_expect_absent(PLAYGROUND);
}

static struct trap inner;

static void catch_inside_then_fault(void *arg)
{
	inner = catch_trap(insn_ud2, NULL);
	insn_boot_read(arg);
}

static void catch_inside(void *arg)
{
	inner = catch_trap(insn_boot_read, arg);
}

TEST(boot, catch_trap_nests, CATCH)
{
	u64 hole = PLAYGROUND;
	struct trap outer = catch_trap(catch_inside_then_fault, (void *)hole);

	EXPECT_TRAP(inner, X86_TRAP_UD);
	EXPECT_EQ(inner.ip, insn_ud2);
	EXPECT_TRAP(outer, X86_TRAP_PF);
	EXPECT_EQ(outer.cr2, hole);
	outer = catch_trap(catch_inside, (void *)hole);
	EXPECT_TRAP(inner, X86_TRAP_PF);
	EXPECT_TRAP(outer, TRAP_NONE);
	EXPECT_TRAP(catch_trap(insn_ret, NULL), TRAP_NONE);
}

static void disable_and_fault(void *arg)
{
	local_irq_disable();
	insn_ud2(NULL);
}

TEST(boot, catch_trap_puts_rflags_back, CATCH)
{
	struct trap got = catch_trap(disable_and_fault, NULL);

	EXPECT_TRAP(got, X86_TRAP_UD);
	EXPECT_FALSE(got.flags & X86_EFLAGS_IF);
	EXPECT_FALSE(irqs_disabled());
}

TEST(boot, copy_from_kernel_nofault_reports_efault, EXTABLE)
{
	u64 page = alloc_pages(1), end = PLAYGROUND + PAGE_SIZE;
	u8 buf[16] = { 0 };

	EXPECT_EQ(copy_from_kernel_nofault(buf, "0123456789abcde", 16), 0);
	EXPECT_EQ(buf[15], 0);
	EXPECT_EQ(buf[14], 'e');
	EXPECT_EQ(copy_from_kernel_nofault(buf, NULL, 1), -EFAULT);
	EXPECT_EQ(copy_from_kernel_nofault(buf, (void *)BIT(62), 8), -EFAULT);
	EXPECT_EQ(map_range(PLAYGROUND, page, PAGE_SIZE, PAGE_KERNEL), 0);
	*(volatile u8 *)(end - 4) = 0x77;
	EXPECT_EQ(copy_from_kernel_nofault(buf, (void *)(end - 4), 8), -EFAULT);
	EXPECT_EQ(buf[0], 0x77); /* what could be read is there */
	EXPECT_EQ(unmap_range(PLAYGROUND, PAGE_SIZE), 0);
	free_pages(page, 1);
}

/*
 * x2APIC address 0x804 is reserved; EXTD without EN is no legal value of
 * APIC_BASE, but one that a CPU without x2APIC might take.
 */
TEST(boot, rdmsr_safe_and_wrmsr_safe_report_efault, EXTABLE,
     .needs = NEEDS_X2APIC)
{
	u64 base = rdmsr(MSR_IA32_APICBASE), val = 0x55;

	EXPECT_EQ(rdmsr_safe(MSR_X2APIC_BASE + 4, &val), -EFAULT);
	EXPECT_EQ(val, 0x55);
	EXPECT_EQ(wrmsr_safe(MSR_IA32_APICBASE,
			     (base & ~MSR_IA32_APICBASE_ENABLE) |
				     MSR_IA32_APICBASE_EXTD),
		  -EFAULT);
	EXPECT_EQ(rdmsr(MSR_IA32_APICBASE), base);
	EXPECT_EQ(rdmsr_safe(MSR_IA32_APICBASE, &val), 0);
	EXPECT_EQ(val, base);
	EXPECT_EQ(wrmsr_safe(MSR_IA32_APICBASE, base), 0);
}
