// SPDX-License-Identifier: MIT
/*
 * report_db.c - which breakpoint, or what else, raised #DB.
 *
 * Spec: SDM 3B "Debug Status Register (DR6)", "Debug Control Register (DR7)".
 */
#include "report_parts.h"

#include <asm/processor-flags.h>
#include <console/printk.h>
#include <lib/compiler.h>
#include <mm/regions.h>

static void print_breakpoint(const struct report *r, u32 n)
{
	static const char kind[][12] = { "execution", "write", "",
					 "read/write" };
	u32 rw = r->dr7 >> (16 + n * 4) & 3;
	char where[96];

	if (rw == DR_RW_IO) {
		printk("# #DB: B%u: I/O breakpoint at port 0x%04lx", n,
		       r->dr[n]);
		return;
	}
	region_name(r->dr[n], where, sizeof(where));
	printk("# #DB: B%u: %s breakpoint at 0x%016lx: %s", n, kind[rw],
	       r->dr[n], where);
}

void report_db(const struct report *r)
{
	u32 n;

	for (n = 0; n < 4; n++)
		if (r->dr6 & (DR_TRAP0 << n))
			print_breakpoint(r, n);
	if (r->dr6 & DR_STEP)
		printk("# #DB: BS: a single step, rflags.TF was 1");
	if (r->dr6 & DR_BD)
		printk("# #DB: BD: a debug register was accessed, DR7.GD");
	if (!(r->dr6 & (0xf | DR_STEP | DR_BD | DR_BT)))
		printk("# #DB: no cause in DR6: INT1 (ICEBP), or INT 1");
}
