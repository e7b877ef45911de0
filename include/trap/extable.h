/* SPDX-License-Identifier: MIT */
/*
 * extable.h - instructions that may fault, and where to go on if they do.
 *
 *	1: mov (%rsi), %rax
 *	2: ...			# after: AX still what it was on a fault
 *	EXTABLE(1b, 2b)
 *
 * Entries are two self-relative 32-bit offsets: no relocation.
 */
#pragma once

#ifdef __ASSEMBLER__
/* clang-format off */
#define EXTABLE(from, to)                  \
	.pushsection .rodata.extable, "a"; \
	.balign 4;                         \
	.long (from) - .;                  \
	.long (to) - .;                    \
	.popsection
/* clang-format on */
#else
#include <asm/ptrace.h>

/* If regs->ip is listed, resume at its fixup with AX = -EFAULT; true. */
bool fixup_exception(struct pt_regs *regs);

/*
 * Copy len bytes from an address that may be bad. Returns 0 or -EFAULT (dst
 * then holds what could be read). Any context.
 */
int copy_from_kernel_nofault(void *dst, const void *src, size_t len);

/* MSR access that may #GP: 0 or -EFAULT. */
int rdmsr_safe(u32 msr, u64 *val);
int wrmsr_safe(u32 msr, u64 val);
#endif
