// SPDX-License-Identifier: MIT
/*
 * report_selector.c - #TS, #NP, #SS and #GP: what the error code points at,
 * or, where it points at nothing, which registers could be the reason.
 *
 * Spec: SDM 3A "Error Code", "Segment Descriptors", "64-Bit Mode IDT".
 */
#include "report_parts.h"

#include <asm/trapnr.h>
#include <console/printk.h>
#include <cpu/desc.h>
#include <lib/compiler.h>
#include <mm/paging.h>
#include <trap/decode.h>

#define ERROR_IDT 0x0002
#define ERROR_TI  0x0004

static const char *bad_gate(const gate_desc *gate)
{
	if (gate->bits.type != GATE_INTERRUPT && gate->bits.type != GATE_TRAP)
		return "is of a wrong type: #GP";
	if (!gate->bits.p)
		return "is not present: #NP";
	if (gate->segment != __KERNEL_CS)
		return "has a code selector that is not ours: #GP";
	if (!is_canonical(gate_offset(gate)))
		return "has an offset that is not canonical: #GP";
	return NULL;
}

const char *report_bad_gate(const struct report *r, u32 nr)
{
	u64 addr = r->idt.address + nr * sizeof(gate_desc);
	gate_desc gate;

	if ((nr + 1) * sizeof(gate_desc) - 1 > r->idt.size)
		return "is beyond the IDT limit: #GP";
	if (!peek(&gate, addr, sizeof(gate)))
		return "cannot be read: #PF";
	return bad_gate(&gate);
}

static void print_gate(const struct report *r, const char *name, u32 nr)
{
	u64 addr = r->idt.address + nr * sizeof(gate_desc);
	const char *why = report_bad_gate(r, nr);
	gate_desc gate;

	if (peek(&gate, addr, sizeof(gate))) {
		printk("# %s: gate 0x%02x at 0x%016lx = 0x%016lx 0x%016lx",
		       name, nr, addr, gate.raw[0], gate.raw[1]);
		printk("# %s: gate 0x%02x: P %u DPL %u type 0x%x IST %u "
		       "selector 0x%04x offset 0x%016lx",
		       name, nr, gate.bits.p, gate.bits.dpl, gate.bits.type,
		       gate.bits.ist, gate.segment, gate_offset(&gate));
	}
	printk("# %s: gate 0x%02x (%s) %s", name, nr, trap_info(nr)->mnemonic,
	       why ? why : "is sound: look at its DPL and its handler's CS");
}

static void print_descriptor(const struct report *r, const char *name,
			     u32 index)
{
	u64 addr = r->gdt.address + index * 8;
	union desc_struct desc;

	if (index * 8 + 7 > r->gdt.size)
		printk("# %s: selector 0x%x is beyond the GDT limit 0x%x", name,
		       index * 8, r->gdt.size);
	else if (!peek(&desc, addr, sizeof(desc)))
		printk("# %s: descriptor at 0x%016lx cannot be read", name,
		       addr);
	else
		printk("# %s: descriptor at 0x%016lx = 0x%016lx, "
		       "P %u DPL %u S %u type 0x%x",
		       name, addr, desc.raw, desc.p, desc.dpl, desc.s,
		       desc.type);
}

/* #GP(0) and #SS(0) come from bad addresses as a rule. */
static void print_suspects(const struct report *r, const char *name)
{
	static const struct {
		char name[4];
		u8 offset;
	} reg[] = {
		{ "rip", offsetof(struct pt_regs, ip) },
		{ "rsp", offsetof(struct pt_regs, sp) },
		{ "rax", offsetof(struct pt_regs, ax) },
		{ "rbx", offsetof(struct pt_regs, bx) },
		{ "rcx", offsetof(struct pt_regs, cx) },
		{ "rdx", offsetof(struct pt_regs, dx) },
		{ "rsi", offsetof(struct pt_regs, si) },
		{ "rdi", offsetof(struct pt_regs, di) },
		{ "rbp", offsetof(struct pt_regs, bp) },
		{ "r8", offsetof(struct pt_regs, r8) },
		{ "r9", offsetof(struct pt_regs, r9) },
		{ "r10", offsetof(struct pt_regs, r10) },
		{ "r11", offsetof(struct pt_regs, r11) },
		{ "r12", offsetof(struct pt_regs, r12) },
		{ "r13", offsetof(struct pt_regs, r13) },
		{ "r14", offsetof(struct pt_regs, r14) },
		{ "r15", offsetof(struct pt_regs, r15) },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(reg); i++) {
		u64 val = *(const u64 *)((const u8 *)r->regs + reg[i].offset);

		if (!is_canonical(val))
			printk("# %s: %s is not canonical: 0x%016lx", name,
			       reg[i].name, val);
	}
}

void report_selector(const struct report *r)
{
	u64 code = r->regs->error_code;
	const char *name = trap_info((u32)r->regs->vector)->mnemonic;
	u32 index = code >> 3 & 0x1fff;

	if (code & ERROR_IDT)
		print_gate(r, name, index);
	else if (code & ERROR_TI)
		printk("# %s: LDT entry %u; irqbed loads no LDT", name, index);
	else if (index)
		print_descriptor(r, name, index);
	else
		print_suspects(r, name);
}
