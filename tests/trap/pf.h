/* SPDX-License-Identifier: MIT */
/*
 * pf.h - what the files of suite pf share: a branch of the page tables that is
 * theirs alone, entry by entry, and one access through it, judged in full
 * against pf_model.h.
 *
 * Two pages side by side at FIRST and SECOND; the way to FIRST is pf.entry[].
 * Suite pf sets this up before each case and takes it down after it, whatever
 * the case did to entries, keys or NX.
 */
#pragma once

#include <asm/special_insns.h>
#include <cpu/cpufeature.h>
#include <ktest/insn_mem.h>
#include <mm/paging.h>

#include "judge.h"
#include "pf_model.h"

struct pf_space {
	u64 page; /* two of them: what FIRST and SECOND map to; 0: no memory */
	u64 va;	  /* a top-level slot that nobody else uses */
	u64 large_va; /* what pf_use_large() returned last */
	int levels;
	u64 *entry[5]; /* to FIRST, the top level's first */
	u64 saved[5];  /* as set up: everything is allowed but fetching */
};

extern struct pf_space pf;

#define FIRST  (pf.va)
#define SECOND (pf.va + PAGE_SIZE)

/* The entry of FIRST at a level counted as the manual does: 1 is the PTE. */
static inline u64 *pf_entry(int level)
{
	return pf.entry[pf.levels - level];
}

#define PTE1 (pf_entry(1))
#define PTE2 (pf_entry(1) + 1)

/* Change an entry; what is cached of va goes. */
static inline void set_entry(u64 *entry, u64 va, u64 clear, u64 set)
{
	WRITE_ONCE(*entry, (*entry & ~clear) | set);
	invlpg(va);
}

/* The level's table is replaced by a page of its size; where FIRST then is. */
u64 pf_use_large(int level);

/* All entries as set up. */
void pf_put_back(void);

/* In both pages: what a fetch finds there, at CPL 0 and at CPL 3. */
#define RET_AT	 0
#define INT80_AT 0x10
#define DATA_AT	 0x7d5

/* Who makes the access. */
enum pf_who { CPL0, CPL0_AC, CPL3, CPL3_AC, NR_WHO };

/*
 * One access to the page at va, the entries being as they are: nothing
 * happens, or one #PF, as the model says; all that #PF saves is judged. A
 * failure names the combination. P beside RSVD is left to the one case that
 * judges it. False: it failed.
 */
bool pf_try(enum pf_who who, enum pf_access access, u64 va);

/* What the CPU is set to now. */
struct pf_mode pf_mode_now(void);

/* Data, then fetches, of all who can differ. */
void pf_try_all(u64 va);

/* Bits of CR0 and CR4 in all combinations that the CPU has. */
#define DIM_WP	 BIT(0)
#define DIM_SMEP BIT(1)
#define DIM_SMAP BIT(2)
void pf_each_mode(u32 dims, void (*fn)(void *arg), void *arg);

/* No entry anywhere has NX, and EFER.NXE is 0; and back. */
void pf_nx_off(void);
void pf_nx_on(void);

/* An access that must fault, or not, with all that judge.h judges. */
void pf_faults(const struct place *at, void (*fn)(void *), u64 arg, u64 code,
	       u64 cr2);
#define FAULTS(fn, arg, code, cr2) pf_faults(PLACE(#fn), fn, arg, code, cr2)
