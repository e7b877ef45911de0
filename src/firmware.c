// SPDX-License-Identifier: MIT
/*
 * firmware.c - the one service of the firmware that outlives boot services and
 * that irqbed uses: to end the run by power-off or reset.
 *
 * Spec: UEFI 2.10 "ResetSystem()", "Runtime Services" (called in physical
 *       mode: the identity map, interrupts off).
 */
#include "platform.h"

#include <console/printk.h>
#include <ktest/runner.h>
#include <mm/paging.h>

enum efi_reset_type { EFI_RESET_COLD, EFI_RESET_WARM, EFI_RESET_SHUTDOWN };

typedef void(__attribute__((ms_abi)) * reset_system_fn)(enum efi_reset_type,
							u64 status, u64 size,
							const void *data);

static const struct boot_info *boot;

#define EFI_MEMORY_RUNTIME BIT(63)

/*
 * Firmware code has been data to us so far. Its pages may hold both. What it
 * drives, flash say, is in the map too, but is not RAM: not mapped by us.
 */
static void map_runtime_services(void)
{
	for (u32 i = 0; i < boot->nr_regions; i++) {
		const struct mem_region *r = &boot->region[i];

		if (r->type == MEM_RUNTIME_CODE)
			protect_range(r->base, r->pages * PAGE_SIZE,
				      PAGE_KERNEL & ~_PAGE_NX);
		else if (r->attribute & EFI_MEMORY_RUNTIME &&
			 (r->type == MEM_MMIO || r->type == MEM_RESERVED))
			ioremap(r->base, r->pages * PAGE_SIZE);
	}
}

static void firmware_reset(bool poweroff)
{
	reset_system_fn reset = (reset_system_fn)boot->reset_system;

	map_runtime_services();
	reset(poweroff ? EFI_RESET_SHUTDOWN : EFI_RESET_COLD, 0, 0, NULL);
}

void firmware_reset_init(const struct boot_info *info)
{
	boot = info;
	if (info->reset_system)
		ktest_set_reset(firmware_reset);
}
