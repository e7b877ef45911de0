// SPDX-License-Identifier: MIT
/*
 * test_handoff.c - the CPU and the memory map as the firmware handed them over.
 *
 * Spec: UEFI 2.10 "x64 Platforms", "Handoff State", "Memory Type Usage after
 *       ExitBootServices()".
 */
#include "handoff.h"

#include <asm/processor-flags.h>
#include <cpu/sections.h>
#include <trap/extable.h>

#define EFI_MEMORY_RUNTIME BIT(63)
#define EFI_OEM_TYPES	   0x70000000u /* and above: OEMs', loaders' own */

const struct mem_region *handoff_region(u64 addr)
{
	const struct boot_info *info = boot_info();

	for (u32 i = 0; i < info->nr_regions; i++) {
		const struct mem_region *r = &info->region[i];

		if (addr - r->base < r->pages * PAGE_SIZE)
			return r;
	}
	return NULL;
}

u64 handoff_walk(u64 va, u64 *phys, u64 *size)
{
	const struct firmware_state *fw = &boot_info()->fw;
	u64 table = fw->cr3 & PTE_PFN_MASK, entry, rights;

	rights = _PAGE_RW | _PAGE_USER;
	for (int level = fw->cr4 & X86_CR4_LA57 ? 5 : 4; level; level--) {
		int shift = PAGE_SHIFT + 9 * (level - 1);

		if (copy_from_kernel_nofault(
			    &entry, (u64 *)table + (va >> shift & 511), 8))
			return HANDOFF_UNREADABLE;
		if (!(entry & _PAGE_PRESENT))
			return 0;
		rights = (rights & entry & (_PAGE_RW | _PAGE_USER)) |
			 ((rights | entry) & _PAGE_NX);
		*size = 1ull << shift;
		if (level == 1 || (level < 4 && entry & _PAGE_PSE)) {
			*phys = (entry & PTE_PFN_MASK & ~(*size - 1)) |
				(va & (*size - 1));
			return _PAGE_PRESENT | rights;
		}
		table = entry & PTE_PFN_MASK;
	}
	return 0;
}

TEST(handoff, the_cpu_is_in_long_mode_with_paging, X64_PLATFORMS)
{
	const struct firmware_state *fw = &boot_info()->fw;

	EXPECT_EQ(fw->cr0 & (X86_CR0_PE | X86_CR0_PG), X86_CR0_PE | X86_CR0_PG);
	EXPECT_EQ(fw->cr4 & X86_CR4_PAE, X86_CR4_PAE);
	EXPECT_EQ(fw->efer & (EFER_LME | EFER_LMA), EFER_LME | EFER_LMA);
	ktest_note("fw.cr0=0x%llx fw.cr3=0x%llx fw.cr4=0x%llx fw.efer=0x%llx",
		   (unsigned long long)fw->cr0, (unsigned long long)fw->cr3,
		   (unsigned long long)fw->cr4, (unsigned long long)fw->efer);
	ktest_note("fw.la57=%u fw.cet=%u fw.s_cet=0x%llx fw.wp=%u fw.nx=%u",
		   !!(fw->cr4 & X86_CR4_LA57), !!(fw->cr4 & X86_CR4_CET),
		   (unsigned long long)fw->s_cet, !!(fw->cr0 & X86_CR0_WP),
		   !!(fw->efer & EFER_NX));
}

/* At the image's entry; what follows is ours until ExitBootServices(). */
TEST(handoff, an_image_starts_with_if_1_and_df_0, X64_PLATFORMS)
{
	u64 flags = boot_info()->fw.entry_rflags;

	EXPECT_EQ(flags & X86_EFLAGS_IF, X86_EFLAGS_IF);
	EXPECT_EQ(flags & X86_EFLAGS_DF, 0);
	ktest_note("fw.entry_rflags=0x%llx fw.exit_rflags=0x%llx",
		   (unsigned long long)flags,
		   (unsigned long long)boot_info()->fw.rflags);
}

TEST(handoff, the_fpu_is_usable_and_masked, X64_PLATFORMS)
{
	const struct firmware_state *fw = &boot_info()->fw;

	EXPECT_EQ(fw->cr0 & (X86_CR0_EM | X86_CR0_TS), 0);
	EXPECT_EQ(fw->entry_fcw, 0x037f);
	EXPECT_EQ(fw->entry_mxcsr, 0x1f80);
}

