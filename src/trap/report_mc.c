// SPDX-License-Identifier: MIT
/*
 * report_mc.c - what the hardware noted of a machine check, bank by bank.
 *
 * Spec: SDM 3B "Interpreting Machine-Check Error Codes"; APM 2 "Machine Check
 *       Architecture".
 */
#include "report_parts.h"

#include <asm/msr-index.h>
#include <console/printk.h>
#include <mm/regions.h>
#include <trap/mce.h>

static void print_bank(const struct mce_bank *b, enum mce_kind kind)
{
	char text[96];

	decode_mci_status(text, sizeof(text), b->status, kind);
	printk("# #MC: bank %u: status 0x%016lx: %s, %s", b->nr, b->status,
	       text, mce_severity(b->status, kind));
	decode_mca_code(text, sizeof(text), (u16)b->status, kind);
	printk("# #MC: bank %u: %s, model-specific code 0x%04x", b->nr, text,
	       (u32)(b->status >> 16 & 0xffff));
	if (b->status & MCI_STATUS_ADDRV)
		printk("# #MC: bank %u: address 0x%016lx: %s", b->nr, b->addr,
		       region_name(b->addr, text, sizeof(text)));
	if (!(b->status & MCI_STATUS_MISCV))
		return;
	decode_mci_misc(text, sizeof(text), b->misc);
	printk("# #MC: bank %u: misc 0x%016lx%s%s", b->nr, b->misc,
	       kind == MCE_INTEL_SER ? ": " : "",
	       kind == MCE_INTEL_SER ? text : "");
}

void report_mc(void)
{
	const struct mce_record *r = mce_last();
	char text[32];

	decode_mcg_status(text, sizeof(text), r->mcg_status);
	printk("# #MC: MCG_STATUS 0x%lx: %s", r->mcg_status, text);
	for (u32 i = 0; i < r->valid && i < MCE_KEPT; i++)
		print_bank(&r->bank[i], mce_kind());
	if (r->valid > MCE_KEPT)
		printk("# #MC: and %u banks more", r->valid - MCE_KEPT);
	if (!r->valid)
		printk("# #MC: no bank holds an error: INT 18, or another "
		       "CPU's error");
}
