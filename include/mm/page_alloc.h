/* SPDX-License-Identifier: MIT */
/*
 * page_alloc.h - physical pages after the firmware. Identity-mapped, zeroed.
 * Task context of any CPU, or boot; not from interrupts.
 */
#pragma once

#include <lib/boot_info.h>

/* Take over the pool, and conventional memory above 1 MiB. Boot CPU, once. */
void page_alloc_init(const struct boot_info *info);

/* n contiguous zeroed pages, or 0 if there are none. */
u64 alloc_pages(u32 n);

/* Give back what alloc_pages(n) returned. */
void free_pages(u64 addr, u32 n);

/* Pages free now. */
u64 free_page_count(void);