/* How much is left of the 128 KiB depends on who called us: reported. */
TEST(handoff, the_stack_is_ram_of_boot_services, X64_PLATFORMS)
{
	u64 sp = boot_info()->fw.entry_sp;
	const struct mem_region *r = handoff_region(sp);

	EXPECT_EQ(sp % 16, 0);
	if (!EXPECT_NE(r, NULL))
		return;
	EXPECT_TRUE(r->type == MEM_BOOT_DATA || r->type == MEM_LOADER_DATA);
	EXPECT_LE(128 * 1024, r->pages * PAGE_SIZE);
	ktest_note("fw.entry_sp=0x%llx fw.stack_region_below=%llu KiB",
		   (unsigned long long)sp,
		   (unsigned long long)(sp - r->base) / 1024);
}

TEST(handoff, exit_boot_services_agrees_within_two_tries,
     "UEFI 2.10 \"EFI_BOOT_SERVICES.ExitBootServices()\"")
{
	EXPECT_GE(boot_info()->fw.exit_tries, 1);
	EXPECT_LE(boot_info()->fw.exit_tries, 2);
	ktest_note("fw.exit_tries=%u", boot_info()->fw.exit_tries);
}

TEST(handoff, the_memory_map_has_whole_pages, MEMORY_MAP)
{
	const struct boot_info *info = boot_info();

	EXPECT_GT(info->nr_regions, 0);
	EXPECT_EQ(info->regions_dropped, 0);
	for (u32 i = 0; i < info->nr_regions; i++) {
		const struct mem_region *r = &info->region[i];

		EXPECT_EQ(r->base & ~PAGE_MASK, 0);
		EXPECT_GT(r->pages, 0);
		EXPECT_LE(r->pages, (~0ull - r->base) / PAGE_SIZE + 1);
		EXPECT_TRUE(r->type <= MEM_PERSISTENT + 1 ||
			    r->type >= EFI_OEM_TYPES);
	}
	ktest_note("fw.memory_map=%u descriptors", info->nr_regions);
}

static bool overlap(const struct mem_region *a, const struct mem_region *b)
{
	return a->base < b->base + b->pages * PAGE_SIZE &&
	       b->base < a->base + a->pages * PAGE_SIZE;
}

TEST(handoff, the_memory_map_describes_nothing_twice, MEMORY_MAP)
{
	const struct boot_info *info = boot_info();

	for (u32 i = 0; i < info->nr_regions; i++) {
		for (u32 j = 0; j < i; j++) {
			if (!overlap(&info->region[i], &info->region[j]))
				continue;
			EXPECT_FALSE("two descriptors overlap");
			ktest_note("0x%llx and 0x%llx",
				   (unsigned long long)info->region[i].base,
				   (unsigned long long)info->region[j].base);
		}
	}
	EXPECT_GT(info->nr_regions, 0);
}

TEST(handoff, runtime_memory_and_only_it_asks_for_a_mapping,
     "UEFI 2.10 \"x64 Platforms\", \"Memory Type Usage after "
     "ExitBootServices()\"")
{
	const struct boot_info *info = boot_info();

	for (u32 i = 0; i < info->nr_regions; i++) {
		const struct mem_region *r = &info->region[i];
		bool asks = r->attribute & EFI_MEMORY_RUNTIME;
		bool ok = true;

		if (r->type == MEM_RUNTIME_CODE || r->type == MEM_RUNTIME_DATA)
			ok = EXPECT_TRUE(asks);
		else if (r->type == MEM_ACPI_RECLAIM || r->type == MEM_ACPI_NVS)
			ok = EXPECT_FALSE(asks);
		else if (r->type == MEM_CONVENTIONAL ||
			 r->type == MEM_BOOT_CODE || r->type == MEM_BOOT_DATA)
			ok = EXPECT_FALSE(asks);
		if (!ok)
			ktest_note("type %u at 0x%llx", r->type,
				   (unsigned long long)r->base);
	}
	EXPECT_GT(info->nr_regions, 0);
}

