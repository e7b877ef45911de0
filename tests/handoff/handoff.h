/* SPDX-License-Identifier: MIT */
/*
 * handoff.h - what the cases of suite handoff share. Where a specification
 * says what firmware owes, a case judges; the rest is reported as "# fw.*".
 */
#pragma once

#include <asm/pgtable.h>
#include <ktest/ktest.h>
#include <lib/boot_info.h>

#define X64_PLATFORMS "UEFI 2.10 \"x64 Platforms\""
#define MEMORY_MAP    "UEFI 2.10 \"EFI_BOOT_SERVICES.GetMemoryMap()\""

/* The descriptor that covers addr, or NULL. */
const struct mem_region *handoff_region(u64 addr);

/*
 * Walk the firmware's page tables, which still lie where it left them, for
 * va. The leaf entry with the rights of all levels folded in, 0: not mapped,
 * HANDOFF_UNREADABLE: a table that we cannot read. size: of the page.
 */
#define HANDOFF_UNREADABLE (~0ull)
u64 handoff_walk(u64 va, u64 *phys, u64 *size);
