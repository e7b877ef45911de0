/* SPDX-License-Identifier: MIT */
/* bitops.h - bits found. Linux: arch/x86/include/asm/bitops.h. */
#pragma once

#include <lib/compiler.h>

/* The number of the lowest bit that is set; word is not 0. */
static __always_inline u64 __ffs(u64 word)
{
	u64 nr;

	__asm__("bsfq %[word], %[nr]"
		: [nr] "=r"(nr)
		: [word] "rm"(word)
		: "cc");
	return nr;
}
