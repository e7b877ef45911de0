/* SPDX-License-Identifier: MIT */
/*
 * boot_info.h - what efi/ learned while boot services lived, handed to
 * start(). Plain data: nothing in it points into boot services memory.
 */
#pragma once

#include <lib/options.h>

/* UEFI memory types that the code above tells apart (UEFI 2.x table 7-6). */
enum mem_type {
	MEM_RESERVED = 0,
	MEM_LOADER_CODE = 1,
	MEM_LOADER_DATA = 2,
	MEM_BOOT_CODE = 3,
	MEM_BOOT_DATA = 4,
	MEM_RUNTIME_CODE = 5,
	MEM_RUNTIME_DATA = 6,
	MEM_CONVENTIONAL = 7,
	MEM_UNUSABLE = 8,
	MEM_ACPI_RECLAIM = 9,
	MEM_ACPI_NVS = 10,
	MEM_MMIO = 11,
	MEM_MMIO_PORT = 12,
	MEM_PAL_CODE = 13,
	MEM_PERSISTENT = 14,
	NR_MEM_TYPES
};

struct mem_region {
	u64 base, pages, attribute;
	u32 type;
};

#define BOOT_REGIONS 1024 /* descriptors kept; more are counted and dropped */

struct framebuffer_info {
	u64 base, size; /* base 0: none */
	u32 width, height, pitch_pixels, format;
};

/* The 8259 pair; slave in bits 15:8. Meaningless where there is none. */
struct firmware_pic {
	u16 imr, irr, isr;
};

#define FIRMWARE_LVTS 7 /* timer LINT0 LINT1 error PMC thermal CMCI */

struct firmware_lapic {
	bool read;
	u32 svr, tpr, nr_lvts, lvt[FIRMWARE_LVTS];
	u32 tmict, tdcr, tmcct[2]; /* two readings of the current count */
	u32 isr[8], irr[8];
};

struct firmware_hpet {
	bool read;
	u32 cap, config, enabled_timers;
};

/* The machine as the firmware left it, before irqbed changed anything. */
struct firmware_state {
	u64 cr0, cr3, cr4, efer, apic_base, pat, rflags;
	u64 idt_base, gdt_base;
	u16 idt_limit, gdt_limit, cs, ss, tr;
	u32 exit_tries; /* calls of ExitBootServices until it agreed */
	u64 s_cet;
	u64 entry_rflags, entry_sp; /* as efi_main() began */
	u32 entry_mxcsr;
	u16 entry_fcw;
	struct firmware_pic pic;
	struct firmware_lapic lapic;
	struct firmware_hpet hpet;
};

struct boot_info {
	struct options options;
	struct option_errors option_errors;
	char options_from[16]; /* "LoadOptions", "irqbed.cfg" or "nothing" */
	u64 rsdp;	       /* physical, 0: none found */
	u64 reset_system;      /* runtime service ResetSystem(), 0: none */
	struct framebuffer_info fb;
	u64 image_base, image_size;
	u64 pool_base, pool_pages; /* ours, allocated before the exit */
	u64 ap_page; /* below 1 MiB, for the trampoline; 0: none */
	char firmware_vendor[32];
	char bios_version[48], system_maker[48], system_product[48];
	u32 firmware_revision;
	u32 nr_regions, regions_dropped;
	struct mem_region region[BOOT_REGIONS];
	struct firmware_state fw;
};

/* The one there is, from start() on; src/handoff.c. */
const struct boot_info *boot_info(void);
