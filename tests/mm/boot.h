/* SPDX-License-Identifier: MIT */
/* boot.h - what the cases of suite boot share. */
#pragma once

#include <ktest/ktest.h>
#include <mm/paging.h>
#include <trap/catch.h>

#define PF_ERROR "SDM 3A Interrupt 14"
#define RIGHTS	 "SDM 3A \"Access Rights\""

enum { R = 0, W = 1, X = 2, U = 4 };

/* Judge: every page of [start, end) is mapped with exactly these rights. */
void boot_expect_rights(const void *start, const void *end, u32 rights);

/* Judge: nothing is mapped at va. */
void boot_expect_absent(u64 va);

/* Judge: fn(addr) is a #PF with this code, at ip, CR2 = addr. */
void boot_expect_pf(void (*fn)(void *), u64 addr, u64 code, const void *ip);

/* The leaf entry for va, 0 if there is none. */
u64 boot_leaf(u64 va);
