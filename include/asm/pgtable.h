/* SPDX-License-Identifier: MIT */
/*
 * pgtable.h - page-table entries of 4- and 5-level paging.
 *
 * Spec: SDM 3A "4-Level Paging and 5-Level Paging".
 */
#pragma once

#include <lib/compiler.h>

/* clang-format off */
#define PAGE_SHIFT	12
#define PAGE_SIZE	(1ull << PAGE_SHIFT)
#define PAGE_MASK	(~(PAGE_SIZE - 1))
#define LARGE_PAGE_SIZE	(1ull << 21)
#define HUGE_PAGE_SIZE	(1ull << 30)

#define _PAGE_PRESENT	BIT(0)
#define _PAGE_RW	BIT(1)
#define _PAGE_USER	BIT(2)
#define _PAGE_PWT	BIT(3)
#define _PAGE_PCD	BIT(4)
#define _PAGE_ACCESSED	BIT(5)
#define _PAGE_DIRTY	BIT(6)
#define _PAGE_PSE	BIT(7)		/* at level 2 and 3: maps 2 MiB, 1 GiB */
#define _PAGE_GLOBAL	BIT(8)
#define _PAGE_PKEY(k)	((u64)(k) << 59)
#define _PAGE_NX	BIT(63)
#define PTE_PFN_MASK	0x000ffffffffff000ull

/* Accessed and dirty are preset: walks then write nothing. */
#define __PAGE_BASE	(_PAGE_PRESENT | _PAGE_ACCESSED | _PAGE_DIRTY)
#define PAGE_KERNEL	(__PAGE_BASE | _PAGE_RW | _PAGE_NX)
#define PAGE_KERNEL_RO	(__PAGE_BASE | _PAGE_NX)
#define PAGE_KERNEL_ROX	(__PAGE_BASE)
#define PAGE_UNCACHED	(PAGE_KERNEL | _PAGE_PCD | _PAGE_PWT)
#define PAGE_USER_RX	(__PAGE_BASE | _PAGE_USER)
#define PAGE_USER_RW	(__PAGE_BASE | _PAGE_USER | _PAGE_RW | _PAGE_NX)
/* clang-format on */
