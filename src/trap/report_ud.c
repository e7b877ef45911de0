// SPDX-License-Identifier: MIT
/* report_ud.c - what raised #UD, by name. */
#include "report_parts.h"

#include <console/printk.h>
#include <cpu/cpufeature.h>
#include <mm/regions.h>
#include <trap/decode.h>

static bool declared(u32 feature)
{
	return cpu_has(feature);
}

void report_ud(const struct report *r)
{
	u8 code[CODE_MAX];
	size_t len = peek_code(code, r->regs->ip);
	char text[96];

	decode_ud(text, sizeof(text), code, len, declared);
	printk("# #UD: %s", text);
}
