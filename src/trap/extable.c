// SPDX-License-Identifier: MIT
/* extable.c - instructions that may fault: search and fix up. */
#include <trap/extable.h>

#include <lib/errno.h>

#include "internal.h"

struct exception_table_entry {
	s32 insn, fixup; /* relative to their own address */
};

extern const struct exception_table_entry __start___ex_table[];
extern const struct exception_table_entry __stop___ex_table[];

static u64 ex_addr(const s32 *field)
{
	return (u64)field + (u64)(s64)*field;
}

bool fixup_exception(struct pt_regs *regs)
{
	const struct exception_table_entry *e;

	for (e = __start___ex_table; e < __stop___ex_table; e++) {
		if (ex_addr(&e->insn) != regs->ip)
			continue;
		regs->ip = ex_addr(&e->fixup);
		regs->ax = (u64)-EFAULT;
		return true;
	}
	return false;
}

int copy_from_kernel_nofault(void *dst, const void *src, size_t len)
{
	return copy_nofault_asm(dst, src, len) ? -EFAULT : 0;
}