/* The image itself, and what was allocated before the exit. */
TEST(handoff, our_memory_is_marked_as_the_loaders,
     "UEFI 2.10 \"Memory Type Usage before ExitBootServices()\"")
{
	const struct boot_info *info = boot_info();
	const struct mem_region *r = handoff_region((u64)ImageBase);

	EXPECT_EQ(info->image_base, ImageBase);
	EXPECT_GE(info->image_size, (u64)(_end - ImageBase));
	for (u64 at = (u64)ImageBase; at < (u64)_end; at += PAGE_SIZE) {
		r = handoff_region(at);
		if (!EXPECT_TRUE(r && (r->type == MEM_LOADER_CODE ||
				       r->type == MEM_LOADER_DATA)))
			return;
	}
	r = handoff_region(info->pool_base);
	EXPECT_TRUE(r && r->type == MEM_LOADER_DATA);
	EXPECT_TRUE(r && info->pool_base + info->pool_pages * PAGE_SIZE <=
				 r->base + r->pages * PAGE_SIZE);
	r = info->ap_page ? handoff_region(info->ap_page) : NULL;
	if (r)
		EXPECT_EQ(r->type, MEM_LOADER_DATA);
	EXPECT_LT(info->ap_page, 0xa0000);
}

/* Its tables lie in boot services data, which irqbed never gives out. */
TEST(handoff, the_firmwares_map_is_the_identity, X64_PLATFORMS)
{
	const struct boot_info *info = boot_info();
	u64 phys, size, leaf, entry;
	u32 unmapped = 0, unreadable = 0;

	if (copy_from_kernel_nofault(&entry,
				     (void *)(info->fw.cr3 & PTE_PFN_MASK), 8))
		SKIP(return, "the firmware's tables lie where we map nothing");
	for (u32 i = 0; i < info->nr_regions && ktest_ok(); i++) {
		const struct mem_region *r = &info->region[i];
		u64 last = r->base + r->pages * PAGE_SIZE - PAGE_SIZE;

		for (u32 end = 0; end < 2; end++) {
			u64 va = end ? last : r->base;

			leaf = handoff_walk(va, &phys, &size);
			if (leaf == HANDOFF_UNREADABLE)
				unreadable++;
			else if (leaf)
				EXPECT_EQ(phys, va);
			else
				unmapped++;
		}
	}
	leaf = handoff_walk((u64)ImageBase, &phys, &size);
	if (EXPECT_NE(leaf, 0) && EXPECT_NE(leaf, HANDOFF_UNREADABLE))
		EXPECT_EQ(phys, ImageBase);
	ktest_note("fw.unmapped_region_ends=%u fw.unreadable_region_ends=%u",
		   unmapped, unreadable);
}

static char rights_text(u64 leaf, u64 bit, char set, char clear)
{
	return leaf & bit ? set : clear;
}

static void report_rights(const char *what, const void *addr)
{
	u64 phys, size = 0;
	u64 leaf = handoff_walk((u64)addr, &phys, &size);

	if (leaf == 0 || leaf == HANDOFF_UNREADABLE) {
		ktest_note("fw.page.%s=%s", what,
			   leaf ? "unreadable" : "absent");
		return;
	}
	ktest_note("fw.page.%s=r%c%c%s size=%lluK", what,
		   rights_text(leaf, _PAGE_RW, 'w', '-'),
		   rights_text(leaf, _PAGE_NX, '-', 'x'),
		   leaf & _PAGE_USER ? "u" : "",
		   (unsigned long long)size / 1024);
}

/* UEFI leaves these open: "for purposes of platform protection". */
TEST(handoff, page_rights_are_reported, X64_PLATFORMS)
{
	const struct firmware_state *fw = &boot_info()->fw;
	u64 phys, size;

	report_rights("null", NULL);
	report_rights("text", _text);
	report_rights("rodata", __rodata_start);
	report_rights("data", __data_rel_ro_end);
	report_rights("stack", (const void *)fw->entry_sp);
	report_rights("page_tables", (const void *)(fw->cr3 & PTE_PFN_MASK));
	EXPECT_NE(handoff_walk((u64)_text, &phys, &size), 0);
}
