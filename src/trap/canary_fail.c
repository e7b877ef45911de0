// SPDX-License-Identifier: MIT
/*
 * canary_fail.c - the compiler's call when a function finds its canary gone.
 *
 * The frame cannot be returned through. UD2 makes an exception of it, which
 * is reported in full, ends the running case, and the run goes on.
 */
#include <console/printk.h>
#include <lib/compiler.h>

void __stack_chk_fail(void);

__noreturn void __stack_chk_fail(void)
{
	printk("# stack smashing detected in the function at 0x%016llx",
	       (unsigned long long)__builtin_return_address(0));
	__builtin_trap();
}
