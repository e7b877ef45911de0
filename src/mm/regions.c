// SPDX-License-Identifier: MIT
/* regions.c - addresses by name, for reports that say what was hit. */
#include <mm/regions.h>

#include <cpu/sections.h>
#include <cpu/stacks.h>
#include <lib/compiler.h>
#include <lib/format.h>
#include <lib/string.h>
#include <mm/paging.h>

#define MAX_MMIO 32

/* Written at boot only. */
static const struct boot_info *map;
static struct {
	u64 base, size;
} mmio[MAX_MMIO];
static u32 nr_mmio;

void regions_init(const struct boot_info *info)
{
	map = info;
}

void regions_add_mmio(u64 phys, u64 size)
{
	if (nr_mmio == MAX_MMIO)
		return;
	mmio[nr_mmio].base = phys;
	mmio[nr_mmio++].size = size;
}

static const char *image_section(u64 addr, u64 *offset)
{
	static const struct {
		char *start, *end;
		const char *name;
	} part[] = {
		{ ImageBase, _text, "irqbed's PE header" },
		{ _text, __user_text_start, ".text" },
		{ __user_text_start, __user_text_end, ".text (user)" },
		{ __rodata_start, __rodata_end, ".rodata" },
		{ __data_start, __data_rel_ro_end, ".data (read-only)" },
		{ boot_stack, boot_stack_top, "boot stack" },
		{ __data_start, __data_end, ".data" },
		{ ImageBase, _end, "irqbed's image" },
	};

	for (u32 i = 0; i < ARRAY_SIZE(part); i++) {
		if (addr < (u64)part[i].start || addr >= (u64)part[i].end)
			continue;
		*offset = addr - (u64)part[i].start;
		return part[i].name;
	}
	return NULL;
}

static const char *memory_map_name(u64 addr)
{
	static const char *const name[NR_MEM_TYPES] = {
		[MEM_RESERVED] = "reserved memory",
		[MEM_LOADER_CODE] = "RAM (loader code)",
		[MEM_LOADER_DATA] = "RAM (irqbed's pool)",
		[MEM_BOOT_CODE] = "RAM (boot services code)",
		[MEM_BOOT_DATA] = "RAM (boot services data)",
		[MEM_RUNTIME_CODE] = "runtime services code",
		[MEM_RUNTIME_DATA] = "runtime services data",
		[MEM_CONVENTIONAL] = "RAM",
		[MEM_UNUSABLE] = "unusable memory",
		[MEM_ACPI_RECLAIM] = "ACPI tables",
		[MEM_ACPI_NVS] = "ACPI NVS",
		[MEM_MMIO] = "firmware's MMIO",
		[MEM_MMIO_PORT] = "firmware's MMIO ports",
		[MEM_PAL_CODE] = "PAL code",
		[MEM_PERSISTENT] = "persistent memory",
	};

	for (u32 i = 0; map && i < map->nr_regions; i++) {
		const struct mem_region *r = &map->region[i];

		if (addr - r->base < r->pages * PAGE_SIZE &&
		    r->type < NR_MEM_TYPES)
			return name[r->type];
	}
	return "not mapped by irqbed";
}

static bool name_stack(u64 addr, char *buf, size_t size)
{
	struct stack_info s = stack_of(addr);

	if (s.kind == STACK_NONE)
		return false;
	scnprintf(buf, size, "%s%s stack of CPU %u",
		  s.guard ? "guard page of the " : "", stack_name(s.kind),
		  s.cpu);
	return true;
}

const char *region_name(u64 addr, char *buf, size_t size)
{
	const char *name;
	u64 offset;

	if (addr < PAGE_SIZE)
		strscpy(buf, "NULL page", size);
	else if (!is_canonical(addr))
		strscpy(buf, "non-canonical", size);
	else if (name_stack(addr, buf, size))
		;
	else if (addr - CPU_ENTRY_IDT < PAGE_SIZE)
		strscpy(buf, "IDT (read-only alias)", size);
	else if (addr >= CPU_ENTRY_GDT(0) && addr < CPU_ENTRY_GDT(512))
		scnprintf(buf, size, "GDT of CPU %u (read-only alias)",
			  (u32)((addr - CPU_ENTRY_GDT(0)) / PAGE_SIZE));
	else if ((name = image_section(addr, &offset)))
		scnprintf(buf, size, "%s+0x%llx", name,
			  (unsigned long long)offset);
	else
		strscpy(buf, memory_map_name(addr), size);
	for (u32 i = 0; i < nr_mmio; i++) {
		if (addr - mmio[i].base < mmio[i].size)
			strscpy(buf, "device memory", size);
	}
	return buf;
}
