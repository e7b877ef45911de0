/* SPDX-License-Identifier: MIT */
/*
 * paging.h - irqbed's own page tables, 4 or 5 levels as the firmware had.
 *
 * RAM is identity-mapped RW and never executable; the image by section;
 * device memory only after ioremap(); page 0 never. High addresses hold the
 * stacks (cpu/stacks.h) and the read-only IDT and GDT (CPU_ENTRY_AREA).
 */
#pragma once

#include <asm/pgtable.h>
#include <lib/boot_info.h>

/* Read-only aliases: the IDT's page, then one GDT page a CPU. */
#define CPU_ENTRY_AREA	   0xfffffe0000000000ull
#define CPU_ENTRY_IDT	   CPU_ENTRY_AREA
#define CPU_ENTRY_GDT(cpu) (CPU_ENTRY_AREA + PAGE_SIZE * (1 + (u64)(cpu)))

/*
 * Build the tables and load CR3; turns on NX, WP, and SMEP, SMAP, UMIP where
 * CPUID has them. Returns 0 or -ENOMEM. Boot CPU, IF=0, after
 * page_alloc_init().
 */
int paging_init(const struct boot_info *info);

/* CR0, CR4, EFER and PAT as every CPU of ours has them. On that CPU, IF=0. */
void paging_setup_cpu(void);

/* CR4.SMAP is set: entry from CPL 3 clears AC. */
extern bool smap_on;

/* The value of CR3, for other CPUs. */
u64 paging_root(void);

/*
 * Map size bytes at va to pa with prot (PAGE_*), in the largest pages that
 * fit. Replaces what was there. 0, -EINVAL (unaligned, not canonical) or
 * -ENOMEM. Every online CPU's TLB is flushed for the range: not from NMI.
 */
int map_range(u64 va, u64 pa, u64 size, u64 prot);

/* Change the rights of a mapped range, splitting large pages; same errors. */
int protect_range(u64 va, u64 size, u64 prot);
int unmap_range(u64 va, u64 size);

/*
 * The other CPUs' TLBs, for [start, end): smp/ fills it when there are some.
 * Who edits an entry by himself calls invlpg(), and this if others used it.
 */
extern void (*flush_tlb_others)(u64 start, u64 end);

/* This CPU forgets all translations, global ones too. IF=0. */
void __flush_tlb_all(void);

/* Map device memory uncached at its own address. Any size and alignment. */
int ioremap(u64 phys, u64 size);

/* True if the address survives sign extension from bit 47 or 56. */
bool is_canonical(u64 va);

struct pt_walk {
	int levels; /* entries filled, top first */
	struct {
		const char *name; /* "PML5" "PML4" "PDPT" "PD" "PT" */
		u64 entry_addr, entry;
	} level[5];
	bool present;
	u64 phys, page_size;
	bool write, user, nx; /* rights over all levels */
	u8 pkey;
};

/*
 * Walk the live tables (CR3) for va. 0 if a leaf was reached, -ENOENT at the
 * first entry not present, -EFAULT if a table could not be read, -EINVAL for
 * a non-canonical address. Any context.
 */
int paging_walk(u64 va, struct pt_walk *walk);

/*
 * How paging_walk() reads a table entry that may lie anywhere; the trap room
 * fills it with copy_from_kernel_nofault(). Until then nothing is walked.
 */
extern int (*mm_read_nofault)(void *dst, u64 addr, size_t len);

/* The leaf entry that maps va, to edit in place; NULL if not a 4 KiB page. */
u64 *lookup_pte(u64 va);
