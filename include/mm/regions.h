/* SPDX-License-Identifier: MIT */
/* regions.h - any address by the name of what lies there. */
#pragma once

#include <lib/boot_info.h>

/* Keep the memory map for naming. Boot CPU, once. */
void regions_init(const struct boot_info *info);

/*
 * "guard page of the #DF stack of CPU 0", ".text+0x123", "NULL page",
 * "RAM", "not mapped by irqbed" ... into buf; returns buf. Any context.
 */
const char *region_name(u64 addr, char *buf, size_t size);

/* Device memory that ioremap() was asked for; called by paging.c. */
void regions_add_mmio(u64 phys, u64 size);
