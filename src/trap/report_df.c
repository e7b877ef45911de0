// SPDX-License-Identifier: MIT
/*
 * report_df.c - a double fault: the CPU says neither what happened first nor
 * why that could not be delivered. Both leave traces: the first event at RIP
 * and in CR2, the failed delivery in RSP, the IDT and the TSS. Each line
 * names its evidence; none is proof.
 *
 * Spec: SDM 3A "Interrupt 8-Double Fault Exception (#DF)".
 */
#include "report_parts.h"

#include <asm/trapnr.h>
#include <console/printk.h>
#include <cpu/stacks.h>
#include <lib/compiler.h>
#include <mm/paging.h>
#include <mm/regions.h>
#include <trap/decode.h>

#define FRAME_BYTES 48 /* error code to SS: what a delivery pushes */

u64 report_guard_depth(u64 addr)
{
	return STACK_SLOT - STACK_SIZE - addr % STACK_SLOT;
}

/* The first event, from the bytes at RIP; else from CR2. */
static void print_first(const struct report *r)
{
	u64 ip = r->regs->ip;
	u8 code[CODE_MAX];
	size_t len = peek_code(code, ip);

	if (!is_canonical(ip))
		printk("# #DF: first event: #GP, rip is not canonical");
	else if (len == 0)
		printk("# #DF: first event: #PF, rip cannot be read");
	else if (code[0] == 0xcc)
		printk("# #DF: first event: #BP, INT3 at rip");
	else if (len > 1 && code[0] == 0xcd)
		printk("# #DF: first event: INT 0x%02x at rip", code[1]);
	else if (len > 1 && code[0] == 0x0f && code[1] == 0x0b)
		printk("# #DF: first event: #UD, UD2 at rip");
	else if (stack_of(r->cr2).guard)
		printk("# #DF: first event: #PF, cr2 is in a guard page");
	else
		printk("# #DF: first event: not told by the code at rip, "
		       "perhaps #PF at cr2");
}

/* Without IST or RSP0, delivery aligns RSP down to 16 and pushes there. */
static bool failed_by_stack(const struct report *r)
{
	u64 last = (r->regs->sp & ~0xfull) - 8;
	struct stack_info guard = stack_of(last - FRAME_BYTES + 8);
	struct pt_walk walk;

	if (user_mode(r->regs))
		return false; /* then RSP0 counts: failed_by_tss() */
	if (!is_canonical(r->regs->sp)) {
		printk("# #DF: cause: rsp is not canonical, the push was #SS");
		return true;
	}
	if (guard.guard) {
		printk("# #DF: cause: stack overflow of the %s stack of CPU "
		       "%u: rsp 0x%016lx is at its guard page, cr2 0x%016lx",
		       stack_name(guard.kind), guard.cpu, r->regs->sp, r->cr2);
		return true;
	}
	if (paging_walk(last, &walk) == 0 && walk.write)
		return false;
	printk("# #DF: cause: rsp is no stack, 0x%016lx is %s: the push was "
	       "#PF",
	       last, walk.present ? "read-only" : "not present");
	return true;
}

/* Vectors whose gates cannot deliver; what such a gate is for came first. */
static u32 failed_by_gate(const struct report *r)
{
	u32 nr, count = 0;

	for (nr = 0; nr < NR_EXCEPTIONS; nr++) {
		const struct trap_info *info = trap_info(nr);
		const char *why = report_bad_gate(r, nr);

		if (!why || info->class == TRAP_CLASS_RESERVED)
			continue;
		count++;
		printk("# #DF: cause: the IDT gate of %s %s", info->mnemonic,
		       why);
	}
	return count;
}

/* Where TR points, from the GDT. 0 if that cannot be told. */
static u64 tss_base(const struct report *r, u32 *limit)
{
	struct tss_desc desc;

	if (!(r->tr & ~7) || r->tr + sizeof(desc) - 1 > r->gdt.size ||
	    !peek(&desc, r->gdt.address + (r->tr & ~7), sizeof(desc)))
		return 0;
	*limit = (u32)desc.limit1 << 16 | desc.limit0;
	return (u64)desc.base3 << 32 | (u32)desc.base2 << 24 |
	       (u32)desc.base1 << 16 | desc.base0;
}

static bool failed_by_slot(const char *name, u32 nr, u64 sp)
{
	struct pt_walk walk;

	if (is_canonical(sp) && paging_walk(sp - 8, &walk) == 0 && walk.write)
		return false;
	printk("# #DF: cause: %s%u of the TSS is 0x%016lx, no stack", name, nr,
	       sp);
	return true;
}

static bool failed_by_tss(const struct report *r)
{
	u32 limit = 0, i;
	u64 base = tss_base(r, &limit);
	bool found = false;
	struct tss tss;

	if (!base || !peek(&tss, base, sizeof(tss))) {
		printk("# #DF: cause: tr 0x%04x leads to no readable TSS",
		       r->tr);
		return true;
	}
	if (limit < sizeof(tss) - 1) {
		printk("# #DF: cause: the TSS limit is 0x%x: #TS", limit);
		found = true;
	}
	for (i = 0; i < NR_IST; i++)
		found |= failed_by_slot("IST", i + 1, tss.ist[i]);
	if (user_mode(r->regs))
		found |= failed_by_slot("RSP", 0, tss.sp[0]);
	return found;
}

void report_df(const struct report *r)
{
	char where[96];
	bool found;

	print_first(r);
	region_name(r->cr2, where, sizeof(where));
	printk("# #DF: cr2 0x%016lx: %s", r->cr2, where);
	found = failed_by_stack(r);
	found |= failed_by_gate(r) > 0;
	found |= failed_by_tss(r);
	if (!found)
		printk("# #DF: cause: none found in rsp, IDT and TSS");
}
