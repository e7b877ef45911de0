// SPDX-License-Identifier: MIT
/*
 * canary_fail.c - the compiler's call when a function finds its canary gone.
 *
 * The frame cannot be returned through. UD2 makes an exception of it, which
 * is reported in full, ends the running case, and the run goes on.
 */
#include <console/printk.h>
#include <lib/compiler.h>
#include <mm/regions.h>

void __stack_chk_fail(void);

__noreturn void __stack_chk_fail(void)
{
	u64 ip = (u64)__builtin_return_address(0);
	char where[96];

	region_name(ip, where, sizeof(where));
	printk("# stack smashing detected, called from 0x%016lx: %s", ip,
	       where);
	__builtin_trap();
}
