// SPDX-License-Identifier: MIT
/*
 * report_pf.c - a page fault: who did what to which address, what the tables
 * say level by level, and which of their bits forbade it.
 *
 * Spec: SDM 3A "Interrupt 14-Page-Fault Exception (#PF)", "Determination of
 *       Access Rights".
 */
#include "report_parts.h"

#include <asm/pgtable.h>
#include <asm/processor-flags.h>
#include <console/printk.h>
#include <cpu/cpufeature.h>
#include <cpu/stacks.h>
#include <lib/format.h>
#include <lib/string.h>
#include <mm/paging.h>
#include <mm/regions.h>
#include <trap/decode.h>

/* A CPL 3 program makes the CPU itself read the IDT, GDT, TSS and stack. */
static const char *who(const struct report *r, char *buf, size_t size)
{
	if (r->regs->error_code & X86_PF_USER)
		return "user code";
	if (user_mode(r->regs))
		return "the CPU, on behalf of user code,";
	scnprintf(buf, size, "kernel code in %s context", report_context(r));
	return buf;
}

static const char *did(u64 error_code)
{
	if (error_code & X86_PF_INSTR)
		return "fetched from";
	return error_code & X86_PF_WRITE ? "wrote" : "read";
}

/* "P W U NX PS ..." of one entry. */
static void decode_entry(char *buf, size_t size, u64 entry, bool leaf_level)
{
	if (!(entry & _PAGE_PRESENT)) {
		scnprintf(buf, size, "not present");
		return;
	}
	scnprintf(buf, size, "%s %s%s%s%s%s%s%s%s",
		  entry & _PAGE_RW ? "RW" : "RO",
		  entry & _PAGE_USER ? "user" : "supervisor",
		  entry & _PAGE_NX ? " NX" : "",
		  !leaf_level && entry & _PAGE_PSE ? " large" : "",
		  entry & _PAGE_ACCESSED ? " A" : "",
		  entry & _PAGE_DIRTY ? " D" : "",
		  entry & _PAGE_GLOBAL ? " G" : "",
		  entry & _PAGE_PCD ? " PCD" : "",
		  entry & _PAGE_PWT ? " PWT" : "");
}

static void print_walk(const struct pt_walk *walk)
{
	char text[48];
	int i;

	for (i = 0; i < walk->levels; i++) {
		const char *name = walk->level[i].name;

		decode_entry(text, sizeof(text), walk->level[i].entry,
			     name[0] == 'P' && name[1] == 'T');
		printk("# #PF: %-4s entry at 0x%016lx = 0x%016lx  %s", name,
		       walk->level[i].entry_addr, walk->level[i].entry, text);
	}
	if (walk->present)
		printk("# #PF: maps to physical 0x%016lx, %lu KiB page, "
		       "key %u",
		       walk->phys, walk->page_size / 1024, walk->pkey);
}

/*
 * Bits that must be 0: of the address, those from MAXPHYADDR up; PS where
 * no large page can be; the bits inside a large page's number; NX when off.
 */
static u64 reserved_bits(const struct report *r, const char *name, u64 entry)
{
	u64 bits = PTE_PFN_MASK >> boot_cpu_data.phys_bits
					   << boot_cpu_data.phys_bits;
	bool large = entry & _PAGE_PSE;

	if (!(r->efer & EFER_NX))
		bits |= _PAGE_NX;
	if (name[1] == 'M') /* PML4, PML5 */
		return bits | _PAGE_PSE;
	if (large && !strcmp(name, "PD"))
		bits |= LARGE_PAGE_SIZE - 2 * PAGE_SIZE;
	if (large && !strcmp(name, "PDPT"))
		bits |= HUGE_PAGE_SIZE - 2 * PAGE_SIZE;
	return bits;
}

static void print_reserved(const struct report *r, const struct pt_walk *walk)
{
	int i;

	for (i = 0; i < walk->levels; i++) {
		u64 entry = walk->level[i].entry;
		u64 bad = entry & reserved_bits(r, walk->level[i].name, entry);

		if (entry & _PAGE_PRESENT && bad)
			printk("# #PF: the %s entry has reserved bits set: "
			       "0x%016lx",
			       walk->level[i].name, bad);
	}
}

/* Which right was missing, as the manual's rules have it. */
static const char *forbidden_by(const struct report *r,
				const struct pt_walk *walk)
{
	u64 code = r->regs->error_code;
	bool user = code & X86_PF_USER;

	if (code & X86_PF_RSVD)
		return "a reserved bit is set";
	if (code & X86_PF_PK)
		return "the page's protection key denies it";
	if (code & X86_PF_SHSTK)
		return "only one of page and access is shadow stack";
	if (!(code & X86_PF_PROT))
		return walk->present ? "nothing by now: mapped since"
				     : "the last entry above is not present";
	if (user && !walk->user) /* whatever else forbids it as well */
		return "the page is the supervisor's";
	if (code & X86_PF_INSTR && walk->nx)
		return "the page is not executable (NX)";
	if (code & X86_PF_WRITE && !walk->write)
		return "the page is read-only";
	if (!user && walk->user && code & X86_PF_INSTR && r->cr4 & X86_CR4_SMEP)
		return "the page is the user's: SMEP";
	if (!user && walk->user && r->cr4 & X86_CR4_SMAP)
		return "the page is the user's: SMAP, rflags.AC is 0";
	return "nothing by now: a stale TLB entry";
}

/* RIP itself is bad: how did it come there? No frame was built yet. */
static void print_caller(const struct report *r)
{
	const char *to = r->cr2 ? "a bad address" : "NULL";
	u64 top = 0, popped = 0;
	char where[96];

	if (user_mode(r->regs))
		return;
	peek(&top, r->regs->sp, sizeof(top));
	peek(&popped, r->regs->sp - 8, sizeof(popped));
	region_name(top, where, sizeof(where));
	if (report_is_text(top))
		printk("# #PF: call of %s from 0x%016lx: %s", to, top, where);
	else if (popped == r->regs->ip)
		printk("# #PF: return to %s: the stack is spoilt", to);
	else
		printk("# #PF: jump to %s", to);
}

static void print_meaning(const struct report *r)
{
	struct stack_info stack = stack_of(r->cr2);

	if (stack.guard)
		printk("# #PF: stack overflow: %lu bytes below the %s stack "
		       "of CPU %u",
		       report_guard_depth(r->cr2), stack_name(stack.kind),
		       stack.cpu);
	else if (r->cr2 == 0)
		printk("# #PF: NULL pointer");
	else if (r->cr2 < PAGE_SIZE)
		printk("# #PF: NULL pointer, plus 0x%lx", r->cr2);
	if (r->regs->error_code & X86_PF_INSTR && r->cr2 == r->regs->ip)
		print_caller(r);
}

void report_pf(const struct report *r)
{
	u64 code = r->regs->error_code;
	struct pt_walk walk;
	char where[96], text[40];
	int err;

	region_name(r->cr2, where, sizeof(where));
	printk("# #PF: %s %s 0x%016lx: %s", who(r, text, sizeof(text)),
	       did(code), r->cr2, where);
	print_meaning(r);
	err = paging_walk(r->cr2, &walk);
	print_walk(&walk);
	if (code & X86_PF_RSVD)
		print_reserved(r, &walk);
	if (err && walk.levels == 0)
		printk("# #PF: the page tables could not be read");
	else
		printk("# #PF: refused because: %s", forbidden_by(r, &walk));
}
